"""How patients reach this instance: whether anybody could read, or pretend, on the way.

Settings are looked at before a start; the public address itself once Serment runs
(docs/operate/tls.md).
"""

from __future__ import annotations

import http.client
import ssl
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from serment.config.doctor.finding import Finding
from serment.config.environment import LOOPBACK_NAMES, Environment

PAGE: Final = "docs/operate/tls.md"
SECONDS_MAX: Final = 3.0
RENEW_BEFORE: Final = timedelta(days=14)
_PROMISED: Final = ("strict-transport-security", "content-security-policy")


def settings(env: Environment, *, demo: bool) -> Iterator[Finding]:
    """What the settings say. A demo's people are invented, so there everything is a notice."""
    public = urlsplit(env.public_url)
    wrong = public.scheme not in ("http", "https") or not public.hostname
    if wrong or public.path or public.query:
        yield Finding(
            "public address",
            f"SERMENT_PUBLIC_URL is no address of a site: {env.public_url}",
            "Write it without a path: https://rendez-vous.example.fr",
        )
        return
    if public.scheme == "https":
        yield from _behind(env)
    elif not _only_here(env) and not env.plain_http:
        yield Finding(
            "transport",
            "Patients would be served in clear: whoever is on the way reads and changes all.",
            f"End TLS in front of Serment and set SERMENT_PUBLIC_URL=https://… ({PAGE}), or state"
            " SERMENT_PLAIN_HTTP=1 where the way is closed by other means.",
            "notice" if demo else "fault",
        )


def _only_here(env: Environment) -> bool:
    """Whether nobody but this machine itself is served."""
    return urlsplit(env.public_url).hostname in LOOPBACK_NAMES and _is_here(env.listen)


def _is_here(listen: str) -> bool:
    try:
        return ip_address(listen).is_loopback
    except ValueError:
        return listen in LOOPBACK_NAMES


def _behind(env: Environment) -> Iterator[Finding]:
    if env.proxies:
        return
    if not _is_here(env.listen):
        sentence = "The port is open to the network in clear, and whoever comes is sent to https."
    else:
        sentence = "All visitors seem to come from this machine: limits count them as one."
    yield Finding(
        "transport",
        sentence,
        f"Name who ends TLS: SERMENT_BEHIND_PROXY=1 for this machine, else its address ({PAGE}).",
        "notice",
    )


def reached(
    env: Environment, now: datetime, trusted: ssl.SSLContext | None = None
) -> Iterator[Finding]:
    """Ask the public address as a browser would, and as one from long ago; port 80 too."""
    public = urlsplit(env.public_url)
    if public.scheme != "https" or not public.hostname:
        return
    host, port = public.hostname, public.port or 443
    try:
        yield from _answer(host, port, now, trusted or ssl.create_default_context())
    except ssl.SSLCertVerificationError as refused:
        yield Finding(
            "certificate",
            f"The certificate of {host} is refused: {refused.verify_message}.",
            f"Renew it, with the whole chain ({PAGE}).",
        )
        return
    except (OSError, http.client.HTTPException):
        yield Finding(
            "transport",
            f"The public address {env.public_url} does not answer from here.",
            f"See that the proxy runs and the name leads to it ({PAGE}).",
            "notice",
        )
        return
    if _speaks_old(host, port):
        yield Finding(
            "transport", f"{host} still speaks TLS 1.1.", f"Allow TLS 1.2 and 1.3 only ({PAGE})."
        )
    if _pages_in_clear(host):
        yield Finding(
            "transport",
            f"http://{host} gives pages in clear.",
            f"Let port 80 answer with the https address and nothing else ({PAGE}).",
        )


def _answer(host: str, port: int, now: datetime, trusted: ssl.SSLContext) -> Iterator[Finding]:
    with closing(
        http.client.HTTPSConnection(host, port, timeout=SECONDS_MAX, context=trusted)
    ) as asking:
        asking.connect()
        known = asking.sock.getpeercert() or {}
        asking.request("GET", "/-/alive", headers={"Connection": "close"})
        answer = asking.getresponse()
        answer.read()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(known["notAfter"])), UTC)
    if ends - now < RENEW_BEFORE:
        yield Finding(
            "certificate",
            f"The certificate of {host} ends in {(ends - now).days} days.",
            f"See why it was not renewed by itself ({PAGE}).",
            "notice",
        )
    missing = [name for name in _PROMISED if not answer.headers.get(name)]
    if answer.status != 204 or missing:
        yield Finding(
            "transport",
            f"{host} does not hand on what Serment answers: {', '.join(missing) or answer.status}.",
            f"Let the proxy pass every request and every header ({PAGE}).",
        )


def _speaks_old(host: str, port: int) -> bool:
    """Whether a browser of ten years ago gets in; the certificate does not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    asking = http.client.HTTPSConnection(host, port, timeout=SECONDS_MAX, context=old)
    with closing(asking):
        try:
            asking.connect()
        except OSError:
            return False
    return True


def _pages_in_clear(host: str, port: int = 80) -> bool:
    with closing(http.client.HTTPConnection(host, port, timeout=SECONDS_MAX)) as asking:
        try:
            asking.request("GET", "/")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
