"""The INS's rules: the key of a matricule, every way through the states, what may be sent."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.identity import ins
from serment.identity.ins import Authority, Document, Mark, Matricule, Standing, State

NIR = Authority.NIR.value
TRAITS = {
    "birth_name": "DUBOIS", "first_birth_given_name": "ANGELA", "birth_date": "1962-08-24",
    "birth_given_names": "ANGELA CLAIRE", "sex": "female", "birth_place": "75107",
}  # fmt: skip
LOW = (Mark.DOUBTFUL, Mark.FICTITIOUS)


@pytest.mark.parametrize(
    "known",
    ["184127645108946", "2 55 08 14 168 025 38", "2550814168025 38"],  # examples as widely printed
)
def test_known_numbers_are_taken_as_people_write_them(known: str) -> None:
    assert ins.matricule(known, NIR).number == "".join(known.split())


@pytest.mark.parametrize(
    ("thirteen", "key"),
    # Worked by hand from the rule: 2A is read as 19, 2B as 18 (INSEE), then 97 - n mod 97.
    [
        ("1850619001001", f"{97 - 1850619001001 % 97:02d}"),
        ("185062A001001", f"{97 - 1850619001001 % 97:02d}"),
        ("285062B033012", f"{97 - 2850618033012 % 97:02d}"),
    ],
)
def test_the_key_of_corsica_is_that_of_19_and_18(thirteen: str, key: str) -> None:
    assert ins.key_of(thirteen) == key
    assert ins.matricule(thirteen.lower() + key, NIR).number == thirteen + key
    if "2A" in thirteen:
        other = thirteen.replace("2A", "2B")
        with pytest.raises(ins.MatriculeWrong):
            ins.matricule(other + key, NIR)


@given(st.integers(0, 10**12 - 1), st.integers(0, 12), st.integers(1, 9))
def test_any_one_digit_wrong_is_seen(rest: int, at: int, by: int) -> None:
    """97 is prime and more than any digit times a power of ten can hide."""
    thirteen = f"1{rest:012d}"
    number = thirteen + ins.key_of(thirteen)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert ins.matricule(number, NIR).kept() == f"{number} {NIR}"
    with pytest.raises(ins.MatriculeWrong):
        ins.matricule(wrong, NIR)


@pytest.mark.parametrize(
    "text", ["", "1841276451089", "18412764510894６", "1841276451089460", "A" * 15]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ins.MatriculeWrong):
        ins.matricule(text, NIR)


def test_the_authorities_are_those_of_fr_core() -> None:
    told = {one.name: one.value.rpartition(".")[2] for one in Authority}
    assert told == {"NIR": "8", "NIA": "9", "TEST": "10", "DEMO": "11"}
    assert ins.matricule("184127645108946", "1.2.250.1.213.1.4.9").authority is Authority.NIA
    with pytest.raises(ins.MatriculeWrong):
        ins.matricule("184127645108946", "1.2.250.1.213.1.4.2")


def test_every_way_through_the_states() -> None:
    """Both orders of document and service end qualified; each alone is its own state."""
    begun = Standing()
    assert begun.state is State.PROVISIONAL
    by_document = ins.seen(begun, Document.PASSPORT, TRAITS)
    by_service = ins.given_by_service(begun, TRAITS, TRAITS)
    assert (by_document.state, by_service.state) == (State.VALIDATED, State.RETRIEVED)
    assert ins.given_by_service(by_document, TRAITS, TRAITS).state is State.QUALIFIED
    assert ins.seen(by_service, Document.PASSPORT, TRAITS).state is State.QUALIFIED


def test_a_document_says_nothing_about_other_traits() -> None:
    by_document = ins.seen(Standing(), Document.PASSPORT, TRAITS)
    other = TRAITS | {"birth_date": "1962-08-25"}
    assert ins.given_by_service(by_document, TRAITS, other).state is State.RETRIEVED


@pytest.mark.parametrize("missing", ins.DEMANDED)
def test_a_document_is_compared_with_all_five_traits(missing: str) -> None:
    with pytest.raises(ins.NotNow):
        ins.seen(Standing(), Document.PASSPORT, TRAITS | {missing: ""})


@given(
    st.sampled_from([None, *Document]),
    st.booleans(),
    st.frozensets(st.sampled_from(list(Mark))),
)
def test_only_a_qualified_identity_is_ever_sent(
    document: Document | None, retrieved: bool, marks: frozenset[Mark]
) -> None:
    standing = Standing(document, retrieved, marks)
    assert Standing.read(standing.kept()) == standing
    number = ins.matricule("184127645108946", NIR)
    sent = ins.may_be_sent(standing, number, real=True)
    assert sent == (document is not None and retrieved and not marks & set(LOW))
    assert not ins.may_be_sent(standing, None, real=True)
    assert not ins.may_be_sent(ins.changed(standing), number, real=True)
    for mark in LOW:
        low = ins.marked(standing, mark, on=True)
        assert low.state is State.PROVISIONAL
        assert not ins.may_be_sent(ins.marked(low, mark, on=False), number, real=True)


@pytest.mark.parametrize("mark", LOW)
def test_a_doubtful_or_fictitious_identity_goes_no_further(mark: Mark) -> None:
    low = ins.marked(Standing(), mark, on=True)
    with pytest.raises(ins.NotNow):
        ins.seen(low, Document.PASSPORT, TRAITS)
    with pytest.raises(ins.NotNow):
        ins.given_by_service(low, TRAITS, TRAITS)
    homonym = ins.marked(Standing(), Mark.HOMONYM, on=True)
    assert ins.seen(homonym, Document.PASSPORT, TRAITS).state is State.VALIDATED


def test_a_number_of_tests_never_leaves_a_real_instance_nor_a_real_one_a_test() -> None:
    qualified = Standing(Document.PASSPORT, True)
    for authority, real in itertools.product(Authority, (True, False)):
        number = Matricule("184127645108946", authority)
        of_tests = authority in (Authority.TEST, Authority.DEMO)
        assert ins.may_be_sent(qualified, number, real=real) is (of_tests is not real)
