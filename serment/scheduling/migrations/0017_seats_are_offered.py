"""Seats of one group may be offered to several who wait at once; any other hour still to one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0016_rules_have_a_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="slotoffer",
            name="seat",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RemoveConstraint(model_name="slotoffer", name="offer_to_one_only"),
        migrations.AddConstraint(
            model_name="slotoffer",
            constraint=models.UniqueConstraint(
                condition=models.Q(state="open", seat=False),
                fields=("establishment", "role", "starts_at"),
                name="offer_to_one_only",
            ),
        ),
    ]
