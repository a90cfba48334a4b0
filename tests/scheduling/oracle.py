"""A second opinion on availability: minute by minute, and sharing no code with the product.

It asks the zone what the clock shows at each single minute, decides for each whether the rules
open it, and then tries every minute of the day as a start. Slow and obvious.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass
class Rule:
    """``until`` "24:00" is the end of the day; times as "HH:MM"."""

    weekday: int
    since: str
    until: str
    first_day: date | None = None
    last_day: date | None = None
    off_on_holidays: bool = True
    late: int | None = None


@dataclass
class Dated:
    day: date
    since: str
    until: str
    opened: bool


@dataclass
class World:
    zone: ZoneInfo
    rules: list[Rule]
    dated: list[Dated]
    away: list[tuple[datetime, datetime]]
    holidays: set[date]
    taken: list[tuple[datetime, datetime]]
    duration: int
    before: int
    after: int
    notice: int
    horizon: int
    late: int | None


def _shown(instant: datetime, zone: ZoneInfo) -> tuple[date, str]:
    local = instant.astimezone(zone)
    return local.date(), f"{local.hour:02}:{local.minute:02}"


def _lateness(world: World, instant: datetime) -> set[int | None]:
    """Releases of the rules that open this minute; empty where it is closed."""
    day, shown = _shown(instant, world.zone)
    found: set[int | None] = set()
    for rule in world.rules:
        if rule.weekday != day.weekday() or not rule.since <= shown < rule.until:
            continue
        if (rule.first_day and day < rule.first_day) or (rule.last_day and day > rule.last_day):
            continue
        if rule.off_on_holidays and day in world.holidays:
            continue
        both = [late for late in (rule.late, world.late) if late is not None]
        found.add(min(both) if both else None)
    for dated in world.dated:
        if dated.opened and dated.day == day and dated.since <= shown < dated.until:
            found.add(world.late)
    return found


def _generous(lates: set[int | None]) -> int | None:
    return None if None in lates else max(late for late in lates if late is not None)


def _blocked(world: World, instant: datetime) -> bool:
    if any(start <= instant < end for start, end in world.away + world.taken):
        return True
    day, shown = _shown(instant, world.zone)
    return any(not d.opened and d.day == day and d.since <= shown < d.until for d in world.dated)


def _stretches(world: World, day: date) -> list[list[tuple[datetime, int | None]]]:
    """Open minutes of a day, cut where time is missing or the release changes."""
    found: list[list[tuple[datetime, int | None]]] = []
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    for _ in range(60 * 54):
        if _shown(instant, world.zone)[0] == day:
            lates = _lateness(world, instant)
            if lates:
                late = _generous(lates)
                if found and found[-1][-1] == (instant - MINUTE, late):
                    found[-1].append((instant, late))
                else:
                    found.append([(instant, late)])
        instant += MINUTE
    return found


def starts(world: World, day: date, now: datetime) -> list[datetime]:
    """Every bookable start on a local date."""
    found = []
    today = now.astimezone(world.zone).date()
    if day > today + timedelta(days=world.horizon):
        return []
    for stretch in _stretches(world, day):
        open_minutes = [instant for instant, _ in stretch]
        late = stretch[0][1]
        length = world.before + world.duration + world.after
        at, aligned = 0, True
        while at + length <= len(open_minutes):
            block = open_minutes[at : at + length]
            # after an obstacle a visit may start at full five minutes only
            if not aligned and block[0].minute % 5:
                at += 1
                continue
            if any(_blocked(world, minute) for minute in block):
                at, aligned = at + 1, False
                continue
            start = block[0] + timedelta(minutes=world.before)
            soon = start > now and start - now >= timedelta(minutes=world.notice)
            released = late is None or start - now <= timedelta(minutes=late)
            if soon and released:
                found.append(start)
            at, aligned = at + length, True
    return found
