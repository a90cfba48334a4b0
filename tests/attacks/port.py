"""The public port with the real pages behind it, in this very process and thread.

What a test sends passes every layer a visitor's request passes: Starlette, the port's own rules,
WSGI, all middleware, the page. Only the thread of the pages is left out, so that a test's database
connection is the pages' too, and each request can be taken back.
"""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, transaction

from serment.live import serving
from serment.live.application import Setting, build
from serment.live.arrival import Proxies
from serment.live.health import LedgerState, Probes
from serment.live.serving import Limits
from tests.apart import apart

LOCAL = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it left the port."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    errors: tuple[str, ...] = ()
    """What the pages broke off with, if they did."""

    def all(self, name: str) -> list[str]:
        """Every header of this name."""
        return [value for given, value in self.headers if given == name]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")


def leads(said: Said) -> str:
    """The host that an answer sends a browser to; browsers take a backslash for a slash."""
    to = re.sub(r"[\x00-\x20]", "", said["location"]).replace("\\", "/")
    return urlsplit(urljoin(f"{LOCAL}/x/y/", to)).netloc


class _Inline:
    """In place of the thread of the pages."""

    def __init__(self, _seconds: float) -> None: ...

    async def ask(self, work: Callable[[Callable[[], None]], Any]) -> Any:
        running = asyncio._get_running_loop()
        asyncio._set_running_loop(None)  # connections are kept apart for each loop
        try:
            return work(lambda: None)
        finally:
            asyncio._set_running_loop(running)

    def lost(self) -> bool:
        return False

    def oldest_seconds(self) -> float:
        return 0.0

    def __len__(self) -> int:
        return 0


class Port:
    """Asked like a port; ``lives`` keeps what a request changed."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, public_url: str = LOCAL,
        proxies: tuple[str, ...] = (), lives: bool = False,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(serving, "PageThread", _Inline)

        async def fine() -> None: ...

        async def ledger() -> LedgerState:
            return LedgerState(1, 1, 0.0)

        self.setting = Setting(
            pages=WSGIHandler(),
            public_url=public_url,
            probes=Probes(fine, ledger, fine, lambda: True),
            ledger=folder,
            ledger_key=folder / "key",
            proxies=Proxies.at(proxies),
            limits=Limits(body_bytes_max=3_000_000, body_seconds_max=2),
        )
        self.host = urlsplit(public_url).netloc
        self.scheme = urlsplit(public_url).scheme
        self.lives = lives
        self.application = build(self.setting)

    def with_limits(self, **limits: Any) -> None:
        """Other limits from now on."""
        self.setting = replace(self.setting, limits=replace(self.setting.limits, **limits))
        self.application = build(self.setting)

    def ask(
        self,
        target: str | bytes,
        method: str = "GET",
        body: bytes = b"",
        cookies: Mapping[str, str] | None = None,
        peer: str = "127.0.0.1",
        **headers: str | bytes,
    ) -> Said:
        """One request; header names as Python writes them."""
        named = {"host": self.host, "accept-language": "fr"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]
        if cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        raw = [
            (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
            for name, value in named.items()
        ]
        return self.send(target, method, body, raw, peer)

    def send(
        self, target: str | bytes, method: str, body: bytes, headers: list[tuple[bytes, bytes]],
        peer: str = "127.0.0.1",
    ) -> Said:  # fmt: skip
        """One request, its headers as they are."""
        scope = _scope(target, method, headers, peer)
        errors: list[str] = []

        def note(**told: Any) -> None:
            error = sys.exc_info()[1]
            errors.append("".join(traceback.format_exception(error)[-3:]) if error else "?")

        with _heard(note), transaction.atomic():
            said = apart(self._said(scope, body))
            transaction.set_rollback(not self.lives)
        return replace(said, errors=tuple(errors))

    async def _said(self, scope: dict[str, Any], body: bytes) -> Said:
        sent: list[Any] = []
        pieces = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return pieces.pop() if pieces else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        if sent and sent[0]["type"] == "websocket.close":
            return Said(403, [], b"")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]
        ]
        whole = b"".join(one.get("body", b"") for one in sent[1:])
        return Said(sent[0]["status"], headers, whole)


@contextmanager
def _heard(note: Callable[..., None]) -> Iterator[None]:
    """Hear of errors; the test's connection stays open, as Django's own test client sees to."""
    got_request_exception.connect(note, weak=False)
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    try:
        yield
    finally:
        request_finished.connect(close_old_connections)
        request_started.connect(close_old_connections)
        got_request_exception.disconnect(note)


def _scope(
    target: str | bytes, method: str, headers: list[tuple[bytes, bytes]], peer: str
) -> dict[str, Any]:
    raw = target if isinstance(target, bytes) else target.encode("latin-1")
    path, _, query = raw.partition(b"?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote_to_bytes(path).decode(errors="replace"),
        "raw_path": path, "query_string": query, "root_path": "", "headers": headers,
        "client": (peer, 40000), "server": ("127.0.0.1", 8000), "state": {}, "extensions": {},
    }  # fmt: skip
