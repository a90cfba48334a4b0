"""Finding another time for many appointments at once, or telling their people that it is over.

Each is moved or cancelled as one by one: the same guards, the same record, the same message. What
cannot be moved stays as it was, and is said. Whoever cannot be written to is not moved behind their
back: they go on the list of calls, and their visit stays on this one until somebody spoke to them.
A visit that its person keeps to themself stays: no message leaves, and a call may reach a parent.
So does a step of a booking: the others would have to go with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from serment.disclosure import (
    AccessFrozen,
    Actor,
    KeeperUnavailable,
    OpeningSlowed,
    Purpose,
    SessionEnded,
    TooManyFiles,
    gate,
)
from serment.errors import Conflict, NotThere, Refused
from serment.scheduling import (
    calls,
    cancelling,
    inviting,
    offering,
    reached,
    refusals,
    rules,
    sealed_details,
    shifting,
    wall_clock,
)
from serment.scheduling.availability import Public
from serment.scheduling.models import Appointment, VisitReason
from serment.scheduling.reached import By
from serment.scheduling.shifting import Place

AT_ONCE_MAX = 60
SOONEST = timedelta(days=2)
"""Nobody learns in the evening that they come tomorrow morning."""
LOOK_DAYS = 60
CALLED_WITHIN = timedelta(days=3)
"""A call about a visit weeks away waits no longer than this."""
_STOPS = (AccessFrozen, TooManyFiles, OpeningSlowed, SessionEnded, KeeperUnavailable)
"""What is refused to whoever acts and not about one person: the next would be refused too."""


class Way(StrEnum):
    """What is done for those who can be written to."""

    MOVE = "move"
    LINK = "link"
    """The visit is cancelled, and a link that serves once offers other hours."""


class Became(StrEnum):
    """What became of one."""

    MOVED = "moved"
    LINKED = "linked"
    CANCELLED = "cancelled"
    TO_CALL = "to_call"
    SINCE = "since"
    """Somebody else moved or cancelled it since the page was drawn."""
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one, where it was and where it is now, or why it stays; of one whose person
    was to be called already, where it still is."""

    id: UUID
    was: Place
    became: Became = Became.STAYS
    to: Place | None = None
    why: str = ""


@dataclass(slots=True)
class Round:
    """What became of each that was looked at; ``stopped`` says why the others were not."""

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: str = ""


def settle_all(
    actor: Actor, many: Mapping[UUID, datetime | None], way: Way, now: datetime, *,
    to: UUID | None = None, why: Callable[[Place], str] = str,
) -> Round:  # fmt: skip
    """Move each to the free time nearest to its own, with the same practitioner or with ``to``, or
    send a link; whoever cannot be written to is put on the list of calls, with ``why``.

    Staff who may book; the transaction must stand in the establishment. ``many``: when each began
    on the page it was ticked on; one that does not any more is left alone. At most
    ``AT_ONCE_MAX``. A refusal that concerns the actor ends the round: what was done stands.
    """
    try:
        ways = reached.of_visits(actor, list(many)[:AT_ONCE_MAX])
    except _STOPS as stop:
        return Round(stopped=str(_(stop.sentence)))
    acts = {Way.MOVE: partial(_move, actor, now, to), Way.LINK: partial(_link, actor, now)}

    def settle(one: Appointment, was: Place) -> Outcome:
        by = ways.get(one.id, By.CLOSED)
        if by is By.CLOSED:
            raise shifting.FileClosed
        if by is By.NOBODY:
            raise NobodyReached
        details = _details(actor, one)
        _must_be_for_many(details)
        if by is By.PHONE:
            return _to_call(actor, one, was, why(was), now)
        return acts[way](one, was, details)

    return _round(many, settle)


def cancel_all(
    actor: Actor, many: Mapping[UUID, datetime | None], reason: str, now: datetime
) -> Round:
    """Cancel each; its person is told as after any cancellation."""

    def cancel(one: Appointment, was: Place) -> Outcome:
        known = sealed_details.reveal_openable(actor, Purpose.BOOKING, [one])
        for details in known.values():
            _must_be_for_many(details)
        cancelling.cancel(actor, one.id, reason, now, was.starts_at)
        return Outcome(one.id, was, Became.CANCELLED)

    return _round(many, cancel)


def _round(
    many: Mapping[UUID, datetime | None], act: Callable[[Appointment, Place], Outcome]
) -> Round:
    """Each in a savepoint: one that fails takes nothing from the others."""
    wanted = list(many)[:AT_ONCE_MAX]
    rows = Appointment.objects.filter(id__in=wanted).order_by("starts_at", "id")
    done = Round()
    for found in list(rows):
        was = _place(found)
        try:
            with transaction.atomic():
                done.outcomes.append(_one(found.id, many[found.id], act))
        except _STOPS as stop:
            done.stopped = str(_(stop.sentence))
            break
        except (Conflict, Refused, NotThere) as refused:
            done.outcomes.append(Outcome(found.id, was, why=str(_(refused.sentence))))
    return done


def _one(
    visit: UUID, seen_at: datetime | None, act: Callable[[Appointment, Place], Outcome]
) -> Outcome:
    """Locked first: of two who press at once the second finds what the first did."""
    row = Appointment.objects.select_for_update(of=("self",)).get(id=visit)
    was = _place(row)
    if row.status not in cancelling.STANDING:
        return Outcome(visit, was, Became.SINCE)
    if seen_at not in (None, row.starts_at):
        return Outcome(visit, replace(was, starts_at=seen_at or was.starts_at), Became.SINCE, was)
    return act(row, was)


def _place(row: Appointment) -> Place:
    return Place(row.role_id, row.starts_at, int((row.ends_at - row.starts_at).seconds // 60))


def _move(
    actor: Actor, now: datetime, to: UUID | None,
    one: Appointment, was: Place, details: sealed_details.Details,
) -> Outcome:  # fmt: skip
    role = to or one.role_id
    wanted = _same_reason(details.reason, role)
    minutes = was.minutes if role == one.role_id else wanted.duration_minutes
    starts_at = _nearest(role, wanted, was.starts_at, minutes, now)
    shifting.shift(actor, one.id, Place(role, starts_at, minutes), now, was)
    one.refresh_from_db()
    return Outcome(one.id, was, Became.MOVED, _place(one))


def _link(
    actor: Actor, now: datetime, one: Appointment, was: Place, details: sealed_details.Details
) -> Outcome:
    """Their hour is given up, and they choose another by themself."""
    reason = _same_reason(details.reason, one.role_id)
    _nearest(one.role_id, reason, was.starts_at, 0, now)  # a link that offers nothing is not sent
    file = gate.files_behind(actor, Purpose.BOOKING, [one.id])[one.id]
    cancelling.cancel(actor, one.id, _("Le soignant ne reçoit pas ce jour-là."), now, was.starts_at)
    wish = inviting.Asked(one.role_id, reason.id, file, inviting.DAYS_MAX, details.first_visit)
    made = inviting.make(actor, wish, now)
    return Outcome(one.id, was, Became.LINKED, Place(made.id, was.starts_at, was.minutes))


def _to_call(actor: Actor, one: Appointment, was: Place, why: str, now: datetime) -> Outcome:
    """One call for each visit, however often it is pressed; the visit stays where it is."""
    number, today = calls.about(one.id, one.starts_at), _today(one, now)
    if calls.known(number):
        if number not in calls.standing([number]):
            calls.leave(actor, number)  # called already, and the visit is still where it was
        # It was there before this round, and is what undoing it goes back to.
        return Outcome(one.id, was, Became.TO_CALL, was)
    file = gate.files_behind(actor, Purpose.BOOKING, [one.id])[one.id]
    due = min(today + CALLED_WITHIN, one.starts_at.date())
    calls.add(actor, file, why, due, today, number)
    return Outcome(one.id, was, Became.TO_CALL)


def _today(one: Appointment, now: datetime) -> date:
    return now.astimezone(ZoneInfo(one.role.site.timezone)).date()


def _details(actor: Actor, one: Appointment) -> sealed_details.Details:
    found = sealed_details.reveal_openable(actor, Purpose.BOOKING, [one]).get(one.id)
    if found is None:
        raise shifting.FileClosed
    return found


def _must_be_for_many(details: sealed_details.Details) -> None:
    """Of a visit that is kept to oneself no message leaves, and a link or a call would tell of it:
    nothing about it is done unheard. A step by itself would come before the first, or for nothing.
    """
    if details.kept:
        raise KeptSecret
    if details.step:
        raise OneOfSteps


def _same_reason(reason_id: UUID | None, role: UUID) -> VisitReason:
    """The reason itself, or a colleague's of the same name."""
    known = VisitReason.objects.filter(id=reason_id).first() if reason_id else None
    if known is None:
        raise refusals.NoSuchReason
    same = VisitReason.objects.filter(role_id=role, active=True, name_fr=known.name_fr)
    found = known if known.role_id == role else same.first()
    if found is None:
        raise shifting.NoSuchReasonThere
    return found


def _nearest(
    role: UUID, wanted: VisitReason, was: datetime, minutes: int, now: datetime
) -> datetime:
    """The free time nearest to its own, from the day before it on, as long as it lasts."""
    start = wall_clock.minute_after(now + SOONEST)
    day = wall_clock.minute_of(was) - wall_clock.DAY_MINUTES
    end = max(start, day) + LOOK_DAYS * wall_clock.DAY_MINUTES
    plan = rules.plans([role], (start, end), using=offering.USING).get(role)
    reason = plan.reasons.get(wanted.id) if plan else None
    if plan is None or reason is None:
        raise refusals.ReasonClosed
    visit = reason.visit.for_desk()
    visit = replace(visit, duration=max(visit.duration, minutes))
    at_desk = replace(reason, visit=visit).seen_by(Public.INVITED)
    free = offering.free_minutes(plan, at_desk, (start, end), wall_clock.minute_of(now))
    original = wall_clock.minute_of(was)
    if not free:
        raise NoOtherTime
    return wall_clock.instant_of(min(free, key=lambda at: (abs(at - original), at)))


class NoOtherTime(Refused):
    """Aucune heure libre dans les deux mois qui suivent."""


class KeptSecret(Refused):
    """Ce rendez-vous est gardé secret : aucun message ne part. Parlez-en à la personne seule."""


class OneOfSteps(Refused):
    """C’est une étape d’une réservation : ouvrez-la, et changez toutes ses étapes ensemble."""


class NobodyReached(Refused):
    """Ni adresse ni numéro dans le dossier : complétez-le, puis recommencez."""
