"""Reading what arrives: a report for a person, and the values for whoever carries it out.

A report says how many are accepted and why each other line is not. Printed, logged or shown, it
holds no personal data; the values it carries are kept out of its representation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from serment import clock
from serment.custody import sentences
from serment.errors import Unusable
from serment.identity import files
from serment.interchange import apart, calendars, patient_columns, patients_csv, refused_lines

HEADER_LETTERS = 60

Refused = tuple[int, str, str]
"""Line of the file, field in words ("" for the whole line), sentence."""


class FileUnusable(Unusable):
    """Ce fichier ne peut pas être repris."""

    def __init__(self, fault: str, line: int = 0) -> None:
        super().__init__(sentences.of(fault, line))


@dataclass(frozen=True, slots=True)
class PatientsReport:
    """What a patient list holds. ``people`` are cleaned values, one mapping a person.

    ``lines`` are where they stand; ``refused`` holds every fault of every other line; ``alike``
    maps an accepted line to an earlier one that is probably the same person.
    """

    filename: str
    lines: tuple[int, ...]
    refused: list[Refused]
    alike: Mapping[int, int]
    encoding: str
    columns: tuple[tuple[str, str], ...] = field(repr=False)
    """Each column: its header, and what it is read as in words; "" where it is left out."""
    empty_lines: int
    people: tuple[Mapping[str, str | None], ...] = field(repr=False)

    @property
    def columns_left_out(self) -> int:
        """How many columns are read as nothing."""
        return sum(not read_as for _header, read_as in self.columns)

    @property
    def accepted(self) -> int:
        """How many people can come in."""
        return len(self.people)

    @property
    def refused_lines(self) -> int:
        """How many lines cannot; each may have several faults."""
        return len({line for line, _field, _sentence in self.refused})

    def but(self, lines: Collection[int]) -> PatientsReport:
        """The same report without some of the accepted lines."""
        kept = [
            (line, one)
            for line, one in zip(self.lines, self.people, strict=True)
            if line not in lines
        ]
        return replace(
            self, lines=tuple(line for line, _ in kept), people=tuple(one for _, one in kept)
        )


@dataclass(frozen=True, slots=True)
class AgendaReport:
    """What an agenda holds: ``accepted`` busy blocks in UTC, not one word of any event.

    ``left_out`` are events cancelled or marked as free; ``beyond`` counts events that lie wholly
    "past" or "later" than the window, or take no time ("instant"). ``zones`` are the names its
    times were written in, "" for the site's own; ``zones_unknown`` were read as the site's own.
    """

    filename: str
    accepted: int
    refused: list[Refused]
    left_out: list[Refused]
    events: int
    repeats: int
    beyond: Mapping[str, int]
    zones: list[str]
    zones_unknown: list[str]
    window: tuple[datetime, datetime]
    spans: tuple[calendars.Span, ...] = field(repr=False)
    entries: tuple[tuple[str, tuple[calendars.Span, ...]], ...] = field(repr=False)
    """Each event's identity, which may hold a name, and its times."""


def read_patients(data: bytes, filename: str) -> PatientsReport:
    """Read a CSV of patients. Raises ``FileUnusable`` where it is no patient list at all."""
    today = clock.now().date()
    try:
        found, alike = apart.patients(data, today)
    except patients_csv.TableUnreadable as unreadable:
        raise FileUnusable(unreadable.fault, unreadable.line) from unreadable
    refused = [
        (one.line, sentences.field_name(one.field), sentences.of(one.fault, one.other_line))
        for one in found.refused
    ]
    accepted: list[patients_csv.PatientRow] = []
    people: list[Mapping[str, str | None]] = []
    known = {one[:2] for one in refused}
    for row in found.rows:
        kept, faults = _cleaned(row, today)
        refused += faults
        if kept is not None:
            accepted.append(row)
            people.append(kept)
    for half in found.halves:  # what else is wrong with a line that is refused already
        refused += [one for one in _cleaned(half, today)[1] if one[:2] not in known]
    lines = {row.line for row in accepted}
    return PatientsReport(
        filename=PurePath(filename).name,
        lines=tuple(row.line for row in accepted),
        refused=sorted(refused, key=lambda one: one[0]),
        alike={line: other for line, other in alike.items() if {line, other} <= lines},
        encoding=found.encoding,
        columns=tuple((one[:HEADER_LETTERS], _column(read_as)) for one, read_as in found.columns),
        empty_lines=found.empty_lines,
        people=tuple(people),
    )


def _column(field_read: str) -> str:
    return str(sentences.COLUMN_NAMES[field_read]) if field_read else ""


def _cleaned(
    row: patients_csv.PatientRow, today: date
) -> tuple[Mapping[str, str | None] | None, list[Refused]]:
    """Values as a file keeps them, or every fault they have."""
    try:
        return files.cleaned(row.values, today), []
    except files.ValuesUnusable as unusable:
        return None, [
            (row.line, sentences.field_name(name), sentence)
            for name, sentence in unusable.errors.items()
        ]


def refused_csv(data: bytes, report: PatientsReport) -> bytes:
    """The refused lines of the file the report was read from, each with all its faults.

    It holds what the file held: hand it to whoever brought that, and keep no copy.
    """
    faults: dict[int, list[str]] = {}
    for line, name, sentence in report.refused:
        faults.setdefault(line, []).append(sentences.about(name, sentence))
    told = {line: " ".join(some) for line, some in faults.items()}
    return refused_lines.written(data, told, sentences.faults_column())


def recognised_columns() -> list[tuple[str, tuple[str, ...]]]:
    """Each column that is read, in words, and the headers it is known by."""
    return [
        (str(sentences.COLUMN_NAMES[column]), names)
        for column, names in patient_columns.recognised().items()
    ]


def read_agenda(
    data: bytes, filename: str, zone: ZoneInfo, window: tuple[datetime, datetime]
) -> AgendaReport:
    """Read busy time out of an iCalendar file within ``window``; ``zone`` is the site's.

    Raises ``FileUnusable`` where it is no calendar or holds no event.
    """
    try:
        found = apart.calendar(data, zone, window)
    except calendars.CalendarUnreadable as unreadable:
        raise FileUnusable(unreadable.fault) from unreadable
    zones = {name for one in found.entries for name in one.zones}
    return AgendaReport(
        filename=PurePath(filename).name,
        accepted=len(found.spans),
        refused=[_told(one) for one in found.refused],
        left_out=[_told(one) for one in found.free],
        events=found.events,
        repeats=sum(one.repeats for one in found.entries),
        beyond=Counter(one.place for one in found.entries if one.place not in ("", "free")),
        zones=sorted(name for name in zones if not name.startswith("?")),
        zones_unknown=sorted(name[1:] for name in zones if name.startswith("?")),
        window=window,
        spans=found.spans,
        entries=tuple((one.identity, one.spans) for one in found.entries),
    )


def _told(one: calendars.Unused) -> Refused:
    return one.line, "", sentences.of(one.fault)
