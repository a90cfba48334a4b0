"""The sealed half of an appointment: what it says, and how it is read back.

JSON, so that a later version may add to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from serment.disclosure import Actor, Purpose, gate
from serment.errors import Broken
from serment.scheduling.models import Appointment

_ALONE = UUID(int=0)


class DetailsUnreadable(Broken):
    """Les détails de ce rendez-vous ne peuvent pas être lus."""


@dataclass(frozen=True, slots=True)
class Details:
    """Why and how somebody comes; ``mode`` is ``in_person`` or ``video``."""

    reason: UUID | None
    mode: str = "in_person"
    first_visit: bool = False
    note: str = ""
    overbooked: bool = False
    kept: bool = False
    """Kept from those who act for the person; the keeper's own mark decides (``secrecy``)."""
    counted: bool = False
    """Among the visits of its reason that its practitioner takes that day (``counting``)."""
    course: UUID | None = None
    """The number that all visits booked together share; no column has it."""
    step: int = 0
    """Its place among steps of one booking, from 1; 0 for any other visit."""

    def as_json(self) -> str:
        """For ``gate.seal``. As long when it is kept, counted or one of a course as when it is not:
        bytes show their number."""
        told = asdict(self) | {"kept": int(self.kept), "counted": int(self.counted)}
        told["course"] = self.course or _ALONE
        return json.dumps(told, default=str, ensure_ascii=False)


def read(opened: str) -> Details:
    """What ``gate.reveal`` gave for ``details``; raises ``DetailsUnreadable``."""
    try:
        found = json.loads(opened)
        reason, course = found.get("reason"), UUID(found.get("course") or _ALONE.hex)
        return Details(
            reason=UUID(reason) if reason else None,
            mode=found.get("mode", "in_person"),
            first_visit=bool(found.get("first_visit")),
            note=found.get("note", ""),
            overbooked=bool(found.get("overbooked")),
            kept=bool(found.get("kept")),
            counted=bool(found.get("counted")),
            course=None if course == _ALONE else course,
            step=int(found.get("step") or 0),
        )
    except (AttributeError, ValueError) as unreadable:
        raise DetailsUnreadable from unreadable


def reveal(
    actor: Actor, purpose: Purpose, appointments: Sequence[Appointment]
) -> dict[UUID, Details]:
    """Open the details of up to 200 patients' appointments, on record, by appointment."""
    opened = gate.reveal(actor, purpose, appointments, ["details"])
    return {record: read(values["details"]) for record, values in opened.items()}


def reveal_openable(
    actor: Actor, purpose: Purpose, appointments: Sequence[Appointment]
) -> dict[UUID, Details]:
    """The same, without those of people whose file was erased or frozen."""
    opened = gate.reveal_openable(actor, purpose, appointments, ["details"])
    return {record: read(values["details"]) for record, values in opened.items()}


@dataclass(frozen=True, slots=True)
class Ending:
    """Who cancelled, as ``staff``, ``patient`` or ``link``, and the words they left."""

    by: str
    reason: str


def endings(
    actor: Actor, purpose: Purpose, appointments: Sequence[Appointment]
) -> dict[UUID, Ending]:
    """Why each was cancelled, opened on record; those of which nothing is written are left out, and
    those of people whose file was erased or frozen."""
    written = [one for one in appointments if one.cancellation is not None]
    opened = gate.reveal_openable(actor, purpose, written, ["cancellation"]) if written else {}
    return {record: _ending(values["cancellation"]) for record, values in opened.items()}


def _ending(opened: str) -> Ending:
    try:
        found = json.loads(opened)
        return Ending(str(found["by"]), str(found["reason"]))
    except (KeyError, TypeError, ValueError) as unreadable:
        raise DetailsUnreadable from unreadable
