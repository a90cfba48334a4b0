"""Sessions that a stolen database signs nobody in with.

The cookie holds a random key. The row holds its digest, and the session's data under a key derived
from it (HKDF-SHA256, then AES-256-GCM with the digest as associated data): without the cookie the
row cannot be found by guessing, opened, or turned back into a cookie. Data is padded and the
expiry rounded up, so that neither length nor time tells two people's sessions apart.

May not touch accounts: it stores whatever Django puts in a session.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from serment.identity.models import SignedInSession

_PAD_BYTES = 1024
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TOKEN_BYTES = 32


def digest_of(session_key: str) -> bytes:
    """What the database knows of a session key. 256 random bits need no slow hash."""
    return hashlib.sha256(b"serment session row\x00" + session_key.encode()).digest()


def _cipher(session_key: str) -> AESGCM:
    key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"serment session data v1")
    return AESGCM(key.derive(session_key.encode()))


def seal(session_key: str, data: bytes) -> bytes:
    """Pad and encrypt ``data`` so that only the holder of ``session_key`` opens it."""
    padded = data + b"\x80"
    padded += bytes(-len(padded) % _PAD_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(session_key).encrypt(nonce, padded, digest_of(session_key))


def unseal(session_key: str, blob: bytes) -> bytes | None:
    """The data again; None when the bytes were made with another key or altered."""
    try:
        padded = _cipher(session_key).decrypt(
            blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], digest_of(session_key)
        )
    except (InvalidTag, ValueError):
        return None
    return padded.rstrip(b"\x00")[:-1]


def _rounded(instant: datetime) -> datetime:
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(hours=1)


class SessionStore(SessionBase):
    """Django's session interface over ``SignedInSession``."""

    def _get_new_session_key(self) -> str:
        return secrets.token_urlsafe(_TOKEN_BYTES)

    def encode(self, session_dict: dict[str, Any]) -> str:
        """JSON text; it is sealed under the session's key when stored."""
        text: str = self.serializer().dumps(session_dict).decode("latin-1")
        return text

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """The dictionary of ``encode``'s text."""
        text = session_data.encode("latin-1") if isinstance(session_data, str) else session_data
        decoded: dict[str, Any] = self.serializer().loads(text)
        return decoded

    def load(self) -> dict[str, Any]:
        """The session's data; a fresh empty session where row, key or expiry fail."""
        key = self.session_key
        row = (
            SignedInSession.objects.filter(
                digest=digest_of(key), expires_at__gt=timezone.now()
            ).first()
            if key
            else None
        )
        data = unseal(key, bytes(row.sealed)) if row and key else None
        if data is None:
            self._session_key = None
            return {}
        return self.decode(data)

    def exists(self, session_key: str | None) -> bool:
        """Whether a row of this key exists."""
        return (
            bool(session_key)
            and SignedInSession.objects.filter(digest=digest_of(session_key or "")).exists()
        )

    def create(self) -> None:
        """Draw a key and store the empty session."""
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Seal and store; an ended session (row gone) is not brought back to life."""
        if self.session_key is None:
            self.create()
            return
        if must_create and not hasattr(self, "_session_cache"):
            self._session_cache: dict[str, Any] = {}
        data = self.encode(dict(self.items())).encode("latin-1")
        values = {
            "sealed": seal(self.session_key, data),
            "expires_at": _rounded(self.get_expiry_date()),
        }
        digest = digest_of(self.session_key)
        if must_create:
            try:
                with transaction.atomic():
                    SignedInSession.objects.create(digest=digest, **values)
            except IntegrityError as error:
                raise CreateError from error
        elif not SignedInSession.objects.filter(digest=digest).update(**values):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session at once."""
        key = session_key or self.session_key
        if key:
            SignedInSession.objects.filter(digest=digest_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Remove rows whose time has passed."""
        SignedInSession.objects.filter(expires_at__lt=timezone.now()).delete()
