"""How each message of a batch goes and where: opened at the last moment, on record, bit by bit.

First whose record it is, then what they said of how to be reached, then the one address or number
that is used; and that opening names the provider it is handed to. Calls to the keeper of one batch
run side by side, so that their records share a sync.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import models

from serment.directory import tenancy
from serment.disclosure import Purpose, gate
from serment.errors import Refused, SermentError, SettingWrong
from serment.outbox import references, registry, rendering
from serment.outbox.models import Message, Stop
from serment.outbox.registry import Asked, Facts, Way
from serment.outbox.rendering import Letter
from serment.outbox.sms import chosen

AT_ONCE_MAX: Final = 4
_beside = ThreadPoolExecutor(AT_ONCE_MAX, "openings")
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


def addressed(parcels: Sequence[Parcel], tenant: UUID) -> None:
    """Give each parcel its way, with the address; a fault where something did not open."""
    _each(parcels, _whose)
    with tenancy.inside(tenant=tenant):
        for parcel in _sound(parcels):
            parcel.row = registry.person(parcel.file) if parcel.file else None
    _each(_sound(parcels), _wished)
    _each(_sound(parcels), _opened)
    _heed_stops([one for one in _sound(parcels) if one.way is not None and one.way.address])


def _sound(parcels: Iterable[Parcel]) -> list[Parcel]:
    return [one for one in parcels if one.fault is None]


def _each(parcels: Sequence[Parcel], act: Callable[[Parcel], None]) -> None:
    guarded = partial(_guarded, act)
    for _done in _beside.map(guarded, parcels) if len(parcels) > 1 else map(guarded, parcels):
        pass


def _guarded(act: Callable[[Parcel], None], parcel: Parcel) -> None:
    """One that does not open must not keep the others of its batch."""
    try:
        act(parcel)
    except SermentError as fault:
        parcel.fault = fault


def _whose(parcel: Parcel) -> None:
    message = parcel.message
    ticket, record = bytes(message.ticket), message.record_id
    parcel.file = gate.files_behind_with_ticket(ticket, [record], Purpose.MESSAGE)[record]


def _wished(parcel: Parcel) -> None:
    """A ticket that does not name their wishes opens nothing at all: no message goes where it may
    not."""
    row = parcel.row
    if row is None:
        parcel.way = Way("letter")
        return
    said = _open(parcel, "safe_contact") if _has(row, "safe_contact") else ""
    texts = rendering.has_sms(parcel.message.kind) and bool(_sms_name())
    asked = Asked(_has(row, "email"), texts and _has(row, "phone"), texts, parcel.is_prompt)
    parcel.way = registry.way_of(said, asked)


def _opened(parcel: Parcel) -> None:
    """The one value that is handed over, by a record that names to whom."""
    way = parcel.way
    if way is None or not way.source:
        return
    if way.source == "phone" and not _takes_texts(parcel):
        parcel.way = registry.way_of_no_sms(way, is_reminder=parcel.is_prompt)
        return
    value = _open(parcel, way.source, parcel.provider)
    parcel.way = replace(way, address=registry.address_in(way, value))


def _takes_texts(parcel: Parcel) -> bool:
    """Whether the file's number is a mobile's; a ticket of an earlier release does not open it."""
    try:
        return registry.is_mobile(_open(parcel, "phone"))
    except Refused:
        return False


def _open(parcel: Parcel, name: str, recipient: str = "") -> str:
    ticket, row = bytes(parcel.message.ticket), parcel.row
    assert row is not None  # noqa: S101 -- only parcels with a row come here
    opened = gate.reveal_with_ticket(
        ticket, [row], [name], Purpose.MESSAGE, recipient=recipient
    )  # fmt: skip
    return opened[row.pk][name]


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
