"""What people bring: files that are not what they say, fields nobody asked for, header lines."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core import mail
from django.core.mail import BadHeaderError, EmailMessage
from django.urls import reverse

from serment import clock
from serment.directory import tenancy
from serment.identity.models import PatientFile
from serment.interchange import text_tables
from serment.outbox import envelopes
from tests.attacks import hostile
from tests.attacks.port import LOCAL, Port
from tests.attacks.test_fuzz import TOKEN
from tests.rights.ground import Ground

FORM = {"content_type": "application/x-www-form-urlencoded", "origin": LOCAL}
IMPORT = "/cabinet/import/"
CLOSED = ("id", "establishment_id")


def _cookies(laid: Ground, asks: str) -> dict[str, str]:
    signed = {name: one.value for name, one in laid.browser(asks).cookies.items()}
    return signed | {"csrftoken": TOKEN}


def _bomb() -> bytes:
    """Four megabytes of a cell in four kilobytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<c>" + b"0" * 4_000_000)
    return made.getvalue()


def _import(port: Port, cookies: dict[str, str], data: bytes, name: str, kind: str) -> Any:
    fields = {"csrfmiddlewaretoken": TOKEN, "quoi": "patients"}
    named = dict.fromkeys(("fichier", "file", "liste"), (data, name, kind))
    body, told = hostile.multipart(fields, named)
    return port.ask(IMPORT, "POST", body, cookies, content_type=told, origin=LOCAL)


def test_a_file_is_what_its_bytes_say_whatever_its_name_and_type(
    laid: Ground, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies = _cookies(laid, "secretary")
    bomb = _bomb()
    opened: list[Any] = []
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *given, **_: opened.append(given))
    for data, name, kind in (
        (bomb, "patients.csv", "text/csv"),
        (bomb, "../../../etc/cron.d/x", "text/calendar"),
        (b"\x00\x01\x02" * 500, "patients.csv", "text/csv"),
        (b"<html><script>alert(1)</script></html>", "patients.html", "text/html"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 200, "patients.csv\r\nX-Evil: 1", "text/csv"),
    ):
        said = _import(port, cookies, data, name, kind)
        assert (said.status, said.errors) in {(200, ()), (400, ()), (422, ())}, name
        assert b"<script>alert" not in said.body
        assert b"cron.d" not in said.body
        assert not said.all("x-evil")
    assert opened == []
    # The control: the look at the first bytes taken away, a workbook is read as text.
    assert text_tables._WORKBOOKS[0] == bomb[:4]
    with pytest.raises(text_tables.TableUnreadable, match="workbook"):
        text_tables.decoded(bomb)
    monkeypatch.setattr(text_tables, "_WORKBOOKS", (b"nothing",))
    with pytest.raises(text_tables.TableUnreadable, match="not_text"):
        text_tables.decoded(bomb)


def test_fields_nobody_asked_for_change_nothing(laid: Ground, port: Port) -> None:
    """A form writes the fields it shows: no house, no account, no state, no right."""
    port.lives = True
    cookies = _cookies(laid, "secretary")
    file = laid.own["file"]
    address = reverse("practice:change_patient", kwargs={"file_id": file})
    [form, *_] = [
        one
        for one in hostile.forms(port.ask(address, cookies=cookies).body)
        if "family_name" in one.fields
    ]
    planted = {
        "establishment_id": str(laid.houses[1].practice.establishment),
        "establishment": str(laid.houses[1].practice.establishment),
        "account_id": str(laid.accounts["patient"]), "account": str(laid.accounts["patient"]),
        "id": laid.other["file"], "pk": laid.other["file"], "file_id": laid.other["file"],
        "state": "qualified", "is_staff": "1", "is_superuser": "1", "role": "manager",
    }  # fmt: skip
    with tenancy.inside(tenant=laid.houses[0].practice.establishment):
        before = PatientFile.objects.values(*CLOSED).get(pk=file)
    wanted = form.fields | planted | {"family_name": "Changée", "csrfmiddlewaretoken": TOKEN}
    said = port.ask(address, "POST", hostile.encoded(wanted), cookies, **FORM)
    assert said.status == 302
    with tenancy.inside(tenant=laid.houses[0].practice.establishment):
        assert PatientFile.objects.values(*CLOSED).get(pk=file) == before
    with tenancy.inside(tenant=laid.houses[1].practice.establishment):
        assert PatientFile.objects.filter(pk=laid.other["file"]).exists()


@pytest.mark.django_db
def test_no_line_of_a_form_becomes_a_line_of_a_header(port: Port) -> None:
    evil = "a@exemple.fr\r\nBcc: evil@example.org"
    port.lives = True
    for address, field in (
        ("/compte/mot-de-passe/oublie/", "email"), ("/compte/inscription/", "email"),
        ("/compte/connexion/", "login"),
    ):  # fmt: skip
        body = hostile.encoded({field: evil, "csrfmiddlewaretoken": TOKEN})
        said = port.ask(address, "POST", body, {"csrftoken": TOKEN}, **FORM)
        assert said.status in {200, 302}
        assert not said.errors
    envelopes.send_waiting(clock.now())
    assert [one for one in mail.outbox if "evil" in str(one.recipients())] == []
    language = hostile.encoded(
        {
            "csrfmiddlewaretoken": TOKEN,
            "language": "en\r\nSet-Cookie: a=b",
            "next": "/a\r\nX-Evil: 1",
        }
    )
    said = port.ask("/langue/", "POST", language, {"csrftoken": TOKEN}, **FORM)
    assert not said.all("x-evil")
    assert all("\r" not in value and "\n" not in value for _, value in said.headers)
    # The control: a mail with such a line is not sent, whoever made it.
    with pytest.raises(BadHeaderError):
        EmailMessage("sujet\r\nBcc: evil@example.org", "", to=["a@exemple.fr"]).message()
