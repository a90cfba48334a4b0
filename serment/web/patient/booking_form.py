"""The booking form as typed: read from an address or a POST, with what must be mended in it."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory.models import PractitionerRole
from serment.errors import NotThere
from serment.scheduling import linked_times, red_flags, refusals
from serment.scheduling.linked_booking import Later
from serment.scheduling.models import VisitReason
from serment.scheduling.models.hours import SESSIONS_MAX
from serment.web import asked

NOTE_LETTERS_MAX = 500
CONFIRM, OTHER_REASON, OTHER_TIME = "confirm", "reason", "time"


@dataclass(slots=True)
class Form:
    """The form as typed; ``errors`` are sentences by field."""

    starts_at: datetime
    reason: VisitReason
    request_key: bytes
    act: str = CONFIRM
    mode: str = ""
    first_visit: str = ""
    note: str = ""
    whom: UUID | None = None
    """The relation by which it is booked for somebody else; None is for oneself."""
    kept: bool = False
    later: list[datetime] = field(default_factory=list)
    """Of a series: when the visits after the first are wanted, in order."""
    steps: list[Later] = field(default_factory=list)
    """Of linked steps: those after the first, as wanted, in order."""
    flags: list[str] = field(default_factory=list)
    """Safety questions of all steps."""
    answers: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def key_text(self) -> str:
        """The request key as the form carries it."""
        return base64.urlsafe_b64encode(self.request_key).decode()

    @property
    def to_mend(self) -> list[tuple[str, str]]:
        """Each error with the id of the field it stands beside, in the order of the page."""
        places = [("reason", "motif", "")]
        places += [
            (f"flag-{flag.code}", f"signe-{flag.code}", str(flag.question))
            for flag, _answer in self.questions
        ]
        places += [("first_visit", "premiere", ""), ("mode", "comment", ""), ("note", "mot", "")]
        return [
            (field, f"{question} {self.errors[name]}".strip())
            for name, field, question in places
            if name in self.errors
        ]

    @property
    def questions(self) -> list[tuple[red_flags.RedFlag, str]]:
        """Safety questions of the reason, with what was answered."""
        return [(flag, self.answers.get(flag.code, "")) for flag in red_flags.asked(self.flags)]


def read(role: PractitionerRole, given: asked.Given) -> Form:
    """What was sent about a practitioner. Raises ``NotThere`` or ``NoSuchReason``."""
    reasons = {
        str(reason.id): reason
        for reason in role.reasons.filter(active=True, by_invitation=False).order_by("position")
    }
    wanted = given.get("motif", "")
    reason = reasons.get(wanted) if wanted else next(iter(reasons.values()), None)
    other_time = given.get("reprendre", "")
    starts_at = asked.instant(other_time or given.get("heure", ""))
    if wanted and reason is None:
        raise refusals.NoSuchReason
    if reason is None or starts_at is None:
        raise NotThere
    filled = Form(starts_at, reason, key_of(given.get("cle", "")))
    if other_time:
        filled.act = OTHER_TIME
    elif given.get("revoir"):
        filled.act = OTHER_REASON
    filled.mode = given.get("mode", "") if reason.in_person and reason.video else _only(reason)
    filled.first_visit = given.get("premiere", "")
    filled.whom = asked.uuid(given.get("pour", ""))
    filled.kept = filled.whom is None and given.get("garder", "") == "oui"
    filled.note = asked.words(given.get("mot", ""), 10 * NOTE_LETTERS_MAX)
    later = map(asked.instant, given.getlist("seance")[: SESSIONS_MAX - 1])
    filled.later = [one for one in later if one] if reason.sessions > 1 else []
    filled.steps = steps_of(given.getlist("etape")) if reason.steps else []
    filled.flags = _flags(reason)
    filled.answers = {code: given.get(f"signe-{code}", "") for code in filled.flags}
    return filled


def steps_of(texts: Sequence[str]) -> list[Later]:
    """Steps as a form carries them; what is none is left out."""
    found = []
    for text in texts[: linked_times.STEPS_MAX]:
        role, _space, rest = text.partition(" ")
        reason, _space, at = rest.partition(" ")
        known = asked.uuid(role), asked.uuid(reason), asked.instant(at)
        if known[0] and known[1] and known[2]:
            found.append(Later(known[0], known[1], known[2]))
    return found


def _flags(reason: VisitReason) -> list[str]:
    """What is asked before the first step is asked of all: nobody is sent away at the second."""
    if not reason.steps:
        return list(reason.red_flags)
    steps = linked_times.read(json.dumps(reason.steps))
    ids = [one for step in steps for _role, one in step.ways]
    more = VisitReason.objects.filter(id__in=ids).values_list("red_flags", flat=True)
    return list(dict.fromkeys([*reason.red_flags, *(code for some in more for code in some)]))


def _only(reason: VisitReason) -> str:
    """The mode where there is no choice, whatever was chosen for another reason."""
    return "in_person" if reason.in_person else "video"


def key_of(text: str) -> bytes:
    """The form's own random key; a new one for a new form."""
    try:
        key = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) == 16 else secrets.token_bytes(16)


def check(filled: Form) -> None:
    """Whether every question is answered; what is missing goes into its ``errors``."""
    for flag, answer in filled.questions:
        if answer != "non":
            filled.errors[f"flag-{flag.code}"] = _("Répondez oui ou non.")
    if filled.first_visit not in {"oui", "non"}:
        filled.errors["first_visit"] = _("Dites si c’est la première fois.")
    if filled.mode not in {"in_person", "video"}:
        filled.errors["mode"] = _("Choisissez : sur place ou en vidéo.")
    if len(filled.note) > NOTE_LETTERS_MAX:
        filled.errors["note"] = _("Ce mot est trop long : %(count)d lettres au plus.") % {
            "count": NOTE_LETTERS_MAX
        }
