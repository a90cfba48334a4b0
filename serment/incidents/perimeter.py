"""The arithmetic of a perimeter: whose data, which fields, when. Pure: rows in, figures out.

Persons, appointments, records and fields are counted each for itself. "Held" is never reported
as "opened": a person is *confirmed* (opened in the window), *possible* (a key released during
the lease before it could still be in use) or *excluded* (held, with no such record).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

NOT_FIELDS: Final = frozenset(
    {"found", "listed", "patient", "link", "errand", "deleted", "alias", "relation", "break_glass"}
)

WHY_CONFIRMED: Final = "opened in the window, by a durable record"
WHY_POSSIBLE: Final = "opened within the key lease before the window: the key could still be used"
WHY_EXCLUDED: Final = "held, and no record of an opening in the window or the lease before it"


class Touched(Protocol):
    """One record in an access."""

    @property
    def record(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def replaced(self) -> bool: ...


class Access(Protocol):
    """One recorded access, as the keeper's index gives it."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def person(self) -> UUID | None: ...
    @property
    def person_kind(self) -> str: ...
    @property
    def records(self) -> Sequence[Touched]: ...


@dataclass(frozen=True, slots=True)
class Perimeter:
    """The answer. ``as_json`` is the shape that scripts read."""

    persons: int
    staff: int
    appointments: int
    records: int
    fields: dict[str, int]
    tiers: dict[str, int]
    first: datetime | None
    last: datetime | None
    integrity: dict[str, int]
    not_opened: dict[str, list[str]]
    reasons: list[dict[str, Any]]
    lease_seconds: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        """Plain values, instants as ISO 8601 in UTC."""
        return {
            "persons": self.persons,
            "staff": self.staff,
            "appointments": self.appointments,
            "records": self.records,
            "fields": self.fields,
            "tiers": self.tiers,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            "integrity": self.integrity,
            "not_opened": self.not_opened,
            "reasons": self.reasons,
            "lease_seconds": self.lease_seconds,
            "digest": self.digest,
        }


def compute(
    question: Mapping[str, Any],
    start: datetime,
    accesses: Iterable[Access],
    *,
    held: int,
    lease_seconds: int,
    known_fields: Mapping[str, str],
) -> Perimeter:
    """The perimeter of a window's accesses, which reach back by the lease before ``start``.

    ``question`` goes into the digest as it is; ``known_fields`` maps ``kind.field`` to its zone;
    ``held`` counts the persons held at the window's end.
    """
    rows = sorted(accesses, key=lambda row: row.seq)
    inside = [row for row in rows if row.at >= start]
    opened = [row for row in inside if row.kind in ("read", "search")]
    earlier = [row for row in rows if row.at < start and row.kind in ("read", "search")]
    confirmed, staff = _persons(opened), _persons(opened, staff=True)
    possible = _persons(earlier) - confirmed
    tiers = {
        "confirmed": len(confirmed),
        "possible": len(possible),
        "excluded": max(0, held - len(confirmed) - len(possible)),
    }
    fields = _fields(opened)
    records = {touched.record: touched.kind for row in opened for touched in row.records}
    figures: dict[str, Any] = {
        "persons": len(confirmed),
        "staff": len(staff),
        "appointments": sum(kind == "appointment" for kind in records.values()),
        "records": len(records),
        "fields": fields,
        "tiers": tiers,
        "integrity": _integrity(inside, set(records)),
        "lease_seconds": lease_seconds,
    }
    return Perimeter(
        first=opened[0].at if opened else None,
        last=opened[-1].at if opened else None,
        not_opened=_not_opened(known_fields, fields),
        reasons=_reasons(tiers),
        digest=_digest(question, figures, rows),
        **figures,
    )


def _persons(rows: Iterable[Access], *, staff: bool = False) -> set[UUID]:
    """Distinct persons; members of staff are counted apart from patients."""
    return {
        row.person
        for row in rows
        if row.person is not None and (row.person_kind == "staff") == staff
    }


def _fields(rows: Iterable[Access]) -> dict[str, int]:
    """For each field, in how many distinct records it was opened."""
    seen: dict[str, set[UUID]] = {}
    for row in rows:
        for touched in row.records:
            for name in touched.fields:
                if name not in NOT_FIELDS:
                    seen.setdefault(f"{touched.kind}.{name}", set()).add(touched.record)
    return {name: len(seen[name]) for name in sorted(seen)}


def _integrity(rows: Iterable[Access], opened: set[UUID]) -> dict[str, int]:
    """Of all records touched: overwritten, deleted, or only read."""
    altered: set[UUID] = set()
    gone: set[UUID] = set()
    for row in rows:
        for touched in row.records:
            if row.kind == "write" and touched.replaced:
                altered.add(touched.record)
            if row.kind == "write" and "deleted" in touched.fields:
                gone.add(touched.record)
    return {
        "altered": len(altered - gone),
        "unaltered": len(opened - altered - gone),
        "unavailable": len(gone),
    }


def _not_opened(known: Mapping[str, str], fields: Mapping[str, int]) -> dict[str, list[str]]:
    """Fields Serment holds that no record of this selection opened, by zone."""
    found: dict[str, list[str]] = {}
    for name, zone in sorted(known.items()):
        if name not in fields:
            found.setdefault(zone, []).append(name)
    return found


def _reasons(tiers: Mapping[str, int]) -> list[dict[str, Any]]:
    why = {"confirmed": WHY_CONFIRMED, "possible": WHY_POSSIBLE, "excluded": WHY_EXCLUDED}
    return [
        {"tier": tier, "persons": count, "reason": why[tier]}
        for tier, count in tiers.items()
        if count
    ]


def _digest(question: Mapping[str, Any], figures: Mapping[str, Any], rows: list[Access]) -> str:
    """The same question about an ended window gives the same digest."""
    canonical = json.dumps(
        {"question": question, "figures": figures, "leaves": [row.seq for row in rows]},
        sort_keys=True,
        separators=(",", ":"),
    )
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
