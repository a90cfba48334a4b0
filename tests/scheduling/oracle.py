"""A second opinion on availability: minute by minute, and sharing no code with the product.

It asks the zone what the clock shows at each single minute, decides for each whether the rules
open it, and then tries every minute of the day as a start. Slow and obvious.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    weeks: int = 1
    counted_from: date = date(2024, 1, 3)
    """Any day of a week in which it holds."""
    never_on: frozenset[date] = frozenset()
    """Dates withdrawn."""
    for_whom: int = 0


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
    off: list[Rule] = field(default_factory=list)
    """Times away that come back."""
    rooms: list[list[tuple[datetime, datetime]]] | None = None
    """The time taken of each room, where one is needed."""
    full: set[date] = field(default_factory=set)
    asks: int = 0


def _shown(instant: datetime, zone: ZoneInfo) -> tuple[date, str]:
    local = instant.astimezone(zone)
    return local.date(), f"{local.hour:02}:{local.minute:02}"


def _holds(rule: Rule, day: date) -> bool:
    """Whether a rule speaks about a date: by counting weeks from Monday to Monday."""
    if rule.weekday != day.weekday() or day in rule.never_on:
        return False
    if (rule.first_day and day < rule.first_day) or (rule.last_day and day > rule.last_day):
        return False
    monday = day - timedelta(days=day.weekday())
    first = rule.counted_from - timedelta(days=rule.counted_from.weekday())
    return ((monday - first).days // 7) % rule.weeks == 0


def _lateness(world: World, instant: datetime) -> set[int | None]:
    """Releases of the rules that open this minute; empty where it is closed."""
    day, shown = _shown(instant, world.zone)
    found: set[int | None] = set()
    for rule in world.rules:
        if not (_holds(rule, day) and rule.since <= shown < rule.until):
            continue
        if rule.for_whom > world.asks:
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
    if any(_holds(off, day) and off.since <= shown < off.until for off in world.off):
        return True
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


def _room_free(world: World, block: list[datetime]) -> bool:
    """Whether one room is free for all minutes of the block: half here, half there is none."""
    if world.rooms is None:
        return True
    return any(
        not any(start <= minute < end for minute in block for start, end in taken)
        for taken in world.rooms
    )


def starts(world: World, day: date, now: datetime) -> list[datetime]:
    """Every bookable start on a local date."""
    found = []
    today = now.astimezone(world.zone).date()
    if day > today + timedelta(days=world.horizon) or day in world.full:
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
            if any(_blocked(world, minute) for minute in block) or not _room_free(world, block):
                at, aligned = at + 1, False
                continue
            start = block[0] + timedelta(minutes=world.before)
            soon = start > now and start - now >= timedelta(minutes=world.notice)
            released = late is None or start - now <= timedelta(minutes=late)
            if soon and released:
                found.append(start)
            at, aligned = at + length, True
    return found
