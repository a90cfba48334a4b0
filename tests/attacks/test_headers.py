"""Headers of protection, on every kind of answer; every route has them in ``test_fuzz``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponsePermanentRedirect

from serment.live import application, headers
from serment.web import slashes, wellknown
from tests.attacks.port import Port, Said

EXACT = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PAGE = {
    "default-src": ["'none'"], "script-src": ["'self'"], "style-src": ["'self'"],
    "img-src": ["'self'", "data:"], "font-src": ["'self'"], "connect-src": ["'self'"],
    "manifest-src": ["'self'"], "object-src": ["'none'"], "base-uri": ["'none'"],
    "form-action": ["'self'"], "frame-ancestors": ["'none'"],
}  # fmt: skip
NO_PAGE = {
    "default-src": ["'none'"], "base-uri": ["'none'"], "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}  # fmt: skip
# Once for each header, so that a second one cannot contradict the first.
ONCE = (*EXACT, "content-security-policy", "permissions-policy", "cache-control", "content-type")


def csp(said: Said) -> dict[str, list[str]]:
    """Directive → sources."""
    parts = [one.split() for one in said["content-security-policy"].split(";") if one.strip()]
    return {name: sources for name, *sources in parts}


def lacking(said: Said, *, https: bool = False) -> list[str]:
    """What is missing or wrong on one answer."""
    wrong = [
        f"{name}: {said.all(name)}" for name, value in EXACT.items() if said.all(name) != [value]
    ]
    wrong += [f"{name} twice" for name in ONCE if len(said.all(name)) > 1]
    if csp(said) not in (PAGE, NO_PAGE):
        wrong.append(f"content-security-policy: {said['content-security-policy']}")
    if "unsafe" in said["content-security-policy"]:
        wrong.append("unsafe source")
    if "camera=()" not in said["permissions-policy"]:
        wrong.append("permissions-policy")
    if bool(said.all("strict-transport-security")) != https:
        wrong.append("strict-transport-security")
    if not said["cache-control"]:
        wrong.append("cache-control")
    return wrong + list(_of_content(said))


def _of_content(said: Said) -> Iterator[str]:
    """A file is handed out to be kept, and a page says its letters."""
    kind = said["content-type"]
    if not said.body:
        return
    if kind.startswith("text/") and "charset" not in kind:
        yield f"content-type: {kind}"
    if kind.startswith("text/html") and re.search(
        rb"""<script(?![^>]*\ssrc=)(?![^>]*type="application/json")|\son\w+=["']|\sstyle=["']|<style"""
        rb"""|(?:href|src|action)=["']?\s*javascript:""",
        said.body,
    ):
        yield "something inline that the policy would stop"
    if kind.partition(";")[0] in {"text/csv", "application/octet-stream", "text/calendar"} and not (
        said["content-disposition"].startswith("attachment; filename=")
    ):
        yield f"content-disposition: {said['content-disposition']}"


@pytest.mark.django_db
def test_without_the_layer_every_answer_lacks_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Negative control: the port's layer and Django's policy left out."""
    monkeypatch.setattr(application, "Guarded", lambda site, https: site)
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "csp" not in one]
    bare = Port(tmp_path, monkeypatch)
    for path in ("/", "/rien", "/robots.txt", "/cabinet/", "/healthz"):
        assert {"content-security-policy: ", "permissions-policy"} <= set(lacking(bare.ask(path)))


@pytest.mark.django_db
def test_whatever_kind_of_answer_it_is(
    port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkpoint").write_bytes(b"x\n")
    answers = {
        "a page": (port.ask("/"), 200),
        "a redirect": (port.ask("/mon-compte/"), 302),
        "nowhere": (port.ask("/rien"), 404),
        "another name": (port.ask("/", host="ailleurs.example"), 404),
        "a form from elsewhere": (port.ask("/compte/deconnexion/", "POST"), 403),
        "the knock": (port.ask("/-/alive"), 204),
        "health": (port.ask("/healthz"), 200),
        "health asked wrongly": (port.ask("/healthz", "POST"), 404),
        "bytes that are no address": (port.ask(b"/%ff%fe"), 404),
        "an address of two lines": (port.ask("/compte/%0d%0aX-Evil:1/"), 404),
        "an address without its last slash": (port.ask("/mes-rendez-vous"), 301),
        "header that is no text": (port.ask("/", accept=b"\xff\xfe"), 200),
        "too large": (port.ask("/", "POST", b"x" * 3_000_001), 413),
        "a file of ours": (port.ask("/static/rien.css"), 404),
        "security.txt": (port.ask("/.well-known/security.txt"), 200),
    }
    for what, (said, status) in answers.items():
        assert (what, said.status) == (what, status)
        assert (what, lacking(said)) == (what, [])
    for what in ("nowhere", "an address of two lines", "an address without its last slash"):
        assert (what, "no-store" in answers[what][0]["cache-control"]) == (what, True)
    assert b"<html" in answers["an address of two lines"][0].body  # a page of ours, in words
    # The control: Django's own way to the slash.
    monkeypatch.setattr(slashes.Common, "response_redirect_class", HttpResponsePermanentRedirect)
    assert "no-store" not in port.ask("/mes-rendez-vous")["cache-control"]
    ledger = port.ask("/ledger/checkpoint")
    assert ledger["cross-origin-resource-policy"] == "cross-origin"  # everybody may verify it
    assert (ledger.status, ledger["access-control-allow-origin"]) == (200, "*")
    port.with_limits(waiting_max=0)
    busy = port.ask("/")
    assert (busy.status, lacking(busy)) == (503, [])


@pytest.mark.django_db
def test_a_page_that_breaks_has_them_too(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wellknown, "HttpResponse", lambda *_, **__: 1 // 0)
    said = port.ask("/robots.txt")
    assert (said.status, csp(said), lacking(said)) == (500, PAGE, [])
    assert b"ZeroDivision" not in said.body
    monkeypatch.setattr(WSGIHandler, "get_response", lambda *_: 1 // 0)
    said = port.ask("/robots.txt")
    assert (said.status, lacking(said)) == (503, [])


def test_what_an_answer_says_itself_stays() -> None:
    own = [(b"X-Frame-Options", b"SAMEORIGIN"), (b"Permissions-Policy", b"camera=(self)")]
    told = dict(headers.completed(own, https=True))
    assert told[b"X-Frame-Options"] == b"SAMEORIGIN"
    assert b"x-frame-options" not in told
    assert told[b"Permissions-Policy"] == b"camera=(self)"  # a page of a visit by video
    assert told[b"strict-transport-security"] == headers.HSTS
