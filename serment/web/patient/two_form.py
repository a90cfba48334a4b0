"""The form for two persons as typed: who comes to which of the two times, and their answers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory.models import PractitionerRole
from serment.errors import NotThere
from serment.scheduling import red_flags, refusals
from serment.scheduling.models import VisitReason
from serment.scheduling.pairs import Half
from serment.web import asked
from serment.web.patient import booking_form

MYSELF = "moi"


@dataclass(slots=True)
class Person:
    """One of the two as typed; ``whom`` is None for oneself."""

    number: int
    chosen: str = ""
    first_visit: str = ""
    note: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    flags: Sequence[red_flags.RedFlag] = ()

    @property
    def whom(self) -> UUID | None:
        """The relation by which it is booked for somebody else."""
        return asked.uuid(self.chosen)

    @property
    def questions(self) -> list[tuple[red_flags.RedFlag, str, str]]:
        """Safety questions, what was answered, and what is to be mended."""
        return [
            (flag, self.answers.get(flag.code, ""), self.errors.get(f"flag-{flag.code}", ""))
            for flag in self.flags
        ]

    def alarms(self, reason: VisitReason) -> list[red_flags.RedFlag]:
        """Questions answered by yes: nobody books then, they call."""
        flags = red_flags.asked(reason.red_flags)
        return [flag for flag in flags if self.answers.get(flag.code) == "oui"]


@dataclass(slots=True)
class Form:
    """The form as typed; ``second`` is role, reason and time of the second visit, once chosen."""

    starts_at: datetime
    reason: VisitReason
    request_key: bytes
    second: Half | None
    persons: tuple[Person, Person]
    mode: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def key_text(self) -> str:
        """The request key as the form carries it."""
        return base64.urlsafe_b64encode(self.request_key).decode()

    @property
    def has_errors(self) -> bool:
        """Whether anything is to be mended."""
        return bool(self.errors) or any(one.errors for one in self.persons)

    @property
    def apart(self) -> bool:
        """Whether the second comes after the first, and not at the same time."""
        return self.second is not None and self.second[2] != self.starts_at

    def halves(self, role_id: UUID) -> list[Half]:
        """The two visits. Raises ``NotThere`` before the second is chosen."""
        if self.second is None:
            raise NotThere
        return [(role_id, self.reason.id, self.starts_at), self.second]


def read(role: PractitionerRole, given: asked.Given) -> Form:
    """What was sent. Raises ``NotThere`` or ``NoSuchReason``."""
    starts_at = asked.instant(given.get("heure", ""))
    reasons = role.reasons.filter(active=True, in_groups=False, steps=[], by_invitation=False)
    wanted = given.get("motif", "")
    reason = next((one for one in reasons if str(one.id) == wanted), None)
    if starts_at is None:
        raise NotThere
    if reason is None:
        raise refusals.NoSuchReason
    second = _second(role, given)
    filled = Form(
        starts_at, reason, booking_form.key_of(given.get("cle", "")), second,
        (_person(1, reason, given), _person(2, reason, given)),
    )  # fmt: skip
    filled.persons[0].starts_at = starts_at
    filled.persons[1].starts_at = second[2] if second else None
    only = "in_person" if reason.in_person else "video"
    filled.mode = given.get("mode", "") if reason.in_person and reason.video else only
    return filled


def _second(role: PractitionerRole, given: asked.Given) -> Half | None:
    other, reason = asked.uuid(given.get("avec", "")), asked.uuid(given.get("motif2", ""))
    when = asked.instant(given.get("ensuite", ""))
    if other is None or reason is None or when is None:
        return None
    house = PractitionerRole.objects.filter(id=other, establishment_id=role.establishment_id)
    if not house.exists():
        raise NotThere
    return other, reason, when


def _person(number: int, reason: VisitReason, given: asked.Given) -> Person:
    return Person(
        number=number,
        chosen=given.get(f"pour-{number}", ""),
        first_visit=given.get(f"premiere-{number}", ""),
        note=asked.words(given.get(f"mot-{number}", ""), 10 * booking_form.NOTE_LETTERS_MAX),
        answers={code: given.get(f"signe-{code}-{number}", "") for code in reason.red_flags},
        flags=red_flags.asked(reason.red_flags),
    )


def propose(filled: Form, relatives: Sequence[UUID]) -> None:
    """Two who are likely meant, where nobody was chosen yet: the first two one acts for."""
    likely = [*map(str, relatives), MYSELF]
    for person, name in zip(filled.persons, likely, strict=False):
        person.chosen = person.chosen or name


def check(filled: Form) -> None:
    """Whether every question is answered; what is missing goes into the ``errors``."""
    for one in filled.persons:
        for flag in one.flags:
            if one.answers.get(flag.code) != "non":
                one.errors[f"flag-{flag.code}"] = _("Répondez oui ou non.")
        if one.first_visit not in {"oui", "non"}:
            one.errors["first_visit"] = _("Dites si c’est la première fois.")
        if one.chosen != MYSELF and one.whom is None:
            one.errors["whom"] = _("Choisissez pour qui.")
        if len(one.note) > booking_form.NOTE_LETTERS_MAX:
            one.errors["note"] = _("Ce mot est trop long : %(count)d lettres au plus.") % {
                "count": booking_form.NOTE_LETTERS_MAX
            }
    if filled.persons[0].chosen == filled.persons[1].chosen:
        filled.persons[1].errors["whom"] = _("Choisissez deux personnes différentes.")
    if filled.mode not in {"in_person", "video"}:
        filled.errors["mode"] = _("Choisissez : sur place ou en vidéo.")
