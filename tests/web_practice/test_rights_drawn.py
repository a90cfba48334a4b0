"""Nothing is offered that ends in a missing page: each role sees what it may do."""

from __future__ import annotations

import re

import pytest

from tests.web_practice.house import make_house

pytestmark = pytest.mark.django_db
LINK = re.compile(r'(?:href|action|formaction)="(/cabinet/[^"#]*|\?[^"#]*)')


@pytest.mark.parametrize("role", ["manager", "secretary"])
def test_every_link_of_the_agenda_leads_somewhere_and_every_button_is_theirs(role: str) -> None:
    house = make_house(3, role=role)
    desk = house.enter()
    pages = [house.agenda(), house.agenda(rdv=str(house.visits[0])), "/cabinet/semaine/"]
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
    assert bool(posted) == (role == "secretary")
    drawn = desk.get(pages[1]).content.decode()
    assert ('class="free' in drawn) == (role == "secretary")
    assert ('id="find"' in drawn) == (role == "secretary")
