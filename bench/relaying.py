"""The shape that was left (docs/decisions/0002): a process that relays to the web process.

The web process answers one request at a time in each worker. It must therefore never wait for a
slow client: uploads are complete before it hears of them, and answers are read from it as fast as
it writes, up to ``ANSWER_BYTES_AHEAD_MAX``.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from yarl import URL

from serment.live import pages

# RFC 9110, section 7.6.1: these concern one connection only.
_HOP_HEADERS = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Only this process may say who asks.
_FORGEABLE = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
IN_MEMORY_BYTES_MAX = 256 * 1024
ANSWER_BYTES_AHEAD_MAX = 16 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_ASKED_TOGETHER_MAX = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request, in bytes and seconds."""

    body_bytes_max: int = 25 * 1024 * 1024
    body_seconds_max: float = 30.0
    answer_seconds_max: float = 60.0


class Relay:
    """The way to one web process behind a Unix socket."""

    def __init__(self, socket: Path, scheme: str, limits: Limits) -> None:
        self._scheme = scheme
        self._limits = limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(
                path=str(socket), limit=_ASKED_TOGETHER_MAX, keepalive_timeout=20
            ),
            timeout=aiohttp.ClientTimeout(total=limits.answer_seconds_max),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close the connections to the web process."""
        await self._session.close()

    async def __call__(self, request: Request) -> Response:
        """Relay one request. Answers 408, 413 and 503 itself."""
        try:
            async with asyncio.timeout(self._limits.body_seconds_max):
                body = await self._take_in(request)
        except TimeoutError:
            return pages.too_slow()
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return pages.too_large()
        with body:
            try:
                answer = await self._ask(request, body)
            except (aiohttp.ClientError, TimeoutError, OSError):
                return pages.not_answering(request.headers.get("accept-language", ""))
        return _passed_on(answer)

    async def _take_in(self, request: Request) -> IO[bytes] | None:
        """The whole body, in memory or on disk; None where it is too large."""
        body: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES_MAX)  # noqa: SIM115
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > self._limits.body_bytes_max:
                    body.close()
                    return None
                body.write(chunk)
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body

    async def _ask(self, request: Request, body: IO[bytes]) -> aiohttp.ClientResponse:
        """Put the question; a connection that web had just closed is worth one more try."""
        length = body.seek(0, 2)
        for attempt in (1, 2):
            body.seek(0)
            try:
                return await self._session.request(
                    request.method,
                    URL(f"http://web{_target(request)}", encoded=True),
                    headers=self._headers(request, length),
                    data=_pieces(body) if length else None,
                    allow_redirects=False,
                    skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
                )
            except aiohttp.ServerDisconnectedError:
                if attempt == 2 or request.method not in {"GET", "HEAD", "OPTIONS"}:
                    raise
        raise AssertionError

    def _headers(self, request: Request, length: int) -> list[tuple[str, str]]:
        named = {part.strip().lower() for part in request.headers.get("connection", "").split(",")}
        dropped = _HOP_HEADERS | _FORGEABLE | named | {"content-length", "expect"}
        kept = [(name, value) for name, value in request.headers.items() if name not in dropped]
        if length or request.method in {"POST", "PUT", "PATCH"}:
            kept.append(("content-length", str(length)))
        if request.client:
            kept.append(("x-forwarded-for", request.client.host))
        kept.append(("x-forwarded-proto", self._scheme))
        return kept


def _target(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    path = raw.split(b"?")[0].decode("latin-1")
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _pieces(body: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := body.read(_CHUNK_BYTES):
        yield piece


def _passed_on(answer: aiohttp.ClientResponse) -> Response:
    """The answer as web gave it, without the headers of the inner connection."""
    reply = StreamingResponse(_ahead(answer), status_code=answer.status)
    named = {part.strip().lower() for part in answer.headers.get("connection", "").split(",")}
    reply.raw_headers = [
        (name.lower(), value)
        for name, value in answer.raw_headers
        if name.decode("latin-1").lower() not in _HOP_HEADERS | named
    ]
    return reply


async def _ahead(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Read on while the client is slow, so that web is free again; bounded."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(ANSWER_BYTES_AHEAD_MAX // _CHUNK_BYTES)

    async def read() -> None:
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                await queue.put(chunk)
        finally:
            answer.close() if not answer.content.at_eof() else answer.release()
            await queue.put(None)

    reading = asyncio.create_task(read())
    try:
        while (chunk := await queue.get()) is not None:
            yield chunk
        await reading  # a broken answer must break off, not end as if it were whole
    finally:
        reading.cancel()
        answer.close()
