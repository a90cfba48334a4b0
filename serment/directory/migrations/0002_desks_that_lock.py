"""After how many idle minutes the desks of an establishment lock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_public_directory")]

    operations = [
        migrations.AddField(
            "Establishment",
            "lock_minutes",
            models.PositiveSmallIntegerField(default=5, verbose_name="verrouillage (minutes)"),
        ),
        # The public search reads whole rows of establishments.
        migrations.RunSQL(
            "GRANT SELECT (lock_minutes) ON directory_establishment TO serment_search",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
