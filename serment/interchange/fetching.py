"""Fetching from an address that a stranger's calendar lies at: bounded, and never inwards.

Whoever may name an address could else have Serment ask what only Serment reaches: the keeper's
neighbours, a router, a cloud's own metadata. So: https only, no address that is not the public
internet's, and the connection is made to the very address that was looked at, so that a name cannot
answer otherwise a moment later. A redirect is looked at anew. The standard library's client, as it
lets the connection be made by us.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

BYTES_MAX: Final = 8 * 1024 * 1024
SECONDS_MAX: Final = 20.0
CALL_SECONDS_MAX: Final = 8.0
REDIRECTS_MAX: Final = 3
LETTERS_MAX: Final = 2_000
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_EMBEDDED: Final = ipaddress.ip_network("64:ff9b::/96")


class NotFetched(Exception):  # noqa: N818 -- a finding about an address, told by ``fault``
    """Nothing usable came; ``fault`` says why and ``for_good`` whether asking again is no use."""

    def __init__(self, fault: str, *, for_good: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be asked: ``inside`` lets plain http and private addresses in, for tests and for a
    house whose calendar server stands in its own network."""

    inside: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; the password is in no representation."""

    url: str = field(repr=False)
    method: str = "GET"
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, after redirects; ``headers`` in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def usable(url: str, rules: Rules) -> SplitResult:
    """The parts of an address that may be asked. Raises ``NotFetched``; asks nobody."""
    if len(url) > LETTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise NotFetched("address_unusable", for_good=True)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NotFetched("address_unusable", for_good=True) from None
    if parts.scheme != "https" and not (rules.inside and parts.scheme == "http"):
        raise NotFetched("not_https", for_good=True)
    if not host or parts.username is not None or parts.password is not None:
        raise NotFetched("address_unusable", for_good=True)
    if port is not None and not rules.inside and port not in (443, 8443):
        raise NotFetched("address_unusable", for_good=True)
    return parts


def fetch(asked: Asked, rules: Rules) -> Answer:
    """Ask, following a few redirects. Raises ``NotFetched``."""
    ends_at = time.monotonic() + SECONDS_MAX
    url, first = asked.url, usable(asked.url, rules)
    for _hop in range(REDIRECTS_MAX + 1):
        parts = usable(url, rules)
        # A password goes to whom it was given for, and to nobody they lead on to.
        known = (parts.scheme, parts.hostname, parts.port) == (
            first.scheme, first.hostname, first.port,
        )  # fmt: skip
        answer = _once(asked, parts, rules, ends_at, with_password=known)
        if answer.status not in _REDIRECTS or "location" not in answer.headers:
            return answer
        url = urljoin(url, answer.headers["location"])
    raise NotFetched("too_many_redirects")


def _once(
    asked: Asked, parts: SplitResult, rules: Rules, ends_at: float, *, with_password: bool
) -> Answer:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    headers = {"User-Agent": "Serment", "Accept-Encoding": "identity", **asked.headers}
    if asked.user and with_password:
        both = b64encode(f"{asked.user}:{asked.password}".encode()).decode()
        headers["Authorization"] = f"Basic {both}"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = http.client.HTTPConnection(host, port)
    plain: socket.socket | None = None
    try:
        plain = _connected(host, port, parts.scheme, rules, ends_at)
        line.sock = _Timed(plain, ends_at)
        line.request(asked.method, path, asked.body or None, headers)
        answer = line.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, _body(answer))
    except TimeoutError as late:
        raise NotFetched("too_slow") from late
    except ssl.SSLError as wrong:
        raise NotFetched("certificate") from wrong
    except (OSError, http.client.HTTPException) as away:
        raise NotFetched("no_answer") from away
    finally:
        if plain is not None:
            plain.close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    """All of it, within what bytes and time allow."""
    found = bytearray()
    while chunk := answer.read1(_CHUNK):
        found += chunk
        if len(found) > BYTES_MAX:
            raise NotFetched("too_big")
    return bytes(found)


class _Timed:
    """What the client needs of a socket. Each reading has what is left of the whole time, headers
    too: a letter every few seconds would else be waited for without end."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock, self._ends_at = sock, ends_at

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._ends_at))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._sock, self._ends_at))

    def close(self) -> None:
        """Whoever connected closes: the answer's body is read after this."""


class _Reading(io.RawIOBase):
    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock, self._ends_at = sock, ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        self._sock.settimeout(_left(self._ends_at))
        return self._sock.recv_into(room)


def _connected(host: str, port: int, scheme: str, rules: Rules, ends_at: float) -> socket.socket:
    """A connection to an address that was looked at: not to a name, which may answer otherwise."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as unknown:
        raise NotFetched("unknown_host") from unknown
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not rules.inside and not all(map(is_public, addresses)):
        raise NotFetched("inside", for_good=True)
    away: OSError | None = None
    for address in addresses[:3]:
        try:
            plain = socket.create_connection((address, port), _left(ends_at))
        except OSError as no:
            away = no
            continue
        if scheme != "https":
            return plain
        try:
            return _trusted().wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError):
            plain.close()
            raise
    raise NotFetched("no_answer") from away


def is_public(address: str) -> bool:
    """Is it an address of the public internet? Any other is somebody's inside."""
    try:
        one = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv6Address):
        inner = one.ipv4_mapped or one.sixtofour
        if inner is None and one in _EMBEDDED:
            inner = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if one.teredo is not None or one.is_site_local:
            return False
    elif one in _SHARED:
        return False
    return one.is_global and not one.is_multicast and not one.is_reserved


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, CALL_SECONDS_MAX)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
