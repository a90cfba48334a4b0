"""What the models say is what the migrations make: none wants another one."""

from __future__ import annotations

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation


def _wanted(made: ProjectState) -> set[str]:
    """What of our own applications would be migrated still; no database is asked."""
    with translation.override(None):  # migrations name things as their writers did
        detector = MigrationAutodetector(made, ProjectState.from_apps(apps))
        wanted = detector.changes(MigrationLoader(None).graph)
    ours = {one.label for one in apps.get_app_configs() if one.name.startswith("serment.")}
    return ours & set(wanted)


def test_no_migration_is_wanted() -> None:
    assert _wanted(MigrationLoader(None).project_state()) == set()


def test_a_kind_that_no_migration_names_is_found() -> None:
    made = MigrationLoader(None).project_state()
    kind = made.models["scheduling", "occupancy"].fields["kind"]
    made.models["scheduling", "occupancy"].fields["kind"] = kind.clone()
    made.models["scheduling", "occupancy"].fields["kind"].choices = kind.choices[:-1]
    assert _wanted(made) == {"scheduling"}
