"""A practitioner's calendar elsewhere: connected, read every few minutes, let go.

Where it lies and with which password is sealed; whoever connects it signs an errand for each month
to come, and the worker opens the address with that month's, on record, each time it reads. Nothing
is held of what comes but when its owner is busy. Where the other side does not answer, what it last
said stays, and the page says since when.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from serment import ids
from serment.custody.outside_reading import CannotRead, Place, closed, read
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, NotYours, Purpose, gate
from serment.errors import NotThere
from serment.scheduling import outside_calendars
from serment.scheduling.models import OutsideCalendar
from serment.scheduling.models.calendars import TICKET_BYTES, ticket_of

_log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
MONTH: Final = timedelta(days=30)
MONTHS: Final = 12
RENEW_BELOW: Final = 6
"""With fewer months signed ahead, whoever looks at the page signs for a year anew."""
_PAD: Final = 512
_WEBCAL: Final = "webcal://"


def connect(actor: Actor, role_id: UUID, place: Place, now: datetime) -> OutsideCalendar:
    """Read it once and keep it; its time is taken at once. Raises ``CannotRead``, ``NotThere``.

    The transaction stands in the actor's house. A calendar that cannot be read is not kept: who
    typed the address is there to put it right.
    """
    tenant = _house(actor)
    role = (
        PractitionerRole.objects.select_related("site")
        .filter(pk=role_id, establishment_id=tenant, active=True)
        .first()
    )
    if role is None:
        raise NotThere
    if place.url.lower().startswith(_WEBCAL):
        place = Place(
            place.kind, f"https://{place.url[len(_WEBCAL) :]}", place.user, place.password
        )
    if len(outside_calendars.of_agenda(tenant, role_id)) >= outside_calendars.EACH_MAX:
        raise CannotRead("too_many")
    found = read(place, ZoneInfo(role.site.timezone), now)
    row = OutsideCalendar(
        id=ids.new_id(), establishment_id=tenant, role_id=role_id, kind=place.kind,
        signed_from=now, next_at=now + EVERY,
    )  # fmt: skip
    _seal_and_sign(actor, row, place, now)
    row.state = closed(place, found.mark)
    row.save(force_insert=True)
    outside_calendars.write(row, found.spans or (), found.unread, now)
    return row


def renew(actor: Actor, row: OutsideCalendar, now: datetime) -> None:
    """Sign for a year anew where the half of it has gone by; else nothing."""
    if (now - row.signed_from) // MONTH < MONTHS - RENEW_BELOW:
        return
    tickets = [gate.sign(actor, errand) for errand in _errands(row.pk, now)]
    row.tickets, row.signed_from = b"".join(tickets), now
    row.save(update_fields=["tickets", "signed_from"])


def disconnect(actor: Actor, calendar_id: UUID) -> None:
    """Forget where it lies and give its time back. Raises ``NotThere``."""
    row = OutsideCalendar.objects.filter(pk=calendar_id, establishment_id=_house(actor)).first()
    if row is None:
        raise NotThere
    try:
        gate.delete(actor, Purpose.AGENDA, row)
    except NotYours:
        # A keeper restored from before it was connected: there is nothing left to forget.
        _log.warning("outside calendar unknown to the keeper")
    outside_calendars.remove(row)


def _seal_and_sign(actor: Actor, row: OutsideCalendar, place: Place, now: datetime) -> None:
    told = json.dumps({"url": place.url, "user": place.user, "password": place.password})
    sealed = {"access": told + " " * (-len(told) % _PAD)}
    errands = _errands(row.pk, now)
    first = gate.seal_and_sign_each(
        actor, Purpose.AGENDA, row, sealed, errands[:1], subject=actor.id,
        tenant=row.establishment_id,
    )  # fmt: skip
    row.tickets = b"".join([*first, *(gate.sign(actor, errand) for errand in errands[1:])])


def _errands(record: UUID, now: datetime) -> list[gate.Errand]:
    """One a month, as long as the keeper lets one be good; a day over, so that none is missing."""
    return [
        gate.errand_of(
            record, ["access"], Purpose.AGENDA,
            now + MONTH * month - timedelta(minutes=5), now + MONTH * (month + 1),
        )
        for month in range(MONTHS)
    ]  # fmt: skip


def signed_until(row: OutsideCalendar) -> datetime:
    """How long the worker may open the address."""
    return row.signed_from + MONTH * (len(bytes(row.tickets)) // TICKET_BYTES)


def place_of(row: OutsideCalendar, now: datetime) -> Place:
    """Where it lies, opened with this month’s errand, on record. Raises ``CannotRead``."""
    ticket = ticket_of(row, (now - row.signed_from) // MONTH)
    if not ticket:
        raise CannotRead("not_signed")
    opened = gate.reveal_with_ticket(ticket, [row], ["access"], Purpose.AGENDA)
    told = json.loads(opened[row.pk]["access"])
    return Place(row.kind, told["url"], told["user"], told["password"])


def settle(actor: Actor, role_id: UUID, appointment_id: UUID, now: datetime) -> bool:
    """The appointment stays; the other calendar is not asked about it again."""
    with transaction.atomic():
        return outside_calendars.settle(_house(actor), role_id, appointment_id, now)


def _house(actor: Actor) -> UUID:
    if actor.establishment is None:
        raise NotThere
    return actor.establishment
