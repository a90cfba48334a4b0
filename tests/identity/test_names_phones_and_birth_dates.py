"""What people type, and what is kept."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.errors import Unusable
from serment.identity import birth_dates, names, phones

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("0612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+33 06 12 34 56 78", "+33612345678"),
        ("01 23 45 67 89", "+33123456789"),
        ("06\u202f12\u00a034-56/78", "+33612345678"),
        ("0692 12 34 56", "+262692123456"),
        ("+262 692 12 34 56", "+262692123456"),
        ("+33692123456", "+262692123456"),
        ("0639 12 34 56", "+262639123456"),
        ("06 39 98 01 42", "+33639980142"),
        ("+33639980142", "+33639980142"),
        ("0590 12 34 56", "+590590123456"),
        ("0694 12 34 56", "+594694123456"),
        ("0596 12 34 56", "+596596123456"),
        ("0508 41 12 34", "+508411234"),
        ("+687 12 34 56 78", "+68712345678"),
        ("+32 470 12 34 56", "+32470123456"),
    ],
)
def test_a_telephone_number_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert phones.normalise(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "15", "112", "06 12 34 56", "06 12 34 56 789", "six", "00", "+33 6", "12345678901"],
)
def test_a_number_that_cannot_ring_is_refused_in_words(typed: str) -> None:
    with pytest.raises(phones.PhoneUnusable) as refused:
        phones.normalise(typed)
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("+33612345678", "06 12 34 56 78"),
        ("+262692123456", "06 92 12 34 56"),
        ("+508411234", "05 08 41 12 34"),
        ("+32470123456", "+32470123456"),
    ],
)
def test_a_number_is_shown_as_it_is_dialled(kept: str, read: str) -> None:
    assert phones.display(kept) == read


@given(st.text(max_size=40))
def test_no_text_breaks_the_checks(text: str) -> None:
    for check in (phones.normalise, names.normalise, lambda typed: birth_dates.parse(typed, TODAY)):
        with contextlib.suppress(Unusable):
            assert check(text)


@given(st.from_regex(r"0[1-7][0-9]{8}", fullmatch=True))
def test_what_is_shown_is_read_back_as_the_same_number(typed: str) -> None:
    kept = phones.normalise(typed)
    assert phones.normalise(phones.display(kept)) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "12/03/1961",
        "12-03-1961",
        "12.3.1961",
        "12 03 1961",
        "12031961",
        "1961-03-12",
        "1961/3/12",
        "12 mars 1961",
        " 12  MARS 1961 ",
        "12 March 1961",
        "March 12, 1961",
        "March 12th 1961",
    ],
)
def test_a_birth_date_is_understood_as_written(typed: str) -> None:
    assert birth_dates.parse(typed, TODAY) == date(1961, 3, 12)


def test_accents_and_the_first_of_the_month_are_understood() -> None:
    assert birth_dates.parse("1er février 1950", TODAY) == date(1950, 2, 1)
    assert birth_dates.parse("3 août 2000", TODAY) == date(2000, 8, 3)
    assert birth_dates.parse("25 déc. 1999", TODAY) == date(1999, 12, 25)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("23/11/2026", "futur"),
        ("12/03/1895", "130"),
        ("31/02/1990", "existe pas"),
        ("12/03/961", "quatre chiffres"),
        ("31/02/38", "existe pas"),
        ("hier", "12/03/1961"),
        ("12 brumaire 1961", "existe pas"),
        ("", "12/03/1961"),
    ],
)
def test_an_impossible_birth_date_is_refused_with_its_reason(typed: str, word: str) -> None:
    with pytest.raises(birth_dates.BirthDateUnusable) as refused:
        birth_dates.parse(typed, TODAY)
    assert word in refused.value.sentence


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3/1/38", date(1938, 1, 3)),
        ("12 mars 61", date(1961, 3, 12)),
        ("23/11/26", date(1926, 11, 23)),
        ("29/02/00", date(2000, 2, 29)),
        ("1.9.15", date(2015, 9, 1)),
        ("March 12, 61", date(1961, 3, 12)),
    ],
)
def test_two_digits_are_the_only_century_in_which_somebody_can_be_born(
    typed: str, meant: date
) -> None:
    assert birth_dates.parse(typed, TODAY) == meant


def test_two_digits_that_may_be_two_centuries_are_asked_about() -> None:
    with pytest.raises(birth_dates.BirthDateAmbiguous) as asked:
        birth_dates.parse("12/03/20", TODAY)
    assert "1920 ou 2020" in asked.value.sentence
    assert birth_dates.readings("12/03/20", TODAY) == [date(1920, 3, 12), date(2020, 3, 12)]
    # The control: with its four digits, nothing is asked.
    assert birth_dates.readings("12/03/2020", TODAY) == [date(2020, 3, 12)]


def test_a_leap_day_belongs_to_the_century_that_has_it() -> None:
    assert birth_dates.parse("29/02/00", date(2005, 1, 1)) == date(2000, 2, 29)
    assert len(birth_dates.readings("28/02/00", date(2005, 1, 1))) == 2
    with pytest.raises(birth_dates.BirthDateUnusable):
        birth_dates.parse("29/02/01", TODAY)


@given(st.dates(date(1917, 1, 1), TODAY))
def test_two_digits_never_mean_another_day_than_the_one_written(born: date) -> None:
    found = birth_dates.readings(f"{born:%d/%m/%y}", TODAY)
    assert born in found or born.year <= TODAY.year - birth_dates.AGE_YEARS_USUAL
    assert all(one <= TODAY for one in found)


def test_today_and_the_oldest_age_are_still_birth_dates() -> None:
    assert birth_dates.parse("22/11/2026", TODAY) == TODAY
    assert birth_dates.parse("01/01/1896", TODAY) == date(1896, 1, 1)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zoé  ", "Zoé"),
        ("Zoe\u0301", "Zoé"),
        ("Jean  Pierre", "Jean Pierre"),
        ("D’Ornano", "D’Ornano"),
        ("Saint-Clair", "Saint-Clair"),
        ("李", "李"),
        ("Nguyễn", "Nguyễn"),
    ],
)
def test_a_name_is_kept_as_its_owner_writes_it(typed: str, kept: str) -> None:
    assert names.normalise(typed) == kept


@pytest.mark.parametrize("typed", ["", "  ", "---", "a" * 101, "Jean2", "<b>x</b>", "x\u0000y"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(names.NameUnusable):
        names.normalise(typed)


@pytest.mark.parametrize(
    ("number", "takes"),
    [
        ("+33612345678", True), ("+33899123456", False), ("+32470123456", True),
        ("+8801712345678", True), ("+886912345678", True), ("+881612345678", False),
        ("+88213312345", False), ("+88351000123", False), ("+979123456789", False),
        ("+870773123456", False),
    ],
)  # fmt: skip
def test_no_text_goes_to_a_number_of_no_country(number: str, takes: bool) -> None:
    """Satellites and premium rates cost the house; Bangladesh and Taiwan are countries."""
    assert phones.normalise(number) == number
    assert phones.is_mobile(number) is takes
