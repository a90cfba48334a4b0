"""Where a message ends is read one way: what two readers could read apart is refused."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.config import process
from tests.live.test_public_port import GRANIAN, free_port, wait_for

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def number(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running site behind the public port, as ``serment up`` runs it."""
    found, folder = free_port(), Path(tmp_path_factory.mktemp("live"))
    command = (*GRANIAN, "--interface", "asgi", "--http", "1", "--workers", "1", "--port",
               str(found), "tests.live.port:application")  # fmt: skip
    child = process.start(command, env=os.environ | {"TEST_FAILING": str(folder / "failing")})
    wait_for(found)
    yield found
    process.stop(child, signal.SIGTERM, 5)


def _say(number: int, raw: bytes) -> bytes:
    """Everything the port answers to these bytes."""
    with socket.create_connection(("127.0.0.1", number), 3) as line:
        line.sendall(raw)
        heard = b""
        try:
            while piece := line.recv(65_536):
                heard += piece
                line.settimeout(0.3)  # a second answer would come at once
        except TimeoutError:
            pass
    return heard


def _post(*headers: bytes, body: bytes) -> bytes:
    return b"\r\n".join([b"POST /a HTTP/1.1", b"Host: x", *headers, b"", body])


def test_a_message_with_two_ends_is_one_message_or_none(number: int) -> None:
    whole = _say(number, _post(b"Content-Length: 5", b"Connection: close", body=b"12345"))
    assert whole.startswith(b"HTTP/1.1 200")  # the control
    refused = (
        (b"Content-Length: 5", b"Content-Length: 40"),
        (b"Content-Length: 5, 40",),
        (b"Content-Length: +5",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: xchunked",),
    )
    for headers in refused:
        heard = _say(number, _post(*headers, body=b"12345" + HIDDEN))
        assert b"200" not in heard.split(b"\r\n")[0], headers
        assert b"/smuggled" not in heard, headers
    for line_end in (b"0\n\n", b"5 \r\n12345\r\n0x0\r\n\r\n"):  # chunks that some readers take
        heard = _say(number, _post(b"Transfer-Encoding: chunked", body=line_end + HIDDEN))
        assert b"/smuggled" not in heard, line_end


def test_of_two_lengths_chunks_win_and_the_other_is_not_handed_on(number: int) -> None:
    """RFC 9112, 6.3: a message with both ends where its chunks end."""
    both = (b"Transfer-Encoding: chunked", b"Content-Length: 99", b"Connection: close")
    heard = _say(number, _post(*both, body=b"3\r\nabc\r\n0\r\n\r\n"))
    assert heard.count(b"HTTP/1.1 ") == 1
    if b"HTTP/1.1 200" in heard:
        assert b'"body":3' in heard.replace(b" ", b"")
        assert b'"99"' not in heard
