"""When a house reminds: a reason's name that several practitioners use is each one's own choice."""

from __future__ import annotations

import re

import pytest

from serment.directory import tenancy
from serment.scheduling.models import VisitReason
from tests.web_practice.house import make_house

pytestmark = pytest.mark.django_db


def test_a_name_that_two_use_stands_once_under_each(db: None) -> None:
    """As it was, one name stood as often as practitioners had it, and none said whose it was."""
    house = make_house(role="manager")
    here = house.practice.establishment
    with tenancy.inside(tenant=here):
        for role in (house.practice.role, house.second):
            VisitReason.objects.create(
                establishment_id=here, role_id=role, name_fr="Bilan partagé", name_en="Check-up",
                duration_minutes=30, horizon_days=60,
            )  # fmt: skip
    page = house.enter().get("/cabinet/messages/").content.decode()
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page)
    assert len(groups) == 2  # namesakes at one place here: each still has a group
    for _name, options in groups:
        assert options.count("Bilan partagé, 30 min") == 1
    assert page.count("Bilan partagé, 30 min") == 2
    picked = re.search(r'<option value="([0-9a-f-]{36})"', groups[0][1])
    assert picked is not None
    browser = house.enter()
    assert browser.get(f"/cabinet/messages/?motif={picked[1]}").status_code == 200
    assert browser.get(f"/cabinet/messages/?motif={house.second}").status_code == 404
