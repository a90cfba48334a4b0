"""The kinds of taken time as the model names them: two migrations that stood side by side each
added one and knew nothing of the other's. No column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("scheduling", "0013_invitations"),
    ]

    operations = [
        migrations.AlterField(
            model_name="occupancy",
            name="kind",
            field=models.CharField(
                choices=[
                    ("appointment", "rendez-vous"),
                    ("hold", "créneau retenu"),
                    ("import", "agenda importé"),
                    ("block", "temps bloqué"),
                    ("session", "séance de groupe"),
                    ("outside", "agenda extérieur"),
                ],
                max_length=12,
            ),
        ),
    ]
