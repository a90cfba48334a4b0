"""Passkeys of staff: pages carry between browser and keeper, which asks, checks and believes.

``begin_…`` gives what the browser needs (WebAuthn level 3, the JSON forms of 5.1.8 and 5.1.9),
``finish_…`` takes its answer as the browser wrote it. A sensitive act is begun and finished with
the same ``SensitiveAct``: its digest is what is signed. Errors as of the gate; ``AssertionNeeded``
where an act was asked without the signature it needs.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from serment.disclosure.actors import SYSTEM, Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import instant_of
from serment.errors import Unusable
from serment.keeper import wire
from serment.keeper.passkeys import asks
from serment.keeper.passkeys.checking import ALGORITHMS
from serment.keeper.policy import asks as policy_asks
from serment.keeper.words import VERIFIED

ANSWER_LETTERS_MAX: Final = 32_768
LABEL_LETTERS_MAX: Final = asks.LABEL_LETTERS_MAX

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey as its owner and colleagues see it; ``name`` stands for it towards the keeper."""

    name: bytes
    actor: UUID
    role: str
    label: str
    enrolled_at: datetime
    settles_at: datetime
    vouched_by: UUID | None
    revoked_at: datetime | None
    settled: bool
    """Does what it signs count as verified? By the keeper's clock."""


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """Whose session the keeper minted, as it knows them: nobody else says who that is."""

    actor: UUID
    establishment: UUID
    role: str
    verified: bool
    capability: bytes


@dataclass(frozen=True, slots=True)
class SensitiveAct:
    """What is signed for: made the same when it is begun and when it is finished."""

    part: wire.Part

    @classmethod
    def of(cls, op: str, body: wire.Body) -> SensitiveAct:
        """An operation of the keeper and its body."""
        return cls(wire.Part(op, body=wire.raw(body)))


def vouching(passkey: bytes) -> SensitiveAct:
    """That a colleague's new passkey is theirs."""
    return SensitiveAct.of("vouch", asks.PasskeyAsk(passkey))


def revoking(passkey: bytes) -> SensitiveAct:
    """A colleague's lost passkey, by an officer."""
    return SensitiveAct.of("revoke", asks.PasskeyAsk(passkey))


def ending(actor: UUID) -> SensitiveAct:
    """Somebody has left: nothing of theirs opens anything from then on."""
    return SensitiveAct.of("end_staff", asks.StaffAsk(actor.bytes))


def giving_role(actor: UUID, role: str) -> SensitiveAct:
    """The role of a colleague; their sessions end, and whoever had left is back."""
    return SensitiveAct.of("staff_role", asks.StaffAsk(actor.bytes, role))


def approving(digest: bytes) -> SensitiveAct:
    """A grant: an export, a raised budget, an erasure."""
    return SensitiveAct.of("grant_approve", policy_asks.DigestAsk(digest))


def refusing(digest: bytes) -> SensitiveAct:
    """The same, refused by a trustee: it allows nothing from then on."""
    return SensitiveAct.of("grant_revoke", policy_asks.DigestAsk(digest))


def unfreezing(what: str, value: str, why: str) -> SensitiveAct:
    """A freeze, lifted."""
    return SensitiveAct.of("unfreeze", policy_asks.UnfreezeAsk(what, value, why.strip()[:500]))


def judging(glass: UUID, outcome: str, remark: str) -> SensitiveAct:
    """What an officer says of a file opened in an emergency."""
    wanted = policy_asks.ReviewAsk(glass.bytes, outcome, remark.strip()[:500])
    return SensitiveAct.of("glass_review", wanted)


def adding(answer: str, label: str) -> SensitiveAct:
    """A second passkey, made as ``answer`` says."""
    return SensitiveAct.of("enrol", _enrolment(answer, label))


def begin_enrolment(actor: Actor, shown_as: str) -> Options:
    """What ``navigator.credentials.create`` needs; ``shown_as`` is what its device calls it."""
    asked = _challenged(actor, "enrol")
    return {
        "rp": {"id": asked.site, "name": "Serment"},
        "user": {"id": _text(asked.user), "name": shown_as, "displayName": shown_as},
        "challenge": _text(asked.challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
        "timeout": asked.seconds * 1_000,
        "excludeCredentials": [_described(one) for one in asked.credentials],
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
        },
        "attestation": "none",
    }  # fmt: skip


def finish_enrolment(actor: Actor, answer: str, label: str) -> Passkey:
    """A first passkey; ``AssertionNeeded`` where there is one already (``adding``)."""
    return _passkey(ask("enrol", actor, asks.PasskeyRow, _enrolment(answer, label)))


def begin_sign_in() -> Options:
    """What ``navigator.credentials.get`` needs: whoever has a passkey of this site."""
    return _request_options(_challenged(SYSTEM, "sign_in"), anybody=True)


def finish_sign_in(answer: str, hours: float, session: str) -> SignedInAs:
    """The session of whoever signed. NotYours where nobody did whom the keeper believes."""
    wanted = asks.SignInAsk(_assertion(answer), hours, session)
    told = ask("assert", SYSTEM, asks.SignedIn, wanted, purpose=Purpose.SIGN_IN)
    return SignedInAs(
        UUID(bytes=told.actor), UUID(bytes=told.establishment), told.role,
        told.evidence == VERIFIED, told.token,
    )  # fmt: skip


def begin_act(actor: Actor, act: SensitiveAct) -> Options:
    """What ``navigator.credentials.get`` needs for one of the actor's own passkeys."""
    return _request_options(_challenged(actor, "act", asks.digest_of(act.part)), anybody=False)


def finish_act(actor: Actor, act: SensitiveAct, answer: str) -> None:
    """Do what was signed."""
    wanted = asks.AssertedAsk(act.part, _assertion(answer))
    ask("asserted", actor, _Anything, wanted)


def revoke(actor: Actor, passkey: bytes) -> None:
    """One's own lost passkey, at once: its sessions end with it."""
    ask("revoke", actor, asks.PasskeyRow, asks.PasskeyAsk(passkey))


def end_staff(actor: Actor, who: UUID) -> None:
    """``ending`` without a signature, where none is needed: by the operator, or before passkeys."""
    ask("end_staff", actor, wire.Nothing, asks.StaffAsk(who.bytes))


def give_role(actor: Actor, who: UUID, role: str) -> None:
    """``giving_role`` without a signature, where none is needed.

    ``TwoNeeded`` where an officer's role is given or taken and two have not approved it.
    """
    ask("staff_role", actor, wire.Nothing, asks.StaffAsk(who.bytes, role))


def passkeys(actor: Actor, *, house: bool = False) -> list[Passkey]:
    """One's own, or the establishment's; the latest first. The asking is recorded."""
    answer = ask(
        "passkeys", actor, asks.PasskeyList, asks.PasskeysAsk(house),
        purpose=Purpose.ADMINISTRATION,
    )  # fmt: skip
    return [_passkey(row) for row in answer.rows]


class _Anything(wire.Body, forbid_unknown_fields=False):
    """The answer of whatever act was signed for."""


def _challenged(actor: Actor, what: str, digest: bytes = b"") -> asks.ChallengeAnswer:
    return ask("challenge", actor, asks.ChallengeAnswer, asks.ChallengeAsk(what, digest))


def _request_options(asked: asks.ChallengeAnswer, *, anybody: bool) -> Options:
    return {
        "challenge": _text(asked.challenge),
        "rpId": asked.site,
        "timeout": asked.seconds * 1_000,
        "allowCredentials": [] if anybody else [_described(one) for one in asked.credentials],
        "userVerification": "required",
    }


def _enrolment(answer: str, label: str) -> asks.EnrolAsk:
    told = _response(answer)
    return asks.EnrolAsk(
        _bytes(told, "clientDataJSON"), _bytes(told, "attestationObject"),
        label.strip()[:LABEL_LETTERS_MAX],
    )  # fmt: skip


def _assertion(answer: str) -> asks.Assertion:
    told = _response(answer)
    return asks.Assertion(
        _bytes(told, "id"), _bytes(told, "clientDataJSON"), _bytes(told, "authenticatorData"),
        _bytes(told, "signature"), _bytes(told, "userHandle"),
    )  # fmt: skip


def _response(answer: str) -> dict[str, Any]:
    """The browser's own JSON, flat."""
    try:
        told = json.loads(answer[:ANSWER_LETTERS_MAX])
        return {**told["response"], "id": told["id"]}
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise _unreadable() from wrong


def _bytes(told: Mapping[str, Any], name: str) -> bytes:
    text = told.get(name) or ""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (TypeError, ValueError, binascii.Error) as wrong:
        raise _unreadable() from wrong


def _unreadable() -> Unusable:
    return Unusable(_("La réponse de cette clé est illisible."))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _described(credential: bytes) -> dict[str, str]:
    return {"type": "public-key", "id": _text(credential)}


def _passkey(row: asks.PasskeyRow) -> Passkey:
    return Passkey(
        row.passkey, UUID(bytes=row.actor), row.role, row.label, instant_of(row.enrolled_at),
        instant_of(row.settles_at), wire.uuid_of(row.vouched_by),
        instant_of(row.revoked_at) if row.revoked_at else None, row.settled,
    )  # fmt: skip
