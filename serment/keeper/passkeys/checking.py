"""Is it signed by that passkey, at our site, by a person it recognised? Yubico's fido2 decides.

The library is loaded when somebody first signs, in a thread: answers go on meanwhile. Whatever a
stranger's bytes make it die of is ``NotSigned``. It would log each credential's number: it is
let to log nothing but faults.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature

from serment.errors import Refused, SettingWrong
from serment.keeper.passkeys.asks import Assertion, EnrolAsk

if TYPE_CHECKING:
    from fido2.cose import CoseKey
    from fido2.server import Fido2Server

ALGORITHMS: Final = (-7, -8, -257)
"""ES256, EdDSA, RS256: what telephones, security keys and Windows make."""


class NotSigned(Refused):
    """This is no signature of that passkey for what was asked."""


class SiteUnusable(SettingWrong):
    """The public address has no host name that passkeys could be bound to."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: the relying party's id, and the one origin that may ask for it."""

    name: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> Site:
        """Of the address people type. Raises SiteUnusable."""
        try:
            parts = urlsplit(public_url)
            host, port = parts.hostname or "", parts.port
        except ValueError as wrong:
            raise SiteUnusable from wrong
        if not host or parts.scheme not in ("http", "https"):
            raise SiteUnusable
        default = {"http": 80, "https": 443}[parts.scheme]
        tail = "" if port in (None, default) else f":{port}"
        return cls(host, f"{parts.scheme}://{host}{tail}")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A passkey just made."""

    credential: bytes
    key: bytes
    """COSE key, CBOR (RFC 9052)."""
    count: int


async def load() -> None:
    """Have the library ready; some 200 ms the first time."""
    await asyncio.to_thread(importlib.import_module, "fido2.server")
    logging.getLogger("fido2").setLevel(logging.WARNING)


def challenge_in(client_data: bytes) -> bytes:
    """The challenge that was signed. NotSigned where there is none."""
    from fido2.webauthn import CollectedClientData

    try:
        found = CollectedClientData(client_data).challenge
    except Exception as wrong:  # whatever a parser dies of on a stranger's bytes
        raise NotSigned from wrong
    return bytes(found)


def made(site: Site, challenge: bytes, told: EnrolAsk) -> Fresh:
    """The passkey that the browser made for this challenge. Raises NotSigned."""
    try:
        return _made(site, challenge, told)
    except Exception as wrong:  # whatever a parser dies of on a stranger's bytes
        raise NotSigned from wrong


def _made(site: Site, challenge: bytes, told: EnrolAsk) -> Fresh:
    from fido2 import cbor
    from fido2.webauthn import (
        AttestationObject,
        AuthenticatorAttestationResponse,
        CollectedClientData,
        RegistrationResponse,
    )

    _must_be_ours(told.client_data)
    attestation = AttestationObject(told.attestation)
    data = attestation.auth_data.credential_data
    if data is None or data.public_key.ALGORITHM not in ALGORITHMS:
        raise NotSigned
    answer = RegistrationResponse(
        raw_id=data.credential_id,
        response=AuthenticatorAttestationResponse(
            client_data=CollectedClientData(told.client_data), attestation_object=attestation
        ),
    )
    found = _server(site).register_complete(_state(challenge), answer)
    _must_verify(data.public_key)
    return Fresh(data.credential_id, cbor.encode(dict(data.public_key)), found.counter)


def signed(site: Site, challenge: bytes, key: bytes, told: Assertion) -> int:
    """The authenticator's count, where this passkey signed this challenge. Raises NotSigned."""
    try:
        return _signed(site, challenge, key, told)
    except Exception as wrong:  # whatever a parser dies of on a stranger's bytes
        raise NotSigned from wrong


def _signed(site: Site, challenge: bytes, key: bytes, told: Assertion) -> int:
    from fido2 import cbor
    from fido2.cose import CoseKey
    from fido2.webauthn import (
        Aaguid,
        AttestedCredentialData,
        AuthenticationResponse,
        AuthenticatorAssertionResponse,
        AuthenticatorData,
        CollectedClientData,
    )

    _must_be_ours(told.client_data)
    data = AuthenticatorData(told.authenticator_data)
    answer = AuthenticationResponse(
        raw_id=told.credential,
        response=AuthenticatorAssertionResponse(
            client_data=CollectedClientData(told.client_data),
            authenticator_data=data,
            signature=told.signature,
        ),
    )
    public = CoseKey.parse(cast("Mapping[int, Any]", cbor.decode(key)))
    kept = AttestedCredentialData.create(Aaguid.NONE, told.credential, public)
    _server(site).authenticate_complete(_state(challenge), [kept], answer)
    return data.counter


def _server(site: Site) -> Fido2Server:
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    entity = PublicKeyCredentialRpEntity(id=site.name, name="Serment")
    return Fido2Server(entity, verify_origin=lambda origin: origin == site.origin)


def _state(challenge: bytes) -> dict[str, object]:
    from fido2.utils import websafe_encode
    from fido2.webauthn import UserVerificationRequirement

    return {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }


def _must_be_ours(client_data: bytes) -> None:
    """Not asked for within somebody else's page: the library does not look at that."""
    told = json.loads(client_data)
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise NotSigned


def _must_verify(key: CoseKey) -> None:
    """A key that no signature can be checked with is found now, not at a sign-in."""
    try:
        key.verify(b"", bytes(64))
    except InvalidSignature:
        return
    raise NotSigned
