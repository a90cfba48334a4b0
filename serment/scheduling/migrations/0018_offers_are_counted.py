"""An hour that is offered has its place among as many as its reason takes that day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0017_seats_are_offered"),
    ]

    operations = [
        migrations.AddField(
            model_name="slotoffer",
            name="counted",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
