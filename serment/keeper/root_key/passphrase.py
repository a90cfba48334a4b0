"""A root key closed under a passphrase (Argon2id, RFC 9106); what it cost lies beside it."""

from __future__ import annotations

import os
import unicodedata
from typing import Final

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from serment.keeper.root_key.closing import KEY_BYTES, RootKeyUnusable, close_root, open_root

SALT_BYTES: Final = 16
LETTERS_MIN: Final = 12
MEMORY_KIB_MAX: Final = 4 << 20


class FromPassphrase(msgspec.Struct, tag="passphrase", frozen=True):
    """How the passphrase opens the root key."""

    salt: bytes
    memory_kib: int
    passes: int
    lanes: int
    closed: bytes


class TooShort(RootKeyUnusable):
    """The passphrase needs at least twelve characters; five random words are better."""


def close(root: bytes, passphrase: str, *, memory_kib: int = 256 << 10) -> FromPassphrase:
    """Close a root key. Raises TooShort."""
    if len(passphrase.strip()) < LETTERS_MIN:
        raise TooShort
    shape = FromPassphrase(os.urandom(SALT_BYTES), memory_kib, 3, 4, b"")
    return msgspec.structs.replace(shape, closed=close_root(root, _stretched(shape, passphrase)))


def open_with(source: FromPassphrase, passphrase: str) -> bytes:
    """The root key; RootKeyUnusable for another passphrase."""
    if not 8 << 10 <= source.memory_kib <= MEMORY_KIB_MAX or not 1 <= source.passes <= 20:
        raise RootKeyUnusable
    sentence = "This passphrase does not open the root key."
    return open_root(source.closed, _stretched(source, passphrase), sentence)


def _stretched(shape: FromPassphrase, passphrase: str) -> bytes:
    derivation = Argon2id(
        salt=shape.salt,
        length=KEY_BYTES,
        iterations=shape.passes,
        lanes=shape.lanes,
        memory_cost=shape.memory_kib,
    )
    # The same words typed on another system may be other bytes (é as one sign or as two).
    return derivation.derive(unicodedata.normalize("NFKC", passphrase.strip()).encode())
