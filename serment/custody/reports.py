"""Reading what arrives: a report for a person, and the values for whoever carries it out.

A report says how many are accepted and why each other line is not. Printed, logged or shown, it
holds no personal data; the values it carries are kept out of its representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from serment import clock
from serment.custody import sentences
from serment.errors import Unusable
from serment.identity import files
from serment.interchange import calendars, patients_csv

Refused = tuple[int, str, str]
"""Line of the file, field in words ("" for the whole line), sentence."""


class FileUnusable(Unusable):
    """Ce fichier ne peut pas être repris."""

    def __init__(self, fault: str, line: int = 0) -> None:
        super().__init__(sentences.of(fault, line))


@dataclass(frozen=True, slots=True)
class PatientsReport:
    """What a patient list holds. ``people`` are cleaned values, one mapping a person."""

    filename: str
    accepted: int
    refused: list[Refused]
    encoding: str
    columns_left_out: int
    empty_lines: int
    people: tuple[Mapping[str, str | None], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AgendaReport:
    """What an agenda holds: ``accepted`` busy blocks in UTC, not one word of any event.

    ``left_out`` are events cancelled or marked as free.
    """

    filename: str
    accepted: int
    refused: list[Refused]
    left_out: list[Refused]
    events: int
    window: tuple[datetime, datetime]
    spans: tuple[calendars.Span, ...] = field(repr=False)


def read_patients(data: bytes, filename: str) -> PatientsReport:
    """Read a CSV of patients. Raises ``FileUnusable`` where it is no patient list at all."""
    today = clock.now().date()
    try:
        found = patients_csv.read(data, today)
    except patients_csv.TableUnreadable as unreadable:
        raise FileUnusable(unreadable.fault, unreadable.line) from unreadable
    refused = [
        (one.line, sentences.field_name(one.field), sentences.of(one.fault, one.other_line))
        for one in found.refused
    ]
    people: list[Mapping[str, str | None]] = []
    for row in found.rows:
        try:
            people.append(files.cleaned(row.values, today))
        except files.ValuesUnusable as unusable:
            name, sentence = next(iter(unusable.errors.items()))
            refused.append((row.line, sentences.field_name(name), sentence))
    return PatientsReport(
        filename=PurePath(filename).name,
        accepted=len(people),
        refused=sorted(refused),
        encoding=found.encoding,
        columns_left_out=found.columns_left_out,
        empty_lines=found.empty_lines,
        people=tuple(people),
    )


def read_agenda(
    data: bytes, filename: str, zone: ZoneInfo, window: tuple[datetime, datetime]
) -> AgendaReport:
    """Read busy time out of an iCalendar file within ``window``; ``zone`` is the site's.

    Raises ``FileUnusable`` where it is no calendar or holds no event.
    """
    try:
        found = calendars.read(data, zone, window)
    except calendars.CalendarUnreadable as unreadable:
        raise FileUnusable(unreadable.fault) from unreadable
    return AgendaReport(
        filename=PurePath(filename).name,
        accepted=len(found.spans),
        refused=[_told(one) for one in found.refused],
        left_out=[_told(one) for one in found.free],
        events=found.events,
        window=window,
        spans=found.spans,
    )


def _told(one: calendars.Unused) -> Refused:
    return one.line, "", sentences.of(one.fault)
