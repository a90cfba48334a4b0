"""What requests claim of themselves: for whom they come, how they came, which method they mean."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serment.live import serving
from serment.live.arrival import Proxies, asker, in_clear
from tests.attacks import hostile
from tests.attacks.port import LOCAL, Port
from tests.attacks.test_headers import lacking

PUBLIC = "https://rendez-vous.example"
PROXY = "10.0.0.5"


def _echo(environ: dict[str, Any], start: Any) -> list[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    told = {key: str(value) for key, value in environ.items() if key[0].isupper()}
    return [json.dumps(told | {"scheme": environ["wsgi.url_scheme"]}).encode()]


@pytest.fixture
def echoing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Port:
    """Pages that say what they were told; behind one proxy, for a public https address."""
    del db
    from tests.attacks import port

    monkeypatch.setattr(port, "WSGIHandler", lambda: _echo)
    return Port(tmp_path, monkeypatch, PUBLIC, (PROXY,))


def test_whom_a_request_is_for_is_the_proxy_s_word_alone(echoing: Port) -> None:
    def told(peer: str, said: str) -> str:
        heard = echoing.ask("/", peer=peer, x_forwarded_for=said, x_forwarded_proto="https")
        return str(json.loads(heard.body)["REMOTE_ADDR"])

    assert told(PROXY, "6.6.6.6, 192.0.2.7") == "192.0.2.7"  # the last: the proxy wrote it
    assert told(PROXY, "6.6.6.6, pas une adresse") == PROXY
    assert told("127.0.0.1", "6.6.6.6") == "127.0.0.1"
    # The control: a port that trusts this machine too believes what it is told from there.
    assert asker("127.0.0.1", ["6.6.6.6"], Proxies.at(["127.0.0.0/8"])) == "6.6.6.6"


def test_a_name_with_an_underscore_passes_for_none_with_a_dash(
    echoing: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = [(b"host", b"x"), (b"x_forwarded_host", b"evil.example"), (b"x_csrftoken", b"a")]
    assert b"evil" not in echoing.send("/", "GET", b"", raw).body
    monkeypatch.setattr(serving, "_is_passed_on", lambda _name: True)
    assert json.loads(echoing.send("/", "GET", b"", raw).body)["HTTP_X_FORWARDED_HOST"]


def test_what_crossed_a_network_in_clear_gets_no_page_of_an_https_site(echoing: Port) -> None:
    strayed = echoing.ask("/soignant/x?a=%0d%0aX:1&b=é", peer="192.0.2.7")
    assert (strayed.status, strayed["location"]) == (
        308, f"{PUBLIC}/soignant/x?a=%0d%0aX:1&b=%E9",
    )  # fmt: skip
    assert lacking(strayed, https=True) == []
    assert strayed.all("set-cookie") == []
    posted = echoing.ask("/compte/connexion/", "POST", b"password=x", peer="192.0.2.7")
    assert (posted.status, lacking(posted, https=True)) == (403, [])
    told = echoing.ask("/", peer=PROXY, x_forwarded_proto="http", x_forwarded_for="192.0.2.7")
    assert told.status == 308  # the proxy left its port 80 open
    assert echoing.ask("//evil.example/", peer="192.0.2.7")["location"] == f"{PUBLIC}/evil.example/"
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert echoing.ask("/", peer=peer).status == 200
    assert echoing.ask("/", peer=PROXY, x_forwarded_proto="https").status == 200
    assert echoing.ask("/healthz", peer="192.0.2.7").status == 200
    # The control: of a site that is not https the same request gets its page.
    echoing.setting = replace(echoing.setting, public_url="http://rendez-vous.example")
    echoing.with_limits()
    assert echoing.ask("/", peer="192.0.2.7").status == 200


@pytest.mark.django_db
def test_an_https_site_s_cookies_are_its_own_name_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["rendez-vous.example"]
    settings.CSRF_COOKIE_SECURE = settings.SESSION_COOKIE_SECURE = True
    settings.CSRF_COOKIE_NAME = "__Host-csrftoken"
    site = Port(tmp_path, monkeypatch, PUBLIC, (PROXY,))
    said = site.ask("/compte/connexion/", peer=PROXY, x_forwarded_proto="https")
    assert (said.status, lacking(said, https=True)) == (200, [])
    [given] = [one.strip() for one in said.all("set-cookie")]
    assert given.startswith("__Host-csrftoken=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "domain" not in given.lower()


def test_a_peer_is_judged_by_its_address() -> None:
    scope = {"client": ("::ffff:10.0.0.5", 1), "headers": []}
    assert not in_clear(scope, Proxies.at(["10.0.0.0/24"]))
    assert in_clear(scope, Proxies.at(["10.0.1.0/24"]))
    assert in_clear({"client": None, "headers": []}, Proxies())
    with pytest.raises(ValueError, match="does not appear"):
        Proxies.at(["partout"])


@pytest.mark.django_db
def test_a_method_is_what_the_line_says(port: Port) -> None:
    body = hostile.encoded({"_method": "DELETE", "language": "en"})
    said = port.ask("/robots.txt", "GET", body, x_http_method_override="POST")
    assert (said.status, said.body[:11]) == (200, b"User-agent:")
    for method in ("TRACE", "TRACK", "CONNECT", "DEBUG", "POST /x"):
        assert port.ask("/robots.txt", method).status in {400, 403, 405}, method


@pytest.mark.django_db
def test_of_a_name_given_twice_the_last_counts_everywhere(port: Port) -> None:
    """The check and the act read the same one."""
    for one, two in (("/a", "//evil.example/"), ("//evil.example/", "/a")):
        body = hostile.encoded({"csrfmiddlewaretoken": "a" * 32, "language": "en"})
        body += f"&next={one}&next={two}".encode()
        said = port.ask(
            "/langue/", "POST", body, {"csrftoken": "a" * 32}, origin=LOCAL,
            content_type="application/x-www-form-urlencoded",
        )  # fmt: skip
        assert said["location"] == ("/" if "evil" in two else "/a")


TRAVERSALS = (
    "/static/../settings.py", "/static/%2e%2e/%2e%2e/secret-key", "/static/..%2f..%2fsecret-key",
    "/static//etc/passwd", "/static/\x00", "/static/serment/%00base.css", "/static/..\\secret-key",
    "/ledger/../secret-key", "/ledger/%2e%2e/secret-key", "/ledger/..%2fsecret-key",
    "/ledger//etc/passwd", "/ledger/tile/0/../../../secret-key", "/ledger/tile/0/000%00",
    "/ledger/key/../../secret-key", "/demo/courrier/../../secret-key", "/%2e%2e/%2e%2e/etc/passwd",
)  # fmt: skip


@pytest.mark.django_db
def test_no_path_leads_out_of_what_is_served(port: Port, tmp_path: Path) -> None:
    (tmp_path.parent / "secret-key").write_bytes(b"the secret")
    (tmp_path / "secret-key").write_bytes(b"the secret")
    for target in TRAVERSALS:
        said = port.ask(target)
        assert (target, said.status) in {(target, 404), (target, 400), (target, 302)}
        assert b"the secret" not in said.body
        assert b"root:" not in said.body


@pytest.mark.django_db
def test_a_form_too_many_sided_is_refused_without_work(port: Port) -> None:
    cookies = {"csrftoken": "a" * 32}
    many = "&".join(f"a{number}=1" for number in range(5_000)).encode()
    kind = {"content_type": "application/x-www-form-urlencoded", "origin": LOCAL}
    said = port.ask("/langue/", "POST", many, cookies, **kind)
    assert (said.status, said.errors) in {(404, ()), (403, ())}
    files = {f"f{number}": (b"x", "a.csv", "text/csv") for number in range(300)}
    body, multipart = hostile.multipart({"csrfmiddlewaretoken": "a" * 32}, files)
    said = port.ask("/langue/", "POST", body, cookies, **kind | {"content_type": multipart})
    assert said.status in {400, 403, 404}
