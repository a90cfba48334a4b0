"""How long past visits are kept, as a manager decides it on the page."""

from __future__ import annotations

import pytest

from serment.directory import tenancy
from serment.scheduling.models import VisitRetention
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db

PAGE = "/cabinet/conservation/"


def _decided(house: House) -> list[int]:
    with tenancy.inside(house.practice.establishment):
        return list(VisitRetention.objects.values_list("years", flat=True))


def test_a_shorter_time_is_asked_again_with_what_it_deletes_and_a_longer_one_is_not() -> None:
    house = make_house(role="manager")
    browser = house.enter()
    asked = browser.post(PAGE, {"years": "2"}).content.decode()
    assert "Aujourd’hui, aucun n’est aussi ancien." in asked
    assert 'value="2" checked' in asked
    assert _decided(house) == [], "nothing yet"
    assert browser.post(PAGE, {"years": "2", "sure": "oui"}).status_code == 302
    assert _decided(house) == [2]
    assert "effacé 2 ans après" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {"years": "5"}).status_code == 302
    assert _decided(house) == [5]
    assert "pour de bon" in browser.post(PAGE, {"years": "3"}).content.decode()
    assert _decided(house) == [5]
    assert browser.post(PAGE, {"years": "0"}).status_code == 302
    assert _decided(house) == []


@pytest.mark.parametrize("years", ["4", "-1", "9999999999999", "x", ""])
def test_a_number_nobody_may_choose_changes_nothing(years: str) -> None:
    house = make_house(role="manager")
    browser = house.enter()
    browser.post(PAGE, {"years": "10", "sure": "oui"})
    assert browser.post(PAGE, {"years": years, "sure": "oui"}).status_code == 422
    assert _decided(house) == [10]
