"""An agenda's column as rows of five minutes: what is drawn where. Pure.

The stylesheet has one class for each row and each length (``static/practice/rows.css``), because
the pages' policy allows no style inside a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from serment.scheduling.agenda import Column, Entry
from serment.scheduling.cancelling import STANDING

ROW_MINUTES = 5
ROWS_AN_HOUR = 60 // ROW_MINUTES
DAY_FIRST_HOUR, DAY_LAST_HOUR = 8, 18
LANES_MAX = 4
SHORT_ROWS = 5
ROW_PIXELS, LINE_PIXELS, LINES_MAX = 8, 17, 9
LABEL_ROWS = 2
STATES_SAID = frozenset({"arrived", "checked-in", "noshow", "cancelled", "fulfilled"})


@dataclass(frozen=True, slots=True)
class Frame:
    """The hours a page shows, by the wall clock of the site."""

    first_hour: int
    last_hour: int
    zone: ZoneInfo

    @property
    def rows(self) -> int:
        """Rows from top to bottom."""
        return (self.last_hour - self.first_hour) * ROWS_AN_HOUR

    @property
    def hours(self) -> list[tuple[int, int]]:
        """Row and number of each whole hour."""
        span = range(self.first_hour, self.last_hour)
        return [((hour - self.first_hour) * ROWS_AN_HOUR, hour) for hour in span]

    def row_of(self, instant: datetime, day: date) -> int:
        """The row an instant falls into, kept within the frame."""
        local = instant.astimezone(self.zone)
        if local.date() != day:
            return 0 if local.date() < day else self.rows
        minutes = (local.hour - self.first_hour) * 60 + local.minute
        return min(self.rows, max(0, minutes // ROW_MINUTES))

    def row_after(self, instant: datetime, day: date) -> int:
        """The row at which something that ends then has ended."""
        return self.row_of(instant + timedelta(minutes=ROW_MINUTES, seconds=-1), day)

    def instant_of(self, row: int, day: date) -> datetime:
        """When a row begins."""
        minute = self.first_hour * 60 + row * ROW_MINUTES
        midnight = datetime.combine(day, datetime.min.time(), self.zone)
        return midnight.replace(hour=minute // 60, minute=minute % 60)


@dataclass(slots=True)
class Placed:
    """An entry with its place; the page adds names where they are open."""

    entry: Entry
    row: int
    length: int
    lane: int = 1
    lanes: int = 1
    name: str = ""
    reason: str = ""
    video: bool = False
    first_visit: bool = False
    chosen: bool = False
    file_closed: bool = False
    """Whether a name was asked for and its file does not open: it was erased, or it is frozen."""
    collides: bool = False
    """Whether busy time brought in from elsewhere says that nobody should come then."""

    @property
    def is_appointment(self) -> bool:
        """Whether somebody comes."""
        return self.entry.kind == "appointment"

    @property
    def state_said(self) -> bool:
        """Whether a word of its own says what became of it; "occupied" would push that word out."""
        return self.entry.status in STATES_SAID

    @property
    def may_move(self) -> bool:
        """Whether it still stands, so that it can be taken by hand."""
        return self.is_appointment and self.entry.status in STANDING

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return int((self.entry.ends_at - self.entry.starts_at).total_seconds() // 60)

    @property
    def short(self) -> bool:
        """Whether there is room for one line only."""
        return self.length < SHORT_ROWS

    @property
    def lines(self) -> int:
        """Whole lines of text that fit; the stylesheet has a class for each number."""
        room = (self.length - 1) * ROW_PIXELS
        return min(LINES_MAX, max(1, room // LINE_PIXELS))


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of rows: free or closed."""

    row: int
    length: int
    starts_at: datetime
    goes_on: bool = False
    """Whether it continues the stretch above, cut at the hour so that each can be pressed."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Busy time brought in from another agenda, behind what is booked here."""

    row: int
    length: int
    starts_at: datetime
    ends_at: datetime
    label_row: int | None
    """Where its word can stand without lying under a visit."""


@dataclass(slots=True)
class Drawn:
    """One column as the page draws it."""

    column: Column
    entries: list[Placed] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    free: list[Band] = field(default_factory=list)
    closed: list[Band] = field(default_factory=list)

    @property
    def pieces(self) -> list[Placed | Band | Imported]:
        """Everything with a time, in its order: what the keyboard and a phone's list follow."""
        return sorted([*self.imported, *self.entries, *self.free], key=lambda one: one.row)

    @property
    def collisions(self) -> int:
        """Visits that stand in time taken elsewhere."""
        return sum(one.collides for one in self.entries)


def frame_of(columns: Iterable[Column], zone: ZoneInfo) -> Frame:
    """Whole hours around everything there is to see."""
    first, last = DAY_FIRST_HOUR, DAY_LAST_HOUR
    for column in columns:
        seen = [*column.openings, *((e.starts_at, e.ends_at) for e in column.entries
                                    if e.kind in ("appointment", "session"))]  # fmt: skip
        for start, end in seen:
            local_start, local_end = start.astimezone(zone), end.astimezone(zone)
            first = 0 if local_start.date() < column.day else min(first, local_start.hour)
            if local_end.date() > column.day:
                last = 24
            else:
                last = max(last, local_end.hour + (local_end.minute > 0))
    return Frame(first, last, zone)


def draw(column: Column, frame: Frame, now: datetime) -> Drawn:
    """Entries in lanes, and the bands behind them."""
    drawn = Drawn(column)
    placed = []
    for entry in column.entries:
        row = frame.row_of(entry.starts_at, column.day)
        length = max(1, frame.row_after(entry.ends_at, column.day) - row)
        if row < frame.rows:
            placed.append(Placed(entry, row, min(length, frame.rows - row)))
    drawn.entries = [one for one in placed if one.entry.kind != "import"]
    _put_in_lanes([one for one in drawn.entries if one.entry.kind != "absence"])
    _lay_behind(drawn, [one for one in placed if one.entry.kind == "import"])
    opened = _rows(((start, end) for start, end in column.openings), frame, column.day)
    drawn.closed = _bands(_without([(0, frame.rows)], opened), frame, column.day)
    taken = [
        (one.row, one.row + one.length)
        for one in placed
        if one.entry.status not in ("cancelled", "noshow")
    ]
    present = frame.row_after(now, column.day)
    if present:
        taken.append((0, present))
    least = -(-column.shortest // ROW_MINUTES)
    free = [span for span in _without(opened, taken) if span[1] - span[0] >= least]
    drawn.free = [band for span in free for band in _by_the_hour(span, frame, column.day, least)]
    return drawn


def _lay_behind(drawn: Drawn, imports: Sequence[Placed]) -> None:
    """Busy time from elsewhere goes behind; a visit that stands in it is marked."""
    visits = [one for one in drawn.entries if one.entry.status not in ("cancelled", "noshow")]
    covered = [(one.row, one.row + one.length) for one in visits]
    for one in imports:
        entry, rows = one.entry, (one.row, one.row + one.length)
        room = [low for low, high in _without([rows], covered) if high - low >= LABEL_ROWS]
        label_row = next(iter(room), None)
        drawn.imported.append(
            Imported(one.row, one.length, entry.starts_at, entry.ends_at, label_row)
        )
        for visit in visits:
            if visit.is_appointment and (
                visit.entry.starts_at < entry.ends_at and entry.starts_at < visit.entry.ends_at
            ):
                visit.collides = True


def _by_the_hour(span: tuple[int, int], frame: Frame, day: date, least: int) -> list[Band]:
    """Pieces of an hour, each with room for a visit: what is left at the end goes with the last."""
    low, high = span
    cuts = [row for row in range(low + 1, high - least + 1) if row % ROWS_AN_HOUR == 0]
    edges = [low, *cuts, high]
    return [
        Band(start, end - start, frame.instant_of(start, day), goes_on=start != low)
        for start, end in pairwise(edges)
    ]


def _put_in_lanes(entries: Sequence[Placed]) -> None:
    """Side by side where times overlap."""
    group: list[Placed] = []
    ends = 0
    for one in sorted(entries, key=lambda placed: (placed.row, -placed.length)):
        if group and one.row >= ends:
            _spread(group)
            group, ends = [], 0
        group.append(one)
        ends = max(ends, one.row + one.length)
    _spread(group)


def _spread(group: Sequence[Placed]) -> None:
    busy_until: list[int] = []
    for one in group:
        lane = next((at for at, until in enumerate(busy_until) if until <= one.row), None)
        if lane is None:
            lane = len(busy_until)
            busy_until.append(0)
        busy_until[lane] = one.row + one.length
        one.lane = min(lane, LANES_MAX - 1) + 1
    for one in group:
        one.lanes = min(len(busy_until), LANES_MAX)


def _rows(
    spans: Iterable[tuple[datetime, datetime]], frame: Frame, day: date
) -> list[tuple[int, int]]:
    return [(frame.row_of(start, day), frame.row_of(end, day)) for start, end in spans]


def _without(
    spans: Sequence[tuple[int, int]], taken: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    left: list[tuple[int, int]] = []
    away = sorted(taken)
    for start, end in spans:
        at = start
        for low, high in away:
            if high <= at or low >= end:
                continue
            if low > at:
                left.append((at, low))
            at = max(at, high)
        if at < end:
            left.append((at, end))
    return left


def _bands(spans: Iterable[tuple[int, int]], frame: Frame, day: date) -> list[Band]:
    return [Band(low, high - low, frame.instant_of(low, day)) for low, high in spans if high > low]
