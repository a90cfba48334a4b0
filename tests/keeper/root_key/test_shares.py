"""Three of five shares give the key, two tell nothing, a bad share is told for what it is."""

from __future__ import annotations

import os
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.keeper.root_key import shares
from serment.keeper.root_key.shares import (
    ShareDamaged,
    ShareForeign,
    ShareTwice,
    ShareUnusable,
    join,
    read_line,
    split,
)


@given(st.binary(min_size=1, max_size=40), st.integers(2, 7), st.integers(0, 5))
def test_any_enough_shares_give_the_key(key: bytes, threshold: int, more: int) -> None:
    made = split(key, threshold=threshold, count=threshold + more)
    lines = [one.line() for one in made]
    for chosen in [lines[:threshold], lines[::-1][:threshold], lines]:
        assert join([read_line(line) for line in chosen]) == key


def test_every_three_of_five_in_every_order() -> None:
    key = os.urandom(32)
    made = split(key)
    assert {join(chosen) for chosen in permutations(made, 3)} == {key}


def test_the_field_is_the_one_of_aes() -> None:
    # FIPS 197, section 4.2: {57} · {83} = {c1}, {57} · {13} = {fe}.
    assert shares._times(0x57, 0x83) == 0xC1
    assert shares._times(0x57, 0x13) == 0xFE
    assert all(shares._over(shares._times(a, b), b) == a for a in range(256) for b in (1, 2, 255))


def test_two_of_three_needed_leave_every_key_possible() -> None:
    """For each possible first byte there is a third share that would give just that byte."""
    first, second, _third, *_ = split(b"\x2a", threshold=3)
    possible = {
        join([first, second, shares.Share(first.set_id, 3, 5, 3, bytes((value,)))])
        for value in range(256)
    }
    assert len(possible) == 256


def test_too_few_foreign_and_double_shares_are_told() -> None:
    made, others = split(os.urandom(32)), split(os.urandom(32))
    with pytest.raises(ShareUnusable, match="3 shares are needed, 2 were given"):
        join(made[:2])
    with pytest.raises(ShareForeign):
        join([*made[:2], others[2]])
    with pytest.raises(ShareTwice):
        join([made[0], made[1], made[1]])


def test_no_slip_of_one_letter_gives_another_share() -> None:
    whole = split(os.urandom(32))[0]
    line, told = whole.line(), 0
    for place, letter in enumerate(line):
        other = "7" if letter != "7" else "3"
        for form in (line[:place] + other + line[place + 1 :], line[:place] + line[place + 1 :]):
            try:
                # The last letter has four bits to spare, and a hyphen is only for the eye.
                assert read_line(form) == whole
            except ShareUnusable:
                told += 1
    assert told > len(line) * 1.5


def test_a_damaged_line_is_told_from_one_that_is_no_share() -> None:
    line = split(os.urandom(32))[0].line()
    letters = line.split()[4]
    swapped = line.replace(letters, letters[5:9] + "-" + letters[:4] + letters[9:])
    if swapped != line:
        with pytest.raises(ShareDamaged):
            read_line(swapped)
    with pytest.raises(ShareUnusable, match="not a share"):
        read_line("correct horse battery staple")
    typed = line.replace(letters, letters.replace("-", " ").lower())
    assert read_line(f"  {line}  ") == read_line(typed)


def test_no_share_nor_two_contain_the_key() -> None:
    key = b"0123456789abcdef0123456789abcdef"
    made = split(key)
    for one, other in combinations(made, 2):
        both = (
            one.value
            + other.value
            + bytes(a ^ b for a, b in zip(one.value, other.value, strict=True))
        )
        assert key not in both
