"""Whether a missed visit counts, what its person says to that, and a house's rule about it."""

import django.core.validators
from django.db import migrations, models

import serment.disclosure.fields


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0010_linked_steps"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="missed",
            field=models.CharField(blank=True, choices=[("", "ne compte pas"), ("counts", "absence comptée"), ("contested", "absence contestée"), ("upheld", "absence maintenue"), ("excused", "absence excusée")], db_default="", default="", max_length=9),
        ),
        migrations.AddField(
            model_name="appointment",
            name="objection",
            field=serment.disclosure.fields.Sealed(verbose_name="contestation d’une absence", zone="administrative"),
        ),
        migrations.AddField(
            model_name="onlineterms",
            name="missed_max",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, validators=[django.core.validators.MaxValueValidator(10)], verbose_name="rendez-vous manqués"),
        ),
        migrations.AddField(
            model_name="onlineterms",
            name="missed_months",
            field=models.PositiveSmallIntegerField(db_default=6, default=6, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)], verbose_name="en combien de mois"),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(condition=models.Q(("missed", ""), ("status", "noshow"), _connector="OR"), name="appointment_missed_by_nobody_who_came"),
        ),
        migrations.AddConstraint(
            model_name="onlineterms",
            constraint=models.CheckConstraint(condition=models.Q(("missed_max", 0), models.Q(("missed_max__gte", 2), ("missed_max__lte", 10)), _connector="OR"), name="terms_missed_never_after_one"),
        ),
        migrations.AddConstraint(
            model_name="onlineterms",
            constraint=models.CheckConstraint(condition=models.Q(("missed_months__gte", 1), ("missed_months__lte", 12)), name="terms_missed_within_a_year"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(condition=models.Q(("missed", "contested")), fields=["establishment", "starts_at"], name="appointment_contested"),
        ),
    ]
