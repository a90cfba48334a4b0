"""A practitioner's calendar elsewhere takes time here and gives it back, from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from serment import clock
from serment.custody import outside, outside_rounds
from serment.custody.outside_reading import CannotRead, Place
from serment.directory import tenancy
from serment.disclosure import Actor, gate
from serment.interchange import caldav
from serment.scheduling import booking, explain, outside_calendars
from serment.scheduling.models import Occupancy, OutsideCalendar
from tests.calendars.radicale import PASSWORD, USER, Radicale
from tests.scheduling.practice import PARIS, Practice, free_at, paris
from tests.web_practice.house import next_tuesday

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("radicale")]
TITLE = "Dermatologue"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    running = Radicale(tmp_path_factory.mktemp("radicale"))
    yield running
    running.stop()


@pytest.fixture
def theirs(server: Radicale, settings: Any) -> Iterator[Radicale]:
    settings.CALENDARS_INSIDE = True
    yield server
    for name in ("one", "week", "free", "off", "gone"):
        server.ask("DELETE", f"/claude/agenda/{name}.ics")


def _doctor(practice: Practice) -> Actor:
    from serment import ids

    who = ids.new_id()
    capability = gate.open_session("staff", who, "practitioner", practice.establishment, 1)
    return Actor("staff", who, "practitioner", practice.establishment, capability=capability)


def _connect(practice: Practice, server: Radicale) -> tuple[Actor, OutsideCalendar]:
    doctor = _doctor(practice)
    place = Place("caldav", server.url, USER, PASSWORD)
    with tenancy.inside(practice.establishment):
        return doctor, outside.connect(doctor, practice.role, place, clock.now())


def _event(server: Radicale, start: datetime, minutes: int, *more: str, name: str = "one") -> None:
    end = start + timedelta(minutes=minutes)
    server.put(
        name, f"UID:{name}@theirs", "DTSTAMP:20260101T000000Z", f"SUMMARY:{TITLE}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}", *more,
    )  # fmt: skip


def _offered(practice: Practice, day: date) -> list[str]:
    return free_at(practice, day, clock.now())


def _later(minutes: int = 6) -> datetime:
    return clock.now() + timedelta(minutes=minutes)


def test_time_is_taken_moved_and_freed_as_the_other_calendar_says(
    practice: Practice, theirs: Radicale
) -> None:
    day = next_tuesday()
    for name, hour in (("one", 9), ("free", 10), ("off", 11), ("gone", 14)):
        _event(theirs, paris(day, hour), 60, name=name)
    doctor, row = _connect(practice, theirs)
    assert _offered(practice, day) == ["15:00", "15:30", "16:00", "16:30", "17:00", "17:30"]
    _event(theirs, paris(day, 16), 60)  # moved
    _event(theirs, paris(day, 10), 60, "TRANSP:TRANSPARENT", name="free")
    _event(theirs, paris(day, 11), 60, "STATUS:CANCELLED", name="off")
    theirs.take_away("gone")
    assert outside_rounds.sweep(_later()) == 1
    offered = _offered(practice, day)
    assert {"09:00", "10:00", "11:00", "14:00"} < set(offered)
    assert not {"16:00", "16:30"} & set(offered)
    with tenancy.inside(practice.establishment):
        outside.disconnect(doctor, row.id)
        assert not OutsideCalendar.objects.filter(pk=row.id).exists()
    assert "16:00" in _offered(practice, day)


def test_a_series_comes_back_by_its_own_clock_but_for_its_exceptions(
    practice: Practice, theirs: Radicale
) -> None:
    first = next_tuesday()
    second, third = (first + timedelta(weeks=n) for n in (1, 2))
    theirs.put(
        "week", "UID:week@theirs", "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID=Europe/Paris:{first:%Y%m%d}T090000", "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY", f"EXDATE;TZID=Europe/Paris:{second:%Y%m%d}T090000", "+",
        "UID:week@theirs", "DTSTAMP:20260101T000000Z",
        f"RECURRENCE-ID;TZID=Europe/Paris:{third:%Y%m%d}T090000",
        f"DTSTART;TZID=Europe/Paris:{third:%Y%m%d}T110000", "DURATION:PT1H",
    )  # fmt: skip
    _connect(practice, theirs)
    free = [_offered(practice, day) for day in (first, second, third)]
    assert ["09:00" in day for day in free] == [False, True, True]
    assert ["11:00" in day for day in free] == [True, True, False]
    with tenancy.inside(practice.establishment):
        rows = Occupancy.objects.filter(kind="outside").values_list("span", flat=True)
        hours = {span.lower.astimezone(PARIS).hour for span in rows}
    assert hours == {9, 11}, "whatever the season"
    assert len(rows) > 50


def test_nothing_of_it_is_kept_but_when_and_the_address_is_sealed(
    practice: Practice, theirs: Radicale
) -> None:
    _event(theirs, paris(next_tuesday(), 9), 60)
    doctor, row = _connect(practice, theirs)
    with tenancy.inside(practice.establishment), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM scheduling_outsidecalendar c")
        (held,) = cursor.fetchone()
    for word in (TITLE, USER, PASSWORD, "127.0.0.1", "one@theirs"):
        assert word not in held
        assert word.encode().hex() not in held
    outside_rounds.sweep(_later())
    told = [one for one in gate.history(doctor, row.id, 20) if one.actor_kind == "worker"]
    assert [one.fields for one in told] == [("access",)]


def test_an_unchanged_calendar_is_not_fetched_again(
    practice: Practice, theirs: Radicale, monkeypatch: pytest.MonkeyPatch
) -> None:
    _event(theirs, paris(next_tuesday(), 9), 60)
    _connect(practice, theirs)
    asked: list[str] = []
    real = caldav.fetch
    monkeypatch.setattr(
        caldav, "fetch", lambda at, rules: asked.append(at.method) or real(at, rules)
    )
    assert outside_rounds.sweep(_later()) == 1
    assert asked == ["PROPFIND"]
    _event(theirs, paris(next_tuesday(), 10), 60)
    outside_rounds.sweep(_later(12))
    assert asked == ["PROPFIND", "PROPFIND", "REPORT"]


def test_what_it_last_said_stays_while_nobody_answers_and_it_is_asked_less_often(
    practice: Practice, theirs: Radicale, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = next_tuesday()
    _event(theirs, paris(day, 9), 60)
    row = _connect(practice, theirs)[1]
    read_at = row.read_at
    now, waits = clock.now(), []
    with monkeypatch.context() as down:
        down.setattr(outside_rounds, "read", _away)
        for _time in range(7):
            with tenancy.inside(practice.establishment):
                due = OutsideCalendar.objects.values_list("next_at", flat=True).get(pk=row.id)
            outside_rounds.sweep(due)
            with tenancy.inside(practice.establishment):
                known = OutsideCalendar.objects.get(pk=row.id)
            waits.append((known.next_at - due).total_seconds() / 60)
            now = known.next_at
    assert waits == [5, 10, 20, 40, 80, 120, 120]
    assert (known.fault, known.failures, known.read_at) == ("no_answer", 7, read_at)
    assert "09:00" not in _offered(practice, day)
    theirs.take_away("one")
    assert outside_rounds.sweep(now) == 1
    assert "09:00" in _offered(practice, day)


def _away(*_: Any) -> Any:
    raise CannotRead("no_answer")


def test_a_booked_appointment_stays_and_the_practitioner_is_asked(
    practice: Practice, theirs: Radicale
) -> None:
    day, now = next_tuesday(), clock.now()
    actor, file = practice.patient()
    with tenancy.inside(practice.establishment):
        visit = booking.book(actor, practice.booking(file, paris(day, 9)), now)
    _event(theirs, paris(day, 9), 60)
    doctor, _row = _connect(practice, theirs)
    with tenancy.inside(practice.establishment):
        visit.refresh_from_db()
        assert visit.status == "booked"
        (clash,) = outside_calendars.clashes(practice.establishment, [practice.role], now)
        assert clash.id == visit.id
        assert outside.settle(doctor, practice.role, visit.id, now)
        assert not outside_calendars.clashes(practice.establishment, [practice.role], now)
        assert not outside.settle(doctor, practice.role, visit.id, now)
    # Its time is not given to anybody else, for two reasons; without the one the other is named.
    with tenancy.inside(practice.establishment):

        def why(minute: int, *, inside: bool = True) -> str:
            at = paris(day, 9, minute)
            asked = practice.role, practice.reason, at, now
            return explain.why_not(*asked, using="default", inside=inside).rule

        assert (why(0), why(30)) == ("taken", "elsewhere")
        # A stranger does not learn which hours are the practitioner's private ones.
        assert {why(0, inside=False), why(30, inside=False)} == {"taken"}
        booking.cancel(practice.secretary(), visit.id, "", now)
        assert why(0) == "elsewhere"
        Occupancy.objects.filter(kind="outside").delete()
        assert why(0) == "offered"


def test_an_address_that_leads_inwards_is_not_connected(
    practice: Practice, theirs: Radicale, settings: Any
) -> None:
    settings.CALENDARS_INSIDE = False
    with pytest.raises(CannotRead) as refused:
        _connect(practice, theirs)
    assert refused.value.fault == "not_https"
    with tenancy.inside(practice.establishment):
        assert not OutsideCalendar.objects.exists()


def test_a_year_of_errands_is_signed_and_renewed_in_its_second_half(
    practice: Practice, theirs: Radicale
) -> None:
    doctor, row = _connect(practice, theirs)
    now = clock.now()
    assert outside.signed_until(row) - now > timedelta(days=359)
    assert outside.place_of(row, now + timedelta(seconds=1)).user == USER
    with pytest.raises(CannotRead):
        outside.place_of(row, now + timedelta(days=361))
    with tenancy.inside(practice.establishment):
        before = bytes(row.tickets)
        outside.renew(doctor, row, now + timedelta(days=100))
        assert bytes(row.tickets) == before
        row.signed_from -= timedelta(days=200)
        outside.renew(doctor, row, now)
        assert bytes(row.tickets) != before


def test_the_menu_of_whose_agenda_it_is_counts_the_questions(settings: Any) -> None:
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

    from serment.identity.models import StaffMember
    from tests.web_practice.house import make_house

    house = make_house(role="practitioner")
    practice, where = house.practice, house.practice.establishment
    with tenancy.inside(where):
        StaffMember.objects.filter(role="practitioner").update(practitioner_role_id=practice.role)
    browser = house.enter()
    assert "À décider" not in browser.get(house.agenda()).content.decode()
    with tenancy.inside(where):
        for role in (practice.role, house.second):
            OutsideCalendar.objects.create(
                establishment_id=where,
                role_id=role,
                kind="ics",
                signed_from=clock.now(),
                next_at=clock.now(),
                spans=[DateTimeTZRange(house.at(0), house.at(23))],
            )
            outside_calendars.rebuild(where, role)
        asked = len(outside_calendars.clashes(where, [practice.role], clock.now()))
    assert asked
    page = browser.get(house.agenda()).content.decode()
    assert f'<span class="menu-count">{asked}</span>' in page
    shown = browser.get(f"/cabinet/agendas/?agenda={practice.role}").content.decode()
    assert shown.count('name="rdv"') == asked
