"""What sign-in has to say waits in the outbox, sealed with its address."""

from datetime import UTC, datetime

from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import EVERYBODY, Wall
from serment.disclosure import Sealed


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_veiled_records")]

    operations = [
        migrations.CreateModel(
            name="Envelope",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=serment.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("contents", Sealed(zone="contact", label="message de connexion")),
                ("ticket", models.BinaryField(default=b"")),
                ("send_after", models.DateTimeField(default=datetime(2000, 1, 1, tzinfo=UTC))),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name": "message de connexion",
                "verbose_name_plural": "messages de connexion",
            },
        ),
        # An envelope names nobody, so no wall can be drawn by its row; its ticket is the wall.
        Wall("outbox_envelope", read=(EVERYBODY,), write=(EVERYBODY,)),
    ]
