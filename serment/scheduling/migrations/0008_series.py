"""A reason may be a series of visits, so many days from one to the next."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0007_who_is_here"),
    ]

    operations = [
        migrations.AddField(
            model_name="visitreason",
            name="sessions",
            field=models.PositiveSmallIntegerField(
                db_default=1,
                default=1,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(20),
                ],
                verbose_name="séances",
            ),
        ),
        migrations.AddField(
            model_name="visitreason",
            name="apart_least_days",
            field=models.PositiveSmallIntegerField(
                db_default=7,
                default=7,
                verbose_name="jours d’une séance à l’autre, au moins",
            ),
        ),
        migrations.AddField(
            model_name="visitreason",
            name="apart_most_days",
            field=models.PositiveSmallIntegerField(
                db_default=7,
                default=7,
                verbose_name="jours d’une séance à l’autre, au plus",
            ),
        ),
        migrations.AddConstraint(
            model_name="visitreason",
            constraint=models.CheckConstraint(
                condition=models.Q(("sessions__range", (1, 20))), name="reason_sessions_sane"
            ),
        ),
        migrations.AddConstraint(
            model_name="visitreason",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("apart_least_days__gte", 1),
                    ("apart_most_days__gte", models.F("apart_least_days")),
                ),
                name="reason_sessions_apart",
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT (sessions, apart_least_days, apart_most_days)"
            " ON scheduling_visitreason TO serment_search",
            "REVOKE SELECT (sessions, apart_least_days, apart_most_days)"
            " ON scheduling_visitreason FROM serment_search",
        ),
    ]
