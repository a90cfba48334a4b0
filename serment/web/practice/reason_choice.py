"""Choosing among a house's reasons: each name once, for all who take it or for some of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from serment.scheduling.models import VisitReason
from serment.web import asked
from serment.web.practice import team

ALL, SOME = "motifs-tous", "motifs"
"""The form's fields: names chosen for everybody, and reasons one by one."""


@dataclass(frozen=True, slots=True)
class One:
    """A reason of one practitioner."""

    id: UUID
    who: str
    on: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and whose reason it is."""

    key: UUID
    """The first one's id: what the form sends for all of them."""
    name: str
    ones: Sequence[One]
    all_on: bool

    @property
    def some_on(self) -> int:
        """How many are chosen one by one."""
        return 0 if self.all_on else sum(one.on for one in self.ones)


def offered(house: UUID, language: str, chosen: Collection[UUID]) -> list[Named]:
    """Every name in the order of the practitioners, with those chosen."""
    members = {one.id: one.name for one in team.members(house)}
    listed = []
    for name, rows in _by_name(house, members).items():
        all_on = all(one.id in chosen for one in rows)
        alone = len(rows) > 1 and all_on
        ones = [One(one.id, members[one.role_id], one.id in chosen and not alone) for one in rows]
        listed.append(Named(rows[0].id, rows[0].name(language) or name, ones, all_on))
    return listed


def typed(house: UUID, given: asked.Given) -> set[UUID]:
    """What a form chose, of this house's own."""
    members = {one.id for one in team.members(house)}
    everybody = {one for one in map(asked.uuid, given.getlist(ALL)) if one}
    some = {one for one in map(asked.uuid, given.getlist(SOME)) if one}
    found = set()
    for rows in _by_name(house, members).values():
        here = {one.id for one in rows}
        found |= here if here & everybody else here & some
    return found


def _by_name(house: UUID, members: Collection[UUID]) -> dict[str, list[VisitReason]]:
    rows = VisitReason.objects.filter(establishment_id=house, active=True, role_id__in=members)
    named: dict[str, list[VisitReason]] = {}
    for one in rows.order_by("role__position", "position", "id"):
        named.setdefault(one.name_fr, []).append(one)
    return named
