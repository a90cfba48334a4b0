"""Keeping a slot for ten minutes while its form is filled, and looking at one without keeping it.

A patient holds one slot at a time, over all practitioners and sessions: choosing another gives the
first back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from serment.directory import tenancy
from serment.directory.pipeline import Rows, Statement, together
from serment.disclosure import Actor
from serment.scheduling import (
    audience,
    groups,
    holders,
    occupying,
    offering,
    own_visits,
    refusals,
    wall_clock,
)
from serment.scheduling.models import Occupancy

HOLD_MINUTES = holders.HOLD_MINUTES


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot kept for whoever fills the form."""

    id: UUID
    expires_at: datetime
    gave_back: bool = False
    """Whether another slot, kept until now, was given back for it."""


def hold(actor: Actor, role_id: UUID, reason_id: UUID, starts_at: datetime, now: datetime) -> Hold:
    """Keep a slot for ``HOLD_MINUTES``; the same slot asked for again keeps the time it had.

    Raises ``SlotTaken`` or another ``NotOffered`` with the nearest free slots; an earlier hold is
    then still kept.
    """
    return hold_all(actor, [offering.wish(role_id, reason_id, starts_at)], now)


def hold_all(actor: Actor, wishes: Sequence[offering.Wish], now: datetime) -> Hold:
    """Keep slots of one house together, all or none; they are given back together too.

    To be given in the order of practitioner and time: two who want some of the same then never
    wait for each other. Raises as ``hold`` does.
    """
    tag, (tenant,) = holders.tag_of(actor), {wish.plan.establishment_id for wish in wishes}
    with tenancy.inside(tenant):
        former = _former(tag)
        if former is not None and keeps_all(former, wishes, now):
            return Hold(former.occupancy, former.expires_at)
        same = former is not None and former.keeps(wishes[0].claim, now)
        until = former.expires_at if former is not None and same else None
        live = former if former is not None and former.expires_at > now else None
        gives_back = live is not None
        # What is held here may stand in the way of what is wanted; what is held elsewhere is given
        # back last, so that two who swap their slots never wait for each other.
        first: list[Statement] = []
        if live is not None and live.tenant == tenant:
            first, live = [occupying.drop_hold(live.claimant, tenant, live.occupancy)], None
        kept: Hold | None = None
        for wish in wishes:
            *_dropped, taken = together([*first, wish.taken_statement(now)])
            who, first = audience.of_patient(actor, wish.plan, now), []
            offer = offering.check(wish, taken, now, who)
            took = take(offer, now, beside=kept.id if kept else None, until=until)
            kept = kept or took
        assert kept is not None  # noqa: S101 -- at least one is wanted
        holders.keep(tag, wishes[0].claim, kept.id, kept.expires_at)
        if live is not None:
            holders.give_back(live)
        return replace(kept, gave_back=gives_back and not same)


def keeps_all(former: holders.Held, wishes: Sequence[offering.Wish], now: datetime) -> bool:
    """Whether the account's hold is of all these times; the transaction stands in their house."""
    if not former.keeps(wishes[0].claim, now):
        return False
    beside = Occupancy.objects.filter(companion_of=former.occupancy)
    return all(
        beside.filter(
            claimant_id=wish.plan.role_id,
            span=(wish.claim.starts_at, wish.claim.ends_at),
        ).exists()
        for wish in wishes[1:]
    )


def _former(tag: bytes) -> holders.Held | None:
    *_named, rows = together([*holders.stand(tag), holders.held_statement(tag)])
    return holders.held(rows)


def take(
    offer: offering.Offer, now: datetime, beside: UUID | None = None, until: datetime | None = None
) -> Hold:
    """Take the time of an offer as kept; ``beside`` another, it goes with that. ``SlotTaken``.
    ``until``: for no longer than what was kept before with the same first slot."""
    expires_at = until or now + timedelta(minutes=HOLD_MINUTES)
    # In a group the time is the session's already: the row says that a form is being filled, and
    # a seat is kept by it.
    taken = occupying.take(
        offer.claim,
        now,
        kind=Occupancy.Kind.HOLD,
        exclusive=offer.session is None,
        expires_at=expires_at,
        companion_of=beside,
    )
    if taken is not None and offer.session is not None:
        hold = groups.HeldBy(taken, expires_at)
        if not groups.sit(offer.session, offer.claim.tenant, hold, now):
            raise groups.SessionFull(_("Cette séance est complète."), offer.nearest(now))
    if taken is None or not occupying.take_needed(
        offer.needs,
        offer.claim,
        now,
        kind=Occupancy.Kind.HOLD,
        expires_at=expires_at,
        companion_of=beside or taken,
    ):
        raise refusals.SlotTaken(_("Ce créneau vient d’être pris."), offer.nearest(now))
    return Hold(taken, expires_at)


def let_go(actor: Actor) -> None:
    """Give back what the account holds; nothing happens where there is nothing."""
    with transaction.atomic():
        former = _former(holders.tag_of(actor))
        if former is not None:
            holders.give_back(former)


def look(
    actor: Actor, role_id: UUID, reason_id: UUID, starts_at: datetime, now: datetime,
    persons: Sequence[UUID] = (), *, whoever: bool = False,
) -> None:  # fmt: skip
    """Raise what booking this slot would raise at this moment; nothing is kept or written.

    ``AlreadyYours``, ``TooMany``, ``SlotTaken`` or another ``NotOffered``. The account's own hold
    does not count as taken. ``persons`` as in ``own_visits.statements``, ``whoever`` as in its
    ``check``.
    """
    wish = offering.wish(role_id, reason_id, starts_at)
    tag = holders.tag_of(actor)
    with tenancy.inside(wish.plan.establishment_id):
        _set, own, _named, mine, held, taken = together(
            [
                *own_visits.statements(actor, role_id, starts_at, now, persons),
                *holders.mine_statements(tag),
                holders.held_statement(tag, lock=False),
                wish.taken_statement(now),
            ]
        )
        own_visits.to_come(own, now).check(whoever=whoever)
        who = audience.of_patient(actor, wish.plan, now, persons)
        kept = holders.held(held)
        judged_at = now if kept is None else holders.judged_at(kept, wish.claim, now)
        offer = offering.check(wish, _without(taken, mine), judged_at, who)
        keeps = kept is not None and kept.keeps(wish.claim, now)
        if offer.session is not None and not offer.session.left and not keeps:
            raise groups.SessionFull(_("Cette séance est complète."), offer.nearest(now))


def _without(taken: Rows, mine: Rows) -> Rows:
    """The time taken, but for what the account keeps itself."""
    own = {(who, wall_clock.minute_of(a), wall_clock.minute_of(b)) for who, a, b in mine}
    return [
        (who, [a for a, _b in left], [b for _a, b in left])
        for who, starts, ends in taken
        for left in [[one for one in zip(starts, ends, strict=True) if (who, *one) not in own]]
    ]
