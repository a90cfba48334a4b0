"""What bench/relay.py serves in three shapes: Django with one query a request."""

from __future__ import annotations

import django
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402

from serment.live.application import Setting, build  # noqa: E402
from serment.live.health import LedgerState, Probes  # noqa: E402


def page(request: HttpRequest) -> HttpResponse:
    """A point query and a page of 8 kB."""
    found = ContentType.objects.filter(pk=1).first()
    return HttpResponse(f"{found} {len(request.body)} {'x' * 8000}")


urlpatterns = [path("", page)]
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
settings.ROOT_URLCONF = "bench.relay_site"

wsgi = WSGIHandler()


async def _well() -> None:
    return None


async def _keeper() -> LedgerState:
    return LedgerState(0, 0.0)


_probes = Probes(database=_well, keeper=_keeper, worker=_well, isolated=lambda: False)
asgi = build(Setting(pages=wsgi, public_url="http://localhost", probes=_probes))
