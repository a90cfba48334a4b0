"""Each family of errors becomes its page; none shows a stack or what the error carried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from serment.errors import Broken, Conflict, NotThere, Refused
from serment.web.failures import FailurePages, broken, csrf_failed

SECRET = "Lemoine"


@pytest.fixture(autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Pages without the manifest that set-up builds."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(STORAGES={"default": files, "staticfiles": plain}):
        yield


def answer_to(
    error: Exception, path: str = "/mes-rendez-vous/", typed: dict[str, str] | None = None
) -> HttpResponse:
    def view(_request: HttpRequest) -> HttpResponse:
        raise error

    make = RequestFactory()
    return FailurePages(view)(make.get(path) if typed is None else make.post(path, typed))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotThere(), 404),
        (Refused("Ce motif se prend par téléphone."), 400),
        (Conflict("Ce créneau vient d’être pris."), 409),
        (Broken(), 503),
        (OperationalError(f"could not connect as {SECRET}"), 503),
        (InterfaceError(f"closed for {SECRET}"), 503),
    ],
)
def test_each_family_has_its_page(error: Exception, status: int) -> None:
    page = answer_to(error)
    text = page.content.decode()
    assert page.status_code == status
    assert "<h1" in text
    assert "Traceback" not in text
    assert SECRET not in text


def test_a_page_that_cannot_be_given_now_says_when_to_try_again() -> None:
    assert int(answer_to(Broken())["Retry-After"]) > 0


def test_the_sentence_of_an_error_is_what_the_person_reads() -> None:
    assert (
        "vient d’être pris" in answer_to(Conflict("Ce créneau vient d’être pris.")).content.decode()
    )


def kept_in(page: HttpResponse) -> dict[str, str]:
    """What the form of a failure page would send, as a browser reads it."""
    found = re.findall(
        r'<textarea name="([^"]+)" hidden>\n?(.*?)</textarea>', page.content.decode(), re.DOTALL
    )
    return {unescape(name): unescape(value) for name, value in found}


def test_a_form_that_met_a_part_gone_comes_back_to_be_sent_again() -> None:
    note = '\nJe viens avec ma mère <b>& elle</b>\nentend "mal"'
    typed = {"heure": "2026-11-24T09:00:00+01:00", "mot": note, "csrfmiddlewaretoken": "leur"}
    page = answer_to(Broken(), "/reserver/x/?motif=1&heure=2", typed | {"password1": "poire"})
    text = page.content.decode()
    assert kept_in(page) == typed, "every field as it was, and the token they had, not a new one"
    assert 'method="post" action="/reserver/x/?motif=1&amp;heure=2"' in text
    assert "<b>&" not in text
    assert "poire" not in text
    assert "no-store" in page["Cache-Control"]


def test_trying_again_stays_on_this_site_and_keeps_the_question() -> None:
    assert (
        'href="/rendez-vous/?ou=74256"'
        in answer_to(Broken(), "/rendez-vous/?ou=74256").content.decode()
    )
    for path in ("//ailleurs.example/", "///ailleurs.example/", "/\\ailleurs.example/"):
        for sent in (None, {"mot": "x"}):
            request = RequestFactory().post("/", sent) if sent else RequestFactory().get("/")
            request.path = request.path_info = path
            text = broken(request, "").content.decode()
            assert 'href="//' not in text
            assert 'action="//' not in text
            assert 'ion="/ailleurs' in text or 'href="/ailleurs' in text or "/%5C" in text


def test_only_a_part_gone_repeats_the_form() -> None:
    assert not kept_in(answer_to(Conflict(), "/x/", {"mot": SECRET}))


def test_an_error_nobody_foresaw_is_not_dressed_up() -> None:
    """Django's own 500 page takes it: a defect must stay visible as one."""
    with pytest.raises(ZeroDivisionError):
        answer_to(ZeroDivisionError())


def test_an_expired_form_of_ours_comes_back_with_what_was_typed() -> None:
    typed = {"mot": "avec ma mère", "csrfmiddlewaretoken": "un vieux", "password": "poire"}
    asking = RequestFactory().post(
        "/reserver/x/?heure=2", typed, headers={"origin": "http://testserver"}
    )
    page = csrf_failed(asking, reason="jeton absent")
    text, kept = page.content.decode(), kept_in(page)
    assert (page.status_code, kept["mot"]) == (403, "avec ma mère")
    assert 'method="post" action="/reserver/x/?heure=2"' in text
    assert "un vieux" not in text
    assert "poire" not in text
    assert 'name="csrfmiddlewaretoken" value="' in text


@pytest.mark.parametrize("origin", ["https://ailleurs.example", "null", ""])
def test_what_another_site_sent_gets_no_token(origin: str) -> None:
    headers = {"origin": origin} if origin else {}
    asking = RequestFactory().post("/reserver/x/", {"mot": "piège"}, headers=headers)
    text = csrf_failed(asking).content.decode()
    assert "piège" not in text
    assert "csrfmiddlewaretoken" not in text


def test_an_expired_form_is_explained() -> None:
    page = csrf_failed(RequestFactory().post("/"), reason="jeton absent")
    assert page.status_code == 403
    assert "jeton" not in page.content.decode()
