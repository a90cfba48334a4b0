"""Search: three letters, no accents, numbers and dates as people type them, ten hits."""

from __future__ import annotations

import pytest

from serment.disclosure import SYSTEM, NotYours, Purpose, gate
from serment.identity.models import PatientFile
from serment.ids import new_id
from serment.keeper.search import SearchIndex, digits_of, folded, tokens_of, wanted
from tests.keeper.running import Running, make_appointment, make_file, patient_of, staff_of

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
    assert set(index.find(*HERE, typed).records) == found


def test_a_changed_name_is_found_no_more_by_the_old_one(index: SearchIndex) -> None:
    index.put(b"1", "name", HERE, tokens_of("name", "Zoé Martin"))
    assert index.find(*HERE, "lefevre").records == []
    assert index.find(*HERE, "zoe").records == [b"1"]
    index.drop(b"1")
    assert index.find(*HERE, "zoe").records == []
    assert index.find(*HERE, "03/02/1980").records == [b"3"]


def test_no_more_than_ten_and_whole_names_first(index: SearchIndex) -> None:
    for number in range(30):
        index.put(b"m%d" % number, "name", HERE, tokens_of("name", f"Martineau{number}"))
    index.put(b"whole", "name", HERE, tokens_of("name", "Martin"))
    found = index.find(*HERE, "martin")
    assert len(found.records) == 10
    assert found.records[0] == b"whole"
    assert found.more
    assert not index.find(*HERE, "eloise").more


@pytest.mark.parametrize("ranked", [True, False])
def test_files_made_at_home_hide_nobody(ranked: bool) -> None:
    """Negative control: without the rank, files made in a victim's name fill all ten places."""
    index = SearchIndex()
    tokens = tokens_of("name", "Quatrevaux")
    earlier, known = b"y-earlier", b"z-known"
    for place, record in enumerate([earlier, *(b"a-fake%d" % number for number in range(40))]):
        index.put(record, "name", HERE, tokens)
        if ranked:
            index.newcomer(record, place)
    index.put(known, "name", HERE, tokens)
    found = index.find(*HERE, "quatrevaux")
    assert found.more
    assert len(found.records) == 10
    assert (found.records[:2] == [known, earlier]) is ranked
    assert bool({known, earlier} & set(found.records)) is ranked
    for number in range(20):
        index.put(b"z-real%d" % number, "name", HERE, tokens)
    if ranked:
        some = index.find(*HERE, "quatrevaux").records
        assert [record[:1] for record in some] == [b"z"] * 7 + [b"y", b"a", b"a"]


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


def test_the_desk_meets_a_newcomer_by_writing_to_their_file(own_keeper: Running) -> None:
    here = new_id()
    secretary = staff_of(here)

    def made_at_home(given_name: str) -> PatientFile:
        file = PatientFile(id=new_id(), establishment_id=here)
        values = {"family_name": "Quatrevaux", "given_name": given_name}
        me = patient_of(new_id())
        gate.seal(me, Purpose.BOOKING, file, values, subject=file.pk, tenant=here)
        return file

    def found() -> gate.Hits:
        return gate.find(secretary, Purpose.SEARCH, "patient", "quatrevaux", tenant=here)

    first, second = made_at_home("Bea"), made_at_home("Alix")
    assert found() == [first.pk, second.pk]
    known = make_file(here, given_name="Yves")
    assert found() == [known.pk, first.pk, second.pk]
    assert not found().more
    make_appointment(here, second.pk)  # somebody of the establishment did something for them
    assert found() == [second.pk, known.pk, first.pk]
    own_keeper.stop()
    own_keeper.start()
    assert found() == [second.pk, known.pk, first.pk]
    gate.reveal(secretary, Purpose.CARE, [first], ["given_name"])
    assert found() == [second.pk, first.pk, known.pk]
    own_keeper.stop()
    own_keeper.start()
    assert found() == [second.pk, first.pk, known.pk]


def test_the_index_comes_back_after_a_restart_and_forgets_the_deleted(own_keeper: Running) -> None:
    here = new_id()
    kept, gone = make_file(here, phone="0612345678"), make_file(here)
    gate.delete(SYSTEM, Purpose.ADMINISTRATION, gone)
    own_keeper.stop()
    own_keeper.start()
    found = gate.find(staff_of(here), Purpose.SEARCH, "patient", "quatrevaux phil", tenant=here)
    assert found == [kept.pk]
    assert gate.find(staff_of(here), Purpose.SEARCH, "patient", "0612", tenant=here) == [kept.pk]


def test_a_telephone_is_found_by_its_first_digits_or_its_last_four() -> None:
    index = SearchIndex()
    index.put(b"1", "phone", HERE, tokens_of("phone", "+33612344821"))
    index.put(b"2", "phone", HERE, tokens_of("phone", "+33648210000"))
    index.put(b"3", "phone", HERE, tokens_of("phone", "4821"))
    assert sorted(index.find(*HERE, "4821").records) == [b"1", b"3"]
    assert index.find(*HERE, "0648").records == [b"2"]
    assert index.find(*HERE, "821").records == index.find(*HERE, "34821").records == []
    index.drop(b"1")
    assert index.find(*HERE, "4821").records == [b"3"]
