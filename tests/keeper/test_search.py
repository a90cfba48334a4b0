"""Search: three letters, no accents, numbers and dates as people type them, ten hits."""

from __future__ import annotations

import pytest

from serment.disclosure import SYSTEM, NotYours, Purpose, gate
from serment.ids import new_id
from serment.keeper.search import SearchIndex, digits_of, folded, tokens_of, wanted
from tests.keeper.running import Running, make_file, patient_of, staff_of

HERE = (b"e" * 16, "patient")
PEOPLE = {
    b"1": {"name": "Éloïse Lefèvre-D’Arc", "phone": "+33 6 12 34 56 78", "birth": "1980-02-03"},
    b"2": {"name": "Élodie Ly", "phone": "01.98.76.54.32", "birth": "1990-12-31"},
    b"3": {"name": "Œdipe El-Fassi", "phone": "0612 34 00 00", "birth": "1980-02-03"},
}


@pytest.fixture
def index() -> SearchIndex:
    made = SearchIndex()
    for record, one in PEOPLE.items():
        made.put(record, "name", HERE, tokens_of("name", one["name"]))
        made.put(record, "phone", HERE, tokens_of("phone", one["phone"]))
        made.put(record, "birth", HERE, tokens_of("birth_date", one["birth"]))
    return made


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("elo", {b"1", b"2"}),
        ("ÉLOÏSE", {b"1"}),
        ("lefevre eloise", {b"1"}),
        ("lefevredarc", {b"1"}),
        ("darc", {b"1"}),
        ("d'arc lef", {b"1"}),
        ("oedipe", {b"3"}),
        ("œdi", {b"3"}),
        ("elfassi", {b"3"}),
        ("el-fas", {b"3"}),
        ("ly", {b"2"}),
        ("el", {b"3"}),
        ("lu", set()),
        ("e", set()),
        ("", set()),
        ("06 12 34", {b"1", b"3"}),
        ("+33612345678", {b"1"}),
        ("0033 6 12 34 56 78", {b"1"}),
        ("03/02/1980", {b"1", b"3"}),
        ("3.2.1980 oedi", {b"3"}),
        ("1990-12-31", {b"2"}),
        ("elo 31/12/1990", {b"2"}),
        ("% _ * ' \" ; --", set()),
    ],
)
def test_people_are_found_as_they_are_typed(
    index: SearchIndex, typed: str, found: set[bytes]
) -> None:
    assert set(index.find(*HERE, typed)) == found


def test_a_changed_name_is_found_no_more_by_the_old_one(index: SearchIndex) -> None:
    index.put(b"1", "name", HERE, tokens_of("name", "Zoé Martin"))
    assert index.find(*HERE, "lefevre") == []
    assert index.find(*HERE, "zoe") == [b"1"]
    index.drop(b"1")
    assert index.find(*HERE, "zoe") == []
    assert index.find(*HERE, "03/02/1980") == [b"3"]


def test_no_more_than_ten_and_whole_names_first(index: SearchIndex) -> None:
    for number in range(30):
        index.put(b"m%d" % number, "name", HERE, tokens_of("name", f"Martineau{number}"))
    index.put(b"whole", "name", HERE, tokens_of("name", "Martin"))
    found = index.find(*HERE, "martin")
    assert len(found) == 10
    assert found[0] == b"whole"


def test_folding_and_digits() -> None:
    assert folded("ŒUVRE Çà Łódź") == "oeuvre ca lodz"
    assert digits_of("+33 (0)6 12 34 56 78") == "0612345678"
    assert wanted("a b") == []


def test_find_stays_inside_the_establishment_and_is_recorded(own_keeper: Running) -> None:
    here, there = new_id(), new_id()
    mine, theirs = make_file(here), make_file(there)
    secretary = staff_of(here)
    assert gate.find(secretary, Purpose.SEARCH, "patient", "quatrev", tenant=here) == [mine.pk]
    [hit, *_] = gate.history(secretary, mine.pk)
    assert (hit.kind, hit.fields) == ("search", ("found",))
    before = gate.health().size
    assert gate.find(secretary, Purpose.SEARCH, "patient", "inconnu", tenant=here) == []
    assert gate.health().size == before + 1
    for actor, tenant in (
        (secretary, there), (patient_of(new_id()), here), (SYSTEM, here), (secretary, None)
    ):  # fmt: skip
        with pytest.raises(NotYours):
            gate.find(actor, Purpose.SEARCH, "patient", "quatrev", tenant=tenant)
    assert gate.find(staff_of(there), Purpose.SEARCH, "patient", "quatrev", tenant=there) == [
        theirs.pk
    ]


def test_the_index_comes_back_after_a_restart_and_forgets_the_deleted(own_keeper: Running) -> None:
    here = new_id()
    kept, gone = make_file(here, phone="0612345678"), make_file(here)
    gate.delete(SYSTEM, Purpose.ADMINISTRATION, gone)
    own_keeper.stop()
    own_keeper.start()
    found = gate.find(staff_of(here), Purpose.SEARCH, "patient", "quatrevaux phil", tenant=here)
    assert found == [kept.pk]
    assert gate.find(staff_of(here), Purpose.SEARCH, "patient", "0612", tenant=here) == [kept.pk]
