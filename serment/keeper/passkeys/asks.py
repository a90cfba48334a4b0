"""Bodies of the operations on passkeys of staff (docs/reference/keeper-wire-v1.md)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec

from serment.keeper.wire import Body, Bytes16, Digest, Hours, Part, Token, Word

LABEL_LETTERS_MAX: Final = 40

CredentialId = Annotated[bytes, msgspec.Meta(min_length=1, max_length=1_023)]
"""Bound of WebAuthn level 3, 4."""
ClientData = Annotated[bytes, msgspec.Meta(max_length=4_096)]


class ChallengeAsk(Body):
    """op ``challenge``: ``what`` is sign_in, enrol or act; an act names its ``digest_of``."""

    what: Word
    digest: Digest = b""


class ChallengeAnswer(Body):
    """What the browser is to sign, within ``seconds``; ``site`` is the relying party's id.

    ``user`` and ``credentials`` are the asker's own: nobody's at a sign-in.
    """

    challenge: bytes
    site: str
    user: bytes
    credentials: list[bytes]
    seconds: int


class EnrolAsk(Body):
    """op ``enrol``: what the browser made for a challenge; ``label`` is the owner's word for it."""

    client_data: ClientData
    attestation: Annotated[bytes, msgspec.Meta(max_length=16_384)]
    label: Annotated[str, msgspec.Meta(max_length=LABEL_LETTERS_MAX)] = ""


class Assertion(Body):
    """What an authenticator signed (WebAuthn level 3, 5.2.2)."""

    credential: CredentialId
    client_data: ClientData
    authenticator_data: Annotated[bytes, msgspec.Meta(max_length=4_096)]
    signature: Annotated[bytes, msgspec.Meta(max_length=1_024)]
    user: Digest = b""


class SignInAsk(Body):
    """op ``assert``: mint the session of whoever signed."""

    assertion: Assertion
    hours: Hours
    session: Token = ""


class SignedIn(Body):
    """Whose session it is, as the keeper knows them; ``evidence`` is verified or claimed."""

    token: bytes
    actor: bytes
    establishment: bytes
    role: str
    evidence: str


class AssertedAsk(Body):
    """op ``asserted``: one act, and an assertion over its digest."""

    part: Part
    assertion: Assertion


class PasskeyAsk(Body):
    """ops ``vouch`` and ``revoke``: the keeper's own name of a passkey."""

    passkey: Bytes16


class StaffAsk(Body):
    """ops ``end_staff`` and ``staff_role``: a member of staff, and their role from now on."""

    actor: Bytes16
    role: Word = ""


class PasskeysAsk(Body):
    """op ``passkeys``: one's own, or with ``house`` all of the establishment."""

    house: bool = False


class PasskeyRow(Body):
    """One passkey. Instants in µs; ``settles_at``: from then on what it signs is verified."""

    passkey: bytes
    actor: bytes
    role: str
    label: str
    enrolled_at: int
    settles_at: int
    vouched_by: bytes | None
    revoked_at: int
    settled: bool
    """Does what it signs count as verified at this instant?"""


class PasskeyList(Body):
    """Answer of ``passkeys``, the latest first."""

    rows: list[PasskeyRow]


def joined(*parts: bytes) -> bytes:
    """Each part behind its length as u32, big-endian."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def digest_of(part: Part) -> bytes:
    """What stands for an act where somebody is asked to sign it: all that decides what it does."""
    return hashlib.sha256(
        joined(
            b"serment act 1",
            part.op.encode(),
            part.purpose.encode(),
            part.tenant or b"",
            bytes(part.body),
        )
    ).digest()
