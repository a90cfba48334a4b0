"""A sighting names nobody: who it was and about which record is for the keeper to tell."""

from django.db import migrations, models

import serment.sightings.models


class Migration(migrations.Migration):
    dependencies = [("sightings", "0001_initial")]

    operations = [
        migrations.RemoveField("sighting", "actor"),
        migrations.RemoveField("sighting", "record"),
        migrations.RemoveIndex("sighting", "sighting_kind_seen_at"),
        migrations.RenameField("sighting", "seen_at", "seen_in_hour"),
        migrations.AlterField(
            "sighting",
            "seen_in_hour",
            models.DateTimeField(default=serment.sightings.models.this_hour),
        ),
        migrations.AddIndex(
            "sighting",
            models.Index(fields=["kind", "seen_in_hour"], name="sighting_kind_seen_in_hour"),
        ),
    ]
