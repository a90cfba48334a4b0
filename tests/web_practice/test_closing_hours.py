"""Hours of somebody who left end by one act; what is booked is counted and not opened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serment.disclosure import SYSTEM
from serment.errors import NotThere
from serment.identity import staff
from serment.identity.models import Role
from serment.scheduling import closing, ending
from serment.scheduling.models import Appointment
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db


def doctor(house: House) -> str:
    """The page of the doctor of all three visits."""
    made = staff.create(
        SYSTEM, house.practice.establishment, Role.PRACTITIONER,
        {"given_name": "Alma", "family_name": "Régnier", "email": None},
        practitioner_role=house.practice.role,
    )  # fmt: skip
    return f"/cabinet/equipe/{made.pk}/horaires/"


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def receives(house: House, day: date) -> bool:
    return house.practice.role in closing.around([house.practice.role], day).open()


@pytest.mark.parametrize("ended", [True, False])
def test_a_manager_ends_the_hours_and_reads_what_is_left_without_a_name(
    ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with the act taken away, whoever left is booked week after week."""
    house = make_house(role="manager")
    page, desk = doctor(house), house.enter()
    shown = text(desk.get(page))
    assert "3 rendez-vous restent à reprendre" in shown
    assert f"jour={house.day.isoformat()}" in shown
    assert not any(name in shown for name in ("Roux-Delmas", "Lemoine", "Nguyen"))
    if not ended:
        monkeypatch.setattr(ending, "end_hours", lambda *_: None)
    last = house.day
    desk.post(page, {"dernier": last.isoformat()})
    assert receives(house, last)
    assert receives(house, last + timedelta(days=7)) is not ended
    if ended:
        assert "On peut réserver jusqu’au" in text(desk.get(page))
        standing = Appointment.objects.filter(status="booked", role=house.practice.role)
        assert standing.count() == 3  # nothing booked changes, nobody is told


def test_a_day_that_makes_no_sense_keeps_what_was_typed_and_no_other_house_is_reached() -> None:
    house, other = make_house(role="manager"), make_house(1, role="manager")
    page, desk = doctor(house), house.enter()
    refused = desk.post(page, {"dernier": "1999-01-01"})
    assert refused.status_code == 422
    assert "1999-01-01" in text(refused)
    assert receives(house, house.day)
    stranger = other.enter()
    assert stranger.post(page, {"dernier": house.day.isoformat()}).status_code == 404
    with pytest.raises(NotThere):
        ending.end_hours(other.practice.secretary(), house.practice.role, house.day)
    assert receives(house, house.day + timedelta(days=7))
