"""How somebody may be reached, and codes of the desk that link a file to an account."""

from django.db import migrations, models

from serment.directory.tenancy import Wall
from serment.disclosure import Sealed
from serment.identity.walls import BY_DESK_CODE


def _added(model, name, zone, label):
    return migrations.AddField(model, name, Sealed(zone=zone, label=label))


class Migration(migrations.Migration):
    dependencies = [("identity", "0007_ins")]

    operations = [
        _added("Account", "safe_contact", "contact", "contact sûr"),
        _added("PatientFile", "safe_contact", "contact", "contact sûr"),
        _added("PatientFile", "desk_link", "administrative", "codes remis à l’accueil"),
        migrations.CreateModel(
            name="DeskCode",
            fields=[
                (
                    "digest",
                    models.BinaryField(max_length=32, primary_key=True, serialize=False),
                ),
                ("sealed", models.BinaryField()),
                ("wrong", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "code remis à l’accueil",
                "verbose_name_plural": "codes remis à l’accueil",
            },
        ),
        Wall(
            "identity_deskcode",
            read=(BY_DESK_CODE,),
            write=(BY_DESK_CODE,),
            worker="SELECT, DELETE",
        ),
        # The worker sees what has expired, to forget it.
        migrations.RunSQL(
            "CREATE POLICY identity_deskcode_sweep ON identity_deskcode TO serment_worker"
            " USING (expires_at < now())",
            "DROP POLICY identity_deskcode_sweep ON identity_deskcode",
        ),
    ]
