"""Where somebody was written to before staff changed it, sealed: told of an emergency for a month."""

from django.db import migrations

from serment.disclosure import Sealed


class Migration(migrations.Migration):
    dependencies = [("identity", "0012_trustees")]

    operations = [
        migrations.AddField(
            "PatientFile", "former_reach", Sealed(zone="contact", label="anciennes adresses")
        ),
    ]
