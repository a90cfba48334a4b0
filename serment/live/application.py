"""The public port as one ASGI application: health here, everything else relayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serment.live.health import Health, Probes
from serment.live.relay import Limits, Relay

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the public port needs to know; it reads no environment."""

    web_socket: Path
    scheme: str
    probes: Probes
    limits: Limits = field(default_factory=Limits)


def build(setting: Setting) -> Starlette:
    """The application. Paths under ``/-/`` are for the supervisor and never relayed."""
    relays: list[Relay] = []

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        relays.append(Relay(setting.web_socket, setting.scheme, setting.limits))
        yield
        await relays.pop().close()

    async def relayed(request: Request) -> Response:
        return await relays[0](request)

    async def hidden(_: Request) -> Response:
        return Response(status_code=404)

    return Starlette(
        routes=[
            Route("/healthz", Health(setting.probes).__call__),
            Route("/-/{rest:path}", hidden, methods=_METHODS),
            Route("/{rest:path}", relayed, methods=_METHODS),
        ],
        lifespan=life,
    )
