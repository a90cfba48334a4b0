"""A root key closed under the key of a passphrase, of shares or of a token."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serment.errors import SettingWrong

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
PLACE: Final = b"serment root 1"


class RootKeyUnusable(SettingWrong):
    """The keeper's root key is missing, damaged or readable by others."""


class Unanswered(RootKeyUnusable):
    """The root key needs an answer, and nobody can be asked here."""


def new_root() -> bytes:
    """A fresh root key."""
    return os.urandom(KEY_BYTES)


def close_root(root: bytes, key: bytes) -> bytes:
    """The root key as it may lie on disk."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, root, PLACE)


def open_root(closed: bytes, key: bytes, sentence: str) -> bytes:
    """The root key; RootKeyUnusable with the sentence where the key is another one."""
    try:
        return AESGCM(key).decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], PLACE)
    except InvalidTag as other:
        raise RootKeyUnusable(sentence) from other
