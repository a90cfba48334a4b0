"""How a request came: through whom, from where, and whether anybody could read it on its way.

This port speaks no TLS; the operator's proxy ends it (docs/operate/tls.md). Where the public
address is https, a request that crossed a network in clear gets no page and no cookie: it is sent
to the public address, or refused where it brought something. Health is told either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_ASKED_IN_CLEAR: Final = ("/healthz", "/-/alive")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Who may say for whom a request comes. Raises ValueError for what is no address."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def at(cls, addresses: Sequence[str]) -> Proxies:
        """Addresses or networks."""
        return cls(tuple(ip_network(one, strict=False) for one in addresses))

    def trusts(self, peer: str) -> bool:
        """Whether this peer is one of them."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.networks)


NOBODY: Final = Proxies()
_HERE: Final = Proxies.at(LOOPBACK)


def peer_of(scope: Scope) -> str:
    """The address of the other end of the connection."""
    return str((scope.get("client") or ("", 0))[0])


def asker(peer: str, forwarded: Sequence[str], proxies: Proxies) -> str:
    """The visitor's address: the last one a trusted proxy wrote, never one a visitor claims.

    ``forwarded``: every ``X-Forwarded-For`` as it came. What is no address is not believed.
    """
    if not forwarded or not proxies.trusts(peer):
        return peer
    last = forwarded[-1].split(",")[-1].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return peer


def in_clear(scope: Scope, proxies: Proxies) -> bool:
    """Whether somebody between the visitor and here could read it, though the site is https."""
    peer = peer_of(scope)
    if proxies.trusts(peer):
        told = Headers(scope=scope).getlist("x-forwarded-proto")
        return bool(told) and told[-1].split(",")[-1].strip().lower() != "https"
    return not _HERE.trusts(peer)


class OnlySealed:
    """An ASGI application around another, for a public address that is https."""

    def __init__(self, application: ASGIApp, public_url: str, proxies: Proxies) -> None:
        self._application = application
        self._public_url = public_url.rstrip("/")
        self._is_https = urlsplit(public_url).scheme == "https"
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or say where the site is."""
        if scope["type"] == "http" and self._is_https and self._refuses(scope):
            return await self._elsewhere(scope)(scope, receive, send)
        return await self._application(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        return scope["path"] not in _ASKED_IN_CLEAR and in_clear(scope, self._proxies)

    def _elsewhere(self, scope: Scope) -> Response:
        """What was sent in clear is not taken over: a form would go on as if nobody had read it."""
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse(
                f"Ce site ne répond qu’en https. / This site answers over https only:"
                f" {self._public_url}\n",
                status_code=403,
                headers={"connection": "close"},
            )
        return RedirectResponse(self._public_url + _target(scope), status_code=308)


def _target(scope: Scope) -> str:
    """Path and query as they were asked; quoted, so that nothing of them ends a header line."""
    asked: Any = scope.get("raw_path") or scope["path"].encode()
    path = quote(asked.split(b"?")[0], safe="/%:@!$&'()*+,;=~-._")
    query = quote(scope.get("query_string", b""), safe="/%:@!$&'()*+,;=~-._?")
    return f"/{path.lstrip('/')}" + (f"?{query}" if query else "")
