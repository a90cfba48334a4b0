"""The key hierarchy: root → establishment → subject × zone. Only the keeper imports this.

Wrapped keys lie in the keeper's store and nowhere else. Nothing here leaves the process except
what ``sealing.record_key`` derives from a zone key.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serment.errors import SettingWrong

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
EPOCH: Final = 1


class RootKeyUnusable(SettingWrong):
    """The keeper's root key file is missing, damaged or readable by others."""


def load_root(path: Path, *, may_create: bool) -> bytes:
    """The root key from its file of mode 0600; made at the very first start only."""
    if not path.exists():
        if not may_create:
            raise RootKeyUnusable
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    if path.stat().st_mode & 0o077:
        raise RootKeyUnusable
    root = path.read_bytes()
    if len(root) != KEY_BYTES:
        raise RootKeyUnusable
    return root


def derive(key: bytes, label: str) -> bytes:
    """A named key below another one (HKDF-Expand, one block)."""
    return hmac.digest(key, b"serment keeper 1 " + label.encode() + b"\x01", "sha256")


class Box:
    """Authenticated encryption of the keeper's own rows under one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, plain: bytes, place: bytes) -> bytes:
        """Encrypt for one place: the same bytes in another row do not open."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, closed: bytes, place: bytes) -> bytes:
        """Decrypt; cryptography's InvalidTag when it is not what was closed there."""
        return self._cipher.decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], place)


class KeyRows(Protocol):
    """Where wrapped keys lie."""

    def establishment_key(self, tenant: bytes, epoch: int) -> bytes | None: ...
    def add_establishment_key(self, tenant: bytes, epoch: int, wrapped: bytes) -> None: ...
    def subject_key(self, subject: bytes, zone: str) -> tuple[bytes, int, bytes] | None: ...
    def add_subject_key(
        self, subject: bytes, zone: str, tenant: bytes, epoch: int, wrapped: bytes
    ) -> None: ...


class KeyRing:
    """Unwraps keys and keeps the unwrapped ones in this process's memory, bounded.

    Subjects and tenants are named by their tags. A key made inside a transaction is forgotten
    when that transaction fails (``forget_fresh``): otherwise values would be sealed under a key
    no store knows.
    """

    def __init__(self, root: bytes, rows: KeyRows, *, cached_max: int = 200_000) -> None:
        self._root = Box(derive(root, "wrap"))
        self._rows = rows
        self._boxes: dict[bytes, Box] = {}
        self._zones: dict[tuple[bytes, str], bytes] = {}
        self._fresh: list[tuple[bytes, str] | bytes] = []
        self._cached_max = cached_max

    def zone_key(self, subject: bytes, zone: str, tenant: bytes | None) -> bytes | None:
        """The subject's key for one zone; made when missing and a tenant is given."""
        name = (subject, zone)
        key = self._zones.get(name)
        if key is not None:
            return key
        row = self._rows.subject_key(subject, zone)
        if row is not None:
            owner, epoch, wrapped = row
            key = self._establishment(owner, epoch).open(wrapped, subject + zone.encode())
        elif tenant is None:
            return None
        else:
            key = os.urandom(KEY_BYTES)
            wrapped = self._establishment(tenant, EPOCH).close(key, subject + zone.encode())
            self._rows.add_subject_key(subject, zone, tenant, EPOCH, wrapped)
            self._fresh.append(name)
        if len(self._zones) >= self._cached_max:
            self._zones.clear()
        self._zones[name] = key
        return key

    def _establishment(self, tenant: bytes, epoch: int) -> Box:
        box = self._boxes.get(tenant)
        if box is None:
            place = b"establishment" + tenant
            wrapped = self._rows.establishment_key(tenant, epoch)
            if wrapped is None:
                key = os.urandom(KEY_BYTES)
                self._rows.add_establishment_key(tenant, epoch, self._root.close(key, place))
                self._fresh.append(tenant)
            else:
                key = self._root.open(wrapped, place)
            box = self._boxes[tenant] = Box(key)
        return box

    def keep_fresh(self) -> None:
        """The transaction that stored the new keys is durable."""
        self._fresh.clear()

    def forget_fresh(self) -> None:
        """The transaction failed: keys made in it were never stored."""
        for name in self._fresh:
            if isinstance(name, bytes):
                self._boxes.pop(name, None)
            else:
                self._zones.pop(name, None)
        self._fresh.clear()
