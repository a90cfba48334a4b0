"""Headers of protection on every answer that leaves the public port, whoever made it.

A page, a file, a refusal, health or the "in a moment" page: what its maker did not say is said
here, so none goes out bare. Pages bring a Content-Security-Policy of their own (settings); whatever
has none is no page of ours and may load nothing. May not decide who sees what.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Raw = list[tuple[bytes, bytes]]

# Two years, and every name below this one (ASVS 5, 3.4.1).
HSTS: Final = b"max-age=63072000; includeSubDomains"
_REFUSED: Final = (
    "accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_OWN: Final = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS: Final = ", ".join(
    [*(f"{name}=()" for name in _REFUSED), *(f"{name}=(self)" for name in _OWN)]
)
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
USUAL: Final[dict[bytes, bytes]] = {
    # A page that says nothing may be kept, and is asked for again; never by a cache of many.
    b"cache-control": b"private, no-cache",
    b"content-security-policy": NOTHING.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": PERMISSIONS.encode(),
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


def completed(given: Iterable[tuple[bytes, bytes]], *, https: bool) -> Raw:
    """These headers, and those of protection that are not among them."""
    told = list(given)
    named = {name.lower(): value for name, value in told}
    usual = dict(USUAL)
    if https:
        usual[b"strict-transport-security"] = HSTS
    if named.get(b"access-control-allow-origin") == b"*":
        usual[b"cross-origin-resource-policy"] = b"cross-origin"  # made for other sites to read
    return [*told, *((name, value) for name, value in usual.items() if name not in named)]


class Guarded:
    """An ASGI application around another: each of its answers is completed on its way out."""

    def __init__(self, application: ASGIApp, *, https: bool) -> None:
        self._application = application
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one handshake, which is refused without a page."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = completed(message.get("headers", []), https=self._https)
                message = {**message, "headers": headers}
            await send(message)

        await self._application(scope, receive, complete)
