"""An agenda is shown before it is brought in, brought up to date by its events, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError

from serment import clock
from serment.custody import agendas, arrival
from serment.custody.models import AgendaArrival, ArrivedEvent
from serment.directory import tenancy
from serment.errors import NotThere
from serment.interchange.calendars import Span
from serment.scheduling import booking
from serment.scheduling.models import Occupancy
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of the practice's days."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def practice() -> Practice:
    return make_practice()


def event(uid: str, hour: int, *more: str, day: int = 3) -> str:
    lines = [
        f"UID:{uid}",
        "SUMMARY:Mme Quatrevaux",
        f"DTSTART;TZID=Europe/Paris:202603{day:02}T{hour:02}0000",
        f"DTEND;TZID=Europe/Paris:202603{day:02}T{hour + 1:02}0000",
        *more,
    ]
    return "\r\n".join(["BEGIN:VEVENT", *(line for line in lines if line != "UID:"), "END:VEVENT"])


def read(*events: str, at: datetime = NOW) -> arrival.AgendaReport:
    text = "\r\n".join(["BEGIN:VCALENDAR", *events, "END:VCALENDAR", ""])
    return arrival.read_agenda(text.encode(), "a.ics", PARIS, arrival.usual_window(at))


def busy(practice: Practice) -> list[Span]:
    with tenancy.inside(practice.establishment):
        rows = Occupancy.objects.filter(claimant_id=practice.role, kind="import")
        return sorted((row.span.lower, row.span.upper) for row in rows)


def hours(practice: Practice) -> list[int]:
    return [start.astimezone(PARIS).hour for start, _end in busy(practice)]


def look(practice: Practice, report: arrival.AgendaReport) -> agendas.Preview:
    return arrival.look_at_agenda(practice.secretary(), practice.role, report)


def bring(practice: Practice, report: arrival.AgendaReport) -> arrival.AgendaBrought:
    return arrival.bring_in_agenda(practice.secretary(), practice.role, report)


def test_looking_changes_nothing_and_names_appointments_by_their_time(practice: Practice) -> None:
    _patient, file = practice.patient()
    desk = practice.secretary()
    booking.book(desk, practice.booking(file, paris(TUESDAY, 10)), NOW)
    booking.book(desk, practice.booking(file, paris(TUESDAY, 15), first_visit=False), NOW)
    seen = look(practice, read(event("1", 10), event("2", 17)))
    assert (seen.new, seen.moved, seen.freed, seen.same) == (2, 0, 0, 0)
    assert seen.clashes == ((paris(TUESDAY, 10), paris(TUESDAY, 10, 30)),)
    assert busy(practice) == []


def test_the_same_file_again_changes_nothing_even_days_later(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly = event("1", 10, "RRULE:FREQ=WEEKLY")
    bring(practice, read(weekly))
    before = busy(practice)
    assert look(practice, read(weekly)).changes is False
    again = bring(practice, read(weekly))
    assert (again.added, again.freed, again.arrival) == (0, 0, None)
    later = NOW + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    report = read(weekly, at=later)
    assert look(practice, report).same == 1
    grown = bring(practice, report)
    assert grown.freed == 0
    assert busy(practice)[: len(before)] == before
    assert len(busy(practice)) == len(before) + grown.added


def test_an_event_is_known_by_its_uid_so_it_moves_and_is_freed(practice: Practice) -> None:
    bring(practice, read(event("1", 10), event("2", 14)))
    moved = read(event("1", 11), event("2", 14, "STATUS:CANCELLED"), event("3", 16))
    seen = look(practice, moved)
    assert (seen.new, seen.moved, seen.freed, seen.same) == (1, 1, 1, 0)
    brought = bring(practice, moved)
    assert hours(practice) == [11, 16]
    assert (brought.added, brought.freed) == (2, 2)


def test_without_the_uid_the_moved_event_would_stand_twice(practice: Practice) -> None:
    """The control: what tells the events apart is the UID and nothing else."""
    bring(practice, read(event("1", 10)))
    bring(practice, read(event("other", 11)))
    assert hours(practice) == [10]  # one block from 10 to 12
    assert busy(practice)[0][1] == paris(TUESDAY, 12)


def test_events_without_uid_are_known_by_what_they_say(practice: Practice) -> None:
    bring(practice, read(event("", 10, "DTSTAMP:20260101T000000Z")))
    seen = look(practice, read(event("", 10, "DTSTAMP:20260301T000000Z")))
    assert (seen.new, seen.same) == (0, 1)


def test_another_file_leaves_the_events_of_the_first(practice: Practice) -> None:
    bring(practice, read(event("1", 10)))
    bring(practice, read(event("2", 14)))
    assert hours(practice) == [10, 14]


def test_taking_back_gives_what_earlier_files_said(practice: Practice) -> None:
    first = bring(practice, read(event("1", 10), event("2", 14)))
    second = bring(practice, read(event("1", 11), event("3", 14)))
    assert hours(practice) == [11, 14]
    assert second.arrival is not None
    arrival.take_back(practice.secretary(), second.arrival)
    assert hours(practice) == [10, 14]
    assert first.arrival is not None
    assert arrival.take_back(practice.secretary(), first.arrival).freed == 2
    assert busy(practice) == []
    assert arrival.recent(practice.secretary()) == []


def test_time_of_two_files_stays_taken_when_one_is_taken_back(practice: Practice) -> None:
    first = bring(practice, read(event("1", 10)))
    bring(practice, read(event("2", 10)))
    assert first.arrival is not None
    assert arrival.take_back(practice.secretary(), first.arrival).freed == 0
    assert hours(practice) == [10]


def test_blocks_from_before_arrivals_were_kept_stay(practice: Practice) -> None:
    bring(practice, read(event("1", 10)))
    with tenancy.inside(practice.establishment):
        AgendaArrival.objects.all().delete()
    second = bring(practice, read(event("2", 14)))
    assert hours(practice) == [10, 14]
    assert second.arrival is not None
    arrival.take_back(practice.secretary(), second.arrival)
    assert hours(practice) == [10]


def test_a_neighbour_sees_and_takes_back_nothing(practice: Practice) -> None:
    neighbour = make_practice(3)
    brought = bring(practice, read(event("1", 10)))
    assert brought.arrival is not None
    with pytest.raises(NotThere):
        arrival.look_at_agenda(neighbour.secretary(), practice.role, read(event("1", 10)))
    with pytest.raises(NotThere):
        arrival.take_back(neighbour.secretary(), brought.arrival)
    assert arrival.recent(neighbour.secretary()) == []
    assert hours(practice) == [10]
    with tenancy.inside(neighbour.establishment):
        assert not ArrivedEvent.objects.exists()


def test_when_somebody_books_meanwhile_nothing_is_half_imported(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(practice, read(event("1", 10)))

    def taken_meanwhile(*_: Any, **__: Any) -> None:
        raise IntegrityError

    with monkeypatch.context() as patched:
        patched.setattr(Occupancy.objects, "bulk_create", taken_meanwhile)
        with pytest.raises(arrival.AgendaMoved):
            bring(practice, read(event("1", 11)))
    assert hours(practice) == [10]
    assert look(practice, read(event("1", 11))).moved == 1


def test_marks_hold_no_word_and_differ_between_agendas(practice: Practice) -> None:
    neighbour = make_practice(4)
    for one in (practice, neighbour):
        bring(one, read(event("mme-quatrevaux@agenda", 10)))
    marks = []
    for one in (practice, neighbour):
        with tenancy.inside(one.establishment):
            marks.append(bytes(ArrivedEvent.objects.get().mark))
    assert marks[0] != marks[1]
    assert "quatrevaux" not in repr(read(event("mme-quatrevaux@agenda", 10)))


def test_the_report_says_zones_repetitions_and_what_lies_beyond() -> None:
    report = read(
        event("1", 10, "RRULE:FREQ=WEEKLY;COUNT=3"),
        "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20260310T140000Z\r\nDURATION:PT1H\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20250310T090000\r\nDURATION:PT1H\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:4\r\nDTSTART:20300310T090000\r\nDURATION:PT1H\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:5\r\nDTSTART:20260310T090000\r\nEND:VEVENT",
        "BEGIN:VEVENT\r\nUID:6\r\nDTSTART;TZID=Lune:20260311T090000\r\nDURATION:PT1H\r\nEND:VEVENT",
    )
    assert (report.events, report.repeats, report.accepted) == (6, 1, 5)
    assert dict(report.beyond) == {"past": 1, "later": 1, "instant": 1}
    assert report.zones == ["", "Europe/Paris", "UTC"]
    assert report.zones_unknown == ["Lune"]
    start = report.window[0]
    assert (start.hour, start.minute, start.tzinfo) == (0, 0, UTC)
