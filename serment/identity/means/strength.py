"""How surely it is known who asks: which proofs this session has seen, and when.

A password is one factor, digits or a recovery code after it the second; a passkey whose holder was
verified by the device is two. A message to a mailbox is none: neither a code nor a link counts.
Proofs are django-allauth's records, in the sealed session.
"""

from __future__ import annotations

import time
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest

from serment.identity.models import Account

PASSWORD: Final = "password"  # noqa: S105 -- the name of a proof
DIGITS: Final = "totp"
PAPER: Final = "recovery_code"
PASSKEY: Final = "passkey"
DEMO: Final = "demo"
PROVIDER: Final = "openid"
"""FranceConnect or Pro Santé Connect; how many factors that was stands in the proof."""

BOTH: Final = 2

_WHOLE: Final = frozenset({PASSKEY, DEMO})
_FIRST: Final = frozenset({PASSWORD, PROVIDER})
_SECOND: Final = frozenset({DIGITS, PAPER})

STEP_UP_SECONDS: Final = 600
"""A sensitive act wants its proof within this."""


def prove(request: HttpRequest, account: Account, how: str, factors: int = 1) -> None:
    """Note a proof just given in this session, which goes on under another key.

    Whoever knew the key before, from a shared device or by having planted it, is left behind.
    Before anybody is signed in the sign-in itself changes it.
    """
    record_authentication(request, account, method=how, factors=factors)
    if request.user.is_authenticated:
        request.session.cycle_key()


def factors(request: HttpRequest) -> int:
    """0 signed out, 1, or 2."""
    if not request.user.is_authenticated:
        return 0
    seen = {proof.get("method") for proof in _proofs(request, request.user)}
    two = whole_proof(request, request.user) or (seen & _FIRST and seen & _SECOND)
    return 2 if two else 1


def whole_proof(request: HttpRequest, account: Any) -> bool:
    """Whether one proof of this session was both factors at once."""
    return any(
        proof.get("method") in _WHOLE or proof.get("factors", 1) >= BOTH
        for proof in _proofs(request, account)
    )


def by_provider(request: HttpRequest) -> bool:
    """Whether a provider vouched for whoever this session is of."""
    return any(proof.get("method") == PROVIDER for proof in _proofs(request, request.user))


def is_fresh(request: HttpRequest) -> bool:
    """Whether the last proof is recent enough for a sensitive act."""
    since = seconds_since_proof(request)
    return since is not None and since < STEP_UP_SECONDS


def seconds_since_proof(request: HttpRequest) -> float | None:
    """Since the account last proved who it is in this session; None where that is not known."""
    proofs = _proofs(request, request.user)
    return time.time() - float(proofs[-1]["at"]) if proofs else None


def _proofs(request: HttpRequest, account: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_authentication_records(request, account)
    return found
