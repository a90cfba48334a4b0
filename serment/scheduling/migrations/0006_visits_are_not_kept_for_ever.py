"""How long a house keeps visits that are over."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from serment.directory.tenancy import Wall


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0005_waiting"),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitRetention",
            fields=[
                ("establishment", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+", serialize=False, to="directory.establishment")),
                ("years", models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name="années")),
                ("begins_on", models.DateField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("years__gte", 1), ("years__lte", 30)), name="retention_years_within_bounds"),
                ],
            },
        ),
        Wall("scheduling_visitretention"),
    ]
