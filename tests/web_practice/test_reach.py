"""How somebody wants to be reached stands before every number at the desk, and on every sheet."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import gate
from serment.identity import contact, files, reaching
from serment.outbox import delivery
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db
USUAL, SAFE = "06 39 98 21 04", "06 39 98 00 77"
FORM = {"letter": "1", "phone": "1", "number": SAFE, "hours": "de 9 h à 12 h", "no_messages": "1"}


def _page(answer: Any) -> str:
    text: str = answer.content.decode()
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _panel(desk: Client, house: House, at: int) -> str:
    visit = house.visits[at]
    desk.post(f"/cabinet/visite/{visit}/ouvrir", {"retour": house.agenda()})
    return _page(desk.get(house.agenda(rdv=str(visit))))


def test_the_warning_stands_before_the_number_wherever_the_desk_reads_it(
    house: House, desk: Client
) -> None:
    file = house.files[0]
    before = _panel(desk, house, 0)
    assert f">{USUAL}</a>" in before  # the control: nobody said anything
    assert 'class="calling"' not in before
    answer = desk.post(f"/cabinet/patients/{file}/contact", FORM, follow=True)
    assert "C’est enregistré" in _page(answer)
    booking = desk.get(f"/cabinet/reserver/?patient={file}")
    for page in (_panel(desk, house, 0), _page(desk.get(f"/cabinet/patients/{file}/")),
                 _page(booking)):  # fmt: skip
        said = page.index(f"Ne pas appeler le {USUAL}.")
        assert said < page.index(f">{SAFE}</a>")
        assert f">{USUAL}</a>" not in page
        assert "Rien sur le répondeur" in page
        assert "Heures : de 9 h à 12 h" in page
    assert "Ne pas écrire par e-mail" in _page(desk.get(f"/cabinet/patients/{file}/"))
    # A list shows neither number, and no address of any page holds one.
    hits = _page(desk.post("/cabinet/patients/", {"q": "Roux"}))
    assert "Roux-Delmas" in hits
    assert USUAL not in hits
    assert SAFE not in hits
    # Nobody is called who asked for it.
    desk.post(f"/cabinet/patients/{file}/contact", {"letter": "1", "hours": ""})
    page = _panel(desk, house, 0)
    assert "Ne pas appeler." in page
    assert "tel:+33639982104" not in page


def test_that_no_number_is_known_is_no_word_against_calling(house: House, desk: Client) -> None:
    """The control: the same file once its person said that nobody is to call."""
    file = house.files[0]
    files.change(house.practice.secretary(), file, {"phone": ""})
    pages = (f"/cabinet/patients/{file}/", f"/cabinet/reserver/?patient={file}")
    assert "inconnu" in _panel(desk, house, 0)
    for page in (_panel(desk, house, 0), *(_page(desk.get(path)) for path in pages)):
        assert "Ne pas appeler" not in page
    desk.post(f"/cabinet/patients/{file}/contact", {"letter": "1", "hours": ""})
    for page in (_panel(desk, house, 0), *(_page(desk.get(path)) for path in pages)):
        assert "Ne pas appeler." in page


def test_what_was_typed_wrong_is_said_and_nothing_is_lost(house: House, desk: Client) -> None:
    address = f"/cabinet/patients/{house.files[0]}/contact"
    answer = desk.post(address, FORM | {"number": "06 12", "email": "chez ma sœur"})
    page = _page(answer)
    assert answer.status_code == 422
    assert "2 champs sont à corriger" in page
    assert 'value="06 12"' in page
    assert 'value="de 9 h à 12 h"' in page


def test_a_letter_goes_where_its_person_said_or_stays_unprinted(house: House, desk: Client) -> None:
    delivery.send_due(delivery.next_try(0, clock.now()))  # nobody here has an e-mail address
    ids = [str(one.pk) for one in _waiting(house)]
    with tenancy.inside(house.practice.establishment):
        staff = house.practice.secretary()
        reaching.say_at_desk(staff, house.files[0], contact.Wishes(letter=False))
        safe = contact.Wishes(address="3 rue du Puits, 74000 Annecy", neutral=True)
        reaching.say_at_desk(staff, house.files[1], safe)
    sheets = _page(desk.post("/cabinet/lettres/feuilles", {"lettre": ids}))
    assert "Bastien" not in sheets
    mine = sheets[sheets.index("Aurore Lemoine") - 400 : sheets.index("Aurore Lemoine") + 900]
    assert "rue du Puits" in mine
    # The control: the third letter names house and practitioner, hers does not.
    with tenancy.inside(house.practice.establishment):
        role = house.practice.role
        from serment.directory.models import PractitionerRole

        found = PractitionerRole.objects.select_related("practitioner", "site").get(pk=role)
    articles = sheets.split('<article class="sheet">')[1:]
    [hers] = [one for one in articles if "Aurore" in one]
    [other] = [one for one in articles if "Camille" in one]
    for telling in (str(found.practitioner), found.site.address_line):
        assert telling in other
        assert telling not in hers


def _waiting(house: House) -> list[Any]:
    from serment.outbox import letters

    return list(letters.waiting(house.practice.establishment))


def test_two_files_with_one_mailbox_write_neutrally_from_then_on(
    house: House, desk: Client
) -> None:
    one, two, three = house.files
    here = house.practice.establishment
    staff = house.practice.secretary()
    with tenancy.inside(here):
        files.change(staff, one, {"email": "couple@exemple.fr"})
        files.change(staff, three, {"email": "couple@exemple.fr.example"})
    named = {"family_name": "Lemoine", "given_name": "Aurore", "birth_date": "2 juillet 1988"}
    desk.post(f"/cabinet/patients/{two}/corriger", named | {"email": "couple@exemple.fr"})
    with tenancy.inside(here):
        known = [reaching.of_file(staff, file) for file in (one, two, three)]
    assert [each.shared for each in known] == [True, True, False]
    assert [each.discreet for each in known] == [True, True, False]
    assert "Boîte lue par d’autres" in _page(desk.get(f"/cabinet/patients/{two}/"))


def test_who_opened_how_to_be_reached_is_on_record(house: House, desk: Client) -> None:
    file = house.files[0]
    desk.post(f"/cabinet/patients/{file}/contact", FORM)
    desk.get(f"/cabinet/patients/{file}/")
    lines = gate.history(house.practice.secretary(), file, limit=20)
    assert any(line.kind == "read" and contact.FIELD in line.fields for line in lines)
    assert any(line.kind == "write" and contact.FIELD in line.fields for line in lines)
