"""Visits that nobody came to: told to the person, objected to, answered, excused, lifted.

What counts is written on the visit, which names nobody; how many somebody missed is in no row and
is worked out when they book, from the visits the keeper says are theirs (``own_visits``). While a
house has no rule nothing here happens at all. Decision 0060.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.outbox import answers, post, registry
from serment.outbox.models import Message, State
from serment.scheduling import cancelling, missed_limit, refusals, terms
from serment.scheduling.missed_limit import Limit, Rule, Visit
from serment.scheduling.models import Appointment

KIND: Final = registry.MISSED
WORDS_MAX: Final = 500
Missed = Appointment.Missed
COUNTED: Final = (Missed.COUNTS, Missed.UPHELD)
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Objection:
    """What the person said, and the house's answer; empty where there is none."""

    said: str = ""
    answer: str = ""
    why: str = ""

    def as_json(self) -> str:
        """For ``gate.seal``."""
        told = {"said": self.said, "answer": self.answer, "why": self.why}
        return json.dumps(told, ensure_ascii=False)


def rule_of(establishment_id: UUID) -> Rule | None:
    """The house's own; None where it has none, as at first."""
    own = terms.of_house(establishment_id)
    return Rule(own.missed_max, own.missed_months) if own.missed_max else None


def limit_of(establishment_id: UUID, records: Sequence[UUID], now: datetime) -> Limit | None:
    """What these visits of one person come to in this house, and in no other; inside it."""
    rule = rule_of(establishment_id)
    if rule is None or not records:
        return None
    return missed_limit.limit(_counted(establishment_id, records, now), rule, now)


def _counted(establishment_id: UUID, records: Sequence[UUID], now: datetime) -> list[Visit]:
    rows = Appointment.objects.filter(
        establishment_id=establishment_id, id__in=records, status=Appointment.Status.NOSHOW,
        missed__in=COUNTED, starts_at__gt=now - missed_limit.YEAR,
    )  # fmt: skip
    return [Visit(*row) for row in rows.values_list("id", "starts_at")]


def follow(actor: Actor, visit: Appointment, was: str, now: datetime) -> None:
    """What a mark, or taking it back, sets in motion: ``missed`` changes on ``visit``, which the
    caller saves in the same transaction, and its person is told."""
    if visit.status == Appointment.Status.NOSHOW:
        visit.missed = _told_of(actor, visit, now)
    elif was == Appointment.Status.NOSHOW and visit.missed:
        visit.missed = Missed.NOTHING
        _correct(actor, visit, now)


def _told_of(actor: Actor, visit: Appointment, now: datetime) -> str:
    """Whoever cannot be told is not counted; nor who wrote that they could not come."""
    house = visit.establishment_id
    if rule_of(house) is None:
        return Missed.NOTHING
    if answers.said_cannot(house, visit.id):
        return Missed.EXCUSED
    return Missed.COUNTS if _tell(actor, visit, now) else Missed.NOTHING


def _tell(actor: Actor, visit: Appointment, now: datetime) -> bool:
    try:
        ticket = post.sign(actor, visit.id, now)
    except NotYours:  # kept from those who act for the person, or erased
        return False
    post.again(KIND, visit.id, visit.establishment_id, ticket)
    return True


def _correct(actor: Actor, visit: Appointment, now: datetime) -> None:
    """Who was told is told that it counts no more; what still waits does not leave."""
    posted = Message.objects.filter(
        establishment_id=visit.establishment_id, record_id=visit.id, kind=KIND
    )
    post.withdraw(visit.id, visit.establishment_id)
    if posted.exclude(state=State.CANCELLED).exists():
        _tell(actor, visit, now)


def excuse(actor: Actor, visit_id: UUID, now: datetime) -> Appointment:
    """The desk lets it count no more. Raises ``NoSuchAppointment``; ``AlreadyOver`` where it did
    not count."""
    visit = _of_own_house(actor, visit_id)
    with tenancy.inside(visit.establishment_id):
        _change(visit, (*COUNTED, Missed.CONTESTED), Missed.EXCUSED)
        _correct(actor, visit, now)
    return visit


def object_to(actor: Actor, visit_id: UUID, words: str) -> Appointment:
    """Its person says that this is not so: from now on it does not count, until the desk answers.

    The transaction must stand before the visit. Raises ``NoSuchAppointment``, or ``AlreadyOver``
    where there is nothing to object to, or it was answered before.
    """
    visit = cancelling.seen(visit_id)
    with tenancy.inside(visit.establishment_id):
        _change(visit, (Missed.COUNTS,), Missed.CONTESTED)
        _seal(actor, visit, Objection(words.strip()[:WORDS_MAX]))
        post.withdraw(visit.id, visit.establishment_id)
    return visit


def object_by_link(establishment_id: UUID, visit_id: UUID) -> bool:
    """The same by a message's link: nobody is signed in, so nothing can be said with it. Whether
    there was something to object to. The transaction stands in the house."""
    rows = Appointment.objects.filter(
        establishment_id=establishment_id, id=visit_id, missed=Missed.COUNTS
    )
    return bool(rows.update(missed=Missed.CONTESTED))


def contested(establishment_id: UUID) -> list[Appointment]:
    """What the desk has to answer, the oldest visit first; inside the house."""
    rows = Appointment.objects.select_related(
        "role__practitioner", "role__site", "role__specialty", "role__profession"
    ).filter(establishment_id=establishment_id, missed=Missed.CONTESTED)
    return list(rows.order_by("starts_at", "id")[:_SHOWN])


def how_many_contested(establishment_id: UUID) -> int:
    """For the menu."""
    with tenancy.inside(establishment_id):
        return Appointment.objects.filter(
            establishment_id=establishment_id, missed=Missed.CONTESTED
        ).count()


def objection(actor: Actor, purpose: Purpose, visit: Appointment) -> Objection:
    """What was said and answered, opened on record; empty where nothing opens."""
    if visit.objection is None:
        return Objection()
    opened = gate.reveal_openable(actor, purpose, [visit], ["objection"]).get(visit.id)
    told = opened.get("objection") if opened else ""
    return Objection(**json.loads(told)) if told else Objection()


def answer(actor: Actor, visit_id: UUID, *, counts: bool, why: str, now: datetime) -> Appointment:
    """Somebody of the house has looked into it: it counts, or does not; the person is told.

    Raises ``NoSuchAppointment``, ``AlreadyOver`` where a colleague answered meanwhile.
    """
    visit = _of_own_house(actor, visit_id)
    with tenancy.inside(visit.establishment_id):
        state = Missed.UPHELD if counts else Missed.EXCUSED
        _change(visit, (Missed.CONTESTED,), state)
        said = objection(actor, Purpose.RECEPTION, visit).said
        try:
            _seal(actor, visit, Objection(said, str(state), why.strip()[:WORDS_MAX]))
        except NotYours:
            return visit  # erased meanwhile: nothing is written of them, nor sent
        _tell(actor, visit, now)
    return visit


def lift(actor: Actor, file: UUID, why: str, now: datetime) -> int:
    """A practitioner lets all that counts against somebody in this house count no more; how many
    visits that was. The transaction stands in the house; ``why`` is sealed with the latest."""
    house = actor.establishment
    if house is None:
        return 0
    found = _counted(house, gate.records_of(actor, file), now)
    rows = list(Appointment.objects.select_for_update().filter(id__in=[one.id for one in found]))
    rows.sort(key=lambda one: one.starts_at)
    for visit in rows:
        _change(visit, COUNTED, Missed.EXCUSED)
    if rows:
        said = objection(actor, Purpose.RECEPTION, rows[-1]).said
        _seal(actor, rows[-1], Objection(said, str(Missed.EXCUSED), why.strip()[:WORDS_MAX]))
        _tell(actor, rows[-1], now)
    return len(rows)


def _of_own_house(actor: Actor, visit_id: UUID) -> Appointment:
    visit = cancelling.seen(visit_id)
    if actor.kind != "staff" or actor.establishment != visit.establishment_id:
        raise refusals.NoSuchAppointment(_("Ce rendez-vous n’existe pas, ou n’est pas le vôtre."))
    return visit


def _change(visit: Appointment, before: Sequence[str], after: str) -> None:
    """Of two at once one changes it. Raises ``AlreadyOver``."""
    rows = Appointment.objects.filter(
        id=visit.id, status=Appointment.Status.NOSHOW, missed__in=before
    )
    if not rows.update(missed=after):
        raise refusals.AlreadyOver(_("C’est déjà réglé : rien n’a été changé."))
    visit.missed = after


def _seal(actor: Actor, visit: Appointment, told: Objection) -> None:
    file = gate.files_behind(actor, Purpose.BOOKING, [visit.id])[visit.id]
    gate.seal(
        actor, Purpose.BOOKING, visit, {"objection": told.as_json()},
        subject=file, tenant=visit.establishment_id,
    )  # fmt: skip
    visit.save(update_fields=["objection"])


def register() -> None:
    """Tell the outbox what a missed visit's message says."""
    registry.register(KIND, _facts)


def _facts(visit_id: UUID) -> registry.Facts | None:
    """The hour, the telephone, and whether it counts; nothing while an objection is open."""
    visit = Appointment.objects.select_related("role__site").filter(id=visit_id).first()
    if visit is None or visit.missed == Missed.CONTESTED:
        return None
    from django.conf import settings

    site = visit.role.site
    return registry.Facts(
        starts_at=visit.starts_at, timezone=site.timezone, with_whom="", phone=site.phone,
        link=settings.LOGIN_REDIRECT_URL, outcome=visit.missed or str(Missed.NOTHING),
    )  # fmt: skip
