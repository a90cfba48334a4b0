"""A closed day says by which rule, and the next open one is one press away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.scheduling import agenda, closing
from serment.scheduling.closing import Because
from serment.scheduling.models import Absence, OpeningException, WeeklyOpening
from tests.scheduling.practice import PARIS
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db
CHRISTMAS = date(2026, 12, 25)  # a Friday


def _page(desk: Client, day: date, view: str = "") -> str:
    answer = desk.get(f"/cabinet/{view}?jour={day.isoformat()}")
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


def _away(house: House, note: str = "") -> None:
    with tenancy.inside(house.practice.establishment):
        for role in (house.practice.role, house.second):
            Absence.objects.create(
                establishment_id=house.practice.establishment, role_id=role, public_note=note,
                span=(house.at(0), house.at(0) + timedelta(days=2)),
            )  # fmt: skip


def _because(house: House, day: date) -> Because | None:
    with tenancy.inside(house.practice.establishment):
        return closing.around([house.practice.role], day).because(house.practice.role)


def test_a_sunday_says_so_and_leads_to_monday(house: House, desk: Client) -> None:
    sunday = house.day + timedelta(days=5)
    page = _page(desk, sunday)
    assert "Ne reçoit pas le dimanche" in page
    assert f'data-key="o" href="/cabinet/?jour={(sunday + timedelta(days=1)).isoformat()}"' in page
    # The control: an open day says nothing of the sort.
    page = _page(desk, house.day)
    assert "Fermé" not in page
    assert 'data-key="o"' not in page


def test_a_public_holiday_is_named(house: House, desk: Client) -> None:
    page = _page(desk, CHRISTMAS)
    assert "Jour férié : Noël" in page
    assert f"jour={(CHRISTMAS + timedelta(days=3)).isoformat()}" in page
    english = desk.get(
        f"/cabinet/?jour={CHRISTMAS.isoformat()}", headers={"accept-language": "en"}
    ).content.decode()
    assert "Christmas" in english


def test_an_absence_shows_its_public_note(house: House, desk: Client) -> None:
    house_day = house.day + timedelta(days=1)
    with tenancy.inside(house.practice.establishment):
        for role in (house.practice.role, house.second):
            Absence.objects.create(
                establishment_id=house.practice.establishment, role_id=role,
                public_note="Congrès", span=(house.at(0), house.at(0) + timedelta(days=3)),
            )  # fmt: skip
    assert "Absence : Congrès" in _page(desk, house_day)


def test_a_closed_day_with_visits_left_still_shows_them(house: House, desk: Client) -> None:
    _away(house)
    page = _page(desk, house.day)
    assert page.count("Occupé") == 3
    assert 'class="closed-why"' in page


def test_a_week_says_in_its_head_why_a_day_is_closed(house: House, desk: Client) -> None:
    page = _page(desk, CHRISTMAS, "semaine/")
    assert "Jour férié : Noël" in page


def test_each_rule_is_told_apart(house: House) -> None:
    wednesday = house.day + timedelta(days=1)
    assert _because(house, wednesday) is None
    with tenancy.inside(house.practice.establishment):
        shut = OpeningException.objects.create(
            establishment_id=house.practice.establishment, role_id=house.practice.role,
            day=wednesday, starts="00:00", ends="23:55", kind="closed",
        )  # fmt: skip
    assert _because(house, wednesday) is Because.CLOSED_DATE
    with tenancy.inside(house.practice.establishment):
        shut.delete()
    assert _because(house, wednesday) is None
    assert _because(house, CHRISTMAS) is Because.HOLIDAY
    with tenancy.inside(house.practice.establishment):
        WeeklyOpening.objects.filter(role_id=house.practice.role).update(closed_on_holidays=False)
    assert _because(house, CHRISTMAS) is None
    assert _because(house, house.day + timedelta(days=5)) is Because.WEEKDAY


def test_what_is_called_closed_is_what_the_agenda_draws_closed(house: House) -> None:
    """The two must not differ: a column without openings, and only that, has a reason."""
    _away(house)
    role = house.practice.role
    with tenancy.inside(house.practice.establishment):
        for first in (house.day, CHRISTMAS):
            for on in (first + timedelta(days=n) for n in range(14)):
                (column,) = agenda.day(house.practice.establishment, [role], on, PARIS)
                closed = closing.around([role], on).because(role) is not None
                assert closed == (not column.openings)


def test_nobody_who_never_opens_is_waited_for(house: House, desk: Client) -> None:
    with tenancy.inside(house.practice.establishment):
        WeeklyOpening.objects.filter(establishment_id=house.practice.establishment).delete()
    page = _page(desk, house.day + timedelta(days=1))
    assert "Aucune heure d’ouverture prévue" in page
    assert 'data-key="o"' not in page
