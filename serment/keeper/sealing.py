"""Sealing of one value, the same code at both ends: the keeper seals, its client opens.

Suite 1: AES-256-GCM under a key made for one record, one field and one version, so a nonce of
zeros is used once only. Sealed bytes are ``suite (1) | version (16) | ciphertext and tag``.
The plaintext is padded to a multiple of 32 bytes, so that lengths tell little.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from serment.errors import Broken

SUITE_1: Final = 1
VERSION_BYTES: Final = 16
_NONCE: Final = bytes(12)
_PAD_TO: Final = 32
_HEAD_BYTES: Final = 1 + VERSION_BYTES


class SealBroken(Broken):
    """A sealed value does not open: it was altered or put in another place."""


def version_of(sealed: bytes) -> bytes:
    """The version drawn when this value was sealed; SealBroken for an unknown suite."""
    if len(sealed) < _HEAD_BYTES + 16 or sealed[0] != SUITE_1:
        raise SealBroken
    return sealed[1:_HEAD_BYTES]


def record_key(zone_key: bytes, kind: str, field: str, record: bytes, version: bytes) -> bytes:
    """HKDF-Expand (RFC 5869, one block) of the subject's zone key for exactly one value."""
    mac = begun(zone_key)
    mac.update(_named(kind, field) + _joined(record, version) + b"\x01")
    return mac.finalize()


def bound_to(
    tenant: bytes, subject: bytes, zone: str, kind: str, field: str, record: bytes, version: bytes
) -> bytes:
    """The associated data: a digest, so that a client never learns whose record it opens."""
    place = _named(kind, field) + _joined(record, version)
    return hashlib.sha256(_BOUND + _owned(tenant, subject, zone) + place).digest()


def begun(zone_key: bytes) -> HMAC:
    """What all keys below a zone key begin with: copied for each of them. As secret as the key."""
    mac = HMAC(zone_key, SHA256())
    mac.update(_VALUE)
    return mac


class RecordKeys:
    """``record_key`` and ``bound_to`` for many values of one record: what they share, once."""

    __slots__ = ("_begun", "_bound", "_kind", "_record")

    def __init__(
        self, begun: HMAC, tenant: bytes, subject: bytes, zone: str, kind: str, record: bytes
    ) -> None:
        self._begun = begun
        self._bound = _BOUND + _owned(tenant, subject, zone)
        self._kind = kind
        self._record = _joined(record) + _LENGTH

    def of(self, field: str, version: bytes) -> tuple[bytes, bytes]:
        """Key and associated data of one value; a version has its 16 bytes, as the wire checks."""
        place = _named(self._kind, field) + self._record + version
        mac = self._begun.copy()
        mac.update(place + b"\x01")
        return mac.finalize(), hashlib.sha256(self._bound + place).digest()


def seal(key: bytes, bound: bytes, version: bytes, text: str) -> bytes:
    """Sealed bytes of one value."""
    plain = text.encode() + b"\x80"
    plain += bytes(-len(plain) % _PAD_TO)
    return bytes((SUITE_1,)) + version + AESGCM(key).encrypt(_NONCE, plain, bound)


def open_sealed(key: bytes, bound: bytes, sealed: bytes) -> str:
    """The value; SealBroken when a bit, the place or the owner is not what was sealed."""
    version_of(sealed)
    try:
        plain = AESGCM(key).decrypt(_NONCE, sealed[_HEAD_BYTES:], bound)
    except InvalidTag as wrong:
        raise SealBroken from wrong
    return plain[: plain.rindex(b"\x80")].decode()


def _joined(*parts: bytes) -> bytes:
    """Parts with their lengths, so that no two lists of parts give the same bytes."""
    return b"".join([len(part).to_bytes(2, "big") + part for part in parts])


@lru_cache(maxsize=50_000)
def _owned(tenant: bytes, subject: bytes, zone: str) -> bytes:
    return _joined(tenant, subject, zone.encode())


@lru_cache(maxsize=1_000)
def _named(kind: str, field: str) -> bytes:
    """Names of fields: the same few dozen for everybody."""
    return _joined(kind.encode(), field.encode())


_LENGTH: Final = VERSION_BYTES.to_bytes(2, "big")
_VALUE: Final = _joined(b"serment value 1")
_BOUND: Final = _joined(b"serment bound 1")
