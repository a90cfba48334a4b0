"""The key hierarchy: root and epoch → establishment → subject × zone. Only the keeper imports this.

Wrapped keys lie in the keeper's store and nowhere else. Nothing here leaves the process except
what ``sealing.record_key`` derives from a zone key.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from serment.errors import Broken, Refused
from serment.keeper.sealing import begun

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
AUDIT: Final = "audit"


class KeyGone(Broken):
    """A key that closed this was destroyed on schedule; nothing opens it any more."""


class SubjectErased(Refused):
    """This person's data were erased; nothing new is kept about them under the same number."""


def derive(key: bytes, label: str) -> bytes:
    """A named key below another one (HKDF-Expand, one block)."""
    return hmac.digest(key, b"serment keeper 1 " + label.encode() + b"\x01", "sha256")


class Box:
    """Authenticated encryption of the keeper's own rows under one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, plain: bytes, place: bytes, nonce: bytes = b"") -> bytes:
        """Encrypt for one place: the same bytes in another row do not open.

        Whoever gives a ``nonce`` has drawn it for this very call, with other randomness.
        """
        nonce = nonce or os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, closed: bytes, place: bytes) -> bytes:
        """Decrypt; cryptography's InvalidTag when it is not what was closed there."""
        return self._cipher.decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], place)


KEYS_HELD_MAX: Final = 50_000
"""Two to three thousand bytes each with what is made of them: some hundred MiB, and never more."""


class ZoneKey:
    """An unwrapped key, and what was made of it once somebody used it. All of it ends with it."""

    __slots__ = ("_begun", "_box", "key")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self._box: Box | None = None
        self._begun: HMAC | None = None

    @property
    def box(self) -> Box:
        """Rows closed under this very key."""
        if self._box is None:
            self._box = Box(self.key)
        return self._box

    @property
    def begun(self) -> HMAC:
        """Where the keys of single values begin (``sealing.begun``)."""
        if self._begun is None:
            self._begun = begun(self.key)
        return self._begun


class KeyRows(Protocol):
    """Where wrapped keys lie."""

    def establishment_key(self, tenant: bytes, epoch: int) -> bytes | None: ...
    def put_establishment_key(self, tenant: bytes, epoch: int, wrapped: bytes) -> None: ...
    def subject_key(self, subject: bytes, zone: str) -> tuple[bytes, int, bytes] | None: ...
    def add_subject_key(
        self, subject: bytes, zone: str, tenant: bytes, epoch: int, wrapped: bytes
    ) -> None: ...
    def is_erased(self, subject: bytes) -> bool: ...


class Wraps(Protocol):
    """What establishment keys are wrapped under: root key and epoch."""

    def epoch_number(self) -> int: ...
    def wraps(self, number: int) -> list[Box]: ...


class KeyRing:
    """Unwraps keys and keeps the unwrapped ones in this process's memory, bounded.

    Subjects and tenants are named by their tags. A key made inside a transaction is forgotten
    when that transaction fails (``forget_fresh``): otherwise values would be sealed under a key
    no store knows.
    """

    def __init__(self, wraps: Wraps, rows: KeyRows, *, cached_max: int = KEYS_HELD_MAX) -> None:
        self._wraps = wraps
        self._rows = rows
        self._boxes: dict[tuple[bytes, int], Box] = {}
        self._zones: dict[tuple[bytes, str], ZoneKey] = {}
        self._fresh: list[tuple[bytes, str] | tuple[bytes, int]] = []
        self._cached_max = cached_max

    def zone_key(self, subject: bytes, zone: str, tenant: bytes | None) -> bytes | None:
        """The subject's key for one zone; made when missing and a tenant is given.

        Raises SubjectErased instead of making new keys for one whose keys were destroyed.
        """
        held = self._zone(subject, zone, tenant)
        return None if held is None else held.key

    def box(self, subject: bytes, zone: str, tenant: bytes | None) -> Box | None:
        """The same key as a box. It is kept and forgotten with the key."""
        held = self._zones.get((subject, zone)) or self._zone(subject, zone, tenant)
        return None if held is None else held.box

    def begun(self, subject: bytes, zone: str) -> HMAC | None:
        """The same key, where the keys of single values begin; none is made."""
        held = self._zones.get((subject, zone)) or self._zone(subject, zone, None)
        return None if held is None else held.begun

    def _zone(self, subject: bytes, zone: str, tenant: bytes | None) -> ZoneKey | None:
        name = (subject, zone)
        held = self._zones.get(name)
        if held is not None:
            return held
        row = self._rows.subject_key(subject, zone)
        if row is not None:
            owner, epoch, wrapped = row
            key = self.establishment(owner, epoch).open(wrapped, subject + zone.encode())
        elif tenant is None:
            return None
        elif zone != AUDIT and self._rows.is_erased(subject):
            raise SubjectErased
        else:
            key = os.urandom(KEY_BYTES)
            epoch = self._wraps.epoch_number()
            wrapped = self.establishment(tenant, epoch).close(key, subject + zone.encode())
            self._rows.add_subject_key(subject, zone, tenant, epoch, wrapped)
            self._fresh.append(name)
        if len(self._zones) >= self._cached_max:
            self._zones.clear()
        held = self._zones[name] = ZoneKey(key)
        return held

    def establishment(self, tenant: bytes, epoch: int) -> Box:
        """The box of an establishment in one epoch; a new key is made where it has none yet."""
        name = (tenant, epoch)
        box = self._boxes.get(name)
        if box is None:
            wrapped = self._rows.establishment_key(tenant, epoch)
            if wrapped is None:
                key = os.urandom(KEY_BYTES)
                closed = self._wraps.wraps(epoch)[0].close(key, _place(tenant))
                self._rows.put_establishment_key(tenant, epoch, closed)
                self._fresh.append(name)
            else:
                key = self._unwrapped(tenant, epoch, wrapped)
            box = self._boxes[name] = Box(key)
        return box

    def _unwrapped(self, tenant: bytes, epoch: int, wrapped: bytes) -> bytes:
        """An establishment key, whichever root key still known closed it."""
        for box in self._wraps.wraps(epoch):
            with suppress(InvalidTag):
                return box.open(wrapped, _place(tenant))
        raise KeyGone

    def rewrapped(self, tenant: bytes, epoch: int, wrapped: bytes) -> bytes | None:
        """The same key under the present root key; None where it lies so already."""
        present = self._wraps.wraps(epoch)[0]
        try:
            present.open(wrapped, _place(tenant))
        except InvalidTag:
            return present.close(self._unwrapped(tenant, epoch, wrapped), _place(tenant))
        return None

    def forget(self, subject: bytes, zones: Iterable[str]) -> None:
        """The keys were destroyed: none stays in memory."""
        for zone in zones:
            self._zones.pop((subject, zone), None)

    def forget_epoch(self, epoch: int) -> None:
        """The epoch ended for good."""
        self._boxes = {name: box for name, box in self._boxes.items() if name[1] != epoch}

    def keep_fresh(self) -> None:
        """The transaction that stored the new keys is durable."""
        self._fresh.clear()

    def forget_fresh(self) -> None:
        """The transaction failed: keys made in it were never stored."""
        for name in self._fresh:
            owner, what = name
            if isinstance(what, int):
                self._boxes.pop((owner, what), None)
            else:
                self._zones.pop((owner, what), None)
        self._fresh.clear()


def _place(tenant: bytes) -> bytes:
    return b"establishment" + tenant
