"""Which files were joined, sealed; and marks of an identity, which the keeper's index finds."""

from django.db import migrations

from serment.disclosure import Sealed


class Migration(migrations.Migration):
    dependencies = [("identity", "0009_teams")]

    operations = [
        migrations.AlterField(
            "PatientFile",
            "ins_standing",
            Sealed(zone="identity", label="état de l’identité", search="marks"),
        ),
        migrations.AddField(
            "PatientFile", "merging", Sealed(zone="administrative", label="réunion de dossiers")
        ),
    ]
