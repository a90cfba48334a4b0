"""Bytes that two parsers could read as two things: refused, and the port goes on."""

from __future__ import annotations

import socket

import pytest

from tests.live.test_public_port import Port

CHUNKED = b"Transfer-Encoding: chunked\r\n"
TWO_LENGTHS = b"Content-Length: 4\r\nContent-Length: 5\r\n"
HIDDEN = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\n" + TWO_LENGTHS + b"\r\nabcde",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
    "a coding that is none": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "a chunk without size": b"POST / HTTP/1.1\r\nHost: x\r\n"
    + CHUNKED
    + b"\r\nzz\r\nabc\r\n0\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
    "a folded line": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c: d\r\n\r\n",
    "a header with NUL": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1_000 + b"\r\n",
    "an address without end": b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
}


def _raw(number: int, sent: bytes) -> bytes:
    """What comes back for these bytes, until the port hangs up or has nothing to say."""
    with socket.create_connection(("127.0.0.1", number), 5) as client:
        said = b""
        try:
            client.sendall(sent)
            client.settimeout(1)
            while piece := client.recv(65_536):
                said += piece
        except OSError:
            pass
    return said


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_request_that_two_could_read_otherwise_is_refused(port: Port, what: str) -> None:
    said = _raw(port.number, SMUGGLED[what])
    assert not said or said.split()[1] in {b"400", b"414", b"431"}, said[:80]
    assert port.ask("/-/alive")[0] == 204


def test_of_a_length_and_chunks_the_chunks_count_and_nothing_stays_behind(port: Port) -> None:
    """RFC 9112, 6.3: chunks win, and the connection is not used again; else no answer at all."""
    length = f"Content-Length: {len(HIDDEN)}\r\n".encode()
    said = _raw(
        port.number, b"POST / HTTP/1.1\r\nHost: x\r\n" + length + CHUNKED + b"\r\n" + HIDDEN
    )
    assert b"/hidden" not in said
    # The control: the same bytes as two requests are two.
    plain = _raw(port.number, b"POST / HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n" + HIDDEN)
    assert b"/hidden" in plain
