"""Nothing is offered that ends in a missing page: each role sees what it may do."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.web_practice.house import PEOPLE, House, make_house

pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|action|formaction)="(/cabinet/[^"#]*|\?[^"#]*)')


def _open_names(desk: Client, house: House) -> None:
    sent = {"agenda": house.practice.role, "jour": house.day.isoformat(), "quoi": "noms"}
    assert desk.post("/cabinet/noms", sent).status_code == 302
    assert PEOPLE[0][0] in desk.get(house.agenda()).content.decode()


@pytest.mark.parametrize("role", ["manager", "secretary", "trainee"])
def test_every_link_of_the_agenda_leads_somewhere_and_every_button_is_theirs(role: str) -> None:
    house = make_house(3, role=role)
    desk = house.enter()
    pages = [house.agenda(), house.agenda(rdv=str(house.visits[0])), "/cabinet/semaine/"]
    if role == "trainee":
        _open_names(desk, house)
    offered: set[str] = set()
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code == 200
        for link in LINK.findall(answer.content.decode()):
            address = link.replace("&amp;", "&")
            offered.add(page.partition("?")[0] + address if address[0] == "?" else address)
    assert len(offered) > 10
    for address in sorted(offered):
        # A form's address asked for by GET answers 405 to whoever may post to it, 404 to nobody.
        found = desk.get(address).status_code
        assert found in (200, 302, 405), address
    posted = {one for one in offered if re.search(r"/(noms|ouvrir|annuler|etat)$", one)}
    assert bool(posted) == (role != "manager")
    assert {one.rpartition("/")[2] for one in posted} <= {"noms"} or role == "secretary"
    drawn = desk.get(pages[1]).content.decode()
    assert ('class="free' in drawn) == (role == "secretary")
    assert ('id="find"' in drawn) == (role == "secretary")
