"""The letters of a desk's code, and what only they open: under a key made of them and of a secret
that the keeper gives, so that a dump neither finds nor tries codes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serment.disclosure import gate

_LETTERS: Final = 10
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})
_PAD_BYTES: Final = 2048
_NONCE_BYTES: Final = 12


class Terms(msgspec.Struct, frozen=True):
    """What a code stands for. ``born`` is a keyed digest; ``back``: an account lost, not a new
    one."""

    file: str
    house: str
    ticket: bytes
    born: bytes
    card: str
    sheet: list[str]
    back: bool = False


def drawn() -> str:
    """A new one: fifty random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))


def as_kept(typed: str) -> str:
    """As it was typed, whatever stood between its letters."""
    return "".join(letter for letter in typed.lower() if letter.isalnum()).translate(_READ_AS)


def digest_of(code: str) -> bytes:
    """How the row is named."""
    return hmac.digest(_secret(), b"row " + code.encode(), "sha256")


def sealed_terms(code: str, terms: Terms) -> bytes:
    """What a code stands for, as the row has it: of one length."""
    data = msgspec.msgpack.encode(terms) + b"\x80"
    padded = data + bytes(-len(data) % _PAD_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(code).encrypt(nonce, padded, digest_of(code))


def terms_in(code: str, blob: bytes) -> Terms | None:
    """The same again; None for bytes that another code closed."""
    nonce, sealed = blob[:_NONCE_BYTES], blob[_NONCE_BYTES:]
    try:
        data = _cipher(code).decrypt(nonce, sealed, digest_of(code))
    except InvalidTag:
        return None
    return msgspec.msgpack.decode(data.rstrip(b"\x00")[:-1], type=Terms)


def born(birth_date: str) -> bytes:
    """A birth date as the terms have it."""
    return hmac.digest(_secret(), b"born " + birth_date.encode(), "sha256")


def _cipher(code: str) -> AESGCM:
    return AESGCM(hmac.digest(_secret(), b"terms " + code.encode(), "sha256"))


def midnight(now: datetime, days: int) -> datetime:
    """When it ends: at a midnight, so that the row tells no instant of its own."""
    day = (now + timedelta(days=days)).astimezone(UTC)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=1)
def _secret() -> bytes:
    return hashlib.sha256(gate.alias("desk codes").encode()).digest()
