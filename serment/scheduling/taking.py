"""Taking an hour that was kept for somebody who waits, or leaving it to the next.

The visit was sealed when its person joined, and its messages were signed for: taking it needs
nobody signed in. It is on record as booked with that sealing; here only its hour is written.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import get_language

from serment import clock
from serment.directory import tenancy
from serment.directory.pipeline import together
from serment.disclosure import Actor, Purpose, gate
from serment.disclosure.fields import SealedValue
from serment.outbox import post, registry, reminders, rendering
from serment.scheduling import (
    counting,
    freed,
    groups,
    occupying,
    offering,
    refusals,
    sealed_details,
    terms,
    waiting_terms,
    wall_clock,
)
from serment.scheduling.models import Appointment, BookingInvitation, Occupancy, SlotOffer, Wish
from serment.scheduling.waiting_terms import Terms

_AS = Occupancy.Kind.APPOINTMENT


def register() -> None:
    """Tell the outbox what an offer's message says."""
    registry.register(freed.OFFER, _facts)


def open_offer(tenant: UUID, wish_id: UUID, now: datetime) -> SlotOffer | None:
    """What is kept for this one now."""
    with tenancy.inside(tenant):
        kept = SlotOffer.objects.select_related("role__site").filter(wish_id=wish_id)
        return kept.filter(state=SlotOffer.State.OPEN, expires_at__gt=now).first()


def gives_up_another(tenant: UUID, wish_id: UUID) -> bool:
    """Whether whoever takes it is moved to it from a visit they have."""
    with tenancy.inside(tenant):
        wish = Wish.objects.filter(id=wish_id).first()
    return wish is not None and waiting_terms.opened(bytes(wish.terms), wish.id).moves is not None


def take(
    tenant: UUID, wish_id: UUID, seen_at: datetime, now: datetime, actor: Actor | None = None
) -> UUID:
    """Book the hour that was ``seen_at``; the visit's number. All of it, once, or nothing.

    Where somebody is signed in (``actor``), the visit is sealed once more with its hour, so that
    the record and the continuity sheet have it.

    Raises ``OfferOver``, or ``SlotTaken`` and other ``NotOffered`` where the house closed the hour
    meanwhile.
    """
    with tenancy.inside(tenant):
        wish, offer = _locked(wish_id, seen_at, now)
        told = waiting_terms.opened(bytes(wish.terms), wish.id)
        asked = offering.wish(offer.role_id, told.reason, offer.starts_at)
        visit = told.moves or wish.id
        if told.moves is not None:
            _must_stand(told.moves, offer)
            occupying.release(tenant, told.moves)
        together([occupying.drop_hold(offer.role_id, tenant, offer.hold_id)])
        freed.uncount(offer)
        minutes = timedelta(minutes=terms.of_house(tenant).offer_minutes)
        # Judged as when it was offered: the time to answer does not count against the notice.
        (taken,) = together([asked.taken_statement(now)])
        good = offering.check(asked, taken, min(now, offer.expires_at - minutes), told.public)
        _take_time(tenant, good, visit, now)
        if told.moves is None:
            stand(wish, told, good, now)
        else:
            _move(wish, told, good, now)
        if told.counted and not counting.take(good.day, tenant, counting.NO_CAP):
            raise refusals.DayFull
        freed.forget(tenant, wish.id, now)
        if actor is not None:
            _seal(actor, visit)
    return visit


def _take_time(tenant: UUID, good: offering.Offer, visit: UUID, now: datetime) -> None:
    if good.session is not None:
        if not groups.sit(good.session, tenant, visit, now):
            raise groups.SessionFull
        return
    if occupying.take(good.claim, now, kind=_AS, appointment_id=visit) is None:
        raise refusals.SlotTaken
    if not occupying.take_needed(good.needs, good.claim, now, kind=_AS, appointment_id=visit):
        raise refusals.SlotTaken


def refuse(tenant: UUID, wish_id: UUID, seen_at: datetime, now: datetime) -> None:
    """Leave it to the next, and keep one's place. Raises ``OfferOver``."""
    with tenancy.inside(tenant):
        wish, offer = _locked(wish_id, seen_at, now)
        freed.close(offer, SlotOffer.State.REFUSED)
        freed.serve(tenant, wish.role_id, now)


def leave(tenant: UUID, wish_id: UUID, now: datetime) -> None:
    """Leave the list by the link of an offer; nothing happens where that was done."""
    with tenancy.inside(tenant):
        freed.forget(tenant, wish_id, now)


def _locked(wish_id: UUID, seen_at: datetime, now: datetime) -> tuple[Wish, SlotOffer]:
    wish = Wish.objects.filter(id=wish_id).first()
    if wish is None:
        raise refusals.OfferOver
    freed.lock(wish.role_id)
    rows = SlotOffer.objects.select_for_update().filter(wish_id=wish_id, starts_at=seen_at)
    offer = rows.filter(state=SlotOffer.State.OPEN, expires_at__gt=now).first()
    if offer is None or not Wish.objects.filter(id=wish_id).exists():
        raise refusals.OfferOver
    return wish, offer


def _must_stand(visit: UUID, offer: SlotOffer) -> None:
    """The visit that is moved, locked: still to come, and later than the hour offered."""
    row = Appointment.objects.select_for_update(of=("self",)).filter(id=visit).first()
    if row is None or row.status not in freed.STANDING or row.starts_at <= offer.starts_at:
        raise refusals.OfferOver


def stand(wish: Wish | BookingInvitation, told: Terms, good: offering.Offer, now: datetime) -> None:
    """The visit sealed beforehand, at the hour whose time is taken, told of and reminded of."""
    tenant, starts_at = wish.establishment_id, wall_clock.instant_of(good.minute)
    Appointment(
        id=wish.id, establishment_id=tenant, role_id=wish.role_id, starts_at=starts_at,
        ends_at=good.ends_at, request_key=os.urandom(32), details=SealedValue(bytes(wish.details)),
    ).save(force_insert=True)  # fmt: skip
    ticket = freed.ticket_of(wish, told, now)
    with translation.override(told.language):
        if ticket:
            post.confirmation(wish.id, tenant, ticket)
        _remind(wish, told, wish.id, starts_at, freed.ticket_of(wish, told, starts_at))


def _move(wish: Wish, told: Terms, good: offering.Offer, now: datetime) -> None:
    tenant, starts_at = wish.establishment_id, wall_clock.instant_of(good.minute)
    assert told.moves is not None  # noqa: S101
    row = Appointment.objects.select_related("role__site").get(id=told.moves)
    if told.counted:
        zone = ZoneInfo(row.role.site.timezone)
        on = row.starts_at.astimezone(zone).date()
        counting.give_back(counting.Day(row.role_id, told.reason, on))
    row.starts_at, row.ends_at = starts_at, good.ends_at
    row.status = Appointment.Status.BOOKED
    row.save(update_fields=["starts_at", "ends_at", "status"])
    ticket = freed.ticket_of(wish, told, now, moved=True)
    with translation.override(told.language):
        if ticket:
            post.move(row.id, tenant, ticket)
        ticket = freed.ticket_of(wish, told, starts_at, moved=True)
        _remind(wish, told, row.id, starts_at, ticket)


def _seal(actor: Actor, visit: UUID) -> None:
    row = Appointment.objects.select_related("role").get(id=visit)
    known = sealed_details.reveal(actor, Purpose.BOOKING, [row])[visit]
    file = gate.files_behind(actor, Purpose.BOOKING, [visit])[visit]
    values = {"details": known.as_json()}
    gate.seal(actor, Purpose.BOOKING, row, values, subject=file, tenant=row.establishment_id)
    row.save(update_fields=["details"])


def _remind(
    wish: Wish | BookingInvitation, told: Terms, record: UUID, at: datetime, ticket: bytes
) -> None:
    """Its messages' links cancel and move it at once, as any visit's do."""
    if ticket:
        given = reminders.right(
            record, ticket, told.reason, counted=told.counted, opens=waiting_terms.window(told, at)
        )
        reminders.keep(wish.establishment_id, record, given)


def _facts(wish_id: UUID) -> registry.Facts | None:
    """An offer's message: which hour, and until when it is kept; None once that is over."""
    offer = SlotOffer.objects.select_related("role__site", "role__practitioner").filter(
        wish_id=wish_id, state=SlotOffer.State.OPEN, expires_at__gt=clock.now()
    ).first()  # fmt: skip
    if offer is None:
        return None
    site = offer.role.site
    return registry.Facts(
        starts_at=offer.starts_at,
        timezone=site.timezone,
        with_whom=str(offer.role.practitioner),
        phone=site.phone,
        link=settings.LOGIN_REDIRECT_URL,
        until=rendering.spoken(offer.expires_at, site.timezone, get_language() or "fr"),
        sooner=gives_up_another(site.establishment_id, wish_id),
    )
