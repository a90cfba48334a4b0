"""Recovery codes: on paper, each good for one sign-in. Pure, but for chance.

The book keeps digests only: shown once, a code is never shown again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from serment.identity.means.book import Book

COUNT: Final = 8
LETTERS: Final = 10
SHEET: Final = 24
"""Printed at a desk: two a month for a year."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: fifty bits in ten letters, none of which looks like another."""

_READ_AS: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})


def renew(book: Book) -> list[str]:
    """New codes, to show once; the former ones are good for nothing any more."""
    made = ["".join(secrets.choice(_ALPHABET) for _ in range(LETTERS)) for _ in range(COUNT)]
    book.codes = [_digest(code) for code in made]
    return [f"{code[:5]}-{code[5:]}" for code in made]


def sheet() -> tuple[list[str], list[str]]:
    """A sheet to print for whoever has no telephone for a second factor, and the digests to keep.

    Digits only, which every keyboard has: thirty-three bits, behind a password and few tries
    (look-up secrets, NIST SP 800-63B-4, 3.1.2: twenty at least).
    """
    made = ["".join(secrets.choice("0123456789") for _ in range(LETTERS)) for _ in range(SHEET)]
    return [f"{code[:5]} {code[5:]}" for code in made], [_digest(code) for code in made]


def use(book: Book, typed: str) -> bool:
    """Whether this is a code that is left; then it is not any more."""
    code = "".join(letter for letter in typed.lower() if letter.isalnum()).translate(_READ_AS)
    digest = _digest(code)
    left = [one for one in book.codes if not hmac.compare_digest(one, digest)]
    if len(code) != LETTERS or len(left) == len(book.codes):
        return False
    book.codes = left
    return True


def _digest(code: str) -> str:
    # Fifty random bits inside a sealed book need no slow hash.
    return hashlib.sha256(b"serment recovery code\x00" + code.encode()).hexdigest()
