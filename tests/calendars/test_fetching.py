"""No address leads inwards: each guard removed shows the fault, and put back stops it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from serment.interchange import caldav, fetching
from serment.interchange.fetching import Asked, NotFetched, Rules, fetch, is_public, usable

OUTSIDE, INSIDE = Rules(), Rules(inside=True)


class _Door(BaseHTTPRequestHandler):
    """Answers as the path says, and remembers with which password it was asked."""

    seen: list[tuple[str, str | None]] = []
    goes_to = ""

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        if self.path == "/on":
            self.send_response(302)
            self.send_header("Location", self.goes_to)
            self.end_headers()
            return
        if self.path == "/headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self._trickle()
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/flood":
            for _ in range(9):
                self.wfile.write(bytes(1 << 20))
        if self.path == "/trickle":
            self._trickle()
        self.wfile.write(b"secret of the inside")

    def _trickle(self) -> None:
        """Slowly, never with a long pause."""
        for _ in range(60):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.02)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def door() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Door.seen.clear()
    yield server
    server.shutdown()
    server.server_close()


def _fault(asked: str | Asked, rules: Rules = OUTSIDE) -> str:
    with pytest.raises(NotFetched) as refused:
        fetch(asked if isinstance(asked, Asked) else Asked(asked), rules)
    return refused.value.fault


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
     "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fec0::1", "2001:0:1::1", "name"],
)  # fmt: skip
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_an_outer_address_is_public() -> None:
    assert all(map(is_public, ("9.9.9.9", "2620:fe::fe", "64:ff9b::909:909")))


@pytest.mark.parametrize(
    ("url", "fault"),
    [("http://example.org/a.ics", "not_https"), ("file:///etc/passwd", "not_https"),
     ("https://a:b@example.org/", "address_unusable"), ("https:///a", "address_unusable"),
     ("https://example.org:22/", "address_unusable"), ("https://exa mple.org/", "address_unusable"),
     ("https://[::1", "address_unusable"), ("https://example.org/\r\nX: y", "address_unusable")],
)  # fmt: skip
def test_what_is_no_address_of_a_calendar_is_not_asked(url: str, fault: str) -> None:
    with pytest.raises(NotFetched) as refused:
        usable(url, OUTSIDE)
    assert refused.value.fault == fault


def test_a_private_address_is_not_asked_unless_the_operator_lets_it(
    door: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{door.server_port}/"
    assert fetch(Asked(url), INSIDE).body == b"secret of the inside"  # the control
    monkeypatch.setattr(fetching, "usable", lambda url, _rules: urlsplit(url))
    assert _fault(url) == "inside"
    assert _fault(f"http://localhost:{door.server_port}/") == "inside"
    assert len(_Door.seen) == 1


def test_a_redirect_is_looked_at_anew_and_takes_no_password_along(
    door: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = door.server_port
    _Door.goes_to = f"http://127.0.0.2:{port}/secret"
    asked = Asked(f"http://127.0.0.1:{port}/on", user="claude", password="mot")
    monkeypatch.setattr(fetching, "usable", lambda url, _rules: urlsplit(url))
    with monkeypatch.context() as unguarded:
        unguarded.setattr(fetching, "is_public", lambda _address: True)
        assert fetch(asked, OUTSIDE).body == b"secret of the inside"  # the control
    assert [bool(password) for _path, password in _Door.seen] == [True, False]
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
    assert _fault(asked) == "inside"
    _Door.goes_to = f"http://127.0.0.1:{port}/on"
    assert _fault(asked) == "too_many_redirects"


def test_a_name_is_asked_once_and_the_connection_goes_where_was_looked(
    door: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers otherwise the second time is not asked a second time."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def one_then_another(host: str, port: int, *more: Any, **named: Any) -> Any:
        if host == "agenda.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.9"
        return real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", one_then_another)
    assert fetch(Asked(f"http://agenda.example:{door.server_port}/"), INSIDE).status == 200
    assert asked == ["agenda.example"]


def test_a_flood_and_a_trickle_end(
    door: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"http://127.0.0.1:{door.server_port}"
    assert _fault(f"{base}/flood", INSIDE) == "too_big"
    monkeypatch.setattr(fetching, "SECONDS_MAX", 0.3)
    assert _fault(f"{base}/trickle", INSIDE) == "too_slow"
    assert _fault(f"{base}/headers", INSIDE) == "too_slow"
    with monkeypatch.context() as without:
        without.setattr(fetching._Reading, "readinto", lambda one, room: one._sock.recv_into(room))
        assert fetch(Asked(f"{base}/trickle"), INSIDE).status == 200, "the control"
        assert fetch(Asked(f"{base}/headers"), INSIDE).status == 200


@pytest.mark.parametrize("letters", ["utf-8", "utf-16"])
def test_an_answer_that_defines_entities_is_not_read(
    monkeypatch: pytest.MonkeyPatch, letters: str
) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><d:multistatus xmlns:d="DAV:">&b;</d:multistatus>'
    monkeypatch.setattr(caldav, "fetch", lambda *_: fetching.Answer(207, {}, bomb.encode(letters)))
    now = clock_now()
    with pytest.raises(NotFetched, match="unreadable"):
        caldav.read(Asked("https://a/"), OUTSIDE, (now, now))


def clock_now() -> Any:
    from serment import clock

    return clock.now()
