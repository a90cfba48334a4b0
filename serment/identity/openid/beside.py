"""Ask a provider beside the thread of the pages: a page leaves the work and is asked again.

``serment.live.aside`` does it; where nothing does (a test's client, a command) the work is done
here and now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest

_KEY: Final = "serment.aside"


def came(request: HttpRequest) -> Any:
    """What the work brought, in a request that is asked again; None in a first one."""
    return (request.META.get(_KEY) or {}).get("came")


def leave(request: HttpRequest, work: Callable[[], Any]) -> Any:
    """Do it, or leave it to be done: then None, and the page's answer will be thrown away."""
    slot: dict[str, Any] | None = request.META.get(_KEY)
    if slot is None:
        return work()
    slot["work"] = work
    return None
