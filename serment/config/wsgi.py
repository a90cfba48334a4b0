"""Django as WSGI for one web worker. Only the public port may connect to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from serment.config import process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serment.config.settings")
process.tie_to_parent()
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the supervisor's knock without Django; take the client's address from the relay."""
    if environ["PATH_INFO"] == "/-/alive":
        start_response("204 No Content", [])
        return []
    environ["REMOTE_ADDR"] = environ.get("HTTP_X_FORWARDED_FOR") or "127.0.0.1"
    return _django(environ, start_response)
