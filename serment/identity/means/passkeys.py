"""Passkeys of patients: made and shown by the device, checked here with fido2.

A passkey counts as two factors because the device recognised its holder: user verification is
required whenever one is made or shown. What is asked is asked once: a challenge lies in the sealed
session and is gone with the first answer. Staff passkeys are the keeper's (``staff_passkeys``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from serment import clock
from serment.errors import Refused
from serment.identity.means.book import Passkey

_STATE: Final = "serment.passkey_asked"
NAME_LETTERS_MAX: Final = 40
ANSWER_LETTERS_MAX: Final = 20_000


class PasskeyRefused(Refused):
    """Cette clé d’accès n’a rien confirmé. Rien n’a changé."""


def ask_to_make(
    request: HttpRequest, account: UUID, name: str, known: Sequence[Passkey]
) -> dict[str, Any]:
    """What ``navigator.credentials.create`` needs."""
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=account.bytes, name=name, display_name=name),
        credentials=[_credential(one) for one in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _asked(request, options, state)


def made(request: HttpRequest, answer: str, name: str) -> Passkey:
    """The passkey that the device made. Raises ``PasskeyRefused``."""
    state, told = _state(request), _read(answer)
    try:
        data = _server().register_complete(state, told).credential_data
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as wrong:
        raise PasskeyRefused(_refused()) from wrong
    if data is None:
        raise PasskeyRefused(_refused())
    return Passkey(
        id=data.credential_id.hex(),
        name=name.strip()[:NAME_LETTERS_MAX] or _("Clé d’accès"),
        credential=bytes(data),
        added=clock.now().date().isoformat(),
    )


def ask_to_show(request: HttpRequest, known: Sequence[Passkey] = ()) -> dict[str, Any]:
    """What ``navigator.credentials.get`` needs: any passkey of this site, or one of these."""
    options, state = _server().authenticate_begin(
        [_credential(one) for one in known] or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _asked(request, options, state)


def whose(answer: str) -> UUID:
    """The account that an answer claims to be of; nothing is proved yet."""
    told = _read(answer)
    try:
        handle = str(told["response"]["userHandle"])
        return UUID(bytes=base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4)))
    except (ValueError, TypeError, KeyError) as wrong:
        raise PasskeyRefused(_refused()) from wrong


def shown(request: HttpRequest, answer: str, known: Sequence[Passkey]) -> Passkey:
    """Which of these was shown, noted as used. Raises ``PasskeyRefused``."""
    state, told = _state(request), _read(answer)
    try:
        proved = _server().authenticate_complete(state, [_credential(one) for one in known], told)
        count = AuthenticationResponse.from_dict(told).response.authenticator_data.counter
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise PasskeyRefused(_refused()) from wrong
    one = next(one for one in known if one.id == proved.credential_id.hex())
    # A counter that does not go on is a copy of the key; synced passkeys always say nought.
    if max(count, one.count) and count <= one.count:
        raise PasskeyRefused(_refused())
    one.count, one.used = count, clock.now().date().isoformat()
    return one


def _server() -> Fido2Server:
    place = urlsplit(settings.PUBLIC_URL)
    origin = f"{place.scheme}://{place.netloc}"
    rp = PublicKeyCredentialRpEntity(id=place.hostname or "localhost", name="Serment")
    return Fido2Server(rp, verify_origin=lambda said: said == origin)


def _asked(request: HttpRequest, options: Any, state: Any) -> dict[str, Any]:
    request.session[_STATE] = dict(state)
    asked: dict[str, Any] = dict(options)["publicKey"]
    return asked


def _state(request: HttpRequest) -> Any:
    state = request.session.pop(_STATE, None)
    if state is None:
        raise PasskeyRefused(_refused())
    return state


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > ANSWER_LETTERS_MAX:
        raise PasskeyRefused(_refused())
    try:
        told = json.loads(answer)
    except ValueError as wrong:
        raise PasskeyRefused(_refused()) from wrong
    if not isinstance(told, dict) or _within_another_page(told):
        raise PasskeyRefused(_refused())
    return told | {"rawId": told.get("rawId", told.get("id"))}


def _within_another_page(told: dict[str, Any]) -> bool:
    """Was it asked for inside somebody else's page? The library does not look at that."""
    try:
        client = json.loads(websafe_decode(told["response"]["clientDataJSON"]))
        return client.get("crossOrigin", False) is not False or "topOrigin" in client
    except (ValueError, TypeError, KeyError, AttributeError):
        return True


def _credential(one: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(one.credential)


def _refused() -> str:
    return _(
        "Cette clé d’accès n’a rien confirmé. Rien n’a changé."
        " Si trop de temps a passé, appuyez de nouveau."
    )
