"""The agenda opens no name by itself; what is asked for opens, for exactly those, on record."""

from __future__ import annotations

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import gate
from serment.disclosure.told import Disclosure
from tests.scheduling.practice import make_role
from tests.web_practice.house import PEOPLE, House, make_house

pytestmark = pytest.mark.django_db


def _history(house: House, at: int, purpose: str = "agenda") -> list[Disclosure]:
    rows = gate.history(house.practice.secretary(), house.files[at], 200)
    return [row for row in rows if row.purpose == purpose]


def _opened(rows: list[Disclosure]) -> set[str]:
    return {name.rpartition(".")[2] for row in rows for name in row.fields}


def _page(desk: Client, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return str(answer.content.decode())


def _open_names(desk: Client, house: House, what: str = "noms") -> None:
    answer = desk.post(
        "/cabinet/motifs" if what == "motifs" else "/cabinet/noms",
        {
            "agenda": str(house.practice.role),
            "jour": house.day.isoformat(),
            "quoi": what,
            "retour": house.agenda(),
        },
    )
    assert answer.status_code == 302
    assert answer["Location"] == house.agenda()


def test_a_stranger_is_sent_to_sign_in(house: House) -> None:
    answer = Client().get("/cabinet/")
    assert answer.status_code == 302
    assert "/compte/connexion/" in answer["Location"]


def test_a_day_shows_time_and_state_and_opens_nothing(house: House, desk: Client) -> None:
    page = _page(desk, house.agenda())
    assert page.count("Occupé") == 3
    assert "ouvrir les noms" in page
    for family, given, _birth, _phone in PEOPLE:
        assert family not in page
        assert given not in page
    assert not [row for at in range(3) for row in _history(house, at)]


def test_names_open_on_request_for_that_day_and_each_is_recorded(
    house: House, desk: Client
) -> None:
    _open_names(desk, house)
    page = _page(desk, house.agenda())
    assert "noms ouverts" in page
    for at, (family, given, birth, phone) in enumerate(PEOPLE):
        assert f"{given} {family}" in page
        assert {"given_name", "family_name"} <= _opened(_history(house, at))
        assert "phone" not in _opened(_history(house, at))
        assert "details" not in _opened(_history(house, at))
        assert birth not in page
        assert phone not in page
    other = _page(desk, "/cabinet/?jour=2030-01-01")
    assert PEOPLE[0][0] not in other


def test_names_close_again(house: House, desk: Client) -> None:
    _open_names(desk, house)
    _open_names(desk, house, "fermer")
    assert PEOPLE[0][0] not in _page(desk, house.agenda())


def test_reasons_are_opened_apart_and_colour_the_day(house: House, desk: Client) -> None:
    _open_names(desk, house)
    assert "entry-first" not in _page(desk, house.agenda())
    _open_names(desk, house, "motifs")
    page = _page(desk, house.agenda())
    assert "entry-first" in page
    assert "entry-video" in page
    assert "details" in _opened(_history(house, 0))


def test_initials_for_a_screen_that_others_see(house: House, desk: Client) -> None:
    _open_names(desk, house)
    desk.post("/cabinet/initiales", {"initiales": "1", "retour": house.agenda()})
    page = _page(desk, house.agenda())
    assert "B. R." in page
    assert PEOPLE[0][0] not in page


def test_a_week_shows_each_day(house: House, desk: Client) -> None:
    page = _page(desk, f"/cabinet/semaine/?jour={house.day.isoformat()}")
    assert page.count("Occupé") == 3
    assert PEOPLE[0][0] not in page


def test_the_week_of_all_counts_for_each_and_opens_only_the_focused_day(
    house: House, desk: Client
) -> None:
    address = f"/cabinet/semaine/?jour={house.day.isoformat()}"
    week = desk.get(address).context["whole"]
    assert [row.visits for row in week.rows] == [3, 0]
    cell = next(one for one in week.rows[0].cells if one.day == house.day)
    assert cell.load.visits == 3
    assert cell.taken
    assert cell.first_free == house.at(9, 30)
    assert (week.member.id, week.day) == (house.practice.role, house.day)
    _open_names(desk, house)
    assert PEOPLE[0][0] in _page(desk, address)
    elsewhere = _page(desk, f"{address}&pour={house.second}")
    assert "whole-row" in elsewhere
    assert PEOPLE[0][0] not in elsewhere
    assert "whole-row" not in _page(desk, f"{address}&de={house.second}")


def test_the_panel_opens_person_and_reason_one_by_one(house: House, desk: Client) -> None:
    visit = house.visits[0]
    address = house.agenda(rdv=str(visit))
    assert PEOPLE[0][0] not in _page(desk, address)
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"retour": house.agenda()})
    page = _page(desk, address)
    assert "Bastien Roux-Delmas" in page
    assert "06 39 98 21 04" in page.replace("\u00a0", " ")
    assert "Ouvert par" in page
    assert "<strong>Vous</strong>" in page
    assert "mot scellé" not in page
    assert "details" not in _opened(_history(house, 0))
    assert not _history(house, 1)
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"quoi": "motif", "retour": house.agenda()})
    assert "mot scellé" in _page(desk, address)
    assert "details" in _opened(_history(house, 0))


def test_another_houses_agenda_looks_missing(house: House, desk: Client) -> None:
    other = make_house(1)
    visit = other.visits[0]
    for address in (f"/cabinet/visite/{visit}/ouvrir", f"/cabinet/visite/{visit}/annuler"):
        assert desk.post(address, {"retour": "/cabinet/"}).status_code == 404
    assert desk.get(f"/cabinet/patients/{other.files[0]}/").status_code == 404
    assert desk.get(f"/cabinet/visite/{visit}/carte").status_code == 404
    page = _page(desk, f"/cabinet/?agenda={other.practice.role}&jour={house.day.isoformat()}")
    assert f'value="{other.practice.role}"' not in page
    missing = desk.post(
        "/cabinet/noms",
        {"agenda": str(other.practice.role), "jour": house.day.isoformat(), "quoi": "noms"},
    )
    assert missing.status_code == 404
    assert not _history(other, 0)
    # The same questions asked by whoever works there are answered: the wall is what refused.
    assert other.enter().get(f"/cabinet/visite/{visit}/carte").status_code == 200


def test_a_manager_sees_the_agenda_and_opens_no_name() -> None:
    house = make_house(2, role="manager")
    desk = house.enter()
    assert desk.get(house.agenda()).status_code == 200
    body = {"agenda": str(house.practice.role), "jour": house.day.isoformat(), "quoi": "noms"}
    assert desk.post("/cabinet/noms", body).status_code == 404
    assert desk.get("/cabinet/patients/").status_code == 404


def test_ways_back_lead_nowhere_else(house: House, desk: Client) -> None:
    for address in ("https://exemple.com/cabinet/", "//exemple.com/", "/demo"):
        answer = desk.post("/cabinet/initiales", {"initiales": "1", "retour": address})
        assert answer["Location"] == "/cabinet/"


def test_chosen_agendas_stay_chosen_from_day_to_day(house: House, desk: Client) -> None:
    both = f"&agenda={house.practice.role}&agenda={house.second}"
    page = _page(desk, f"{house.agenda()}{both}")
    after = [line for line in page.splitlines() if 'data-key="ArrowRight"' in line]
    assert after
    assert "agenda=" not in after[0]
    one = _page(desk, f"{house.agenda()}&agenda={house.second}")
    assert "1 agenda affiché" in one
    assert "1 agenda affiché" in _page(desk, "/cabinet/?jour=2030-01-01")
    joined = _page(desk, house.agenda(avec=str(house.practice.role)))
    assert "2 agendas affichés" in joined


def test_hours_are_written_as_each_language_says_them(house: House, desk: Client) -> None:
    french = desk.get(house.agenda()).content.decode()
    assert "14\u00a0h<" in french
    english = desk.get(house.agenda(), headers={"accept-language": "en"}).content.decode()
    assert "2\u00a0pm<" in english
    assert "14\u00a0h<" not in english


def test_a_past_day_says_so_and_offers_no_time(house: House, desk: Client) -> None:
    past = _page(desk, "/cabinet/?jour=2025-03-04")
    assert "jour passé" in past
    assert "4\u00a0mars 2025" in past
    assert 'class="free' not in past
    assert "/cabinet/reserver/?jour=2025-03-04" not in past
    to_come = _page(desk, house.agenda())
    assert "jour passé" not in to_come
    assert 'class="free' in to_come


def test_more_agendas_than_fit_are_said_and_an_empty_panel_takes_no_room(
    house: House, desk: Client
) -> None:
    with tenancy.inside(house.practice.establishment):
        ids = [
            make_role(house.practice.establishment, house.practice.site, position=2 + at)
            for at in range(12)
        ]
    wanted = "&".join(f"agenda={one}" for one in [house.practice.role, *ids])
    page = desk.get(f"{house.agenda()}{wanted}").content.decode()
    assert "1 autre n’est pas montré" in page
    assert 'id="panel"' not in page
    page = desk.get(house.agenda(rdv=str(house.visits[0]))).content.decode()
    assert "pas montré" not in page
    assert 'id="panel"' in page
