"""The page of results: which place was meant, what to do when nobody is near, when is next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from serment import clock, ids
from serment.directory import places
from serment.scheduling.search import Slot
from serment.web.patient.cards import Card, Column
from serment.web.patient.looking import place_in_heading
from serment.web.patient.slots import Offered

pytestmark = pytest.mark.django_db


def page(query: str) -> str:
    browser = Client(headers={"accept-language": "fr"})
    answer = browser.get(f"/rendez-vous/?quoi=specialty:ophtalmologue&{query}")
    assert answer.status_code == 200
    return str(answer.content.decode()).replace("\u00a0", " ")


def test_a_name_that_several_communes_bear_is_asked_about() -> None:
    text = page("ou_texte=saint gervais")
    assert "Autour de quel « saint gervais » ?" in text
    assert "Saint-Gervais-les-Bains (74170), département 74" in text
    assert "ou=74236" in text
    assert "autour de Saint-Gervais" not in text


@pytest.mark.parametrize("query", ["ou=74236", "ou_texte=sallanches", "ou_texte=74170", "ou=75056"])
def test_a_place_chosen_or_alone_of_its_name_is_not(query: str) -> None:
    assert "Autour de quel" not in page(query)


@pytest.mark.parametrize(
    ("typed", "known"), [("xyzzy", False), ("qwertz", False), ("salanche", True), ("paris", True)]
)
def test_a_place_far_from_what_was_typed_is_asked_about_and_never_taken(
    typed: str, known: bool
) -> None:
    text = page(f"ou_texte={typed}")
    assert (f"Nous ne connaissons pas « {typed} »." in text) is not known
    assert ("Vouliez-vous dire" in text) is not known
    assert places.complete(typed, 1), "the control: its first guess would have been taken"


def test_a_title_before_an_unknown_name_is_known_to_be_a_name() -> None:
    browser = Client(headers={"accept-language": "fr"})
    text = browser.get("/rendez-vous/?quoi_texte=dr chappaz&ou=74256").content.decode()
    assert "Personne de ce nom" in text
    assert "ne connaissons pas ce mot" not in text
    text = browser.get("/rendez-vous/?quoi_texte=zzgrmpf&ou=74256").content.decode()
    assert "ne connaissons pas ce mot" in text


def test_homonyms_have_their_postcode_in_the_heading_and_others_do_not() -> None:
    one, alone = places.by_code("93066"), places.by_code("74256")
    assert one is not None
    assert alone is not None
    assert place_in_heading(one) == "Saint-Denis (93200)"
    assert place_in_heading(alone) == "Sallanches"


def test_where_nobody_is_within_the_widest_circle_the_page_does_not_advise_to_widen() -> None:
    for query in ("ou=98818", "ou=98818&secteur=1"):
        text = page(query)
        assert "Personne à moins de 150 km" in text
        assert "largi" not in text


def test_a_second_line_that_says_the_first_again_is_left_out() -> None:
    browser = Client(headers={"accept-language": "fr"})
    found = browser.get("/completer/quoi?q=les yeux").json()["found"]
    assert (found[0]["label"], found[0]["hint"]) == ("Ophtalmologue", "")
    english = Client(headers={"accept-language": "en"}).get("/completer/quoi?q=eyes").json()
    assert (english["found"][0]["label"], english["found"][0]["hint"]) == (
        "Eye doctor", "Ophthalmology",
    )  # fmt: skip


def test_a_card_empty_on_a_phone_tells_its_next_slot_there() -> None:
    now = clock.now()
    slot = Slot(ids.new_id(), ids.new_id(), now, now + timedelta(minutes=15), "in_person")
    days = [Column("lun.", str(day), []) for day in range(4)]

    def card(*columns: Column) -> Card:
        return Card(
            role=None, noun="", initials="", distance_km=None, soonest=slot,  # type: ignore[arg-type]
            soonest_words="", soonest_address="", columns=list(columns), anything_soon=True,
            bring="", number=1, by_video=False, remark="",
        )  # fmt: skip

    full = Column("ven.", "4", [Offered("9 h", "vendredi 4 à 9 h", "/")])
    assert card(*days, full).nothing_on_phone
    assert not card(full, *days).nothing_on_phone
