"""The relay of bench/relaying.py as an application of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.relaying import Limits, Relay

_relays: list[Relay] = []


@asynccontextmanager
async def _life(_: Starlette) -> AsyncIterator[None]:
    _relays.append(Relay(Path(os.environ["BENCH_SOCKET"]), "http", Limits()))
    yield
    await _relays.pop().close()


async def _relayed(request: Request) -> Response:
    return await _relays[0](request)


application = Starlette(routes=[Route("/{rest:path}", _relayed)], lifespan=_life)
