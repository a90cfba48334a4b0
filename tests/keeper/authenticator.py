"""A passkey in software, as honest or as bent as a test needs it (WebAuthn level 3)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from serment.keeper.passkeys.asks import Assertion, EnrolAsk

URL = "https://cabinet.exemple.fr"
SITE = "cabinet.exemple.fr"
FLAG = AuthenticatorData.FLAG


@dataclass(slots=True)
class Authenticator:
    """One credential; a test bends what it signs by setting a field."""

    origin: str = URL
    site: str = SITE
    verified: bool = True
    present: bool = True
    count: int = 0
    counts: bool = True
    within: dict[str, object] = field(default_factory=dict)
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, challenge: bytes, user: bytes = b"", label: str = "") -> EnrolAsk:
        """What a browser sends after ``navigator.credentials.create``."""
        self.user = user
        data = AttestedCredentialData.create(
            Aaguid.NONE, self.credential, ES256.from_cryptography_key(self.key.public_key())
        )
        attested = AttestationObject.create("none", self._data(FLAG.AT, data), {})
        return EnrolAsk(self._client("webauthn.create", challenge), bytes(attested), label)

    def sign(self, challenge: bytes, *, what: str = "webauthn.get") -> Assertion:
        """What a browser sends after ``navigator.credentials.get``."""
        if self.counts:
            self.count += 1
        data, client = self._data(), self._client(what, challenge)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return Assertion(self.credential, client, bytes(data), signature, self.user)

    def _client(self, what: str, challenge: bytes) -> bytes:
        return bytes(CollectedClientData.create(what, challenge, self.origin, **self.within))

    def _data(self, more: int = 0, credential: bytes = b"") -> AuthenticatorData:
        flags = FLAG(more | (FLAG.UV if self.verified else 0) | (FLAG.UP if self.present else 0))
        return AuthenticatorData.create(
            hashlib.sha256(self.site.encode()).digest(), flags, self.count, credential
        )
