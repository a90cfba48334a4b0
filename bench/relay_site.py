"""What bench/relay.py serves in three shapes: Django with one query a request."""

from __future__ import annotations

import os
from typing import Any

import django
from a2wsgi import WSGIMiddleware
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402


def page(request: HttpRequest) -> HttpResponse:
    """A point query and a page of 8 kB."""
    found = ContentType.objects.filter(pk=1).first()
    return HttpResponse(f"{found} {len(request.body)} {'x' * 8000}")


urlpatterns = [path("", page)]
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
settings.ROOT_URLCONF = "bench.relay_site"

wsgi = WSGIHandler()
_threads = WSGIMiddleware(wsgi, workers=int(os.environ.get("BENCH_THREADS", "1")))


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Django in threads of an ASGI process, after the body was taken in whole."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    answered = False

    async def whole() -> dict[str, Any]:
        nonlocal answered
        if answered:
            return {"type": "http.disconnect"}
        answered = True
        return {"type": "http.request", "body": body, "more_body": False}

    await _threads(scope, whole, send)  # type: ignore[arg-type]
