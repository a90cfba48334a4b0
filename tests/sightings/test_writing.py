"""Sightings are appended by anybody, changed by nobody, read by the watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from serment.ids import new_id
from serment.sightings.models import Kind, Sighting
from serment.sightings.writing import note

pytestmark = pytest.mark.django_db


def seen_as_tenant(tenant: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('serment.tenant', %s, true)", [str(tenant)])
    return list(Sighting.objects.values_list("kind", flat=True))


def test_a_sighting_is_kept_and_read_behind_the_wall_of_its_establishment() -> None:
    here, there = new_id(), new_id()
    note(Kind.CROSS_TENANT, establishment=here, tries=3)
    note(Kind.TRIPWIRE)
    assert list(Sighting.objects.all()) == []
    assert seen_as_tenant(there) == []
    assert seen_as_tenant(here) == ["cross_tenant"]


@pytest.mark.parametrize(
    "change", [lambda rows: rows.update(kind=Kind.TRIPWIRE), lambda rows: rows.delete()]
)
def test_no_role_of_serment_changes_what_was_seen(change: Callable[[Any], Any]) -> None:
    here = new_id()
    note(Kind.BREAK_GLASS, establishment=here)
    assert seen_as_tenant(here) == ["break_glass"]
    rows = Sighting.objects.filter(establishment_id=here)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(rows)
    assert seen_as_tenant(here) == ["break_glass"]


def test_a_row_names_nobody_and_no_instant() -> None:
    """From a dump: what was seen, where, in which hour; no id of an actor, record or person."""
    here = new_id()
    note(Kind.CROSS_TENANT, establishment=here, tries=3)
    assert seen_as_tenant(here) == ["cross_tenant"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sightings_sighting")
        names = [column.name for column in cursor.description or ()]
        (row,) = cursor.fetchall()
    assert names == ["id", "seen_in_hour", "kind", "establishment_id", "facts", "door"]
    hour = dict(zip(names, row, strict=True))["seen_in_hour"]
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)


@pytest.mark.parametrize(
    "fact", ["3fa85f64-5717-4562-b3fc-2c963f66afa6", UUID(int=1 << 100), 1 << 100, b"x", 1.5, -1]
)
def test_a_fact_is_a_count(fact: Any) -> None:
    with pytest.raises(TypeError):
        note(Kind.TRIPWIRE, who=fact)
