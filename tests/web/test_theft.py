"""The search of a stolen dump finds a name however it was written, and its control first."""

from __future__ import annotations

import base64

import pytest

from serment.web import theft

NAME = "Hélène"
PUBLIC = "Tissandier"


def dump_with(*lines: bytes) -> list[bytes]:
    return [b"COPY directory_practitioner FROM stdin;\n", b"Octave\tTissandier\n", *lines]


@pytest.mark.parametrize(
    "written",
    [
        NAME.encode(),
        NAME.upper().encode(),
        b"Helene",
        NAME.encode("latin-1"),
        NAME.encode("utf-16-le"),
        b"\\\\x" + NAME.encode().hex().encode(),
        base64.b64encode(NAME.encode()),
        b"H\\u00e9l\\u00e8ne",
        b"\\\\x" + NAME.upper().encode().hex().encode(),
        base64.b64encode(b"x" + NAME.encode() + b"!"),
        base64.b64encode(b"xx" + NAME.encode() + b"?"),
    ],
)
def test_a_name_left_in_clear_is_found_in_any_writing(written: bytes) -> None:
    assert theft.search(dump_with(b"1\t" + written + b"\n"), NAME, PUBLIC).found > 0


def test_a_sealed_dump_holds_nothing_and_the_control_shows_the_search_works() -> None:
    loot = theft.search(dump_with(b"1\t\\\\x01a7f09c55d2\n"), NAME, PUBLIC)
    assert loot.found == 0
    assert loot.control_hits == 1


def test_without_any_public_name_the_control_stays_silent() -> None:
    assert theft.search([b"1\tTissandier\n"], NAME, "").control_hits == 0


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("Aurore Lemoine", b"Lemoine\tAurore"),
        ("06 12 34 56 78", b"+33612345678"),
        ("06 12 34 56 78", b"0612345678"),
        ("+33 6 12 34 56 78", b"06 12 34 56 78"),
        ("3/4/1944", b"1944-04-03"),
    ],
)
def test_each_word_and_each_form_of_a_number_is_sought_alone(typed: str, left: bytes) -> None:
    """Negative control: as one piece of text it would not have been found."""
    line = b"1\t" + left + b"\n"
    assert typed.encode().lower() not in line.lower()
    assert theft.search(dump_with(line), typed, PUBLIC).found > 0


@pytest.mark.parametrize(
    ("typed", "by_chance", "left"),
    [
        ("Marc", b"\\\\x07f94d617263aa", b"\tMarc\t"),
        ("Abe", b"\\\\x17abe9", b"\tAbe\t"),
        ("19440403", b"\\\\x1944040377", b"\t19440403\t"),
    ],
)
def test_what_bytes_spell_by_chance_is_no_find(typed: str, by_chance: bytes, left: bytes) -> None:
    """Beside the control: left in clear, the same word is found."""
    loot = theft.search(dump_with(b"1\t" + by_chance + b"\n"), typed, PUBLIC)
    assert loot.found == 0
    assert typed == "19440403" or loot.too_short_for_hexadecimal
    assert theft.search(dump_with(b"1" + left + b"\n"), typed, PUBLIC).found > 0


def test_five_letters_are_sought_in_hexadecimal() -> None:
    loot = theft.search(dump_with(b"1\t\\\\x" + b"Maeva".hex().encode() + b"\n"), "Maeva", PUBLIC)
    assert loot.found > 0
    assert not loot.too_short_for_hexadecimal
