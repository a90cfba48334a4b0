"""The arithmetic of a perimeter: whose data, which fields, when. Pure: rows in, figures out.

Persons, appointments, records and fields are counted each for itself. "Held" is never reported
as "opened": a person is *confirmed* (opened in the window), *possible* (a key released shortly
before it could still be in use, or records of the time were lost) or *excluded* (held, with no
such record). The keeper counts the same way over its index; both must agree.
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
    {
        "found",
        "listed",
        "patient",
        "link",
        "errand",
        "deleted",
        "alias",
        "relation",
        "acting",
        "acting_ended",
        "kept",
        "kept_no_more",
        "joined",
        "parted",
        "told_apart",
        "break_glass",
        "break_glass.life",
        "break_glass.care",
        "break_glass.asked",
        "break_glass.other",
        "session",
        "passkey_enrolled",
        "passkey_vouched",
        "passkey_revoked",
        "passkey_count",
        "staff_ended",
        "staff_role",
    }
)

WHY_CONFIRMED: Final = "opened in the window, by a durable record"
WHY_LEASE: Final = (
    "opened shortly before the window: the key could still be used in it, or be given again"
)
WHY_GAP: Final = "held while records of the time were lost: a recovery went on from an older ledger"
WHY_REACHABLE: Final = (
    "on a continuity sheet and nowhere else: whoever holds the site's key and the sheet can read it"
)
WHY_EXCLUDED: Final = "held, and no record of an opening in the window or shortly before it"

FORM: Final = 3
"""Of the text that is hashed into the digest (docs/operate/perimeter.md)."""
OPENINGS: Final = ("read", "search")
CONTINUITY: Final = "continuity"
ACCESSES: Final = (*OPENINGS, "write")


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
    def purpose(self) -> str: ...
    @property
    def person(self) -> UUID | None: ...
    @property
    def person_kind(self) -> str: ...
    @property
    def records(self) -> Sequence[Touched]: ...
    @property
    def erased(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A recovery: what was opened between these instants may be in no record."""

    leaf: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What a selection's records say. ``leaves_digest``: SHA-256 of the numbers of its leaves,
    eight bytes each, big-endian, rising; ``leaves``: how many they are."""

    persons: int
    staff: int
    appointments: int
    records: int
    fields: dict[str, int]
    shortly_before: int
    held: int
    erased: int
    altered: int
    unaltered: int
    unavailable: int
    first: datetime | None
    last: datetime | None
    leaves: int
    leaves_digest: bytes
    lease_seconds: int
    widened_seconds: int
    gaps: tuple[Gap, ...] = ()
    reachable: int = 0
    """Of the persons, those whom a continuity sheet names and nothing else opened."""

    @property
    def by_gap(self) -> int:
        """Persons possible for no other reason than a recovery's gap."""
        return max(0, self.held - self.persons - self.shortly_before) if self.gaps else 0

    @property
    def tiers(self) -> dict[str, int]:
        """Persons by how sure it is."""
        possible = self.shortly_before + self.by_gap
        excluded = max(0, self.held - self.persons - possible)
        return {"confirmed": self.persons, "possible": possible, "excluded": excluded}

    def counted(self) -> dict[str, Any]:
        """What goes into the digest; who was erased since is told beside it."""
        return {
            "persons": self.persons,
            "reachable": self.reachable,
            "staff": self.staff,
            "appointments": self.appointments,
            "records": self.records,
            "fields": self.fields,
            "tiers": self.tiers,
            "first": _iso(self.first),
            "last": _iso(self.last),
            "integrity": {
                "altered": self.altered,
                "unaltered": self.unaltered,
                "unavailable": self.unavailable,
            },
            "gaps": [
                {"leaf": gap.leaf, "since": _iso(gap.since), "until": _iso(gap.until)}
                for gap in self.gaps
            ],
            "lease_seconds": self.lease_seconds,
            "widened_seconds": self.widened_seconds,
        }


@dataclass(frozen=True, slots=True)
class Perimeter:
    """The answer. ``as_json`` is the shape that scripts read."""

    figures: Figures
    not_opened: dict[str, list[str]]
    reasons: list[dict[str, Any]]
    digest: str

    def as_json(self) -> dict[str, Any]:
        """Plain values, instants as ISO 8601 in UTC."""
        return self.figures.counted() | {
            "erased": self.figures.erased,
            "leaves": self.figures.leaves,
            "not_opened": self.not_opened,
            "reasons": self.reasons,
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
    widened_seconds: int = 0,
    gaps: tuple[Gap, ...] = (),
) -> Perimeter:
    """The perimeter of a window's accesses, which reach back before ``start``.

    ``question`` goes into the digest as it is; ``known_fields`` maps ``kind.field`` to its zone;
    ``held`` counts the persons held at the window's end.
    """
    figures = figures_of(
        start, accesses, held=held, lease_seconds=lease_seconds,
        widened_seconds=widened_seconds or lease_seconds, gaps=gaps,
    )  # fmt: skip
    return of(question, figures, known_fields)


def of(question: Mapping[str, Any], figures: Figures, known_fields: Mapping[str, str]) -> Perimeter:
    """The answer to a question from its figures, wherever they were counted."""
    return Perimeter(
        figures,
        _not_opened(known_fields, figures.fields),
        _reasons(figures),
        digest_of(question, figures),
    )


def figures_of(
    start: datetime,
    accesses: Iterable[Access],
    *,
    held: int,
    lease_seconds: int,
    widened_seconds: int,
    gaps: tuple[Gap, ...] = (),
) -> Figures:
    """Count rows; the keeper's index gives the same without their contents."""
    rows = [row for row in sorted(accesses, key=lambda row: row.seq) if row.kind in ACCESSES]
    inside = [row for row in rows if row.at >= start]
    opened = [row for row in inside if row.kind in OPENINGS]
    earlier = [row for row in rows if row.at < start and row.kind in OPENINGS]
    confirmed = _persons(opened)
    otherwise = _persons(row for row in opened if row.purpose != CONTINUITY)
    possible = _persons(earlier) - confirmed
    records = {touched.record: touched.kind for row in opened for touched in row.records}
    altered, gone = _changed(inside)
    return Figures(
        persons=len(confirmed),
        reachable=len(confirmed - otherwise),
        staff=len(_persons(opened, staff=True)),
        appointments=sum(kind == "appointment" for kind in records.values()),
        records=len(records),
        fields=_fields(opened),
        shortly_before=len(possible),
        held=held,
        erased=len(_persons(row for row in [*opened, *earlier] if row.erased)),
        altered=len(altered - gone),
        unaltered=len(set(records) - altered - gone),
        unavailable=len(gone),
        first=opened[0].at if opened else None,
        last=opened[-1].at if opened else None,
        leaves=len(rows),
        leaves_digest=leaves_digest([row.seq for row in rows]),
        lease_seconds=lease_seconds,
        widened_seconds=widened_seconds,
        gaps=gaps,
    )


def leaves_digest(seqs: Iterable[int]) -> bytes:
    """SHA-256 of leaves' numbers, eight bytes each, big-endian, rising."""
    return hashlib.sha256(b"".join(seq.to_bytes(8, "big") for seq in seqs)).digest()


def each_person(start: datetime, accesses: Iterable[Access]) -> list[dict[str, Any]]:
    """What concerns each person, the surest and earliest first; an erased one has no id."""
    found: dict[UUID, list[Access]] = {}
    for row in sorted(accesses, key=lambda row: row.seq):
        if row.person is not None and row.kind in OPENINGS and row.person_kind != "staff":
            found.setdefault(row.person, []).append(row)
    told = [_one_person(start, person, rows) for person, rows in found.items()]
    return sorted(told, key=lambda one: (one["tier"] != "confirmed", one["first"]))


def _one_person(start: datetime, person: UUID, rows: list[Access]) -> dict[str, Any]:
    inside = [row for row in rows if row.at >= start]
    shown = inside or rows
    reachable = all(row.purpose == CONTINUITY for row in shown)
    records = {touched.record: touched.kind for row in shown for touched in row.records}
    return {
        "person": str(person),
        "erased": any(row.erased for row in rows),
        "tier": "confirmed" if inside else "possible",
        "reachable": reachable,
        "reason": WHY_REACHABLE if reachable else WHY_CONFIRMED if inside else WHY_LEASE,
        "appointments": sum(kind == "appointment" for kind in records.values()),
        "records": len(records),
        "fields": _fields(shown),
        "first": shown[0].at.isoformat(),
        "last": shown[-1].at.isoformat(),
        "leaves": [row.seq for row in shown],
    }


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


def _changed(rows: Iterable[Access]) -> tuple[set[UUID], set[UUID]]:
    """Records written over, and records deleted."""
    written = [touched for row in rows if row.kind == "write" for touched in row.records]
    altered = {touched.record for touched in written if touched.replaced}
    gone = {touched.record for touched in written if "deleted" in touched.fields}
    return altered, gone


def _not_opened(known: Mapping[str, str], fields: Mapping[str, int]) -> dict[str, list[str]]:
    """Fields Serment holds that no record of this selection opened, by zone."""
    found: dict[str, list[str]] = {}
    for name, zone in sorted(known.items()):
        if name not in fields:
            found.setdefault(zone, []).append(name)
    return found


def _reasons(figures: Figures) -> list[dict[str, Any]]:
    """Why so many are in each tier; a tier may have more than one reason."""
    why = [
        ("confirmed", figures.persons - figures.reachable, WHY_CONFIRMED),
        ("confirmed", figures.reachable, WHY_REACHABLE),
        ("possible", figures.shortly_before, WHY_LEASE),
        ("possible", figures.by_gap, WHY_GAP),
        ("excluded", figures.tiers["excluded"], WHY_EXCLUDED),
    ]
    return [
        {"tier": tier, "persons": count, "reason": reason} for tier, count, reason in why if count
    ]


def digest_of(question: Mapping[str, Any], figures: Figures) -> str:
    """The same question about an ended window gives the same digest."""
    canonical = json.dumps(
        {
            "form": FORM,
            "question": question,
            "figures": figures.counted(),
            "leaves": {"count": figures.leaves, "sha256": figures.leaves_digest.hex()},
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
