"""Requests that a page makes by itself: nobody is at the desk because of them.

Its own word is enough: whoever claims it for nothing has their desk locked sooner, not later.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

HEADER: Final = "serment-unattended"


def is_unattended(request: HttpRequest) -> bool:
    """Did the page ask by itself, with no hand on it?"""
    return HEADER in request.headers
