"""Messages that wait, walled by establishment."""

import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import Wall


class Migration(migrations.Migration):
    initial = True

    dependencies = [("directory", "0001_public_directory")]

    operations = [
        migrations.CreateModel(
            name="Message",
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
                ("kind", models.CharField(max_length=40)),
                ("record_id", models.UUIDField()),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "e-mail"), ("letter", "courrier"), ("sms", "SMS")],
                        default="mail",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "en attente"),
                            ("sent", "envoyé"),
                            ("failed", "non distribué"),
                            ("cancelled", "annulé"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("language", models.CharField(default="fr", max_length=5)),
                ("send_after", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("ticket", models.BinaryField(default=b"")),
                (
                    "establishment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.establishment",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["establishment", "send_after"],
                        name="outbox_message_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("establishment", "record_id", "kind", "channel"),
                        name="outbox_message_once",
                    )
                ],
            },
        ),
        Wall("outbox_message"),
    ]
