"""Each family of errors becomes its page; none shows a stack or what the error carried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from serment.errors import Broken, Conflict, NotThere, Refused
from serment.web.failures import FailurePages, csrf_failed

SECRET = "Lemoine"


@pytest.fixture(autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Pages without the manifest that set-up builds."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(STORAGES={"default": files, "staticfiles": plain}):
        yield


def answer_to(error: Exception) -> HttpResponse:
    def view(_request: HttpRequest) -> HttpResponse:
        raise error

    return FailurePages(view)(RequestFactory().get("/mes-rendez-vous/"))


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


def test_an_error_nobody_foresaw_is_not_dressed_up() -> None:
    """Django's own 500 page takes it: a defect must stay visible as one."""
    with pytest.raises(ZeroDivisionError):
        answer_to(ZeroDivisionError())


def test_an_expired_form_is_explained() -> None:
    page = csrf_failed(RequestFactory().post("/"), reason="jeton absent")
    assert page.status_code == 403
    assert "jeton" not in page.content.decode()
