"""Reasons that are booked by invitation, and the links that do it."""

import django.db.models.deletion
from django.db import migrations, models

import serment.ids
from serment.directory.tenancy import BY_TENANT, Wall

# As ``serment/scheduling/inviting.py`` names it.
BY_LINK = "digest = decode(NULLIF(current_setting('serment.invitation', true), ''), 'hex')"


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0012_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="visitreason",
            name="by_invitation",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="sur invitation"
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT (by_invitation) ON scheduling_visitreason TO serment_search",
            "REVOKE SELECT (by_invitation) ON scheduling_visitreason FROM serment_search",
        ),
        migrations.CreateModel(
            name="BookingInvitation",
            fields=[
                ("id", models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("ends_on", models.DateField()),
                ("terms", models.BinaryField(max_length=400)),
                ("details", models.BinaryField()),
                ("tickets", models.BinaryField(max_length=256)),
                ("establishment", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.establishment")),
                ("role", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.practitionerrole")),
            ],
            options={
                "indexes": [models.Index(fields=["establishment", "ends_on"], name="invitation_ends")],
            },
        ),
        Wall("scheduling_bookinginvitation", read=(BY_TENANT, BY_LINK)),
    ]
