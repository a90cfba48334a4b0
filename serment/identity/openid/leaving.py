"""Signing out of the provider as well: FranceConnect demands it, and a shared screen needs it.

The browser goes there itself, from a page of ours: a form's answer may not lead elsewhere
(``form-action``), a page may.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from authlib.common.security import generate_token
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from serment.identity.openid.exchange import Identity
from serment.identity.openid.pending import LETTERS

_KEY: Final = "serment.openid_leave"
_LEFT: Final = "serment.openid_left"


def keep(request: HttpRequest, who: Identity) -> None:
    """What signing out there will need."""
    if who.end_session:
        request.session[_KEY] = {
            "provider": who.provider,
            "id_token": who.id_token,
            "end_session": who.end_session,
        }


def held(request: HttpRequest) -> dict[str, Any] | None:
    """What signing out there needs, while signed in."""
    found: dict[str, Any] | None = request.session.get(_KEY)
    return found


def leave(request: HttpRequest, needed: dict[str, Any]) -> None:
    """After signing out here: keep the way there for the next page, in a session of nobody's."""
    state = generate_token(LETTERS)
    asked = {
        "id_token_hint": needed["id_token"],
        "state": state,
        "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("openid_left"),
    }
    request.session[_LEFT] = {
        "provider": needed["provider"],
        "state": state,
        "url": f"{needed['end_session']}?{urlencode(asked)}",
    }


def way_out(request: HttpRequest) -> dict[str, str] | None:
    """The provider's slug and address; None where nobody is on the way out."""
    found: dict[str, str] | None = request.session.get(_LEFT)
    return found


def came_back(request: HttpRequest, state: str) -> bool:
    """Whether the provider sent back whom we sent; forgotten here."""
    gone: dict[str, str] | None = request.session.pop(_LEFT, None)
    return gone is not None and gone["state"] == state
