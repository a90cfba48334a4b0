"""Freed hours: kept for the first who waits for one like it, and passed on.

``serve`` runs in the transaction that freed something, so that between the two nobody else takes
the hour; and each quarter of an hour for whatever else became free. One lock a practitioner, taken
before anything is released, makes these follow each other: the order is that of joining.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import translation

from serment import ids
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.directory.pipeline import together
from serment.outbox import moments, post, registry
from serment.outbox.models import AT_ONCE, Message, State
from serment.scheduling import (
    counting,
    holding,
    occupying,
    offering,
    refusals,
    rules,
    terms,
    waiting_terms,
    wall_clock,
)
from serment.scheduling.models import Appointment, BookingInvitation, SlotOffer, Wish
from serment.scheduling.recurrence import Public
from serment.scheduling.rules import Plan, Reason
from serment.scheduling.waiting_terms import Terms

OFFER: Final = registry.OFFER
LOOK: Final = timedelta(days=60)
GRACE: Final = timedelta(minutes=3)
"""How much longer the hour is kept than the offer says: until the next was asked."""
A_DAY_MAX: Final = 3
"""Offers that one who waits gets within a day, so that a silent mailbox holds up few hours."""
SOONER_BY = timedelta(hours=1)
STANDING: Final = ("proposed", "pending", "booked")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 47))"


def lock(role_id: UUID) -> None:
    """From now until the transaction ends nobody else offers this practitioner's hours."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(role_id)])


def begin(role_id: UUID) -> bool:
    """Before something is freed: whether anybody waits, and then the lock is held."""
    if not Wish.objects.filter(role_id=role_id).exists():
        return False
    lock(role_id)
    return True


def serve(tenant: UUID, role_id: UUID, now: datetime) -> int:
    """Offer what is free to those who wait, in their order; how many were offered something.

    The transaction stands in the house and holds the lock.
    """
    queue = _Queue(tenant, role_id, now)
    return sum(queue.offer(wish) for wish in queue.waiting())


def sweep(now: datetime) -> int:
    """Every house: what is free is offered, what has lapsed goes on, what is over is forgotten."""
    return sum(sweep_of(house, now) for house in Establishment.objects.values_list("pk", flat=True))


def sweep_of(tenant: UUID, now: datetime) -> int:
    """One house; a transaction for each practitioner."""
    with tenancy.inside(tenant):
        SlotOffer.objects.filter(starts_at__lte=now).exclude(state=SlotOffer.State.OPEN).delete()
        roles = {*Wish.objects.values_list("role_id", flat=True)}
    return sum(_sweep_role(tenant, role, now) for role in sorted(roles))


def pass_on(now: datetime) -> int:
    """Each minute: offers nobody answered go to the next. The worker sees where there are any."""
    lapsed = SlotOffer.objects.filter(expires_at__lte=now, state=SlotOffer.State.OPEN)
    houses = {*lapsed.values_list("establishment_id", "role_id")}
    return sum(_sweep_role(tenant, role, now) for tenant, role in sorted(houses))


def _sweep_role(tenant: UUID, role_id: UUID, now: datetime) -> int:
    with tenancy.inside(tenant):
        lock(role_id)
        for one in SlotOffer.objects.filter(
            role_id=role_id, state=SlotOffer.State.OPEN, expires_at__lte=now
        ):
            close(one, SlotOffer.State.LAPSED)
        return serve(tenant, role_id, now)


def close(offer: SlotOffer, state: str) -> None:
    """Give the hour up and remember that it was offered to this one."""
    together([occupying.drop_hold(offer.role_id, offer.establishment_id, offer.hold_id)])
    uncount(offer)
    SlotOffer.objects.filter(pk=offer.pk).update(state=state, hold_id=None)


def uncount(offer: SlotOffer) -> None:
    """Give back its place among the day's, where it has one. Whoever waits has a row still."""
    if not SlotOffer.objects.filter(pk=offer.pk, counted=True).update(counted=False):
        return
    wish = Wish.objects.select_related("role__site").get(id=offer.wish_id)
    reason = waiting_terms.opened(bytes(wish.terms), wish.id).reason
    on = offer.starts_at.astimezone(ZoneInfo(wish.role.site.timezone)).date()
    counting.give_back(counting.Day(offer.role_id, reason, on))


def forget(tenant: UUID, wish_id: UUID, now: datetime) -> None:
    """Whoever waited waits no more; what was kept goes to the next. Inside the house."""
    wish = Wish.objects.filter(id=wish_id).first()
    if wish is None:
        return
    lock(wish.role_id)
    _drop(tenant, wish_id)
    serve(tenant, wish.role_id, now)


def _drop(tenant: UUID, wish_id: UUID) -> None:
    for one in SlotOffer.objects.filter(wish_id=wish_id, state=SlotOffer.State.OPEN):
        close(one, SlotOffer.State.REFUSED)
    SlotOffer.objects.filter(wish_id=wish_id).delete()
    Wish.objects.filter(id=wish_id).delete()
    told = Message.objects.filter(record_id=wish_id, kind=OFFER, state=State.WAITING)
    told.update(state=State.CANCELLED, ticket=b"", send_after=AT_ONCE)


def take_back(role_id: UUID, span: tuple[datetime, datetime], now: datetime) -> None:
    """Hours within ``span`` that were offered and nobody heard of yet are offered no more: what
    freed them is being undone. Who waits goes on waiting, and may be offered them another time.

    In the transaction of what undoes it; the lock is held from here on.
    """
    if not begin(role_id):
        return
    start, end = span
    overlap = SlotOffer.objects.filter(role_id=role_id, starts_at__lt=end, ends_at__gt=start)
    for one in overlap.filter(state=SlotOffer.State.OPEN):
        told = Message.objects.filter(record_id=one.wish_id, kind=OFFER, state=State.WAITING)
        if told.update(state=State.CANCELLED, ticket=b"", send_after=AT_ONCE):
            close(one, SlotOffer.State.REFUSED)
            SlotOffer.objects.filter(pk=one.pk).delete()


def ticket_of(
    wish: Wish | BookingInvitation, told: Terms, at: datetime, *, moved: bool = False
) -> bytes:
    """The ticket that opens an address at that moment; empty where none does."""
    months = waiting_terms.STANDS // waiting_terms.TICKET_LASTS
    number = (at - told.since) // waiting_terms.TICKET_LASTS
    if not 0 <= number < months:
        return b""
    number += months if moved else 0
    return bytes(wish.tickets)[32 * number : 32 * (number + 1)]


@dataclass(frozen=True, slots=True)
class _Found:
    """An hour for one who waits, and until when it is theirs."""

    starts_at: datetime
    awake: datetime
    expires_at: datetime


class _Queue:
    """Those who wait for one practitioner, and what is free."""

    def __init__(self, tenant: UUID, role_id: UUID, now: datetime) -> None:
        self.tenant, self.role, self.now = tenant, role_id, now
        self.window = (wall_clock.minute_after(now), wall_clock.minute_of(now + LOOK))
        self.plan: Plan | None = None
        self.free: dict[tuple[UUID, Public], list[int]] = {}
        """Of each reason for each of whom hours are kept; read anew once one was kept."""
        self.minutes = timedelta(minutes=terms.of_house(tenant).offer_minutes)
        known = list(SlotOffer.objects.filter(role_id=role_id))
        self.busy = {one.wish_id for one in known if one.state == SlotOffer.State.OPEN}
        self.had = {(one.wish_id, one.starts_at) for one in known}
        day_ago = now - timedelta(days=1)
        self.lately = Counter(one.wish_id for one in known if one.expires_at > day_ago)

    def waiting(self) -> list[Wish]:
        """In order; the rules are read only where somebody waits."""
        found = list(Wish.objects.filter(role_id=self.role).order_by("number"))
        if found:
            plans = rules.plans([self.role], self.window, using=offering.USING)
            self.plan = plans.get(self.role)
        return found

    def offer(self, wish: Wish) -> bool:
        """Keep an hour for this one, if there is one for them."""
        told = waiting_terms.opened(bytes(wish.terms), wish.id)
        before = self._before(told)
        if told.until <= self.now or (told.moves is not None and before is None):
            _drop(self.tenant, wish.id)  # over, or there is nothing left to move
            return False
        if wish.id in self.busy or self.lately[wish.id] >= A_DAY_MAX:
            return False
        found = self._hour(wish, told, before)
        return found is not None and self._keep(wish, told, found)

    def _before(self, told: Terms) -> datetime | None:
        """Before when it must begin to be sooner; None where the visit is gone."""
        if told.moves is None:
            return None
        rows = Appointment.objects.filter(id=told.moves, status__in=STANDING)
        starts_at = rows.filter(starts_at__gt=self.now).values_list("starts_at", flat=True).first()
        return None if starts_at is None else starts_at - SOONER_BY

    def _hour(self, wish: Wish, told: Terms, before: datetime | None) -> _Found | None:
        plan = self.plan
        reason = plan.reasons.get(told.reason) if plan else None
        if plan is None or reason is None or not reason.allows(told.mode):
            return None
        if reason.by_invitation or reason.steps:
            return None  # asked for while it was not
        zone = plan.calendar.zone
        quiet = moments.is_quiet(self.now, zone.key)
        awake = moments.awake_again(self.now, zone.key) if quiet else self.now
        expires_at = awake + self.minutes
        for minute in self._free(plan, reason, told.public):
            at = wall_clock.instant_of(minute)
            if before is not None and at > before:
                return None
            fits = told.suits(at, zone) and at > expires_at + GRACE
            if fits and (wish.id, at) not in self.had:
                return _Found(at, awake, expires_at)
        return None

    def _free(self, plan: Plan, reason: Reason, public: Public) -> list[int]:
        """The same for everybody who waits for the same: hundreds may."""
        wanted = reason.visit.id, public
        if wanted not in self.free:
            seen = reason.seen_by(public)
            self.free[wanted] = offering.free_minutes(plan, seen, self.window, self.window[0])
        return self.free[wanted]

    def _keep(self, wish: Wish, told: Terms, found: _Found) -> bool:
        asked = offering.wish(self.role, told.reason, found.starts_at)
        (taken,) = together([asked.taken_statement(self.now)])
        until = found.expires_at + GRACE
        try:
            offer = offering.check(asked, taken, self.now, told.public)
            with transaction.atomic():
                held = holding.take(offer, self.now, until=until)
                counted = self._counted(offer)
        except (refusals.SlotTaken, refusals.NotOffered):
            return False
        SlotOffer.objects.create(
            id=ids.new_id(), establishment_id=self.tenant, role_id=self.role, wish_id=wish.id,
            starts_at=found.starts_at, ends_at=offer.ends_at, expires_at=found.expires_at,
            hold_id=held.id, seat=offer.session is not None, counted=counted,
        )  # fmt: skip
        self.busy.add(wish.id)
        self.free.clear()
        self._tell(wish, told, found)
        return True

    def _counted(self, offer: offering.Offer) -> bool:
        """Where a day takes so many, what is kept is one of them: else it would be refused to whom
        it was promised, once others were booked. Raises ``DayFull``."""
        cap = offer.reason.visit.daily_cap
        if cap is not None and not counting.take(offer.day, self.tenant, cap):
            raise refusals.DayFull
        return cap is not None

    def _tell(self, wish: Wish, told: Terms, found: _Found) -> None:
        """By message, in the morning at night; or the desk calls."""
        ticket = ticket_of(wish, told, found.expires_at)
        if told.by_telephone or not ticket:
            return
        with translation.override(told.language):
            message = post.again(OFFER, wish.id, self.tenant, ticket)
        if found.awake > self.now:
            waiting = Message.objects.filter(pk=message.pk, state=State.WAITING)
            waiting.update(send_after=found.awake)
