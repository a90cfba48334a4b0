"""How each message of a batch goes and where: opened at the last moment, on record, bit by bit.

First whose record it is, then what they said of how to be reached, then the one address or number
that is used; and that opening names the provider it is handed to. Each step of a whole batch is one
request to the keeper, every part of it under its own message's ticket.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from serment.directory import tenancy
from serment.disclosure import Purpose, by_tickets
from serment.errors import Refused, SermentError, SettingWrong
from serment.outbox import references, registry, rendering
from serment.outbox.models import Message, Stop
from serment.outbox.registry import Asked, Facts, Way
from serment.outbox.rendering import Letter
from serment.outbox.sms import chosen

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Parcel:
    """One message of a batch, and what is known of it so far; ``fault`` ends its round."""

    message: Message
    facts: Facts | None = None
    file: UUID | None = None
    row: models.Model | None = field(default=None, repr=False)
    way: Way | None = field(default=None, repr=False)
    letter: Letter | None = field(default=None, repr=False)
    fault: Exception | None = None

    @property
    def is_reminder(self) -> bool:
        """Whether whoever wants no reminders wants none of these."""
        return self.message.kind.startswith(registry.REMINDER)

    @property
    def is_prompt(self) -> bool:
        """Whether it is of no use by letter, or by a call some time later."""
        return self.is_reminder or self.message.kind == registry.OFFER

    @property
    def provider(self) -> str:
        """To whom it is handed, by the name perimeters go by; empty where to nobody."""
        if self.way is None:
            return ""
        return {"mail": settings.MAIL_PROVIDER, "sms": _sms_name()}.get(self.way.channel, "")


def _sms_name() -> str:
    """Empty where none is set, or it was set wrong: mail leaves all the same."""
    try:
        provider = chosen.provider()
    except SettingWrong as wrong:
        _log.error("no SMS can leave: %s", wrong.sentence)
        return ""
    return "" if provider is None else provider.name


def may_text(kind: str) -> bool:
    """Whether a message of this kind may leave as an SMS, where the number is a mobile's."""
    return rendering.has_sms(kind) and bool(_sms_name())


def addressed(parcels: Sequence[Parcel], tenant: UUID) -> None:
    """Give each parcel its way, with the address; a fault where something did not open."""
    _find_files(parcels)
    with tenancy.inside(tenant=tenant):
        rows = registry.people({one.file for one in _sound(parcels) if one.file})
    for parcel in _sound(parcels):
        parcel.row = rows.get(parcel.file) if parcel.file else None
    _choose_ways(_sound(parcels))
    _drop_who_takes_no_texts(_sound(parcels))
    _open_addresses(_sound(parcels))
    _heed_stops([one for one in _sound(parcels) if one.way is not None and one.way.address])


def _sound(parcels: Iterable[Parcel]) -> list[Parcel]:
    return [one for one in parcels if one.fault is None]


def _find_files(parcels: Sequence[Parcel]) -> None:
    tickets = [(bytes(one.message.ticket), one.message.record_id) for one in parcels]
    found: Sequence[UUID | SermentError]
    try:
        found = by_tickets.files_behind(tickets, Purpose.MESSAGE)
    except SermentError as fault:
        found = [fault] * len(tickets)
    for parcel, file in zip(parcels, found, strict=True):
        if isinstance(file, UUID):
            parcel.file = file
        else:
            parcel.fault = file


def _choose_ways(parcels: Sequence[Parcel]) -> None:
    """A ticket that does not name their wishes opens nothing at all: no message goes where it may
    not."""
    said = _opened([(one, "safe_contact", "") for one in parcels if _has(one.row, "safe_contact")])
    for parcel in _sound(parcels):
        row = parcel.row
        if row is None:
            parcel.way = Way("letter")
            continue
        texts = may_text(parcel.message.kind)
        asked = Asked(_has(row, "email"), texts and _has(row, "phone"), texts, parcel.is_prompt)
        parcel.way = registry.way_of(said.get(parcel, ""), asked)


def _drop_who_takes_no_texts(parcels: Sequence[Parcel]) -> None:
    """Whose number is no mobile's; a ticket of an earlier release does not open it."""
    bound = [one for one in parcels if one.way is not None and one.way.source == "phone"]
    numbers = _opened([(one, "phone", "") for one in bound])
    for parcel in bound:
        assert parcel.way is not None  # noqa: S101 -- those without were left out
        if isinstance(parcel.fault, Refused):
            parcel.fault = None
        if not registry.is_mobile(numbers.get(parcel, "")):
            parcel.way = registry.way_of_no_sms(parcel.way, is_reminder=parcel.is_prompt)


def _open_addresses(parcels: Sequence[Parcel]) -> None:
    """The one value that is handed over, by a record that names to whom."""
    bound = [
        (one, one.way.source, one.provider)
        for one in parcels
        if one.way is not None and one.way.source
    ]
    for parcel, value in _opened(bound).items():
        assert parcel.way is not None  # noqa: S101
        parcel.way = replace(parcel.way, address=registry.address_in(parcel.way, value))


def _opened(wanted: Sequence[tuple[Parcel, str, str]]) -> dict[Parcel, str]:
    """Field by field, each by its message's own ticket, in one request; one that does not open
    keeps nothing from the others of its batch."""
    openings = [
        by_tickets.Opening(bytes(one.message.ticket), one.row, name, recipient)
        for one, name, recipient in wanted
        if one.row is not None
    ]
    values: Sequence[str | SermentError]
    try:
        values = by_tickets.reveal(openings, Purpose.MESSAGE)
    except SermentError as fault:
        values = [fault] * len(wanted)
    opened: dict[Parcel, str] = {}
    for (parcel, _name, _recipient), value in zip(wanted, values, strict=True):
        if isinstance(value, str):
            opened[parcel] = value
        else:
            parcel.fault = value
    return opened


def _has(row: Any, name: str) -> bool:
    return getattr(row, name, None) is not None


def _heed_stops(parcels: Sequence[Parcel]) -> None:
    """Whoever said STOP gets no text any more, and no reminder at that address."""
    tags = {
        one: references.stop_tag(one.way.address) for one in parcels if one.way is not None
    }  # fmt: skip
    known = Stop.objects.filter(tag__in=list(tags.values())).values_list("tag", flat=True)
    stopped = {bytes(tag) for tag in known}
    for parcel, tag in tags.items():
        way = parcel.way
        if tag in stopped and way is not None and (way.channel == "sms" or parcel.is_reminder):
            parcel.way = registry.way_of_no_sms(way, is_reminder=parcel.is_reminder)
