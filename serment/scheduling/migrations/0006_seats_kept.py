"""A seat of a group is kept while a form is filled, and goes with the hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0005_group_sessions"), ("scheduling", "0006_visits_are_not_kept_for_ever")]

    operations = [
        migrations.AlterField(
            model_name="seat",
            name="appointment_id",
            field=models.UUIDField(blank=True, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="seat",
            name="hold_id",
            field=models.UUIDField(blank=True, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="seat",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    appointment_id__isnull=False, hold_id__isnull=True, expires_at__isnull=True
                )
                | models.Q(
                    appointment_id__isnull=True, hold_id__isnull=False, expires_at__isnull=False
                ),
                name="seat_taken_or_kept",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE scheduling_seat ADD CONSTRAINT seat_goes_with_its_hold"
            " FOREIGN KEY (hold_id) REFERENCES scheduling_occupancy (id) ON DELETE CASCADE",
            "ALTER TABLE scheduling_seat DROP CONSTRAINT seat_goes_with_its_hold",
        ),
        migrations.RunSQL(
            "GRANT SELECT (expires_at) ON scheduling_seat TO serment_search",
            "REVOKE SELECT (expires_at) ON scheduling_seat FROM serment_search",
        ),
    ]
