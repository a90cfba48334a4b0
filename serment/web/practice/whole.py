"""The week of several agendas at once: who × days, how full each is, where its gaps lie. No name.

One day of one agenda stands beside it as the day view draws it, and there its names open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from serment.scheduling import agenda
from serment.web import wording
from serment.web.practice import closed, grid, load
from serment.web.practice.load import Load
from serment.web.practice.team import Member

WORK_DAYS = 5
_HEIGHT = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """One agenda's day: its load, and its open and its taken time as two outlines of a strip."""

    member: Member
    day: date
    load: Load
    opened: str
    taken: str
    away: str
    """Why nobody is received, where an absence says it; nothing otherwise."""
    first_free: datetime | None

    @property
    def closed(self) -> bool:
        """Whether nobody is received and nobody comes."""
        return not self.load.open_minutes and not self.load.visits


@dataclass(frozen=True, slots=True)
class Row:
    """One agenda's week."""

    member: Member
    cells: list[Cell]

    @property
    def visits(self) -> int:
        """How many come in the week."""
        return sum(cell.load.visits for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Head:
    """One day over all agendas shown."""

    day: date
    load: Load
    holiday: str
    """Its name, where there is one."""

    @property
    def heading(self) -> tuple[str, str]:
        """As a column heads it."""
        return wording.short_day(self.day)


@dataclass(frozen=True, slots=True)
class Whole:
    """The week: a row for each agenda, a column for each day, and the focused one of them."""

    heads: list[Head]
    rows: list[Row]
    width: int
    """Of a strip, in rows of the grid."""
    member: Member
    day: date
    """Whose day stands beside it."""


def draw(
    members: Sequence[Member],
    found: dict[date, list[agenda.Column]],
    focus: tuple[str, date],
    now: datetime,
) -> Whole:
    """The week of these agendas; ``focus`` names one, if it is among them, and the day."""
    days = list(found)
    while len(days) > WORK_DAYS and not any(one.openings or one.entries for one in found[days[-1]]):
        days.pop()
    frame = grid.frame_of([one for day in days for one in found[day]], members[0].zone)
    by_role: dict[UUID, list[agenda.Column]] = {}
    for day in days:
        for column in found[day]:
            by_role.setdefault(column.role_id, []).append(column)
    rows = [
        Row(one, [_cell(one, column, frame, now) for column in by_role[one.id]]) for one in members
    ]
    heads = [Head(day, load.of(found[day], now), closed.holiday(members, day)) for day in days]
    named, on = focus
    on = min(on, days[-1])
    return Whole(heads, rows, frame.rows, _focused(rows, named, on), on)


def _focused(rows: Sequence[Row], named: str, on: date) -> Member:
    """Who was asked for, else the first who receives or has visits that day, else the first."""
    asked_for = next((row.member for row in rows if str(row.member.id) == named), None)
    if asked_for is not None:
        return asked_for
    busy = (row for row in rows for cell in row.cells if cell.day == on and not cell.closed)
    return next(busy, rows[0]).member


def _cell(member: Member, column: agenda.Column, frame: grid.Frame, now: datetime) -> Cell:
    taken = [
        (one.starts_at, one.ends_at)
        for one in column.entries
        if one.kind != "absence" and one.status not in load.NOT_TAKEN
    ]
    away = [one.note for one in column.entries if one.kind == "absence"]
    return Cell(
        member=member,
        day=column.day,
        load=load.of([column], now),
        opened=_outline(column.openings, column.day, frame),
        taken=_outline(taken, column.day, frame),
        away=next(filter(None, away), "") if away else "",
        first_free=load.first_free(column, now),
    )


def _outline(spans: Iterable[tuple[datetime, datetime]], day: date, frame: grid.Frame) -> str:
    """What a strip's path draws: one rectangle a span, as wide as it lasts."""
    places = [(frame.row_of(low, day), frame.row_after(high, day)) for low, high in spans]
    return "".join(
        f"M{low} 0H{high}V{_HEIGHT}H{low}z" for low, high in sorted(set(places)) if low < high
    )


def monday_of(on: date) -> date:
    """The Monday of a day's week."""
    return on - timedelta(days=on.weekday())
