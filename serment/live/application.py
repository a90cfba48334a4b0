"""The public port as one ASGI application: health here, pages in a thread behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from serment.ledger.serving import files
from serment.live.arrival import OnlySealed, Proxies
from serment.live.changes import Changes
from serment.live.headers import Guarded
from serment.live.health import Health, Probes
from serment.live.serving import Limits, Serving, WSGIApplication, end_process


@dataclass(frozen=True, slots=True)
class Setting:
    """What the public port needs to know; it reads no environment and imports no Django."""

    pages: WSGIApplication
    public_url: str
    probes: Probes
    ledger: Path | None = None
    """Folder of the published ledger, served as it lies."""
    ledger_key: Path | None = None
    """File of the log's public key."""
    proxies: Proxies = field(default_factory=Proxies)
    """Who may say for whom a request comes."""
    limits: Limits = field(default_factory=Limits)
    heard: Changes | None = None
    """What open screens are told of; without it they ask again from time to time."""
    end: Callable[[], None] = end_process


def build(setting: Setting) -> ASGIApp:
    """The application: the site, asked only as it should be, its answers completed."""
    sealed = OnlySealed(site(setting), setting.public_url, setting.proxies)
    return Guarded(sealed, https=urlsplit(setting.public_url).scheme == "https")


def site(setting: Setting) -> Starlette:
    """Its doors. ``/-/alive`` is the supervisor's knock and tells nothing."""
    scheme = urlsplit(setting.public_url).scheme
    serving = Serving(
        setting.pages,
        scheme,
        setting.limits,
        proxies=setting.proxies,
        end=setting.end,
        heard=setting.heard,
    )

    async def alive(_: Request) -> Response:
        return Response(status_code=204)

    doors: list[BaseRoute] = [
        Route("/healthz", Health(setting.probes, serving).__call__),
        Route("/-/alive", alive),
    ]
    if setting.ledger is not None:
        doors.append(Mount("/ledger", app=files(setting.ledger, setting.ledger_key)))
    site = Starlette(routes=[*doors, Mount("/", app=serving)])
    # A path with a line's end in it matches no route; it has its page of ours all the same.
    site.router.default, site.router.redirect_slashes = serving, False
    return site
