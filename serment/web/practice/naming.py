"""Opening who comes and why, for exactly the appointments asked for; each opening is recorded.

Which file lies behind an appointment is known to the keeper alone. It is kept here, in this
process's memory and bound to the session, for no longer than a key's lease.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import get_language

from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import contact, files
from serment.identity.models import PatientFile
from serment.scheduling import sealed_details
from serment.scheduling.models import Appointment, VisitReason
from serment.web import wording

RELATION_SECONDS = 240
RELATIONS_MAX = 20_000
NAME = ("given_name", "family_name")
AT_A_GLANCE = (*NAME, "birth_date", "phone", contact.FIELD)

_relations: dict[tuple[bytes, UUID], tuple[float, UUID]] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, as opened; what was not opened is empty."""

    file: UUID
    given_name: str
    family_name: str
    birth_date: str = ""
    phone: str = ""
    safe_contact: str = field(default="", repr=False)

    @property
    def calling(self) -> contact.Calling:
        """Which number to call, and what stands before it."""
        return contact.calling(contact.read(self.safe_contact), self.phone)

    @property
    def name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def initials(self) -> str:
        """ "B. R." """
        letters = (self.given_name[:1], self.family_name[:1])
        return " ".join(f"{letter}." for letter in letters if letter)

    def age(self, today: date) -> str:
        """ "65 ans"."""
        return wording.age(self.birth_date, today)


@dataclass(frozen=True, slots=True)
class Why:
    """Why and how somebody comes, as opened."""

    reason: str
    reason_id: UUID | None
    video: bool
    first_visit: bool
    note: str
    kept: bool = False
    """Kept from those who act for the person."""
    together: bool = False
    """Booked together with others: a series, or steps that follow each other."""
    step: int = 0
    """Its place among such steps, from 1."""


def files_behind(actor: Actor, records: Iterable[UUID]) -> dict[UUID, UUID]:
    """The patient file behind each appointment; one the keeper no longer knows is left out."""
    wanted = list(dict.fromkeys(records))
    present = time.monotonic()
    found: dict[UUID, UUID] = {}
    for record in wanted:
        kept = _relations.get((actor.capability, record))
        if kept is not None and kept[0] > present:
            found[record] = kept[1]
    missing = [record for record in wanted if record not in found]
    asked = gate.files_behind_openable(actor, Purpose.AGENDA, missing)
    if len(_relations) + len(asked) > RELATIONS_MAX:
        _relations.clear()
    for record, file in asked.items():
        _relations[(actor.capability, record)] = (present + RELATION_SECONDS, file)
    return found | asked


def forget() -> None:
    """After files were joined or parted: whose a visit is, is asked again in this process."""
    _relations.clear()


def people(
    actor: Actor, appointments: Iterable[UUID], fields: Sequence[str] = NAME
) -> dict[UUID, Person]:
    """Who comes to each appointment; whose file is closed (erased or frozen) is left out."""
    behind = files_behind(actor, appointments)
    files = list(PatientFile.objects.filter(pk__in=set(behind.values())))
    opened = gate.reveal_openable(actor, Purpose.AGENDA, files, list(fields))
    return {
        appointment: Person(file, **opened[file])
        for appointment, file in behind.items()
        if file in opened
    }


def with_address(actor: Actor, file: UUID) -> tuple[Person, str]:
    """Somebody of the house and the e-mail address they are written to, "" where there is none;
    the day of birth says whether it may be a parent's. Raises ``NotThere``."""
    fields = (*NAME, "birth_date", "email")
    values = files.open(actor, [file], fields, Purpose.RECEPTION).get(file)
    if values is None:
        raise NotThere
    email = values.pop("email")
    return Person(file, **values), email


def reasons(actor: Actor, appointments: Iterable[UUID]) -> dict[UUID, Why]:
    """Why each comes; whose file is closed is left out."""
    found = list(Appointment.objects.filter(pk__in=list(appointments)))
    details = sealed_details.reveal_openable(actor, Purpose.AGENDA, found)
    wanted = {one.reason for one in details.values() if one.reason}
    known = VisitReason.objects.in_bulk(list(wanted))
    language = get_language() or "fr"
    return {
        pk: Why(
            reason=known[one.reason].name(language) if one.reason in known else "",
            reason_id=one.reason,
            video=one.mode == "video",
            first_visit=one.first_visit,
            note=one.note,
            kept=one.kept,
            together=one.course is not None,
            step=one.step,
        )
        for pk, one in details.items()
    }
