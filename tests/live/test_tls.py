"""The public port behind something that ends TLS, and what the doctor says of the way there."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serment.config import environment, process
from serment.config.doctor import examination, transport
from serment.config.environment import Environment
from serment.errors import SettingWrong
from serment.live import headers
from tests.live import terminator
from tests.live.test_public_port import Port, free_port, wait_for

NOW = datetime.now(UTC)


class Site:
    """A port whose public address is https, and the folder of its certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.public = folder, free_port()
        terminator.certificate(folder)
        self.trusted = ssl.create_default_context(cafile=str(folder / "localhost.pem"))
        self.port = Port(
            folder, TEST_PUBLIC_URL=f"https://localhost:{self.public}", TEST_PROXIES="127.0.0.1"
        )
        wait_for(self.port.number)

    def ends(self, **how: Any) -> Any:
        """Something that ends TLS at the public address."""
        return terminator.relay(self.folder, self.port.number, number=self.public, **how)

    def env(self) -> Environment:
        return replace(
            environment.read(), public_url=f"https://localhost:{self.public}", demo=False
        )

    def found(self, now: datetime = NOW, trusted: ssl.SSLContext | None = None) -> list[str]:
        """What the doctor finds of the way here."""
        told = transport.reached(self.env(), now, trusted or self.trusted)
        return [f"{one.weight}: {one.sentence}" for one in told]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="serment-tls-") as folder:
        made = Site(Path(folder))
        yield made
        for child in made.port.children:
            process.stop(child, signal.SIGTERM, 5)


def _over_tls(site: Site, request: bytes, **versions: Any) -> tuple[bytes, ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(site.folder / "localhost.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, value in versions.items():
        setattr(context, name, value)
    with socket.create_connection(("localhost", site.public), 5) as bare:
        asking = context.wrap_socket(bare, server_hostname="localhost")
        asking.sendall(request)
        said = b""
        while piece := asking.recv(65_536):
            said += piece
    return said, asking


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_https_ends_in_front_and_everything_arrives(site: Site, version: ssl.TLSVersion) -> None:
    with site.ends():
        said, asking = _over_tls(
            site,
            b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 6.6.6.6\r\n"
            b"X-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n"
            b"Connection: close\r\n\r\n",
            maximum_version=version,
        )
    head, _, body = said.partition(b"\r\n\r\n")
    assert asking.selected_alpn_protocol() == "http/1.1"  # h2 was offered
    assert b"200" in head.split(b"\r\n")[0]
    assert b"strict-transport-security: " + headers.HSTS in head.lower().replace(
        b"includesubdomains", b"includeSubDomains"
    )
    told = json.loads(body)
    assert (told["scheme"], told["address"]) == ("https", "127.0.0.1")
    assert "evil" not in str(told)


def test_the_doctor_finds_a_well_kept_address_well(site: Site) -> None:
    with site.ends():
        assert site.found() == []
        [soon] = site.found(NOW + timedelta(days=terminator.DAYS - 3))
        assert soon.startswith("notice: The certificate of localhost ends in ")
        [refused] = site.found(trusted=ssl.create_default_context())
        assert refused.startswith("fault: The certificate of localhost is refused")
    [silent] = site.found()
    assert silent.startswith("notice: The public address")


def test_a_proxy_that_drops_headers_or_speaks_old_tls_is_found(site: Site) -> None:
    with site.ends(lost=("strict-transport-security",), old=True):
        dropped, old = site.found()
    assert dropped == "fault: localhost does not hand on what Serment answers:" + (
        " strict-transport-security."
    )
    assert old == "fault: localhost still speaks TLS 1.1."


def test_pages_in_clear_beside_https_are_found(site: Site) -> None:
    with terminator.away() as moved:
        assert not transport._pages_in_clear("127.0.0.1", moved)
    assert transport._pages_in_clear("127.0.0.1", site.port.number)


def _said(**changed: Any) -> list[tuple[str, str]]:
    demo = changed.pop("demo", False)
    env = replace(environment.read(), demo=False, **changed)
    return [(one.weight, one.sentence.split(":")[0]) for one in transport.settings(env, demo=demo)]


def test_serving_patients_in_clear_has_to_be_stated() -> None:
    clear = "Patients would be served in clear"
    afar = "http://rendez-vous.example"
    assert _said(public_url=afar) == [("fault", clear)]
    assert _said(public_url=afar, demo=True) == [("notice", clear)]
    assert _said(public_url=afar, plain_http=True) == []
    assert _said(public_url="http://localhost:8000") == []
    assert _said(public_url="http://localhost:8000", listen="0.0.0.0") == [("fault", clear)]
    sealed = "https://rendez-vous.example"
    assert _said(public_url=sealed, proxies=("10.0.0.5",)) == []
    assert [weight for weight, _ in _said(public_url=sealed)] == ["notice"]
    assert [weight for weight, _ in _said(public_url=sealed, listen="::")] == ["notice"]
    for wrong in ("rendez-vous.example", "https://a.example/sous", "ftp://a.example"):
        assert [weight for weight, _ in _said(public_url=wrong)] == ["fault"]


def test_a_start_in_clear_is_refused(tmp_path: Path) -> None:
    env = replace(
        environment.read(), demo=False, state=tmp_path, port=free_port(),
        public_url="http://rendez-vous.example",
    )  # fmt: skip
    assert [one.check for one in examination.before_start(env)] == ["transport"]
    assert list(examination.before_start(replace(env, plain_http=True))) == []


def test_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, read in (
        ("", ()), ("0", ()), ("1", ("127.0.0.0/8", "::1/128")),
        ("10.0.0.5, fd00::/8", ("10.0.0.5", "fd00::/8")),
    ):  # fmt: skip
        monkeypatch.setenv("SERMENT_BEHIND_PROXY", given)
        assert environment.read().proxies == read
    monkeypatch.setenv("SERMENT_BEHIND_PROXY", "yes")
    with pytest.raises(SettingWrong, match="SERMENT_BEHIND_PROXY"):
        environment.read()
