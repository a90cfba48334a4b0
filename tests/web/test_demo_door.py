"""The demo's one-click door opens at this very machine, and to no relay in front of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from serment.web import loopback

pytestmark = pytest.mark.django_db
RELAYED = [
    {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
    {"HTTP_X_FORWARDED_HOST": "localhost"},
    {"HTTP_FORWARDED": "for=203.0.113.7"},
    {"HTTP_VIA": "1.1 tunnel"},
    {"HTTP_X_REAL_IP": "127.0.0.1"},
    {"HTTP_HOST": "demo.exemple.fr"},
    {"HTTP_HOST": "localhost.exemple.fr"},
    {"serment.forwarded": True},
]


@pytest.fixture
def demo(settings: Any) -> Client:
    settings.DEMO = True
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = "http://localhost:8000"
    return Client(headers={"accept-language": "fr", "host": "localhost:8000"})


@pytest.mark.parametrize("host", ["localhost", "localhost:8123", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_is_let_in(demo: Client, host: str) -> None:
    assert demo.get("/demo", HTTP_HOST=host).status_code == 200
    assert demo.post("/demo/entrer", {"login": "x"}, HTTP_HOST=host).status_code == 404  # nobody


@pytest.mark.parametrize("relayed", RELAYED, ids=str)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_relay_is_refused_in_words(
    demo: Client, relayed: dict[str, Any], guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: by its address alone, a relay on this machine is this machine."""
    if not guarded:
        monkeypatch.setattr(loopback, "_passed_on", lambda _: False)
        monkeypatch.setattr(loopback, "_named_here", lambda _: True)
    for answer in (demo.get("/demo", **relayed), demo.post("/demo/entrer", {}, **relayed)):
        assert (answer.status_code == 400) is guarded
        assert ("sans relais" in answer.content.decode()) is guarded


def test_an_instance_with_a_public_name_has_no_open_door(demo: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://demo.exemple.fr"
    assert demo.get("/demo").status_code == 400


def test_another_machine_finds_no_such_page(demo: Client, settings: Any) -> None:
    assert demo.get("/demo", REMOTE_ADDR="203.0.113.7").status_code == 404
    settings.DEMO = False
    assert demo.get("/demo").status_code == 404


def test_an_announced_proxy_is_judged_by_the_client_it_names(demo: Client) -> None:
    announced = {"serment.forwarded": False, "HTTP_VIA": "1.1 nginx"}
    assert demo.get("/demo", **announced).status_code == 200
    assert demo.get("/demo", REMOTE_ADDR="203.0.113.7", **announced).status_code == 404


def test_links_of_mails_can_be_clicked_where_they_lead_to_this_site(
    demo: Client, settings: Any, tmp_path: Path
) -> None:
    """The others stay text, however alike they begin, and nothing of a mail is markup."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    body = (
        "Ouvrez http://localhost:8000/r/a-b_c. <b>Non</b> http://localhost:8000.exemple.fr/x"
        ' http://localhost:8000@exemple.fr/x https://exemple.fr/x http://localhost:8000/y"><i>'
    )
    EmailMessage("Lien", body, to=["zoe@exemple.fr"]).send()
    shown = demo.get("/demo/courrier").content.decode()
    assert '<a href="http://localhost:8000/r/a-b_c">http://localhost:8000/r/a-b_c</a>.' in shown
    assert shown.count('<a href="http://localhost:8000/') == 2
    assert "exemple.fr/x" in shown
    assert 'href="http://localhost:8000/y"' in shown
    for foreign in ('href="http://localhost:8000.', 'href="http://localhost:8000@', "<b>", "<i>"):
        assert foreign not in shown
    assert 'href="https://exemple.fr' not in shown
