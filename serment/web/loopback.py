"""Is the visitor at this very machine? Not merely a program on it that passes requests on.

A tunnel or a reverse proxy started beside a demo makes every stranger's request come from
127.0.0.1. It gives itself away by the headers it adds, by the name it is asked under, or by the
public address that the instance announces.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from serment.errors import NotThere, Refused

ADDRESSES: Final = ("127.0.0.1", "::1")
_NAMES: Final = ("localhost", *ADDRESSES)
_PASSED_ON: Final = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED")


class PassedOn(Refused):
    """Cette page de démonstration ne s’ouvre que sur l’ordinateur même, sans relais."""


def only(request: HttpRequest) -> None:
    """NotThere for another machine; PassedOn, in words, where a relay may stand in between."""
    # The public port writes the real client here, whatever a header claims.
    if request.META.get("REMOTE_ADDR", "") not in ADDRESSES:
        raise NotThere
    if _passed_on(request) or not _named_here(f"//{request.get_host()}"):
        raise PassedOn(
            _(
                "La démonstration ne s’ouvre que depuis l’ordinateur où elle tourne, sans relais :"
                " à l’adresse http://localhost, avec le port annoncé au démarrage."
            )
        )


def _passed_on(request: HttpRequest) -> bool:
    """The public port's word, for it hides what clients claim; else the headers themselves."""
    told: bool | None = request.META.get("serment.forwarded")
    if told is None:
        told = any(name.startswith(_PASSED_ON) for name in request.META)
    return told or not _named_here(settings.PUBLIC_URL)


def _named_here(address: str) -> bool:
    return urlsplit(address).hostname in _NAMES
