"""Whatever stands in an address, the answer is a page: never a 500, never a hang."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from serment.web import asked

pytestmark = pytest.mark.django_db

NINES = "9" * 5000
ADDRESSES = [
    "/rendez-vous/?quoi=practitioner:a/b",
    "/rendez-vous/?quoi=practitioner:a b",
    "/rendez-vous/?quoi=practitioner:%00",
    "/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256&page=%C2%B2",
    f"/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256&page={NINES}",
    "/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256&rayon=%C2%B2",
    "/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256&langue=%00",
    "/rendez-vous/?quoi_texte=%00&ou_texte=%00",
    "/rendez-vous/?quoi_texte=%F0%9F%98%80&ou_texte=%ED%A0%80",
    "/completer/quoi?q=%00",
    "/completer/ou?q=%00",
    "/soignant/personne/?semaine=%C2%B2",
    "/soignant/personne/pourquoi?jour=0001-01-01&heure=00:00",
    "/reserver/00000000-0000-0000-0000-000000000000/?heure=0001-01-01T00:00:00%2B14:00",
    "/langue/",
]


@pytest.fixture(autouse=True)
def plain_static_files(settings: object) -> None:
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_answer_is_a_page(address: str) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert answer.status_code < 500, answer.status_code


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda text: asked.number(text, 10), "²"),
        (lambda text: asked.number(text, 10), NINES),
        (lambda text: asked.number(text, 10), "-1"),
        (asked.day, "9999-12-31"),
        (asked.day, "0001-01-01"),
        (asked.instant, "0001-01-01T00:00:00+14:00"),
        (asked.instant, "9999-12-31T23:59:59-12:00"),
        (asked.instant, "2026-11-22T08:00"),
        (asked.local_instant, "9999-12-31T23:59"),
        (asked.uuid, "not-an-id"),
    ],
)
def test_what_cannot_be_read_is_nothing(read: object, text: str) -> None:
    assert read(text) is None  # type: ignore[operator]


def test_what_a_form_holds_is_bounded() -> None:
    many = QueryDict("&".join(f"n{number}=1" for number in range(500)))
    given = asked.Given(many)
    assert len(given) == asked.FIELDS_MAX
    long = QueryDict(mutable=True)
    long.setlist("note", ["x" * 100_000, "a\x00b" + "y" * 100_000])
    assert len(long["note"]) > 100_000  # the control: what Django hands out
    assert len(asked.Given(long)["note"]) == asked.LETTERS_MAX
    assert asked.Given(long)["note"].startswith("aby")
    assert [len(one) for one in asked.Given(long).getlist("note")] == [asked.LETTERS_MAX] * 2


def test_what_can_be_read_is_read() -> None:
    assert asked.number("7", 5) == 5
    assert asked.day("0026-11-24") == asked.day("2026-11-24") is not None
    assert asked.local_instant("0028-02-29T08:00") == asked.local_instant("2028-02-29T08:00")
    assert asked.slug("dr-a") == "dr-a"
    assert asked.slug("a/b") == ""
    assert asked.words(" a\x00b ", 10) == "ab"
    instant = asked.instant("2026-11-22T09:00:00+01:00")
    assert instant is not None
    assert instant.hour == 8


def test_the_fault_is_seen_where_the_reader_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "slug", lambda text: text)
    answer = Client(raise_request_exception=False).get(ADDRESSES[0])
    assert answer.status_code == 500
