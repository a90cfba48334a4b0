"""Two visits for two persons at once: side by side, or one after the other; both or none.

Two children of one mother, at one house. The times are kept together, and both visits are sealed
and written in one transaction; from then on they are two visits that know nothing of each other:
moving or cancelling one leaves the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from django.db import OperationalError

from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.directory.pipeline import together
from serment.disclosure import Actor
from serment.scheduling import booking, holders, holding, occupying, offering, refusals, search
from serment.scheduling.availability import Public
from serment.scheduling.booking import Booking
from serment.scheduling.models import Appointment, VisitReason
from serment.scheduling.search import Slot

GAP = timedelta(minutes=15)
"""Two children are not asked to wait longer for each other."""
SHOWN = 5
AROUND = (timedelta(hours=4), timedelta(days=7))

Half = tuple[UUID, UUID, datetime]
"""Practitioner's role, reason and time of one of the two."""


class PairTaken(refusals.SlotTaken):
    """Ces deux heures ne sont plus libres ensemble : rien n’a été réservé."""


def second_key(form_key: bytes) -> bytes:
    """The form's key is that of the first visit; the second has one that follows from it."""
    return hashlib.blake2b(b"second", key=form_key, digest_size=16).digest()


def hold(actor: Actor, pair: Sequence[Half], now: datetime) -> holding.Hold:
    """Keep both times, or neither. Raises ``PairTaken`` or another ``NotOffered``."""
    try:
        return holding.hold_all(actor, _wishes(pair), now)
    except refusals.SlotTaken as taken:
        raise PairTaken from taken


def look(actor: Actor, pair: Sequence[Half], now: datetime, persons: Sequence[UUID]) -> None:
    """Raise what booking both would raise; nothing is kept or written."""
    wishes = _wishes(pair)
    tag = holders.tag_of(actor)
    with tenancy.inside(wishes[0].plan.establishment_id):
        *_named, rows = together(
            [*holders.stand(tag, lock=False), holders.held_statement(tag, lock=False)]
        )
        former = holders.held(rows)
        if former is not None and holding.keeps_all(former, wishes, now):
            return
    try:
        for half in pair:
            holding.look(actor, *half, now, persons, whoever=True)
    except refusals.SlotTaken as taken:
        raise PairTaken from taken


def book(actor: Actor, pair: Sequence[Booking], now: datetime) -> list[Appointment]:
    """Both visits or none, durable on commit; the same form twice makes the same two.

    Raises ``PairTaken``, or what ``booking.book`` raises for either.
    """
    wishes = _wishes([(one.role_id, one.reason_id, one.starts_at) for one in pair])
    tenant = wishes[0].plan.establishment_id
    lock = holders.stand(holders.tag_of(actor)) if actor.kind == "patient" else []
    try:
        with tenancy.inside(tenant, along=lock):
            made = [booking.made_before(actor, tenant, one) for one in pair]
            if all(made):
                return [one for one in made if one is not None]
            kept_at = _guard(actor, pair, wishes, now)
            return [booking.book(actor, replace(one, kept_at=kept_at), now) for one in pair]
    except refusals.SlotTaken as taken:
        raise PairTaken from taken
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
        # Two pairs that need the same rooms in another order: one of the two has them.
        raise PairTaken from error


def _wishes(pair: Sequence[Half]) -> list[offering.Wish]:
    """By practitioner and time, so that two who want the same never wait for each other."""
    wishes = [offering.wish(*half) for half in sorted(pair, key=lambda half: (half[0], half[2]))]
    if len({wish.plan.establishment_id for wish in wishes}) > 1:
        raise refusals.NotOffered
    if any(wish.reason is not None and wish.reason.sessions > 1 for wish in wishes):
        raise refusals.SeriesIsForOne
    return wishes


def _guard(
    actor: Actor, pair: Sequence[Booking], wishes: Sequence[offering.Wish], now: datetime
) -> datetime:
    """Make sure of both times before anything is sealed; when they were kept.

    Both are taken and given back inside this transaction: until it ends nobody else gets them, so
    of two visits the second cannot fail once the first is on record.
    """
    kept_at, tenant = now, wishes[0].plan.establishment_id
    if actor.kind == "patient":
        (rows,) = together([holders.held_statement(holders.tag_of(actor))])
        former = holders.held(rows)
        if former is not None and former.tenant == tenant:
            if holding.keeps_all(former, wishes, now):
                kept_at = holders.judged_at(former, wishes[0].claim, now)
            together([occupying.drop_hold(former.claimant, tenant, former.occupancy)])
    asked = {(one.role_id, one.starts_at): one for one in pair}
    first: tuple[UUID, UUID] | None = None
    for wish in wishes:
        (taken,) = together([wish.taken_statement(now)])
        wanted = asked[wish.plan.role_id, wish.starts_at]
        offer = booking.offer_for(actor, wanted, wish, taken, kept_at)
        took = holding.take(offer, now, beside=first and first[1])
        first = first or (wish.plan.role_id, took.id)
    if first is not None:
        together([occupying.drop_hold(first[0], tenant, first[1])])
    return kept_at


def arrangements(
    role: PractitionerRole, reason: VisitReason, at: datetime, now: datetime, public: Public,
    using: str = "",
) -> list[tuple[Slot, Slot]]:  # fmt: skip
    """How two could come, those with the time ``at`` first: at once with two of the house who do
    the same, or one after the other. None of a series, which is for one."""
    if reason.sessions > 1:
        return []
    window = (max(now, at - AROUND[0]), at + AROUND[1])
    asked = search.next_slots(
        [role.id], reason.id, window, now, 10_000, audience=public, using=using
    )
    own = asked[role.id]
    length = timedelta(minutes=reason.duration_minutes)
    chosen = Slot(role.id, reason.id, at, at + length, "in_person")
    slots = {one.starts_at: one for one in own} | {at: chosen}  # one's own hold is not listed
    block = length + timedelta(minutes=reason.buffer_before_minutes + reason.buffer_after_minutes)
    others = _others(role, reason, window, now, using)
    found = [(slots[when], other) for when, other in others if when in slots]
    starts = sorted(slots)
    for start in starts:
        after = next((one for one in starts if one >= start + block), None)
        if after is not None and after <= start + block + GAP:
            found.append((slots[start], slots[after]))
    near = sorted(found, key=lambda pair: _far(pair, at))
    return near[:SHOWN]


def _far(pair: tuple[Slot, Slot], at: datetime) -> tuple[bool, timedelta, bool]:
    first, second = pair
    return (
        at not in (first.starts_at, second.starts_at),
        abs(first.starts_at - at),
        first.role_id == second.role_id,
    )


def _others(
    role: PractitionerRole, reason: VisitReason, window: tuple[datetime, datetime], now: datetime,
    using: str,
) -> list[tuple[datetime, Slot]]:  # fmt: skip
    """Times of colleagues at the same site who are booked for the same."""
    alike = VisitReason.objects.filter(
        role__site_id=role.site_id, role__specialty_id=role.specialty_id, role__active=True,
        name_fr=reason.name_fr, active=True, in_groups=False, steps=[], by_invitation=False,
    ).exclude(role_id=role.id)  # fmt: skip
    found: list[tuple[datetime, Slot]] = []
    by_role: Mapping[UUID, UUID] = {one.role_id: one.id for one in alike}
    for colleague, theirs in by_role.items():
        listed = search.next_slots([colleague], theirs, window, now, 10_000, using=using)[colleague]
        found += [(slot.starts_at, slot) for slot in listed]
    return found
