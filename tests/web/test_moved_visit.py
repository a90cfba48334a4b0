"""After the desk moved a visit: what its patient's pages and calendar file say."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Purpose, gate
from tests.scheduling.practice import make_practice, paris
from tests.web.test_booking_pages import send, sign_in_surely, someone
from tests.web_practice.house import next_tuesday

pytestmark = pytest.mark.django_db


def _event(browser: Client, address: str) -> Any:
    answer = browser.get(f"{address}agenda.ics")
    assert answer.status_code == 200
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    return event


def test_a_moved_visit_is_the_same_entry_at_its_new_time() -> None:
    from serment.scheduling import moving

    practice, day = make_practice(), next_tuesday()
    browser = sign_in_surely(someone())
    made = send(browser, practice, paris(day, 9))
    address = made["Location"].split("?")[0]
    visit = browser.get(address).context["appointment"]
    before, since = _event(browser, address), clock.now().timestamp()
    desk = practice.secretary()
    with tenancy.inside(practice.establishment):
        file = gate.files_behind(desk, Purpose.BOOKING, [visit.id])[visit.id]
        moving.move(desk, visit.id, practice.booking(file, paris(day, 15)), clock.now())
    while int(clock.now().timestamp()) <= int(since):
        time.sleep(0.05)
    after = _event(browser, address)
    assert after["uid"] == before["uid"]
    assert (before["dtstart"].dt, after["dtstart"].dt) == (paris(day, 9), paris(day, 15))
    assert after["sequence"] > before["sequence"]
    listed = browser.get("/mes-rendez-vous/").content.decode().replace("\u00a0", " ")
    assert "15 h 00" in listed
    assert "9 h 00" not in listed
    assert listed.count(f"{address}") >= 1
    told = browser.get("/qui-a-ouvert-mes-donnees/").content.decode()
    assert "a écrit" in told
