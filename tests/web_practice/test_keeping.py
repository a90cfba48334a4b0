"""How long past visits are kept, as a manager decides it on the page."""

from __future__ import annotations

import pytest
from django.core import mail

from serment import clock
from serment.directory import tenancy
from serment.outbox import delivery
from serment.scheduling.models import VisitRetention
from tests.privacy.test_glass_pages import officer_of
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


def test_who_decides_together_hears_of_a_shorter_time_and_whoever_it_was_decided_for_too() -> None:
    """What one session decides the night does, and nobody undoes it. The control: a longer one."""
    house = make_house(role="manager")
    officer_of(house)
    browser = house.enter()
    browser.post(PAGE, {"years": "3", "sure": "oui"})
    browser.post(PAGE, {"years": "5"})
    mail.outbox.clear()
    delivery.send_due(delivery.next_try(0, clock.now()))
    told = {one.to[0]: PAGE in str(one.body) for one in mail.outbox}
    assert told == {house.email: True, f"privacy_officer-{house.email}": False}


@pytest.mark.parametrize("years", ["4", "-1", "9999999999999", "x", ""])
def test_a_number_nobody_may_choose_changes_nothing(years: str) -> None:
    house = make_house(role="manager")
    browser = house.enter()
    browser.post(PAGE, {"years": "10", "sure": "oui"})
    assert browser.post(PAGE, {"years": years, "sure": "oui"}).status_code == 422
    assert _decided(house) == [10]
