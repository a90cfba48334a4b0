"""A month says how many come and how much is left, and opens nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.web_practice.house import PEOPLE, House

pytestmark = pytest.mark.django_db


def test_a_month_counts_visits_and_free_time_and_names_nobody(house: House, desk: Client) -> None:
    answer = desk.get(f"/cabinet/mois/?jour={house.day.isoformat()}")
    page = answer.content.decode()
    days = {day.on: day for week in answer.context["weeks"] for day in week}
    assert days[house.day].load.visits == 3
    assert days[house.day].load.taken_minutes == 90
    assert days[house.day].load.free_minutes > 0
    assert "3 visites" in page
    assert all(family not in page for family, *_rest in PEOPLE)
