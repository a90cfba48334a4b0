"""Letters to print: a list, sheets opened on record, sent and taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import gate
from serment.outbox import delivery, letters, post, registry
from serment.outbox.models import Message, State
from serment.web.practice import letter_kinds
from tests.web_practice.house import PEOPLE, House, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def pile(house: House) -> House:
    """Three confirmations for people without an e-mail address: three letters."""
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert len(letters.waiting(house.practice.establishment)) == 3
    return house


def _page(desk: Client, address: str = "/cabinet/lettres/") -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


def _ids(page: str) -> list[str]:
    return re.findall(r'name="lettre" value="([^"]+)"', page)


def _messages_opened(house: House, at: int) -> set[str]:
    rows = gate.history(house.practice.secretary(), house.files[at], 200)
    return {
        name.rpartition(".")[2]
        for row in rows
        if row.purpose == "message" and row.kind == "read" and row.actor_kind == "staff"
        for name in row.fields
    }


def test_the_menu_counts_and_the_list_opens_no_name(pile: House, desk: Client) -> None:
    page = _page(desk)
    assert re.search(r'class="menu-count">3<', page)
    assert len(_ids(page)) == 3
    assert "Confirmation" in page
    assert "9 h 00" in page
    for family, given, _birth, _phone in PEOPLE:
        assert family not in page
        assert given not in page


def test_names_open_on_request(pile: House, desk: Client) -> None:
    desk.post("/cabinet/lettres/noms")
    assert "Bastien Roux-Delmas" in _page(desk)
    desk.post("/cabinet/lettres/noms", {"quoi": "fermer"})
    assert "Roux-Delmas" not in _page(desk)


def test_sheets_open_name_and_address_of_those_ticked_only(pile: House, desk: Client) -> None:
    first = _ids(_page(desk))[0]
    assert not _messages_opened(pile, 0)
    answer = desk.post("/cabinet/lettres/feuilles", {"lettre": first})
    page = answer.content.decode()
    assert page.count('<article class="sheet">') == 1
    assert "Bastien Roux-Delmas" in page
    assert "Votre rendez-vous est confirmé." in page
    assert "Adresse postale inconnue." in page
    assert "mot scellé" not in page
    assert {"given_name", "family_name"} <= _messages_opened(pile, 0)
    assert not _messages_opened(pile, 1)


def test_sent_letters_leave_the_list_and_come_back(pile: House, desk: Client) -> None:
    ids = _ids(_page(desk))
    answer = desk.post("/cabinet/lettres/envoyees", {"lettre": ids[:2]}, follow=True)
    page = answer.content.decode()
    assert "2 lettres marquées comme envoyées" in page
    assert _ids(page) == ids[2:]
    page = desk.post("/cabinet/lettres/remettre", follow=True).content.decode()
    assert sorted(_ids(page)) == sorted(ids)
    # Pressed again, nothing more comes back.
    assert desk.post("/cabinet/lettres/remettre", follow=True).status_code == 200


def test_letters_of_another_house_are_neither_shown_nor_sent(pile: House, desk: Client) -> None:
    other = make_house(5)
    delivery.send_due(delivery.next_try(0, clock.now()))
    foreign = [str(one.pk) for one in letters.waiting(other.practice.establishment)]
    assert len(foreign) == 3
    assert not set(foreign) & set(_ids(_page(desk)))
    assert desk.post("/cabinet/lettres/feuilles", {"lettre": foreign}).status_code == 302
    desk.post("/cabinet/lettres/envoyees", {"lettre": foreign})
    assert len(letters.waiting(other.practice.establishment)) == 3
    # The control: whoever works there sees and sends them.
    theirs = other.enter()
    assert sorted(_ids(_page(theirs))) == sorted(foreign)
    theirs.post("/cabinet/lettres/envoyees", {"lettre": foreign})
    assert letters.waiting(other.practice.establishment) == []


def test_rubbish_is_no_letter(pile: House, desk: Client) -> None:
    for address in ("feuilles", "envoyees"):
        answer = desk.post(f"/cabinet/lettres/{address}", {"lettre": ["", "x", "../"]})
        assert answer.status_code == 302
    assert len(letters.waiting(pile.practice.establishment)) == 3


def test_a_manager_prints_nobody_s_letters() -> None:
    desk = make_house(6, role="manager").enter()
    assert desk.get("/cabinet/lettres/").status_code == 404
    assert "/cabinet/lettres/" not in desk.get("/cabinet/").content.decode()


def test_an_empty_pile_says_so(house: House, desk: Client) -> None:
    page = _page(desk)
    assert "Aucune lettre n’attend." in page
    assert "menu-count" not in page


def test_every_kind_of_message_says_how_it_reaches_whoever_has_no_e_mail() -> None:
    assert set(registry._facts) <= set(letter_kinds.KINDS)


@pytest.mark.parametrize("known", [True, False])
def test_what_is_about_a_file_is_a_letter_with_its_text_too(
    known: bool, house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: read as a visit's, each of them waits where no desk ever sees it."""
    about = [kind for kind in letter_kinds.KINDS if letter_kinds.is_about_file(kind)]
    assert "glass" in about
    if not known:
        monkeypatch.setattr(letter_kinds, "is_about_file", lambda _kind: False)
    here, actor, now = house.practice.establishment, house.practice.secretary(), clock.now()
    delivery.send_due(now)
    with tenancy.inside(here):
        Message.objects.update(state=State.SENT)
        for kind in about:
            post.again(kind, house.files[0], here, post.sign(actor, house.files[0], now))
    assert delivery.send_due(now + timedelta(minutes=2)).letters == len(about)
    listed = _page(desk)
    if not known:
        assert _ids(listed) == []
        return
    assert "Dossier ouvert en urgence" in listed
    assert PEOPLE[0][0] not in listed
    chosen = {"lettre": _ids(listed)}
    assert len(chosen["lettre"]) == len(about)
    printed = desk.post("/cabinet/lettres/feuilles", chosen).content.decode()
    assert "Bastien Roux-Delmas" in printed
    assert "ouvert en urgence" in printed
    desk.post("/cabinet/lettres/envoyees", chosen)
    assert letters.waiting(here) == []
