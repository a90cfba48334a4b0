"""Visits in groups: sessions somebody set, and a seat for each who comes.

A session is one row of time taken, so the practitioner is nobody else's meanwhile. Seats have
numbers, and the database lets each be taken once: who is last finds none. A reason in groups is
offered where there is a session with a seat left, and nowhere else. Weekly hours do not count for a
session; an absence and a closed house do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from serment import ids
from serment.directory.pipeline import together
from serment.errors import Refused
from serment.scheduling import availability, diagnosis, occupying, refusals, rules, wall_clock
from serment.scheduling.availability import Span
from serment.scheduling.diagnosis import Finding
from serment.scheduling.models import GroupSession, Occupancy, Seat, VisitReason
from serment.scheduling.occupying import Claim

USING = "default"

_COMING = """
SELECT s.id, s.role_id, s.reason_id, s.starts_at, s.ends_at, s.seats, count(t.number)
FROM scheduling_groupsession s
LEFT JOIN scheduling_seat t
  ON t.session_id = s.id AND (t.expires_at IS NULL OR t.expires_at > %s)
WHERE s.role_id = ANY(%s::uuid[]) AND s.starts_at >= %s AND s.starts_at < %s
GROUP BY s.id ORDER BY s.starts_at, s.id
"""
# Any free number: those who come at once seldom ask for the same one. One that a rival took in the
# same moment is not taken again; whoever asked looks anew, at what the rival left.
_SIT = """
INSERT INTO scheduling_seat
  (id, establishment_id, session_id, number, appointment_id, hold_id, expires_at)
SELECT %(id)s, s.establishment_id, s.id, n, %(appointment)s, %(hold)s, %(expires)s
FROM scheduling_groupsession s, generate_series(1, s.seats) n
WHERE s.id = %(session)s AND s.establishment_id = %(tenant)s AND NOT EXISTS (
  SELECT FROM scheduling_seat t
  WHERE t.establishment_id = s.establishment_id AND t.session_id = s.id AND t.number = n
)
ORDER BY random() LIMIT 1
ON CONFLICT (establishment_id, session_id, number) DO NOTHING
RETURNING number
"""
# A seat kept for a form that nobody came back for goes with the hold's own row (foreign key).
_DROP_EXPIRED = """
DELETE FROM scheduling_occupancy
WHERE establishment_id = %(tenant)s AND id IN (
  SELECT o.id FROM scheduling_occupancy o JOIN scheduling_seat t ON t.hold_id = o.id
  WHERE t.establishment_id = %(tenant)s AND t.session_id = %(session)s AND t.expires_at <= %(now)s
  ORDER BY o.id FOR UPDATE OF o
)
"""
_LEFT = """
SELECT s.seats - (SELECT count(*) FROM scheduling_seat t WHERE t.session_id = s.id)
FROM scheduling_groupsession s WHERE s.id = %s
"""


class NoSuchSession(refusals.NotOffered):
    """Ce motif se fait en groupe : il n’y a pas de séance à cette heure."""


class SessionFull(refusals.SlotTaken):
    """Cette séance est complète."""


class NobodyThere(refusals.NotOffered):
    """Le soignant est absent ou le cabinet fermé à ce moment : levez d’abord l’absence."""


class SeatsTaken(Refused):
    """Des personnes sont inscrites à cette séance."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session to come, and how many seats are taken."""

    id: UUID
    role_id: UUID
    reason_id: UUID
    starts_at: datetime
    ends_at: datetime
    seats: int
    taken: int

    @property
    def left(self) -> int:
        """Seats that nobody has."""
        return max(0, self.seats - self.taken)


@dataclass(frozen=True, slots=True)
class HeldBy:
    """The row of time that says a form is being filled, and until when its seat is kept."""

    id: UUID
    expires_at: datetime


def coming(
    roles: Iterable[UUID], window: tuple[datetime, datetime], now: datetime, *, using: str = USING
) -> list[Session]:
    """The sessions of these roles that begin within a window, full ones too. A seat kept while a
    form is filled is taken until that is over."""
    named = "{" + ",".join(map(str, roles)) + "}"
    with connections[using].cursor() as cursor:
        cursor.execute(_COMING, [now, named, *window])
        return [Session(*row) for row in cursor.fetchall()]


def starts(
    asked: Mapping[UUID, tuple[rules.Plan, rules.Reason]], window: Span, now: int, *, using: str
) -> dict[UUID, list[int]]:
    """When reasons in groups can be booked, by role: sessions with a seat left, in their notice
    and horizon. One question for all, and none where nothing was asked."""
    found: dict[UUID, list[int]] = {role: [] for role in asked}
    if not asked:
        return found
    span = wall_clock.instant_of(window[0]), wall_clock.instant_of(window[1])
    for one in coming(asked, span, wall_clock.instant_of(now), using=using):
        plan, reason = asked[one.role_id]
        visit, minute = reason.visit, wall_clock.minute_of(one.starts_at)
        if (
            one.reason_id == visit.id
            and one.left
            and minute >= availability.first_minute(visit, now)
            and wall_clock.local_date(minute, plan.calendar.zone)
            <= availability.last_day(plan.calendar, visit, now)
            and shut(plan, visit, minute) is None
        ):
            found[one.role_id].append(minute)
    return found


def shut(plan: rules.Plan, visit: availability.Visit, minute: int) -> Finding | None:
    """What closes a session that begins then: an absence, or the house."""
    start = minute - visit.buffer_before
    day = wall_clock.local_date(minute, plan.calendar.zone)
    return diagnosis.shut(plan.calendar, (start, start + visit.block), day)


def at(
    role: UUID, reason: UUID, starts_at: datetime, now: datetime, *, using: str = USING
) -> Session:
    """The session of that very time. Raises ``NoSuchSession``."""
    window = (starts_at, starts_at + timedelta(seconds=1))
    for one in coming([role], window, now, using=using):
        if one.reason_id == reason:
            return one
    raise NoSuchSession(_("Ce motif se fait en groupe : il n’y a pas de séance à cette heure."))


def sit(session: Session, tenant: UUID, who: UUID | HeldBy, now: datetime) -> bool:
    """Take a seat for an appointment, or for a form being filled; False where none is left.

    Inside the transaction of the booking or of the hold.
    """
    hold = who if isinstance(who, HeldBy) else None
    values = {
        "session": session.id,
        "tenant": tenant,
        "appointment": None if hold else who,
        "hold": hold and hold.id,
        "expires": hold and hold.expires_at,
        "now": now,
    }
    together([(_DROP_EXPIRED, values)])
    while True:
        seated, left = together([(_SIT, values | {"id": ids.new_id()}), (_LEFT, [session.id])])
        if seated:
            return True
        if not left or left[0][0] <= 0:
            return False


def create(reason: VisitReason, starts_at: datetime, seats: int, now: datetime) -> GroupSession:
    """Set a session: it takes the practitioner's time, and the rooms its reason needs.

    The transaction must stand in the establishment. Raises ``SlotTaken``, ``PastTime`` or
    ``NobodyThere``.
    """
    if starts_at <= now:
        raise refusals.PastTime(_("Cette heure est déjà passée."))
    length = timedelta(minutes=reason.duration_minutes)
    session = GroupSession(
        establishment_id=reason.establishment_id, role_id=reason.role_id, reason=reason,
        starts_at=starts_at, ends_at=starts_at + length, seats=seats,
    )  # fmt: skip
    block = Claim(
        reason.establishment_id,
        reason.role_id,
        starts_at - timedelta(minutes=reason.buffer_before_minutes),
        session.ends_at + timedelta(minutes=reason.buffer_after_minutes),
    )
    needs = _needs(reason, block, starts_at, now)
    kind = Occupancy.Kind.SESSION
    if occupying.take(block, now, kind=kind, row_id=session.id) is None or not (
        occupying.take_needed(needs, block, now, kind=kind, companion_of=session.id)
    ):
        raise refusals.SlotTaken(_("Ce temps est déjà pris."))
    session.save(force_insert=True)
    return session


def _needs(
    reason: VisitReason, block: Claim, starts_at: datetime, now: datetime
) -> tuple[availability.Need, ...]:
    """What it takes beside the practitioner. Raises ``NobodyThere``."""
    span = wall_clock.minute_of(block.starts_at), wall_clock.minute_after(block.ends_at)
    plan = rules.plans([reason.role_id], span, using=USING).get(reason.role_id)
    known = plan.reasons.get(reason.id) if plan else None
    if plan is None or known is None:
        return ()
    if shut(plan, known.visit, wall_clock.minute_of(starts_at)) is not None:
        raise NobodyThere
    taken = rules.taken([plan], span, wall_clock.minute_of(now), using=USING)
    needs = plan.limits(known, taken).needs
    return tuple(need for need in needs if need.concerns(span))


def remove(session: GroupSession) -> None:
    """Take an empty session away; its time is free. Raises ``SeatsTaken``."""
    GroupSession.objects.select_for_update().get(id=session.id)
    # Who fills a form just now is told that the session is no more.
    Seat.objects.filter(session=session, appointment_id__isnull=True).delete()
    if Seat.objects.filter(session=session).exists():
        raise SeatsTaken(
            _(
                "Des personnes sont inscrites à cette séance : annulez ou déplacez d’abord"
                " leurs rendez-vous."
            )
        )
    Occupancy.objects.filter(id=session.id, establishment_id=session.establishment_id).delete()
    session.delete()
