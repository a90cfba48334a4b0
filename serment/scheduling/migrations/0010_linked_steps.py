"""A reason may have steps that follow it, booked with it as one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0009_calls"),
    ]

    operations = [
        migrations.AddField(
            model_name="visitreason",
            name="steps",
            field=models.JSONField(
                blank=True, db_default=[], default=list, verbose_name="étapes qui suivent"
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT (steps) ON scheduling_visitreason TO serment_search",
            "REVOKE SELECT (steps) ON scheduling_visitreason FROM serment_search",
        ),
    ]
