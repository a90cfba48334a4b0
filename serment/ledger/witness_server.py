"""The witness on the web: one small ASGI application, bounded in size, time and rate.

Addresses of callers are held in memory for the rate limit and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from serment.ledger.witness import BODY_BYTES_MAX, Answer, Witness

BODY_SECONDS_MAX: Final = 10.0
CALLERS_MAX: Final = 10_000


@dataclass(slots=True)
class Rate:
    """A bucket of questions for each caller, filled at a steady rate."""

    per_second: float = 5.0
    burst: float = 20.0
    seconds: Callable[[], float] = time.monotonic
    _callers: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def admits(self, caller: str) -> bool:
        """Take one from the caller's bucket; False where it is empty."""
        now = self.seconds()
        left, since = self._callers.pop(caller, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.per_second)
        admitted = left >= 1
        self._callers[caller] = (left - 1 if admitted else left, now)
        if len(self._callers) > CALLERS_MAX:
            self._callers.popitem(last=False)
        return admitted


def application(witness: Witness, rate: Rate, *, behind_proxy: bool = False) -> Starlette:
    """``POST /add-checkpoint``, and ``GET /`` which tells the witness's key."""

    async def add_checkpoint(request: Request) -> Response:
        if not rate.admits(_caller(request, behind_proxy=behind_proxy)):
            return PlainTextResponse("Too many questions.\n", 429, {"Retry-After": "1"})
        try:
            body = await asyncio.wait_for(_body(request), BODY_SECONDS_MAX)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("The question took too long.\n", 408)
        if body is None:
            return PlainTextResponse("The question is too long.\n", 413)
        try:
            answer = await asyncio.to_thread(witness.add_checkpoint, body)
        except OSError:
            answer = Answer(503, "The witness cannot remember anything now.\n")
        # Not ``media_type``: the specification's type for a size has no charset behind it.
        return Response(answer.body, answer.status, {"Content-Type": answer.type})

    async def about(_request: Request) -> Response:
        return PlainTextResponse(f"{witness.signer.verifier.text}\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/", about, methods=["GET"]),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """The body, None where it is longer than any question."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > BODY_BYTES_MAX:
            return None
    return bytes(found)


def _caller(request: Request, *, behind_proxy: bool) -> str:
    """Who asks; behind a proxy, the address that the proxy itself added last."""
    if behind_proxy:
        return request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return request.client.host if request.client else ""
