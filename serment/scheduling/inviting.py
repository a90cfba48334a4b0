"""Invitations: somebody of the house makes a link, and whoever has it chooses one hour, once.

For reasons that are booked by invitation only, and any other. The visit was sealed, and its
messages signed for, when the invitation was made (as when somebody joins a waiting list): taking an
hour needs nobody signed in. The link names nobody, and shows no reason (docs/decisions/0058).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import translation
from django.utils.translation import get_language

from serment import clock, ids
from serment.directory import spoken, tenancy
from serment.directory.models import Establishment
from serment.directory.pipeline import together
from serment.disclosure import Actor, Purpose, gate
from serment.disclosure.fields import SealedValue
from serment.errors import NotThere
from serment.outbox import post, references, registry
from serment.outbox.models import AT_ONCE, Message, State
from serment.scheduling import (
    counting,
    freed,
    occupying,
    offering,
    refusals,
    search,
    taking,
    waiting_list,
    waiting_terms,
)
from serment.scheduling.availability import Public
from serment.scheduling.models import Appointment, BookingInvitation, Occupancy
from serment.scheduling.sealed_details import Details
from serment.scheduling.waiting_terms import STANDS, Terms

SETTING: Final = "serment.invitation"
KIND: Final = "invitation"
DAYS_MAX: Final = 60
LOOK: Final = 120
"""Free hours that a page shows at most."""
_SOON: Final = timedelta(minutes=1)
_AS: Final = Occupancy.Kind.APPOINTMENT


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the house invites, and for what."""

    role_id: UUID
    reason_id: UUID
    patient_file: UUID
    days: int
    first_visit: bool = False
    by_message: bool = True


@dataclass(frozen=True, slots=True)
class Open:
    """One invitation that stands, as the desk lists it."""

    row: BookingInvitation
    terms: Terms
    unsent: bool
    """A message was wanted and did not arrive: the code can be handed over on paper."""

    @property
    def link(self) -> str:
        """The path by which its reader comes."""
        return path_of(self.row.id)


def register() -> None:
    """Tell the outbox what an invitation's message says."""
    registry.register(KIND, _facts)


def path_of(invitation: UUID) -> str:
    """Where the link leads: made of a key of the keeper's, so that no row holds it."""
    return f"/i/{references.invitation_of(invitation)}"


def make(actor: Actor, asked: Asked, now: datetime) -> BookingInvitation:
    """Seal the visit to come, sign for its messages, and make the link; durable on commit.

    Raises ``NoSuchReason``, ``ReasonClosed``, or ``Refused`` for a reason that takes several
    visits.
    """
    wish = offering.wish(asked.role_id, asked.reason_id, now)
    tenant, reason = wish.plan.establishment_id, wish.reason
    if actor.kind != "staff" or actor.establishment != tenant:
        raise NotThere
    if reason is None:
        raise refusals.ReasonClosed
    if reason.in_groups or reason.steps or reason.sessions > 1:
        raise refusals.NotInvited
    mode = "in_person" if reason.in_person else "video"
    counted = reason.visit.daily_cap is not None
    with tenancy.inside(tenant):
        visit = Appointment(id=ids.new_id(), establishment_id=tenant, role_id=asked.role_id)
        visit.ends_at = now + STANDS  # the house cares for the person meanwhile
        details = Details(asked.reason_id, mode, asked.first_visit, counted=counted)
        tickets = gate.seal_and_sign_each(
            actor, Purpose.BOOKING, visit, {"details": details.as_json()},
            waiting_list.errands(visit.id, now), subject=asked.patient_file, tenant=tenant,
        )  # fmt: skip
        told = Terms(
            asked.reason_id, mode, now.replace(microsecond=0), counted=counted,
            by_telephone=not asked.by_message, language=get_language() or "fr",
        )  # fmt: skip
        zone = wish.plan.calendar.zone
        made = BookingInvitation.objects.create(
            id=visit.id,
            establishment_id=tenant,
            role_id=asked.role_id,
            digest=references.invitation_digest(references.invitation_of(visit.id)),
            ends_on=now.astimezone(zone).date() + timedelta(days=min(asked.days, DAYS_MAX)),
            terms=told.closed(visit.id),
            details=waiting_list.bytes_of(visit),
            tickets=b"".join(tickets),
        )
        if asked.by_message:
            post.again(KIND, made.id, tenant, freed.ticket_of(made, told, now))
    return made


def open_ones(now: datetime) -> list[Open]:
    """Those of the house that stand, the soonest to end first; the transaction stands there."""
    rows = BookingInvitation.objects.filter(ends_on__gte=_today(now)).order_by("ends_on", "id")
    listed = list(rows.select_related("role__practitioner", "role__site"))
    failed = Message.objects.filter(
        kind=KIND, record_id__in=[one.id for one in listed],
        state__in=(State.FAILED, State.CANCELLED),
    )  # fmt: skip
    unsent = {one.record_id for one in failed}
    return [Open(one, _terms(one), one.id in unsent) for one in listed]


def withdraw(actor: Actor, invitation: UUID, now: datetime) -> None:
    """The link opens nothing any more; on record, as a cancellation of the visit that nobody chose
    an hour for. Raises ``NotThere`` for none of the house."""
    with tenancy.inside(actor.establishment):
        row = BookingInvitation.objects.select_for_update().filter(id=invitation).first()
        if row is None:
            raise NotThere
        visit = Appointment(
            id=row.id, establishment_id=row.establishment_id, role_id=row.role_id,
            details=SealedValue(bytes(row.details)), status=Appointment.Status.CANCELLED,
        )  # fmt: skip
        file = gate.files_behind(actor, Purpose.BOOKING, [row.id])[row.id]
        why = json.dumps({"by": actor.kind, "reason": ""})
        gate.seal(
            actor, Purpose.BOOKING, visit, {"cancellation": why}, subject=file,
            tenant=row.establishment_id,
        )  # fmt: skip
        _forget(row)


def _forget(row: BookingInvitation) -> None:
    told = Message.objects.filter(record_id=row.id, kind=KIND, state=State.WAITING)
    told.update(state=State.CANCELLED, ticket=b"", send_after=AT_ONCE)
    row.delete()


def of_link(secret: str, now: datetime) -> BookingInvitation:
    """Raises ``NotThere`` for no link of ours, and for one that was used, withdrawn or is over:
    the answers are alike."""
    digest = references.invitation_digest(secret)
    with transaction.atomic():
        together([("SELECT set_config(%s, %s, true)", [SETTING, digest.hex()])])
        rows = BookingInvitation.objects.select_related("role__site", "role__practitioner")
        row = rows.filter(digest=digest).first()
        together([("SELECT set_config(%s, '', true)", [SETTING])])
    if row is None or row.ends_on < now.astimezone(ZoneInfo(row.role.site.timezone)).date():
        raise NotThere
    return row


def hours(row: BookingInvitation, now: datetime) -> list[datetime]:
    """Free hours with its practitioner for its reason, soonest first, as far as the person can be
    written to about them."""
    told = _terms(row)
    window = now + _SOON, told.until - _SOON
    slots = search.next_slots(
        [row.role_id], told.reason, window, now, LOOK, audience=Public.INVITED
    )
    return [one.starts_at for one in slots[row.role_id]]


def take(row: BookingInvitation, at: datetime, now: datetime) -> UUID:
    """Book that hour and use the link up: both or neither, once. The visit's number.

    Raises ``LinkUsed``, or ``SlotTaken`` and other ``NotOffered`` where the hour is not free.
    """
    with tenancy.inside(row.establishment_id):
        kept = BookingInvitation.objects.select_for_update().filter(id=row.id).first()
        if kept is None:
            raise refusals.LinkUsed
        told = _terms(kept)
        if not now < at < told.until:
            raise refusals.NotOffered
        asked = offering.wish(kept.role_id, told.reason, at)
        (taken,) = together([asked.taken_statement(now)])
        good = offering.check(asked, taken, now, Public.INVITED)
        if good.session is not None or good.reason.steps:
            raise refusals.NotOffered  # it takes several visits, or a seat, since it was made
        if occupying.take(good.claim, now, kind=_AS, appointment_id=kept.id) is None:
            raise refusals.SlotTaken
        if not occupying.take_needed(good.needs, good.claim, now, kind=_AS, appointment_id=kept.id):
            raise refusals.SlotTaken
        taking.stand(kept, told, good, now)
        cap = good.reason.visit.daily_cap
        if told.counted and not counting.take(good.day, row.establishment_id, _cap(cap)):
            raise refusals.DayFull
        _forget(kept)
    return row.id


def _cap(cap: int | None) -> int:
    return counting.NO_CAP if cap is None else cap


def sweep(now: datetime) -> None:
    """Let go of those that are over, in every house."""
    for house in Establishment.objects.values_list("pk", flat=True):
        with tenancy.inside(house):
            for row in BookingInvitation.objects.filter(ends_on__lt=_today(now)):
                _forget(row)


def _today(now: datetime) -> date:
    """The first date that is still today anywhere."""
    return (now - timedelta(hours=12)).date()


def _terms(row: BookingInvitation) -> Terms:
    return waiting_terms.opened(bytes(row.terms), row.id)


def _facts(invitation: UUID) -> registry.Facts | None:
    """Until when a link books an hour, and with whom; None once it does not."""
    row = BookingInvitation.objects.select_related("role__site", "role__practitioner").filter(
        id=invitation, ends_on__gte=_today(clock.now())
    ).first()  # fmt: skip
    if row is None:
        return None
    site = row.role.site
    with translation.override(get_language() or "fr"):
        until = spoken.day(row.ends_on)
    end = datetime.combine(row.ends_on, datetime.max.time(), ZoneInfo(site.timezone))
    return registry.Facts(
        starts_at=end, timezone=site.timezone, with_whom=str(row.role.practitioner),
        where=f"{site.address_line}, {site.postcode} {site.city}", phone=site.phone,
        link=path_of(row.id), until=until,
    )  # fmt: skip
