"""The search index: folded tokens in the keeper's memory, filled from its closed rows at start.

Names match by prefix without accents or case, telephones by their first digits or their last
four, birth dates whole. Nothing here leaves the process but record ids, at most ten: files the
establishment knows first, so that nobody hides a patient behind files of the same name made at
home.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from serment.keeper.words import FOUND_MAX, FOUND_UNVISITED

LETTERS_MIN: Final = 3
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_DATE: Final = re.compile(r"\b(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})\b|\b(\d{4})-(\d{2})-(\d{2})\b")
_DIGITS: Final = re.compile(r"\+?\d[\d .\-/()]*")
_WORDS: Final = re.compile(r"[a-z0-9]+")
_APART: Final = re.compile(r"[\s,;]+")

LAST_DIGITS: Final = 4
"""What people say of a telephone they do not want to say whole."""
PHONE_DIGITS_MIN: Final = 8

ONE_BY_ONE: Final = 256
"""Below one change in so many places, single changes cost less than a passage over the shelf."""

Shelf = tuple[bytes, str]
Place = tuple[str, bytes]


def folded(text: str) -> str:
    """Lower case without accents: Éloïse → eloise, Œdipe → oedipe."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def digits_of(phone: str) -> str:
    """National digits of a telephone: +33 6 12… and 0033 6 12… are 0612…"""
    digits = re.sub(r"\D", "", phone)
    if phone.lstrip().startswith("+33") or digits.startswith("0033"):
        return "0" + re.sub(r"^(0033|33)", "", digits).removeprefix("0")
    return digits


def name_tokens(text: str) -> set[str]:
    """Every part of a name, neighbours and all written together (jean, pierre, jeanpierre)."""
    tokens: set[str] = set()
    for word in _APART.split(folded(text)):
        parts = _WORDS.findall(word)
        tokens.update(parts)
        tokens.update(one + other for one, other in pairwise(parts))
        tokens.add("".join(parts))
    return tokens - {""}


def _date_token(match: re.Match[str]) -> str:
    day, month, year, iso_year, iso_month, iso_day = match.groups()
    if iso_year:
        return f"d{iso_year}-{iso_month}-{iso_day}"
    return f"d{year}-{int(month):02}-{int(day):02}"


def tokens_of(search: str, text: str) -> set[str]:
    """What a value is found by; the first letter says of which kind the token is."""
    if search == "name":
        return {"n" + token for token in name_tokens(text)}
    if search == "phone":
        digits = digits_of(text)
        if len(digits) < PHONE_DIGITS_MIN:
            return {"p" + digits} if digits else set()
        return {"p" + digits, "q" + digits[-LAST_DIGITS:]}
    if search == "birth_date":
        match = _DATE.search(text)
        return {_date_token(match)} if match else set()
    if search == "marks":  # of no letter that a typed word is ever sought by
        return {"m" + word for word in text.split()}
    return {"e" + folded(text.strip())} if text.strip() else set()


def wanted(text: str) -> list[tuple[str, bool]]:
    """What a person typed, as (token, whole): every one has to match. Empty: too little."""
    found: list[tuple[str, bool]] = []
    for match in _DATE.finditer(text):
        found.append((_date_token(match), True))
    text = _DATE.sub(" ", text)
    for match in _DIGITS.finditer(text):
        digits = digits_of(match.group())
        if len(digits) >= LETTERS_MIN:
            found.append(("p" + digits, False))
    text = _DIGITS.sub(" ", text)
    for word in _APART.split(text.strip()):
        if "@" in word:
            found.append(("e" + folded(word), len(word) < LETTERS_MIN))
        else:
            found.extend(("n" + token, False) for token in _WORDS.findall(folded(word)))
    if any(len(token) > LETTERS_MIN for token, _whole in found):
        return found
    # Whole names of two letters exist (Ly, Wu): they match whole or not at all.
    return [(token, True) for token, _whole in found] if _has_whole_name(found) else []


def _has_whole_name(found: list[tuple[str, bool]]) -> bool:
    return any(len(token) == LETTERS_MIN for token, _whole in found)


@dataclass(frozen=True, slots=True)
class Hits:
    """Record ids; ``more`` when others matched too."""

    records: list[bytes]
    more: bool = False


class SearchIndex:
    """All searchable values, by (tenant, kind)."""

    def __init__(self) -> None:
        self._shelves: dict[Shelf, list[Place]] = {}
        self._unsorted: set[Shelf] = set()
        self._held: dict[bytes, dict[str, tuple[Shelf, set[str]]]] = {}
        self._newcomers: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._held)

    def put(self, record: bytes, field: str, shelf: Shelf, tokens: set[str]) -> None:
        """Replace what one field of a record is found by."""
        self.put_many([(record, field, shelf, tokens)])

    def put_many(self, values: Iterable[tuple[bytes, str, Shelf, set[str]]]) -> None:
        """The same for many fields, each shelf rearranged once."""
        changes: dict[Shelf, Counter[Place]] = {}
        for record, field, shelf, tokens in values:
            fields = self._held.setdefault(record, {})
            former, old = fields.pop(field, (shelf, set[str]()))
            changes.setdefault(former, Counter()).subtract((token, record) for token in old)
            changes.setdefault(shelf, Counter()).update((token, record) for token in tokens)
            if tokens:
                fields[field] = (shelf, tokens)
        for shelf, change in changes.items():
            self._change(shelf, list((-change).elements()), list((+change).elements()))

    def newcomer(self, record: bytes, at: int) -> None:
        """Made by its own patient at an instant (µs); nobody of the establishment met them yet."""
        self._newcomers.setdefault(record, at)

    def is_newcomer(self, record: bytes) -> bool:
        """Has nobody of the establishment met this person yet?"""
        return record in self._newcomers

    def met(self, record: bytes) -> None:
        """The establishment knows this person from now on."""
        self._newcomers.pop(record, None)

    def drop(self, record: bytes) -> None:
        """The record is found no more."""
        self._newcomers.pop(record, None)
        gone: dict[Shelf, list[Place]] = {}
        for shelf, tokens in self._held.pop(record, {}).values():
            gone.setdefault(shelf, []).extend((token, record) for token in tokens)
        for shelf, places in gone.items():
            self._change(shelf, places, [])

    def _change(self, shelf: Shelf, gone: list[Place], come: list[Place]) -> None:
        """Take places off a shelf and put others on: few one by one, many in one passage."""
        if not gone and (shelf not in self._shelves or shelf in self._unsorted):
            self._shelves.setdefault(shelf, []).extend(come)
            self._unsorted.add(shelf)
            return
        rows = self._sorted(shelf)
        if (len(gone) + len(come)) * ONE_BY_ONE > len(rows):
            left = Counter(gone)
            rows = [one for one in rows if not _taken(left, one)]
            self._shelves[shelf] = sorted(rows + come)
            return
        for one in gone:
            place = bisect_left(rows, one)
            if place < len(rows) and rows[place] == one:
                rows.pop(place)
        for one in come:
            insort(rows, one)

    def _sorted(self, shelf: Shelf) -> list[Place]:
        rows = self._shelves.get(shelf, [])
        if shelf in self._unsorted:
            rows.sort()
            self._unsorted.discard(shelf)
        return rows

    def find(self, tenant: bytes, kind: str, text: str) -> Hits:
        """At most ten records that match all of the text, whole matches first.

        Files made by patients alone come last, the oldest first, and keep three of the places:
        neither kind pushes the other out, and a later file of the same name no earlier one.
        """
        rows = self._sorted((tenant, kind))
        score: dict[bytes, int] | None = None
        for token, whole in wanted(text):
            hits = _matching(rows, token, whole)
            if token[0] == "p" and len(token) == 1 + LAST_DIGITS:
                hits |= _matching(rows, "q" + token[1:], True)
            if score is None:
                score = hits
            else:
                score = {one: score[one] + hits[one] for one in score.keys() & hits.keys()}
        if not score:
            return Hits([])
        fresh = sorted(
            (one for one in score if one in self._newcomers),
            key=lambda one: (-score[one], self._newcomers[one], one),
        )
        known = sorted(
            (one for one in score if one not in self._newcomers),
            key=lambda one: (-score[one], self._label(one), one),
        )
        places = min(len(fresh), max(FOUND_UNVISITED, FOUND_MAX - len(known)))
        records = known[: FOUND_MAX - places] + fresh[:places]
        return Hits(records, len(score) > len(records))

    def tokens(self, record: bytes, field: str) -> set[str]:
        """What one field of a record is found by."""
        return self._held.get(record, {}).get(field, (None, set()))[1]

    def carrying(self, tenant: bytes, kind: str, mark: str) -> list[bytes]:
        """Records of which a field of marks holds this word."""
        return list(_matching(self._sorted((tenant, kind)), f"m{mark}", True))

    def groups(self, tenant: bytes, kind: str) -> Iterator[list[bytes]]:
        """Records that share a birth date, a whole telephone or an address, as they are now."""
        rows = self._sorted((tenant, kind))
        letters = ("d", "e", "p")
        spans = [rows[bisect_left(rows, (one, b"")) : bisect_left(rows, (chr(ord(one) + 1), b""))]
                 for one in letters]  # fmt: skip
        for span in spans:
            for _token, places in groupby(span, key=lambda place: place[0]):
                group = [record for _one, record in places]
                if len(group) > 1:
                    yield group

    def _label(self, record: bytes) -> list[str]:
        """What hits of one score are ordered by: their names."""
        fields = self._held[record]
        return [min(tokens) for field, (_shelf, tokens) in sorted(fields.items())]


def _taken(left: Counter[Place], one: Place) -> bool:
    """Is this place to go? Once for each time it was named: two fields may share a token."""
    if left.get(one, 0) == 0:
        return False
    left[one] -= 1
    return True


def _matching(rows: list[Place], token: str, whole: bool) -> dict[bytes, int]:
    hits: dict[bytes, int] = {}
    place = bisect_left(rows, (token, b""))
    while place < len(rows) and rows[place][0].startswith(token):
        found, record = rows[place]
        if found == token:
            hits[record] = 1
        elif not whole:
            hits.setdefault(record, 0)
        place += 1
    return hits
