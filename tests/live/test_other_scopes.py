"""What is no HTTP request is refused without a word in the log."""

from __future__ import annotations

from typing import Any, cast

import pytest

from serment.live.serving import Limits, Serving
from tests.apart import apart


def _never(environ: dict[str, Any], start: Any) -> list[bytes]:
    raise AssertionError("the pages were asked")


def _ask(kind: str) -> list[str]:
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    site = Serving(_never, "http", Limits())
    scope: Any = {"type": kind, "path": "/", "headers": [], "query_string": b""}
    apart(site(scope, receive, send))
    return sent


@pytest.mark.parametrize(("kind", "answer"), [("websocket", ["websocket.close"]), ("other", [])])
def test_it_is_closed_before_the_pages_hear_of_it(kind: str, answer: list[str]) -> None:
    assert _ask(kind) == answer


def test_without_the_guard_the_handshake_breaks_off() -> None:
    """The control: a handshake has no method, and everything below needs one."""
    site = Serving(_never, "http", Limits())

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        return None

    scope = cast(Any, {"type": "websocket", "path": "/", "headers": [], "query_string": b""})
    with pytest.raises(KeyError):
        apart(site._serve(scope, receive, send))
