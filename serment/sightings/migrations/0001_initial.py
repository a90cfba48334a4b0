"""Sightings: appended by web and worker, read by the worker and an establishment's officers."""

import django.db.models
from django.db import migrations, models

import serment.clock
import serment.ids

# This package lies below the directory, so it says its wall in plain SQL.
_TENANT = "NULLIF(current_setting('serment.tenant', true), '')::uuid"
WALL = [
    "ALTER TABLE sightings_sighting ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE sightings_sighting FORCE ROW LEVEL SECURITY",
    "CREATE POLICY sighting_insert ON sightings_sighting FOR INSERT"
    " TO serment_web, serment_worker WITH CHECK (true)",
    "CREATE POLICY sighting_of_tenant ON sightings_sighting FOR SELECT"
    f" TO serment_web USING (establishment_id = {_TENANT})",
    "CREATE POLICY sighting_watch ON sightings_sighting FOR SELECT TO serment_worker USING (true)",
    "GRANT SELECT, INSERT ON sightings_sighting TO serment_web, serment_worker",
]


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=serment.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("seen_at", models.DateTimeField(default=serment.clock.now)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cross_tenant", "asked for another establishment's record"),
                            ("tripwire", "touched something nobody has a reason to touch"),
                            ("break_glass", "went past a limit in an emergency"),
                            ("refused_opening", "the keeper refused an opening"),
                        ],
                        max_length=32,
                    ),
                ),
                ("establishment_id", models.UUIDField(null=True)),
                ("actor", models.UUIDField(null=True)),
                ("record", models.UUIDField(null=True)),
                ("facts", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "sightings_sighting",
                "indexes": [
                    django.db.models.Index(
                        fields=["kind", "seen_at"], name="sighting_kind_seen_at"
                    )
                ],
            },
        ),
        *[migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in WALL],
    ]
