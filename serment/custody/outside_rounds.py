"""Reading outside calendars again and again, done by the worker.

Addresses are opened with errands, on record; then a few calendars are asked at once, and nothing in
the database waits for their answers. A slow one keeps a place in the round, not the round.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.custody import outside
from serment.custody.outside_reading import CannotRead, Place, Read, closed, opened, read
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.errors import Broken, SermentError
from serment.scheduling import outside_calendars
from serment.scheduling.models import OutsideCalendar

_log = logging.getLogger(__name__)

BACK_OFF_MAX: Final = timedelta(hours=2)
AT_ONCE: Final = 8
A_ROUND_MAX: Final = 64
"""Of a minute; the others are due still in the next."""


@dataclass(frozen=True, slots=True)
class Due:
    """One calendar to be asked now."""

    row: OutsideCalendar
    place: Place
    zone: ZoneInfo


def sweep(now: datetime) -> int:
    """Read every calendar that is due, at any house; how many could be read."""
    due: list[Due] = []
    for tenant in Establishment.objects.values_list("pk", flat=True):
        if len(due) < A_ROUND_MAX:
            due += _due(tenant, A_ROUND_MAX - len(due), now)
    with ThreadPoolExecutor(AT_ONCE) as asking:
        answers = list(asking.map(lambda one: _ask(one, now), due))
    return sum(_write(one, answer, now) for one, answer in zip(due, answers, strict=True))


def _due(tenant: UUID, most: int, now: datetime) -> list[Due]:
    """Calendars of one house that are due, each put off at once: another worker leaves them."""
    with tenancy.inside(tenant=tenant):
        rows = OutsideCalendar.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            establishment_id=tenant, next_at__lte=now, role__active=True
        )
        found = list(rows.order_by("next_at")[:most])
        mine = OutsideCalendar.objects.filter(pk__in=[row.pk for row in found])
        mine.update(next_at=now + outside.EVERY)
        zones = {row.pk: ZoneInfo(row.role.site.timezone) for row in found}
    due = []
    for row in found:
        try:
            due.append(Due(row, outside.place_of(row, now), zones[row.pk]))
        except CannotRead as no:
            _put_off(row, no.fault, now)
        except Broken:
            _log.warning("an outside calendar waits: a part of Serment does not answer")
        except SermentError:
            _put_off(row, "not_signed", now)
    return due


def _ask(one: Due, now: datetime) -> Read | CannotRead:
    try:
        return read(one.place, one.zone, now, opened(one.place, bytes(one.row.state)))
    except CannotRead as no:
        return no


def _write(one: Due, answer: Read | CannotRead, now: datetime) -> bool:
    if isinstance(answer, CannotRead):
        _put_off(one.row, answer.fault, now)
        return False
    tenant = one.row.establishment_id
    with tenancy.inside(tenant=tenant):
        known = OutsideCalendar.objects.select_for_update().filter(pk=one.row.pk).first()
        if known is None:
            return False  # let go meanwhile
        known.next_at = now + outside.EVERY
        known.state = closed(one.place, answer.mark)
        spans, unread = answer.spans, answer.unread
        if spans is None:  # nothing changed there
            spans, unread = tuple((one.lower, one.upper) for one in known.spans), known.unread
        outside_calendars.write(known, spans, unread, now)
    return True


def _put_off(row: OutsideCalendar, fault: str, now: datetime) -> None:
    """Twice as long each time, up to two hours: nobody is asked for ever at full speed."""
    wait = min(outside.EVERY * 2 ** min(row.failures, 6), BACK_OFF_MAX)
    with tenancy.inside(tenant=row.establishment_id):
        outside_calendars.failed(row.pk, row.establishment_id, fault, now + wait)
