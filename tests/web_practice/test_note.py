"""The word beside a visit: changed on record, and the second who writes sees the first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import gate
from serment.scheduling import noting
from serment.scheduling.models import Appointment
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db


def _before(page: str) -> str:
    found = re.search(r'name="avant" value="([0-9a-f]+)"', page)
    assert found is not None
    return found.group(1)


def _word(house: House) -> str:
    with tenancy.inside(house.practice.establishment):
        visit = Appointment.objects.get(pk=house.visits[0])
        return noting.read(house.practice.secretary(), visit)


def test_two_write_and_the_second_sees_what_the_first_did(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/cabinet/visite/{house.visits[0]}/mot"

    def write(text: str, before: str) -> Any:
        return desk.post(address, {"mot": text, "avant": before})

    page = desk.get(address).content.decode()
    assert "mot scellé" in page
    seen = _before(page)
    assert write("le premier", seen).status_code == 302
    refused = write("le second", seen)
    assert refused.status_code == 409
    both = refused.content.decode()
    assert "le premier" in both
    assert "le second" in both
    assert _word(house) == "le premier"
    assert write("le second", _before(both)).status_code == 302
    assert _word(house) == "le second"
    told = gate.history(house.practice.secretary(), house.files[0], 30)
    assert sum(one.kind == "write" and "details" in one.fields for one in told) == 3
    # Control: without the mark, the first one's word would be lost without a word.
    monkeypatch.setattr(noting, "mark_of", lambda _note: seen)
    assert write("le troisième", seen).status_code == 302
