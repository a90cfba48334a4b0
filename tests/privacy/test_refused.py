"""What was refused at the entrance, in counts, to the officers of that house and to no other."""

from __future__ import annotations

import pytest

from serment.directory import tenancy
from serment.identity import turned_away
from serment.sightings.models import Kind, Sighting
from tests.privacy.test_glass_pages import officer_of, page
from tests.web_practice.house import House, make_house

pytestmark = pytest.mark.django_db


def test_another_houses_file_asked_for_is_counted_and_shown_to_the_officers_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turned_away.TALLY.forget()
    here, there = make_house(), make_house(1)
    desk, officer = here.enter(), officer_of(here)
    quiet = page(officer.get("/acces/alertes/"))
    assert "Refusé à l’entrée" not in quiet
    assert desk.get(f"/cabinet/patients/{here.files[0]}/").status_code == 200
    for _time in range(2):
        assert desk.get(f"/cabinet/patients/{there.files[0]}/").status_code == 404
    assert desk.get("/acces/alertes/").status_code == 404
    shown = page(officer.get("/acces/alertes/"))
    assert "Dossiers demandés qui ne sont pas d’ici" in shown
    assert "Pages demandées sans y avoir droit" in shown
    assert "Solène" not in shown.split("Refusé à l’entrée")[1]
    assert (_beyond(here), _beyond(there)) == (2, 0)
    monkeypatch.setattr(turned_away, "missed", lambda *_args, **_more: None)  # the control
    desk.get(f"/cabinet/patients/{there.files[1]}/")
    assert _beyond(here) == 2


def _beyond(house: House) -> int:
    with tenancy.inside(house.practice.establishment):
        found = Sighting.objects.filter(kind=Kind.CROSS_TENANT, door="practice:patient")
        return found.count()
