"""What makes a password good enough, and how its hash is made.

Entropy is counted as somebody would guess who knows the lists: known words, dates, rows of keys and
what the same form says cost little, a phrase is counted by its words, the rest by the kinds of
characters used. Sign-in is throttled, so fifty bits are enough (CNIL 2022-100). Pure, apart from
the lists, which come with zxcvbn and Django and are read once.
"""

from __future__ import annotations

import gzip
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.contrib.auth import password_validation
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

BITS_MIN: Final = 50
"""CNIL 2022-100: enough where tries are throttled."""

LETTERS_MIN: Final = 12
LETTERS_MAX: Final = 1_000
_LETTERS_WEIGHED: Final = 72
"""Guessing is worked out on so many letters; what comes after only makes a password better."""

WORD_BITS: Final = 14.0
"""One word of a phrase, as if drawn from the sixteen thousand that people use."""

KNOWN_BITS: Final = 6.0
"""A word of the same form, forwards or backwards: which one, and in which capitals."""

_KINDS: Final = ((r"[a-zà-öø-ÿœ]", 26), (r"[A-ZÀ-ÖØ-ÞŒ]", 26), (r"\d", 10), (r"[^\w]|_", 32))
_BETWEEN_WORDS: Final = re.compile(r"[\s\-_.,;:'’]+")
_PHRASE_WORDS: Final = 4
_KNOWN_LETTERS_MIN: Final = 3
_KNOWN_LETTERS_MAX: Final = 120
"""Of each field of a form: a megabyte in one would keep its process busy for ten seconds."""
SITE_WORDS: Final = ("serment", "rendezvous", "medecin", "docteur", "sante", "cabinet")


class Argon2id(Argon2PasswordHasher):
    """Argon2id, one lane: more than 50 ms of one core and 64 MiB for each guess, by choice."""

    time_cost = 2
    memory_cost = 64 * 1024
    parallelism = 1


def refuse_weak(password: str, known: Iterable[str] = ()) -> None:
    """Raise ``ValidationError`` in plain words; ``known``: what else the form says.

    The first reason that applies is told: too short, known to thieves, too easy to guess.
    """
    if len(password) < LETTERS_MIN:
        raise ValidationError(_("Choisissez au moins 12 caractères."), code="password_too_short")
    if len(password) > LETTERS_MAX:
        raise ValidationError(_("Ce mot de passe est trop long."), code="password_too_long")
    if is_breached(password):
        raise ValidationError(_("Ce mot de passe est trop connu."), code="password_too_common")
    if bits(password, known) < BITS_MIN:
        raise ValidationError(
            _(
                "Ce mot de passe se devine trop vite. Prenez quatre ou cinq mots sans rapport"
                " entre eux, ni avec vous."
            ),
            code="password_too_weak",
        )


class StrongEnough:
    """``refuse_weak`` among Django's validators, for every form that sets a password."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ``ValidationError`` in plain words."""
        refuse_weak(password, getattr(user, "known_words", ()))

    def get_help_text(self) -> str:
        """Shown by Django where it shows rules."""
        return _("Douze caractères au moins.")


def is_breached(password: str) -> bool:
    """Whether thieves' lists have it, in whatever capitals; or with what people add at its end."""
    bare = password.lower()
    return bool({bare, bare.rstrip("0123456789!?.*#$@-_ ")} & breached())


@lru_cache(maxsize=1)
def breached() -> frozenset[str]:
    """Passwords of known leaks: zxcvbn's list and Django's, about forty thousand."""
    file = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        listed = {line.strip().lower() for line in lines}
    return frozenset(listed | set(FREQUENCY_LISTS["passwords"])) - {""}


def bits(password: str, known: Iterable[str] = ()) -> float:
    """The entropy, in bits, for somebody who knows ``known`` too."""
    weighed, words = password[:_LETTERS_WEIGHED], _words(known)
    rest, taken = _without(weighed, words)
    return min(
        _by_parts(weighed, words),
        _by_parts(rest, words) + taken * KNOWN_BITS,
        _phrase_bits(weighed),
    )


def _by_parts(password: str, words: Sequence[str]) -> float:
    if not password:
        return 0
    guessed = zxcvbn(password, words, max_length=_LETTERS_WEIGHED)
    return sum(_part_bits(part, password) for part in guessed["sequence"])


def _without(password: str, words: Sequence[str]) -> tuple[str, int]:
    """The password without the known words in it, and how many there were."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.subn(pattern, "", password, flags=re.IGNORECASE)


def _part_bits(part: Any, password: str) -> float:
    """One part zxcvbn found: by its guesses if it knows it, else by the kinds of characters."""
    if part["pattern"] == "bruteforce":
        return len(part["token"]) * math.log2(_alphabet(password))
    return math.log2(max(part["guesses"], 1))


def _alphabet(password: str) -> int:
    kinds = sum(count for kind, count in _KINDS if re.search(kind, password))
    return kinds or 26


def _phrase_bits(password: str) -> float:
    """A phrase is worth its words, whatever their language; a word twice is worth it once."""
    words = [word for word in _BETWEEN_WORDS.split(password.lower()) if word]
    if len(words) < _PHRASE_WORDS:
        return math.inf
    alphabet = math.log2(_alphabet(password))
    return sum(min(len(word) * alphabet, WORD_BITS) for word in set(words))


def _words(known: Iterable[str]) -> Sequence[str]:
    """What somebody knows, in the forms in which it comes back: whole, by word, without accents."""
    found = set(SITE_WORDS)
    for text in known:
        lower = text[:_KNOWN_LETTERS_MAX].lower()
        plain = "".join(
            letter
            for letter in unicodedata.normalize("NFKD", lower)
            if not unicodedata.combining(letter)
        )
        for form in (lower, plain):
            parts = re.split(r"[\W_]+", form)
            found |= {form, "".join(parts), "".join(reversed(parts)), *parts}
    long_enough = {word for word in found if len(word) >= _KNOWN_LETTERS_MIN}
    return sorted(long_enough | {word[::-1] for word in long_enough})
