"""Lines out of the machine: over TLS to whoever proves their name, and never led elsewhere."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.test import override_settings

from serment.config import environment
from serment.config.database import connecting
from serment.identity.openid import providers
from serment.ledger import cosign


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://base.example:5433/serment", "verify-full"),
        ("postgresql://10.0.0.5/serment?sslmode=disable", "verify-full"),
        ("postgresql://127.0.0.1/serment", None),
        ("postgresql://localhost/serment", None),
        ("postgresql://%2Frun%2Fpostgresql/serment", None),
        (None, None),
    ],
)
def test_a_database_elsewhere_has_to_prove_itself(url: str | None, mode: str | None) -> None:
    given = connecting.parameters(replace(environment.read(), database_url=url), "serment_web")
    assert given.get("sslmode") == mode
    assert connecting.sealing(given).get("sslmode") == mode  # what Django hands on
    if mode:
        assert given["sslrootcert"] == "system"
        own = replace(
            environment.read(), database_url=f"{url}#".replace("#", "?sslrootcert=/etc/ca.pem")
        )
        if "?sslmode" not in str(url):
            assert connecting.parameters(own, "serment_web")["sslrootcert"] == "/etc/ca.pem"


def test_mail_leaves_over_tls_that_was_checked() -> None:
    for how in ({"use_tls": True}, {"use_ssl": True}):
        sealed = EmailBackend(host="mail.example", **how).ssl_context
        assert sealed.verify_mode is ssl.CERT_REQUIRED
        assert sealed.check_hostname


@override_settings()
def test_providers_are_reached_over_checked_https() -> None:
    places = [place for kind in providers.KINDS for place in kind.places.values()]
    assert len(places) >= 6
    assert [one for one in places if not one.issuer.startswith("https://")] == []
    assert [one for one in places if not one.discovery.startswith("https://")] == []


class _Away(BaseHTTPRequestHandler):
    """Leads every caller to another address of its own."""

    asked: list[str] = []

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 -- http.server's own name

    def log_message(self, *_said: Any) -> None:
        """Nothing."""


@pytest.fixture
def leads_away() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Away)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    _Away.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_no_redirect_is_followed(leads_away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness that leads elsewhere; negative control: the standard library's own way follows."""
    import urllib.request

    assert cosign._post(leads_away, b"x")[0] == 302
    assert _Away.asked == ["/add-checkpoint"]
    monkeypatch.setattr(cosign, "_OPENER", urllib.request.build_opener())
    cosign._post(leads_away, b"x")
    assert "/elsewhere" in _Away.asked
