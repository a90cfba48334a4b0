"""Requests that a page makes by itself: nobody is at the desk because of them.

Its own word is enough: whoever claims it for nothing has their desk locked sooner, not later. A
screen that somebody hung on a wall stays without a hand on it, and shows one page only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest

from serment import clock

HEADER: Final = "serment-unattended"
_WALL: Final = "serment.wall"


def is_unattended(request: HttpRequest) -> bool:
    """Did the page ask by itself, with no hand on it?"""
    return HEADER in request.headers


def hang_on_wall(session: Any, until: datetime) -> None:
    """This session shows the waiting room's board until then; any other page locks it."""
    session[_WALL] = until.timestamp()


def on_a_wall(session: Any) -> bool:
    """Does this session show the board on a wall?"""
    return bool(session.get(_WALL, 0) > clock.now().timestamp())


def take_down(session: Any) -> None:
    """Whoever took the session up again has all their pages."""
    session.pop(_WALL, None)
