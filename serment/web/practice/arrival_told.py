"""What an import's preview says: figures, lines, the first people, and the agenda day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from serment.custody import arrival as arrivals
from serment.web import field_words, wording

LINES_SHOWN = 200
PEOPLE_SHOWN = 3
DAYS_SHOWN = 10
DAY_MINUTES = (7 * 60, 21 * 60)
"""What of a day the sketch shows."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused lines, each with all its faults, as many as a page bears."""

    lines: Sequence[tuple[int, Sequence[tuple[str, str]]]]
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of an agenda: its times in words, and its sketch as (left, width) in minutes."""

    on: date
    times: Sequence[str]
    bars: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class AgendaTold:
    """The agenda's preview."""

    first: str
    last: str
    days: Sequence[Day]
    more_days: Sequence[Day]
    clashes: Sequence[tuple[date, Sequence[str]]]
    """Appointments in the way: their times, day by day."""
    until: str
    zone: str
    zones: Sequence[str]
    sketch: tuple[int, int] = (DAY_MINUTES[0], DAY_MINUTES[1] - DAY_MINUTES[0])


@dataclass(frozen=True, slots=True)
class PatientsTold:
    """The list's preview, by line numbers."""

    new: int
    accepted: str
    known: str
    twice: Sequence[tuple[int, int]]
    alike: Sequence[tuple[int, UUID]]
    not_asked: int
    columns: Sequence[tuple[str, str]]
    """Headers that are read, and as what."""
    left_out: Sequence[str]
    """Headers that are not."""
    fields: Sequence[str]
    first: Sequence[tuple[int, Sequence[str]]]
    """The first new people as they are read, in the order of ``fields``; shown, never logged."""

    @property
    def alike_lines(self) -> str:
        """The lines as the form leaves them out: "4,9"."""
        return ",".join(str(line) for line, _file in self.alike)


def refused(found: Iterable[tuple[int, str, str]]) -> Refused:
    """Faults gathered by line."""
    ordered = sorted(found, key=lambda one: one[0])
    lines = [
        (line, [(field, sentence) for _line, field, sentence in faults])
        for line, faults in groupby(ordered, key=lambda one: one[0])
    ]
    return Refused(lines[:LINES_SHOWN], len(lines))


def patients(
    report: arrivals.PatientsReport,
    known: Sequence[int],
    alike: Mapping[int, UUID],
    asked: int,
) -> PatientsTold:
    """``alike`` maps lines to files of the house; ``asked`` is how many were looked for."""
    new = [
        (line, one)
        for line, one in zip(report.lines, report.people, strict=True)
        if line not in set(known)
    ][:PEOPLE_SHOWN]
    names = [name for name in wording.FIELD_ORDER if any(one.get(name) for _line, one in new)]
    return PatientsTold(
        new=report.accepted - len(known),
        accepted=ranges([line for line in report.lines if line not in set(known)]),
        known=ranges(known),
        twice=[pair for pair in sorted(report.alike.items()) if pair[0] not in set(known)][
            :LINES_SHOWN
        ],
        alike=sorted(alike.items()),
        not_asked=max(0, report.accepted - len(known) - asked),
        columns=[(header, read_as) for header, read_as in report.columns if read_as],
        left_out=[header for header, read_as in report.columns if not read_as],
        fields=[field_words.word(name)[0] for name in names],
        first=[(line, [one.get(name) or "" for name in names]) for line, one in new],
    )


def ranges(lines: Sequence[int]) -> str:
    """ "2–5, 7, 9–40"."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)


def agenda(report: arrivals.AgendaReport, preview: arrivals.Preview, zone: ZoneInfo) -> AgendaTold:
    """Days by the clock of the site."""
    found = list(days(report.spans, zone))
    return AgendaTold(
        first=wording.day(found[0].on, year=True) if found else "",
        last=wording.day(found[-1].on, year=True) if found else "",
        days=found[:DAYS_SHOWN],
        more_days=found[DAYS_SHOWN:],
        clashes=_by_day(preview.clashes, zone),
        until=wording.day(report.window[1].astimezone(zone).date(), year=True),
        zone=str(zone),
        zones=[name for name in report.zones if name not in ("", str(zone))],
    )


def _by_day(spans: Iterable[Span], zone: ZoneInfo) -> list[tuple[date, Sequence[str]]]:
    """Times in words under the day they begin on; in order."""
    dated = [(start.astimezone(zone).date(), _from_to(start, end, zone)) for start, end in spans]
    return [(on, [times for _on, times in some]) for on, some in groupby(dated, lambda one: one[0])]


def days(spans: Iterable[Span], zone: ZoneInfo) -> Iterable[Day]:
    """Each day that has busy time, once."""
    pieces: dict[date, list[Span]] = {}
    for start, end in spans:
        at = start.astimezone(zone)
        while at < end.astimezone(zone):
            midnight = datetime.combine(at.date() + timedelta(days=1), time(0), zone)
            until = min(end.astimezone(zone), midnight)
            pieces.setdefault(at.date(), []).append((at, until))
            at = midnight
    for on in sorted(pieces):
        yield Day(on, [_from_to(*piece, zone) for piece in pieces[on]],
                  [bar for piece in pieces[on] if (bar := _bar(on, piece))])  # fmt: skip


def _bar(on: date, piece: Span) -> tuple[int, int] | None:
    start, end = (_minutes(on, moment) for moment in piece)
    low, high = max(start, DAY_MINUTES[0]), min(end, DAY_MINUTES[1])
    return (low, high - low) if low < high else None


def _minutes(on: date, local: datetime) -> int:
    return 24 * 60 if local.date() > on else local.hour * 60 + local.minute


def _from_to(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    local, after = start.astimezone(zone), end.astimezone(zone)
    if local.time() == after.time() == time(0) and after > local:
        return _("toute la journée")
    return f"{wording.hour(start, zone)} – {wording.hour(end, zone)}"
