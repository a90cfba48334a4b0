"""What a provider publishes of itself: its addresses and its keys, kept for an hour.

Both are taken from the pinned issuer only. A key nobody knows has the keys fetched again, once a
minute at most: a provider changes its keys without telling, and a stranger must not make us ask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.common.security import is_secure_transport
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from serment.identity.openid.faults import AnswerRefused, ProviderDown
from serment.identity.openid.line import Answer, Line, NoAnswer
from serment.identity.openid.providers import Provider

KEPT_SECONDS: Final = 3600.0
KEYS_AGAIN_SECONDS: Final = 60.0
RSA_BITS_MIN: Final = 2048

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to go, and what is taken there."""

    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str
    pkce: bool
    says_issuer: bool
    """Names itself in its answer to the browser (RFC 9207)."""


@dataclass(slots=True)
class _Kept:
    addresses: Addresses | None = None
    addresses_at: float = 0.0
    keys: KeySet | None = None
    keys_at: float = 0.0


@dataclass(slots=True)
class Directory:
    """What this process knows of the providers."""

    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, provider: Provider) -> Addresses | None:
        """Its addresses, where no call is needed for them."""
        kept = self._of(provider)
        fresh = kept.addresses is not None and self.clock() - kept.addresses_at < KEPT_SECONDS
        return kept.addresses if fresh else None

    def addresses(self, provider: Provider, line: Line) -> Addresses:
        """Asked for where they are not known. ProviderDown, AnswerRefused."""
        found = self.known(provider)
        if found is None:
            found = _addresses(provider, _json(provider, line, provider.place.discovery))
            kept = self._of(provider)
            kept.addresses, kept.addresses_at = found, self.clock()
        return found

    def keys(self, provider: Provider, line: Line, *, unknown_key: bool = False) -> KeySet:
        """Its public keys; asked for again where one was unknown. As ``addresses``."""
        kept = self._of(provider)
        age = self.clock() - kept.keys_at
        enough = age < (KEYS_AGAIN_SECONDS if unknown_key else KEPT_SECONDS)
        if kept.keys is not None and enough:
            return kept.keys
        published = _json(provider, line, self.addresses(provider, line).keys)
        kept.keys, kept.keys_at = _keys(provider, published), self.clock()
        return kept.keys

    def forget(self) -> None:
        """All of it, as after a start."""
        with self._lock:
            self._kept.clear()

    def _of(self, provider: Provider) -> _Kept:
        with self._lock:
            return self._kept.setdefault(provider.place.issuer, _Kept())


directory = Directory()


def _json(provider: Provider, line: Line, url: str) -> dict[str, Any]:
    try:
        answer: Answer = line.get(url)
        answer.raise_for_status()
    except NoAnswer as fault:
        raise ProviderDown(provider.kind.name, "directory_gone") from fault
    try:
        found = answer.json()
    except ValueError as fault:
        raise ProviderDown(provider.kind.name, "directory_unreadable") from fault
    if not isinstance(found, dict):
        raise AnswerRefused(provider.kind.name, "directory_wrong")
    return found


def _addresses(provider: Provider, told: dict[str, Any]) -> Addresses:
    if told.get("issuer") != provider.place.issuer:
        raise AnswerRefused(provider.kind.name, "issuer_of_directory")
    for name in (*_ENDPOINTS, "end_session_endpoint"):
        if name in _ENDPOINTS or name in told:
            _at_home(provider, told.get(name))
    return Addresses(
        authorization=told["authorization_endpoint"],
        token=told["token_endpoint"],
        userinfo=told["userinfo_endpoint"],
        keys=told["jwks_uri"],
        end_session=told.get("end_session_endpoint", ""),
        pkce="S256" in (told.get("code_challenge_methods_supported") or ()),
        says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
    )


def _at_home(provider: Provider, url: object) -> None:
    """Only to the provider's own hosts: a directory that was altered leads nowhere else."""
    at_home = (
        isinstance(url, str)
        and is_secure_transport(url)
        and urlsplit(url).netloc in provider.place.hosts
    )
    if not at_home:
        raise AnswerRefused(provider.kind.name, "address_elsewhere")


def _keys(provider: Provider, published: dict[str, Any]) -> KeySet:
    """Keys that can check a signature: curves and RSA of enough bits; never a shared secret."""
    try:
        keys = [key for key in KeySet.import_key_set(published) if _usable(key)]  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise AnswerRefused(provider.kind.name, "keys_unreadable") from fault
    if not keys:
        raise AnswerRefused(provider.kind.name, "no_key")
    return KeySet(keys)


def _usable(key: object) -> bool:
    if isinstance(key, ECKey):
        return key.get("use") != "enc" and key.curve_name == "P-256"
    if isinstance(key, RSAKey):
        return key.get("use") != "enc" and key.public_key.key_size >= RSA_BITS_MIN
    return False
