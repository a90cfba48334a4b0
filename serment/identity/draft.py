"""What somebody typed at sign-up, kept until their address is confirmed: nothing is typed twice.

It lies in their own session, which only their cookie opens, never a password with it. It is shown
once, to whoever starts over, and gone with the sign-in it was for.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

FIELDS = ("given_name", "family_name", "birth_date", "email", "phone")
NEXT = "next"
LETTERS_MAX = 300
_KEY = "serment.sign_up"


def keep(request: HttpRequest, typed: Mapping[str, str]) -> None:
    """Remember the fields as typed, and the page somebody signs up for."""
    request.session[_KEY] = {
        name: text[:LETTERS_MAX] for name in (*FIELDS, NEXT) if (text := typed.get(name, ""))
    }


def address(request: HttpRequest) -> str:
    """The address as typed: where the code went."""
    kept: dict[str, str] = request.session.get(_KEY) or {}
    return kept.get("email", "")


def onward(request: HttpRequest) -> str:
    """The page somebody signs up for, or nothing."""
    kept: dict[str, str] = request.session.get(_KEY) or {}
    return kept.get(NEXT, "")


def form_again(request: HttpRequest) -> str:
    """The address of the form, which leads on to the page somebody signs up for."""
    return leading_on(request, "account_signup")


def leading_on(request: HttpRequest, name: str) -> str:
    """The address of one of the account's pages, with the page somebody signs up for."""
    page, address = onward(request), reverse(name)
    return f"{address}?{urlencode({NEXT: page})}" if page else address


def take(request: HttpRequest) -> dict[str, str]:
    """All of it, for the form; and forget it here."""
    kept: dict[str, str] = request.session.pop(_KEY, None) or {}
    return {name: text for name, text in kept.items() if name in FIELDS}


def forget(request: HttpRequest) -> None:
    """The address is confirmed."""
    request.session.pop(_KEY, None)
