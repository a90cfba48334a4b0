"""Waiting for an hour: joining, one's place, leaving.

Whoever joins seals the visit beforehand and signs for its messages. So a freed hour is offered, and
taken by a link, while nobody is signed in: taking it writes down when, and opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Max
from django.utils.translation import get_language

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, NotYours, Purpose, acting, gate
from serment.outbox.post_fields import PERSON_FIELDS
from serment.scheduling import (
    audience,
    cancelling,
    freed,
    missed,
    offering,
    refusals,
    sealed_details,
    terms,
    waiting_terms,
)
from serment.scheduling.models import Appointment, SlotOffer, Wish
from serment.scheduling.recurrence import Public
from serment.scheduling.sealed_details import Details
from serment.scheduling.waiting_terms import (
    CLOCKS_APART,
    EVERY_DAY,
    STANDS,
    TICKET_LASTS,
    Terms,
)

WISHES_MAX: Final = 5
"""That one account has at a time: each may keep an hour from everybody else for a while."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for. ``moves``: the visit that is wanted sooner; it stays until then."""

    role_id: UUID
    reason_id: UUID
    mode: str
    patient_file: UUID
    first_visit: bool = False
    days: frozenset[int] = EVERY_DAY
    from_hour: int = 0
    to_hour: int = 24
    moves: UUID | None = None
    by_telephone: bool = False
    persons: tuple[UUID, ...] = ()
    """As in ``own_visits``."""


@dataclass(frozen=True, slots=True)
class Place:
    """One who waits, as that person and the desk read it."""

    wish: Wish
    terms: Terms
    rank: int
    offer: SlotOffer | None


def join(actor: Actor, asked: Asked, now: datetime) -> Wish:
    """Join, last in the row; what is free already is offered at once. Durable on commit.

    Raises ``WaitingClosed``, ``AlreadyWaiting``, ``TooManyWishes``, ``AskedToCall``,
    ``ReasonClosed`` or another of ``refusals``; ``NotYours`` for a visit that is kept from those
    who act for its person.
    """
    wish = offering.wish(asked.role_id, asked.reason_id, now)
    tenant = wish.plan.establishment_id
    _must_be_open(wish, asked)
    own = _own(actor, asked)
    with tenancy.inside(tenant, records=[*own, *([asked.moves] if asked.moves else [])]):
        freed.lock(asked.role_id)
        _must_be_new(actor, asked, own)
        _must_not_call(actor, asked, tenant, now)
        made = _sealed(actor, asked, wish, now)
        freed.serve(tenant, asked.role_id, now)
    return made


def _must_be_open(wish: offering.Wish, asked: Asked) -> None:
    reason = wish.reason
    if reason is None:
        raise refusals.ReasonClosed
    if (
        reason.steps
        or reason.by_invitation
        or not terms.of_house(wish.plan.establishment_id).waiting_open
    ):
        raise refusals.WaitingClosed
    if reason.sessions > 1 and asked.moves is None:
        raise refusals.SeriesIsNotAwaited
    if not reason.allows(asked.mode):
        raise refusals.ModeRefused
    if asked.days.isdisjoint(EVERY_DAY) or asked.from_hour >= asked.to_hour:
        raise refusals.NothingSuits
    if asked.moves is not None:
        return
    if asked.first_visit and not reason.new_patients:
        raise refusals.NewPatientsRefused
    if not asked.first_visit and not reason.known_patients:
        raise refusals.KnownPatientsRefused


def _own(actor: Actor, asked: Asked) -> list[UUID]:
    """The numbers of the actor's visits, those to come of wishes among them."""
    if actor.kind != "patient":
        return gate.records_of(actor, asked.patient_file)
    whose = dict.fromkeys((actor.id, *asked.persons))
    return [record for one in whose for record in gate.records_of(actor, one)]


def _must_be_new(actor: Actor, asked: Asked, own: list[UUID]) -> None:
    known = list(Wish.objects.filter(id__in=own))
    if actor.kind == "patient" and len(known) >= WISHES_MAX:
        raise refusals.TooManyWishes
    for one in known:
        told = waiting_terms.opened(bytes(one.terms), one.id)
        same = (one.role_id, told.reason, told.moves)
        if same == (asked.role_id, asked.reason_id, asked.moves):
            raise refusals.AlreadyWaiting


def _must_not_call(actor: Actor, asked: Asked, tenant: UUID, now: datetime) -> None:
    """Nobody waits past a house's rule about missed visits; who has a visit may want it sooner."""
    if actor.kind != "patient" or asked.moves is not None or missed.rule_of(tenant) is None:
        return
    who = next(iter(asked.persons), actor.id)
    limit = missed.limit_of(tenant, gate.records_of(actor, who), now)
    if limit is not None:
        raise refusals.AskedToCall(limit)


def _sealed(actor: Actor, asked: Asked, wish: offering.Wish, now: datetime) -> Wish:
    tenant, reason = wish.plan.establishment_id, wish.reason
    assert reason is not None  # noqa: S101 -- looked at by ``_must_be_open``
    visit = Appointment(id=ids.new_id(), establishment_id=tenant, role_id=asked.role_id)
    visit.ends_at = now + STANDS  # the house cares for the person as long as they wait
    details = Details(
        reason=asked.reason_id,
        mode=asked.mode,
        first_visit=asked.first_visit,
        counted=reason.visit.daily_cap is not None,
    )
    about = [visit.id]
    if asked.moves is not None:
        details = _of_moved(actor, asked)
        about.append(asked.moves)
    tickets = gate.seal_and_sign_each(
        actor, Purpose.BOOKING, visit, {"details": details.as_json()},
        [one for record in about for one in errands(record, now)],
        subject=asked.patient_file, tenant=tenant,
    )  # fmt: skip
    told = Terms(
        asked.reason_id, asked.mode, now.replace(microsecond=0), asked.days, asked.from_hour,
        asked.to_hour, asked.moves, asked.by_telephone, details.counted, get_language() or "fr",
        _public(actor, asked, tenant, now),
    )  # fmt: skip
    last = Wish.objects.filter(role_id=asked.role_id).aggregate(last=Max("number"))["last"]
    return Wish.objects.create(
        id=visit.id,
        establishment_id=tenant,
        role_id=asked.role_id,
        number=(last or 0) + 1,
        terms=told.closed(visit.id),
        details=bytes_of(visit),
        tickets=b"".join(tickets),
    )


def _public(actor: Actor, asked: Asked, tenant: UUID, now: datetime) -> Public:
    """Whose hours they wait for; a desk says itself who came before."""
    if actor.kind == "staff":
        return Public.EVERYONE if asked.first_visit else Public.KNOWN
    return audience.of_any(actor, [asked.role_id], tenant, now, asked.persons)


def bytes_of(visit: Appointment) -> bytes:
    """The sealed details of a visit that has no row yet."""
    sealed = visit.details
    assert sealed is not None  # noqa: S101 -- just sealed
    return bytes(sealed.sealed)


def _of_moved(actor: Actor, asked: Asked) -> Details:
    """The visit's own, whose person must be the one who waits."""
    assert asked.moves is not None  # noqa: S101
    visit = cancelling.seen(asked.moves)
    if visit.role_id != asked.role_id or visit.status not in cancelling.STANDING:
        raise refusals.AlreadyOver
    behind = gate.files_behind(actor, Purpose.BOOKING, [visit.id])[visit.id]
    if behind != asked.patient_file:
        raise refusals.SomebodyElses
    details = sealed_details.reveal(actor, Purpose.BOOKING, [visit])[visit.id]
    if details.kept:
        raise refusals.KeptToOneself
    return replace(details, overbooked=False)


def errands(record: UUID, now: datetime) -> list[gate.Errand]:
    """What is signed so that its person can be written to as long as it stands, a month each."""
    since = now - CLOCKS_APART
    months = range(STANDS // TICKET_LASTS)
    return [
        gate.errand_of(
            record, list(PERSON_FIELDS), Purpose.MESSAGE,
            since + number * TICKET_LASTS, since + (number + 1) * TICKET_LASTS,
        )
        for number in months
    ]  # fmt: skip


def of_actor(actor: Actor, person: UUID | None = None) -> list[Place]:
    """Where the actor, or whom they act for, waits; the keeper tells which rows are theirs."""
    records = gate.records_of(actor, person or actor.id)
    if not records:
        return []
    with tenancy.inside(records=records):
        own = list(Wish.objects.filter(id__in=records).select_related("role__practitioner"))
    places = []
    for one in own:
        with tenancy.inside(one.establishment_id):
            places.append(place(one))
    return places


def place(wish: Wish) -> Place:
    """Its place among those who wait for the same practitioner; inside the house."""
    before = Wish.objects.filter(role_id=wish.role_id, number__lt=wish.number).count()
    offer = SlotOffer.objects.filter(wish_id=wish.id, state=SlotOffer.State.OPEN).first()
    told = waiting_terms.opened(bytes(wish.terms), wish.id)
    return Place(wish, told, before + 1, offer)


def of_house(role_ids: list[UUID]) -> list[Place]:
    """Everybody who waits for these practitioners, in order; inside the house."""
    found = Wish.objects.filter(role_id__in=role_ids).order_by("role_id", "number")
    return [place(one) for one in found]


def leave(actor: Actor, wish_id: UUID, now: datetime) -> None:
    """Leave, and give up what was kept; the next is asked. The transaction must stand where the
    wish is seen. Raises ``NoSuchWish``."""
    wish = Wish.objects.filter(id=wish_id).first()
    if wish is None:
        raise refusals.NoSuchWish
    with tenancy.inside(wish.establishment_id):
        try:
            gate.delete(actor, Purpose.BOOKING, Appointment(id=wish_id))
        except NotYours:
            if actor.kind != "staff":
                raise
            # Of what its person made a desk forgets no record; the place in the row goes.
        freed.forget(wish.establishment_id, wish_id, now)


def leave_for(actor: Actor, appointment: Appointment, now: datetime) -> None:
    """Whoever waits for a sooner hour of this visit waits no more, and that they did is kept as the
    visit is. Inside the house."""
    for wish in Wish.objects.filter(role_id=appointment.role_id):
        if waiting_terms.opened(bytes(wish.terms), wish.id).moves == appointment.id:
            acting.keep(actor, wish.id)
            freed.forget(wish.establishment_id, wish.id, now)
