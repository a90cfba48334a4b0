"""Names that look or sound like what was typed: the second chance of a place's completion.

Three ways, each for what the one before did not find: the name as it sounds, the name without its
small words ("roche yon"), and slips of the finger, by trigrams in common and then edit distance.
Pure: names in, their numbers out.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

LETTERS_MIN = 4
TRIED_MAX = 40
"""Names with the most trigrams in common whose distance is measured."""
COMMON_SHARE = 12
"""Trigrams that more than one name in so many holds ("sai") tell nothing and are left out."""

_SMALL = frozenset(
    {"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "lez", "sous"}
    | {"s", "ss", "sur", "sainte", "saint"}
)
_SOUNDS = (
    ("ph", "f"), ("th", "t"), ("rh", "r"), ("ch", "h"), ("eau", "o"), ("au", "o"),
    ("ge", "je"), ("gi", "ji"), ("y", "i"), ("k", "c"), ("qu", "c"), ("z", "s"),
)  # fmt: skip


def heard(name: str) -> str:
    """A folded name by ear: no double or silent letters at a word's end, one sign a sound."""
    for written, spoken in _SOUNDS:
        name = name.replace(written, spoken)
    single = "".join(letter for letter, _run in groupby(name))
    return " ".join(_without_silent_end(word) for word in single.split())


def _without_silent_end(word: str) -> str:
    bare = word.rstrip("stxe") if len(word) > 3 else word
    return bare if len(bare) > 2 else word


def telling(name: str) -> tuple[str, ...]:
    """The words of a folded name that are not small."""
    return tuple(word for word in name.split() if word not in _SMALL)


class NearNames:
    """An index over folded names; a third of a second for the communes of France."""

    def __init__(self, names: Sequence[str]) -> None:
        self._heard = [heard(name) for name in names]
        self._by_ear = sorted((text, number) for number, text in enumerate(self._heard))
        self._telling = [telling(name) for name in names]
        self._by_first: dict[str, list[int]] = {}
        for number, words in enumerate(self._telling):
            for word in words[:2]:
                self._by_first.setdefault(word[:2], []).append(number)
        found: dict[str, array[int]] = {}
        for number, text in enumerate(self._heard):
            for trigram in _trigrams(text):
                found.setdefault(trigram, array("I")).append(number)
        most = max(1, len(names) // COMMON_SHARE)
        self._holding = {trigram: held for trigram, held in found.items() if len(held) <= most}

    def sounding(self, typed: str) -> list[int]:
        """Names that begin as what was typed sounds."""
        ear = heard(typed)
        if len(ear) < LETTERS_MIN - 1:
            return []
        first = bisect_left(self._by_ear, (ear, -1))
        last = bisect_left(self._by_ear, (ear + "{", -1), lo=first)
        return [number for _text, number in self._by_ear[first:last]]

    def without_small_words(self, typed: str) -> list[int]:
        """Names whose telling words begin, in order, with the telling words typed."""
        words = telling(typed)
        if not words or len("".join(words)) < LETTERS_MIN:
            return []
        near = self._by_first.get(words[0][:2], ())
        return [number for number in near if _in_order(words, self._telling[number])]

    def slipped(self, typed: str) -> list[tuple[int, int]]:
        """(edits, number) of names that begin as typed but for a few slips, the nearest first."""
        ear = heard(typed)
        if len(ear) < LETTERS_MIN - 1:
            return []
        most = _edits_allowed(len(ear))
        held = [self._holding[one] for one in _trigrams(ear) if one in self._holding]
        shared: Counter[int] = Counter()
        for numbers in held:
            shared.update(numbers)
        # Each edit spoils three trigrams at most (four where two letters are swapped).
        least = max(1, len(held) - 4 * most)
        measured = (
            (edits_to_begin(ear, self._heard[number], most), number)
            for number, count in shared.most_common(TRIED_MAX)
            if count >= least
        )
        return sorted((edits, number) for edits, number in measured if edits <= most)


def _in_order(typed: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether each word typed begins a later word than the one before."""
    rest = iter(words)
    return all(any(word.startswith(one) for word in rest) for one in typed)


def _trigrams(text: str) -> set[str]:
    """Three letters in a row, with the beginning marked; blanks are nothing to go by."""
    marked = f"^{text.replace(' ', '')}"
    return {marked[at : at + 3] for at in range(max(1, len(marked) - 2))}


def _edits_allowed(letters: int) -> int:
    return 1 if letters < 6 else 2 if letters < 11 else 3


def edits_to_begin(typed: str, name: str, most: int) -> int:
    """Edits from what was typed to the name or a beginning of it; ``most`` + 1 for any more.

    An edit is a letter wrong, missing or too many, or two neighbours swapped (Damerau, 1964).
    """
    name = name[: len(typed) + most]
    before: list[int] = []
    row = list(range(len(name) + 1))
    for at, letter in enumerate(typed, 1):
        two_before, before, row = before, row, [at]
        for other, against in enumerate(name, 1):
            cost = min(
                before[other] + 1, row[other - 1] + 1, before[other - 1] + (letter != against)
            )
            swapped = (
                at > 1 and other > 1 and letter == name[other - 2] and typed[at - 2] == against
            )
            row.append(min(cost, two_before[other - 2] + 1) if swapped else cost)
        if min(row) > most:
            return most + 1
    return min(row)
