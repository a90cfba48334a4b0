"""RPPS: eleven digits, the last of which checks the others."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from serment import ids
from serment.directory import rpps
from serment.directory.models import Practitioner
from serment.directory.tenancy import inside

GOOD = "1000000000" + rpps.check_digit("1000000000")


def test_the_check_digit_makes_a_number_valid() -> None:
    for first in ("1000000000", "1012345678", "8100000001", "9999999999"):
        assert rpps.is_valid(first + rpps.check_digit(first))


def test_luhn_agrees_with_the_standard_s_own_example() -> None:
    # ISO/IEC 7812-1 annex B and every textbook: 7992739871 takes check digit 3.
    assert rpps.check_digit("7992739871") == "3"


def test_one_wrong_digit_and_most_swapped_neighbours_are_seen() -> None:
    for place in range(11):
        for digit in "0123456789":
            wrong = GOOD[:place] + digit + GOOD[place + 1 :]
            assert rpps.is_valid(wrong) == (wrong == GOOD)
    first = "1012345678"
    number = first + rpps.check_digit(first)
    swapped = number[:4] + number[5] + number[4] + number[6:]
    assert not rpps.is_valid(swapped)


@pytest.mark.parametrize(
    "bad", ["", "1000000000", GOOD + "0", "1000000000x", "00000000000", "١٠٠٠٠٠٠٠٠٠٨", " " * 11]
)
def test_what_is_no_number_is_refused_in_words(bad: str) -> None:
    assert not rpps.is_valid(bad)
    with pytest.raises(rpps.RppsWrong, match="onze chiffres"):
        rpps.checked(bad)


def test_spaces_people_type_do_not_matter() -> None:
    assert rpps.checked(f" {GOOD[:3]} {GOOD[3:]}") == GOOD


def _practitioner(number: str) -> Practitioner:
    return Practitioner(rpps=number, slug=f"x-{number}", given_name="Anne", family_name="Essai")


@pytest.mark.django_db
def test_the_database_checks_luhn_by_itself() -> None:
    with inside(tenant=ids.new_id()):
        for bad in (GOOD[:-1] + str((int(GOOD[-1]) + 1) % 10), "1000000000", "1000000000x"):
            with pytest.raises(IntegrityError, match="practitioner_rpps"), transaction.atomic():
                _practitioner(bad).save()
        _practitioner(GOOD).save()


@pytest.mark.django_db
def test_code_and_database_agree_on_a_thousand_numbers() -> None:
    numbers = [f"{n * 9_999_991 % 10**11:011d}" for n in range(1, 1001)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT replace(pg_get_constraintdef(oid), 'rpps', 'number') FROM pg_constraint"
            " WHERE conname = 'practitioner_rpps_luhn'"
        )
        condition = cursor.fetchone()[0].removeprefix("CHECK ").replace("%", "%%")
        cursor.execute(f"SELECT {condition} FROM unnest(%s::text[]) AS number", [numbers])
        judged = [bool(row[0]) for row in cursor.fetchall()]
    assert judged == [rpps.is_valid(number) for number in numbers]
    assert 50 < sum(judged) < 150
