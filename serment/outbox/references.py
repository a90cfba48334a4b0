"""The names by which providers and readers know a message: keyed, so that no row can be guessed.

A reference goes to the provider (Message-ID, tag); the secret of a link goes to the reader alone.
Both follow from the message, so that a message sent again carries the same.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serment.disclosure import gate

LETTERS: Final = 20
"""A hundred bits; as much as the shortest tag of a provider (OVHcloud's) may hold."""
_NONCE: Final = 12


@lru_cache(maxsize=1)
def _key() -> bytes:
    return hashlib.sha256(gate.alias("outbox references").encode()).digest()


def _keyed(what: str, of: bytes) -> bytes:
    return hmac.digest(_key(), what.encode() + b"\0" + of, "sha256")


def _letters(digest: bytes) -> str:
    return b32encode(digest).decode().lower()[:LETTERS]


def reference_of(message: UUID, provider: str) -> str:
    """By which one provider knows a message. Raises ``KeeperUnavailable`` before the key is known,
    like everything here."""
    return _letters(_keyed("reference", message.bytes + provider.encode()))


def secret_of(reference: str) -> str:
    """What a message's link carries: who has it may answer, once."""
    return _letters(_keyed("answer", reference.encode()))


def answer_key(secret: str) -> bytes:
    """How the table knows a link: not by what is in the link."""
    return hashlib.sha256(b"serment answer 1" + secret.encode()).digest()


def invitation_of(record: UUID) -> str:
    """What the link of an invitation carries: it follows from the visit's number, and no row has
    it."""
    return _letters(_keyed("invitation", record.bytes))


def invitation_digest(secret: str) -> bytes:
    """How the table knows such a link."""
    return hashlib.sha256(b"serment invitation 1" + secret.encode()).digest()


def hook_token(provider: str, reference: str) -> str:
    """What a provider's call-back about one message carries, so that nobody else can call."""
    return _letters(_keyed("hook", f"{provider}\0{reference}".encode()))


def stop_tag(address: str) -> bytes:
    """How a refusal names an address or a number: whose it is cannot be read back."""
    return _keyed("stop", address.strip().casefold().encode())


def digest(*told: object) -> bytes:
    """Of what a person was told: equal for the same, and nothing else can be read."""
    return _keyed("told", "\0".join(map(str, told)).encode())[:16]


def closed(text: str, bound: bytes) -> bytes:
    """A few letters a row holds, closed under the same key."""
    nonce = _keyed("nonce", bound + text.encode())[:_NONCE]
    return nonce + AESGCM(_key()).encrypt(nonce, text.encode(), bound)


def opened(sealed: bytes, bound: bytes) -> str:
    """What ``closed`` closed; empty where it was bound to something else."""
    try:
        return AESGCM(_key()).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound).decode()
    except InvalidTag:
        return ""
