"""Runs a WSGI application behind the public port so that no slow client ever holds its thread.

A body is taken in whole before the application hears of it; an answer is taken from it whole
before the first byte goes out. Large ones wait on disk, closed (``spool``). One thread answers one
request at a time (docs/decisions/0002): the loop beside it keeps taking in, sending out and telling
its health. A thread that a page never gives back ends the process: what can still be sent is, then
another process takes over.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from a2wsgi.wsgi import build_environ
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serment.live import aside, changes, pages
from serment.live.arrival import NOBODY, Proxies, asker, peer_of
from serment.live.spool import Spool
from serment.live.thread import PageThread, TooLong

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
IN_MEMORY_BYTES_MAX = 1 << 20
_CHUNK_BYTES = 256 * 1024
_EXIT_STUCK = 70  # EX_SOFTWARE
_ON_ITS_WAY_SECONDS = 0.3
_FORWARDED = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
FORWARDED = "serment.forwarded"
"""Key of the environ: did somebody pass the request on, whom nobody announced?"""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request, in bytes and seconds, and of how many may wait."""

    body_bytes_max: int = 25 * 1024 * 1024
    body_seconds_max: float = 30.0
    answer_seconds_max: float = 60.0
    """Without a sign from the application; an answer that keeps growing is not stuck."""
    waiting_max: int = 256
    ending_seconds_max: float = 10.0


@dataclass(slots=True)
class _Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: Spool
    hears: str = ""
    """The house of whose changes the screen may be told from here on."""
    who: str = ""
    """Whose screen it is."""


class Gone(Exception):  # noqa: N818
    """The client left before its request was complete."""


def end_process() -> None:
    """Without waiting for the lost thread, as any ordinary exit would."""
    os._exit(_EXIT_STUCK)


class Serving:
    """An ASGI application around a WSGI one.

    The last address of ``X-Forwarded-For`` is believed of ``proxies`` alone; what anybody else
    claims of themselves is dropped. ``end`` ends the process once its thread is lost.
    """

    def __init__(
        self,
        application: WSGIApplication,
        scheme: str,
        limits: Limits,
        *,
        proxies: Proxies = NOBODY,
        end: Callable[[], None] = end_process,
        heard: changes.Changes | None = None,
    ) -> None:
        self._application = application
        self._scheme = scheme
        self._limits = limits
        self._proxies = proxies
        self._end = end
        self._heard = heard
        self._thread: PageThread[_Answer] = PageThread(limits.answer_seconds_max)
        self._aside = aside.Aside()
        self._serving = 0
        self._ending: asyncio.Task[None] | None = None

    def well(self) -> bool:
        """Do the pages answer? Not any more once a page was lost: the process is about to end."""
        return self._ending is None and not self._thread.lost()

    def oldest_seconds(self) -> float:
        """Age of the oldest request whose answer the application has not given yet."""
        return self._thread.oldest_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Says 408, 413 and 503 itself; a WebSocket is refused."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})  # before it is accepted: 403
            return
        self._serving += 1
        try:
            hearing = await self._serve(scope, receive, send)
        finally:
            self._serving -= 1
        if hearing is not None and self._heard is not None:
            # Not among those being served: no end of the process waits for a screen.
            told = hearing.hears, hearing.who, hearing.headers
            await self._heard.stream(*told, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> _Answer | None:
        """Answer, or give back the answer that goes on as a stream."""
        try:
            async with asyncio.timeout(self._limits.body_seconds_max):
                body = await self._take_in(receive)
        except TimeoutError:
            await pages.too_slow()(scope, receive, send)
            return None
        except Gone:  # or what came was no body, and somebody waits for an answer
            await pages.broken_off()(scope, receive, send)
            return None
        if body is None:
            await pages.too_large()(scope, receive, send)
            return None
        with body:
            answer = await self._ask(scope, body)
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return None
        with answer.body:
            if answer.hears:
                return answer
            await _send_out(answer, scope["method"] == "HEAD", send)
        return None

    async def _take_in(self, receive: Receive) -> Spool | None:
        """The whole body; None where it is too large. Raises Gone."""
        body = Spool(IN_MEMORY_BYTES_MAX)
        try:
            if not await self._fill(body, receive):
                body.close()
                return None
        except BaseException:
            body.close()
            raise
        body.rewind()
        return body

    async def _fill(self, body: Spool, receive: Receive) -> bool:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            if body.length_bytes + len(piece) > self._limits.body_bytes_max:
                return False
            body.write(piece)
            if not message.get("more_body"):
                return True

    async def _ask(self, scope: Scope, body: Spool) -> _Answer | Response:
        """Have the thread answer; the page that says "in a moment" where it cannot."""
        language = Headers(scope=scope).get("accept-language", "")
        if not self.well():
            self._begin_to_end()
        if self._ending is not None or len(self._thread) >= self._limits.waiting_max:
            return pages.not_answering(language)
        try:
            environ = self._environ(scope, body)
        except UnicodeDecodeError:
            return Response(status_code=400)
        try:
            answer = await self._thread.ask(lambda mark: self._run(environ, mark))
            if environ[aside.KEY]:
                answer = await self._again(environ, body, answer)
        except TooLong as late:
            if late.begun:
                self._begin_to_end()
            return pages.not_answering(language)
        except Exception as error:  # noqa: BLE001 -- its text could hold what no log may
            _LOG.error("the pages broke off: %s", type(error).__name__)
            return pages.not_answering(language)
        return answer

    async def _again(self, environ: dict[str, Any], body: Spool, answer: _Answer) -> _Answer:
        """The answer to the same request once the work it left is done beside the thread."""
        answer.body.close()
        await self._aside.done(environ)
        body.rewind()
        return await self._thread.ask(lambda mark: self._run(environ, mark))

    def _begin_to_end(self) -> None:
        """The thread is lost: take nothing new, send what there is, end."""
        if self._ending is None:
            _LOG.error("a page has not answered for too long: this process ends")
            self._ending = asyncio.create_task(self._finish())
            self._thread.give_up()

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(self._limits.ending_seconds_max):
                while self._serving:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(_ON_ITS_WAY_SECONDS)
        except TimeoutError:
            _LOG.warning("ended while %d clients were still being served", self._serving)
        self._end()

    def _environ(self, scope: Scope, body: Spool) -> dict[str, Any]:
        given = Headers(scope=scope)
        headers = [(name, value) for name, value in scope["headers"] if _is_passed_on(name)]
        asked: Any = {**scope, "headers": headers}
        environ: dict[str, Any] = dict(build_environ(asked, cast(Any, io.BufferedReader(body))))
        environ["wsgi.url_scheme"] = self._scheme
        environ["wsgi.multithread"] = False
        environ["CONTENT_LENGTH"] = str(body.length_bytes)
        environ[aside.KEY] = {}
        if self._heard is not None:
            environ[changes.KEY] = {}
        peer = peer_of(scope)
        environ[FORWARDED] = not self._proxies.trusts(peer) and any(map(_tells_of_relay, given))
        environ["REMOTE_ADDR"] = asker(peer, given.getlist("x-forwarded-for"), self._proxies)
        return environ

    def _run(self, environ: dict[str, Any], mark: Callable[[], None]) -> _Answer:
        """In the thread: call the application and take its answer whole, a mark with each piece."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], error: Any = None
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return body.write

        body = Spool(IN_MEMORY_BYTES_MAX)
        try:
            pieces = self._application(environ, start_response)
            try:
                for piece in pieces:
                    body.write(piece)
                    mark()
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
        except BaseException:
            body.close()
            raise
        status, headers = started[-1]
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        body.rewind()
        heard = environ.get(changes.KEY, {})
        hears, who = heard.get(changes.HOUSE, ""), heard.get(changes.WHO, "")
        return _Answer(int(status.split(" ", 1)[0]), raw, body, hears, who)


def _is_passed_on(name: bytes) -> bool:
    """Not a claim; nor a name with "_", which the pages could not tell from one with "-"."""
    return name not in _FORWARDED and b"_" not in name


def _tells_of_relay(name: str) -> bool:
    return name.startswith("x-forwarded") or name in ("forwarded", "via", "x-real-ip")


async def _send_out(answer: _Answer, head_only: bool, send: Send) -> None:
    length = answer.body.length_bytes
    empty = answer.status in {204, 304}
    bodiless = head_only or empty
    if not empty and not any(name == b"content-length" for name, _ in answer.headers):
        answer.headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if not bodiless:
        for piece in _pieces(answer.body):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _pieces(body: Spool) -> Iterator[bytes]:
    while piece := body.read(_CHUNK_BYTES):
        yield piece
