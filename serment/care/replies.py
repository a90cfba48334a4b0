"""What somebody answers before a visit: kept as they go, sent when they say so, sealed all along.

Two sealed fields of the visit. ``answered`` (administrative) says where it stands and by whom;
``answers`` (medical) what was said, and to which version of the questions. The desk opens the first
alone: the keeper refuses it the second (``keeper/policy/roles``). Both go with the visit.

States are FHIR R4's (``QuestionnaireResponse.status``): ``in-progress``, ``completed``, and
``stopped`` for whoever would rather not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from serment.care import asking, questions
from serment.care.asking import Sheet
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.errors import Broken
from serment.identity import rights
from serment.scheduling import cancelling, refusals
from serment.scheduling.models import Appointment

IN_PROGRESS, COMPLETED, STOPPED = "in-progress", "completed", "stopped"
BY_PATIENT, BY_TELEPHONE = "patient", "telephone"
CHANGEABLE = ("proposed", "pending", "booked", "arrived")
_PADDED_TO = 1_024
"""Bytes show their number: answers of a few words and of many look alike in a dump."""


class AnswersUnreadable(Broken):
    """Ces réponses ne peuvent pas être lues."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where it stands; no status: nothing was begun."""

    status: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to one version, by linkId."""

    version: UUID | None = None
    values: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)


NOTHING = Told()


def told(actor: Actor, purpose: Purpose, visits: Sequence[Appointment]) -> dict[UUID, Told]:
    """Where it stands for each; on record for those where something was begun."""
    begun = [one for one in visits if one.answered is not None]
    opened = gate.reveal_openable(actor, purpose, begun, ["answered"]) if begun else {}
    return {
        one.id: _told(opened[one.id]["answered"]) if one.id in opened else NOTHING for one in visits
    }


def before(actor: Actor, visit: Appointment, reason: UUID | None) -> Told | None:
    """For the agenda, where it is open what the visit is for: whether it is answered, nothing of
    what was said. None where nothing is asked."""
    if reason is None or (visit.answered is None and not asking.by_reason({reason})):
        return None
    return told(actor, Purpose.AGENDA, [visit])[visit.id]


def sheet_for(reason: UUID | None, reply: Reply) -> Sheet | None:
    """The questions to answer: those that were begun with, else what is asked now."""
    if reply.version is not None:
        return asking.version(reply.version)
    return asking.by_reason({reason} if reason else ()).get(reason) if reason else None


def own(actor: Actor, visit: Appointment) -> Reply:
    """What the person, or who acts for them, wrote so far. Raises ``NotYours``."""
    return _open(actor, Purpose.SELF, visit)


def read(actor: Actor, visit: Appointment) -> tuple[Told, Reply]:
    """What was sent, opened on record by somebody who cares for the person; what is not sent yet
    stays theirs. Raises ``NotAllowed`` or ``NotYours``."""
    rights.require(actor, rights.Act.READ_ANSWERS)
    stands = told(actor, Purpose.CARE, [visit])[visit.id]
    if stands.status != COMPLETED:
        return stands, Reply()
    return stands, _open(actor, Purpose.CARE, visit)


def keep(
    actor: Actor, visit_id: UUID, version: UUID, values: questions.Values, now: datetime,
    status: str = IN_PROGRESS,
) -> None:  # fmt: skip
    """Seal what is said now; ``in-progress`` until it is sent. Raises ``AlreadyOver`` once the
    visit has begun, ``NoSuchAppointment``."""
    _write(actor, visit_id, status, now, _said(version, values))


def skip(actor: Actor, visit_id: UUID, now: datetime) -> None:
    """Rather not: what was written is thrown away, and nobody asks again."""
    _write(actor, visit_id, STOPPED, now, "")


def sealable(stands: Told, version: UUID, values: questions.Values) -> dict[str, str | None]:
    """For ``gate.seal`` of whoever writes many visits at once."""
    return _values(stands, _said(version, values))


def _said(version: UUID, values: questions.Values) -> str:
    item = [{"linkId": link, "answer": list(answer)} for link, answer in values.items()]
    return json.dumps({"questionnaire": str(version), "item": item}, ensure_ascii=False)


def _values(stands: Told, said: str) -> dict[str, str | None]:
    at = stands.at.isoformat() if stands.at else ""
    padded = said + " " * (-len(said.encode()) % _PADDED_TO) if said else ""
    told = json.dumps({"status": stands.status, "by": stands.by, "at": at})
    return {"answered": told, "answers": padded}


def _write(actor: Actor, visit_id: UUID, status: str, now: datetime, said: str) -> None:
    staff = actor.kind == "staff"
    # A patient's door names the visit; whether it is theirs the keeper says before it is sealed.
    with tenancy.inside(actor.establishment, records=None if staff else [visit_id]):
        visit = cancelling.seen(visit_id)
    tenant = visit.establishment_id
    if staff:
        rights.require(actor, rights.Act.BOOK)
    purpose = Purpose.RECEPTION if staff else Purpose.BOOKING
    with tenancy.inside(tenant), transaction.atomic():
        cancelling.must_begin(visit, None)
        visit.refresh_from_db()
        if visit.status not in CHANGEABLE or (not staff and visit.starts_at <= now):
            raise refusals.AlreadyOver(
                _("La visite a commencé, ou n’a plus lieu : ces réponses ne se changent plus.")
            )
        by = BY_TELEPHONE if staff else BY_PATIENT
        values = _values(Told(status, by, now), said)
        file = gate.files_behind(actor, purpose, [visit_id])[visit_id]
        gate.seal(actor, purpose, visit, values, subject=file, tenant=tenant)
        visit.save(update_fields=["answered", "answers"])


def _open(actor: Actor, purpose: Purpose, visit: Appointment) -> Reply:
    if visit.answers is None:
        return Reply()
    opened = gate.reveal(actor, purpose, [visit], ["answers"])
    if visit.id not in opened:
        raise NotYours
    try:
        said = json.loads(opened[visit.id]["answers"])
        values = {one["linkId"]: [str(text) for text in one["answer"]] for one in said["item"]}
        return Reply(UUID(said["questionnaire"]), values)
    except (KeyError, TypeError, ValueError) as unreadable:
        raise AnswersUnreadable from unreadable


def _told(opened: str) -> Told:
    try:
        said = json.loads(opened)
        return Told(said["status"], said["by"], datetime.fromisoformat(said["at"]))
    except (KeyError, TypeError, ValueError) as unreadable:
        raise AnswersUnreadable from unreadable
