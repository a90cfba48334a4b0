"""Sign-ins under way: what this browser went to a provider with, in its own sealed session.

State and nonce are 64 letters and digits, drawn for one sign-in; what comes back is taken once,
within ten minutes, by the browser that left with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from authlib.common.security import generate_token
from django.http import HttpRequest

from serment import clock

LETTERS: Final = 64
SECONDS_MAX: Final = 600
AT_ONCE_MAX: Final = 4
_KEY = "serment.openid"

SIGN_IN: Final = "sign_in"
LINK: Final = "link"
AGAIN: Final = "again"
"""Proving once more who one is, before a sensitive act."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One way out."""

    provider: str
    state: str
    nonce: str
    verifier: str
    onward: str
    account: str
    """Who left: the account signed in then; empty for a sign-in."""
    purpose: str
    at: float


def begin(
    request: HttpRequest, provider: str, purpose: str = SIGN_IN, *, onward: str = ""
) -> Pending:
    """Draw what a sign-in is recognised by, and keep it; the oldest of too many goes."""
    begun = Pending(
        provider,
        state=generate_token(LETTERS),
        nonce=generate_token(LETTERS),
        verifier=generate_token(LETTERS),
        onward=onward,
        account=str(request.user.pk) if request.user.is_authenticated else "",
        purpose=purpose,
        at=clock.now().timestamp(),
    )
    kept = _of(request)[-(AT_ONCE_MAX - 1) :]
    request.session[_KEY] = [*kept, asdict(begun)]
    return begun


def take(request: HttpRequest, provider: str, state: str) -> Pending | None:
    """What this browser left with under that state; it is forgotten here. None: nothing did."""
    kept = _of(request)
    found = [one for one in kept if one["state"] == state]
    if not found:
        return None
    request.session[_KEY] = [one for one in kept if one["state"] != state]
    pending = Pending(**found[0])
    age = clock.now().timestamp() - pending.at
    return pending if pending.provider == provider and 0 <= age <= SECONDS_MAX else None


def _of(request: HttpRequest) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = request.session.get(_KEY) or []
    return kept
