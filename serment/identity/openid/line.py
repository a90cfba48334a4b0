"""HTTP to a provider, bounded: one deadline for a whole sign-in, small answers, no redirects.

Called beside the thread that runs the pages (``serment.live.aside``), or in it where there is no
other. May follow no address but those of the provider's own hosts (``directory``).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

SECONDS_MAX = 8.0
CALL_SECONDS_MAX = 5.0
ANSWER_BYTES_MAX = 256 * 1024


class NoAnswer(Exception):  # noqa: N818
    """Nothing usable came in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, type and body; with the two methods Authlib asks of an answer."""

    status_code: int
    content_type: str
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError."""
        return json.loads(self.body)

    def raise_for_status(self) -> None:
        """Raises NoAnswer for 4xx and 5xx."""
        if self.status_code >= 400:
            raise NoAnswer(f"status {self.status_code}")


@dataclass(slots=True)
class Line:
    """All calls of one sign-in, which together have ``SECONDS_MAX``."""

    until: float = field(default_factory=lambda: time.monotonic() + SECONDS_MAX)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises NoAnswer."""
        return self._call("GET", url, None, dict(headers or {}))

    def post(
        self, url: str, data: Any = None, headers: Any = None, auth: Any = None, **_: Any
    ) -> Answer:
        """As Authlib's client posts: ``auth`` adds who asks. Raises NoAnswer."""
        sent = dict(headers or {})
        body: str = urlencode(data or {})
        if auth is not None:
            url, sent, body = auth.prepare("POST", url, sent, body)
        return self._call("POST", url, body, sent)

    def _call(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Answer:
        seconds = min(CALL_SECONDS_MAX, self.until - time.monotonic())
        if seconds <= 0:
            raise NoAnswer("deadline")
        # A thread of its own: whoever calls may have an event loop running already.
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(asyncio.run, _ask(method, url, body, headers, seconds)).result()


async def _ask(
    method: str, url: str, body: str | None, headers: dict[str, str], seconds: float
) -> Answer:
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as answer,
        ):
            found = bytearray()
            async for part in answer.content.iter_chunked(1 << 14):
                found += part
                if len(found) > ANSWER_BYTES_MAX:
                    raise NoAnswer("too large")
            if 300 <= answer.status < 400:
                raise NoAnswer("redirect")
            return Answer(answer.status, answer.content_type, bytes(found))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
        raise NoAnswer(type(fault).__name__) from fault
