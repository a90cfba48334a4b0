"""Folding of what people type: case, accents, hyphens and "St" must not stand between them."""

from __future__ import annotations

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_SAINT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})


def fold(text: str, *, saints: bool = True) -> str:
    """Lower case, no accents or signs, one space between words.

    "St" and "Ste" are written out, as places have them; ``saints=False`` leaves them, as people's
    names in the database do.
    """
    text = unicodedata.normalize("NFKD", text.lower().translate(_LIGATURES))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    words = _NOT_A_WORD.sub(" ", text).split()
    return " ".join(_SAINT.get(word, word) if saints else word for word in words)


def slug(text: str) -> str:
    """The folded text as part of an address."""
    return fold(text).replace(" ", "-")


def one_slip_apart(typed: str, word: str) -> bool:
    """Whether a word, or its beginning, is what was typed with at most one slip of the finger.

    A slip is one letter wrong, missing, too many, or two neighbours swapped.
    """
    for length in (len(typed) - 1, len(typed), len(typed) + 1):
        if _one_edit(typed, word[:length]):
            return True
    return False


def _one_edit(a: str, b: str) -> bool:
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        return rest_a[1:] == rest_b or rest_a == rest_b[1:]
    swapped = rest_a[:2] == rest_b[1::-1] if len(rest_a) > 1 else False
    return rest_a[1:] == rest_b[1:] or (swapped and rest_a[2:] == rest_b[2:])
