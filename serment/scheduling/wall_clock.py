"""Wall-clock times of a place turned into instants, also on the days when the clock jumps.

Pure: no Django, no database. A day is one stretch of one offset, or two where its zone changes:
in spring a stretch of local minutes is missing between them, in autumn one belongs to both.
Instants are whole minutes since 1970-01-01T00:00Z (``minute_of``); times of day are minutes since
local midnight, 1,440 being the midnight that ends the day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from serment.errors import Refused

DAY_MINUTES = 1440
WEEK_DAYS = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()

Stretch = tuple[int, int, int]
"""Local minutes from, to, and the offset east of UTC in minutes."""


class NonexistentTime(Refused):
    """Cette heure n’existe pas ce jour-là : les horloges passent à l’heure d’été."""


class AmbiguousTime(Refused):
    """Cette heure existe deux fois ce jour-là : précisez avant ou après le changement d’heure."""


def minute_of(instant: datetime) -> int:
    """Whole minutes since the epoch, rounded down."""
    return int((instant - _EPOCH).total_seconds() // 60)


def minute_after(instant: datetime) -> int:
    """Whole minutes since the epoch, rounded up: the first minute not before the instant."""
    return -int((_EPOCH - instant).total_seconds() // 60)


def instant_of(minute: int) -> datetime:
    """The UTC instant of a minute since the epoch."""
    return _EPOCH + timedelta(minutes=minute)


def midnight(day: date) -> int:
    """The minute at which a day would start if the place lay on the prime meridian."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_MINUTES


def time_of_day(value: time, *, end: bool = False) -> int:
    """Minutes since midnight; as an ``end``, 00:00 is the midnight after."""
    minutes = value.hour * 60 + value.minute
    return DAY_MINUTES if end and minutes == 0 else minutes


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(minute * 60, zone).utcoffset()
    assert offset is not None  # noqa: S101 -- a ZoneInfo always knows its offset
    return int(offset.total_seconds() // 60)


@lru_cache(maxsize=8192)
def stretches(day: date, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The local minutes that the day's clock shows, in order of time, with their offsets."""
    start = midnight(day)
    low, high = start - DAY_MINUTES, start + 2 * DAY_MINUTES
    before, after = _offset(low, zone), _offset(high, zone)
    if before == after:
        return ((0, DAY_MINUTES, before),)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    found = (
        (0, min(DAY_MINUTES, high + before - start), before),
        (max(0, high + after - start), DAY_MINUTES, after),
    )
    return tuple(stretch for stretch in found if stretch[0] < stretch[1])


def ranges(day: date, starts: int, ends: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The instants [from, to) at which the clock shows a time from ``starts`` to before ``ends``.

    None at all inside the missing hour; inside the repeated hour both of its passages.
    """
    origin = midnight(day)
    found: list[tuple[int, int]] = []
    for first, last, offset in stretches(day, zone):
        low, high = max(starts, first), min(ends, last)
        if low >= high:
            continue
        span = (origin + low - offset, origin + high - offset)
        if found and found[-1][1] == span[0]:
            found[-1] = (found[-1][0], span[1])
        else:
            found.append(span)
    return found


def instant(day: date, wall: time, zone: ZoneInfo, *, second_pass: bool | None = None) -> datetime:
    """The instant of a time somebody typed.

    Raises ``NonexistentTime`` in spring's missing hour, and ``AmbiguousTime`` in autumn's repeated
    hour unless ``second_pass`` says which of the two is meant.
    """
    shown = time_of_day(wall)
    found = [
        midnight(day) + shown - offset
        for first, last, offset in stretches(day, zone)
        if first <= shown < last
    ]
    if not found:
        raise NonexistentTime
    if len(found) > 1 and second_pass is None:
        raise AmbiguousTime
    return instant_of(found[-1 if second_pass else 0])


def is_repeated(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time twice that day, so that a page must say which."""
    local = moment.astimezone(zone)
    shown = local.hour * 60 + local.minute
    return sum(a <= shown < b for a, b, _ in stretches(local.date(), zone)) > 1


@lru_cache(maxsize=8192)
def local_date(minute: int, zone: ZoneInfo) -> date:
    """The date on the wall at a minute since the epoch."""
    return datetime.fromtimestamp(minute * 60, zone).date()


def day_start(minute: int, zone: ZoneInfo) -> int:
    """The first minute of the local date that a minute belongs to."""
    day = local_date(minute, zone)
    first, _, offset = stretches(day, zone)[0]
    return midnight(day) + first - offset
