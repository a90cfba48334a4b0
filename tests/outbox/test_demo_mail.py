"""The demo shows what it sent, from a folder outside the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage

from serment.outbox import demo_mail


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "demo-mail")
    return tmp_path / "demo-mail"


def test_the_newest_message_comes_first_as_its_addressee_reads_it(folder: Path) -> None:
    EmailMessage("Première", "Bonjour,\n\nà mardi.", to=["zoe@exemple.fr"]).send()
    EmailMessage("C’est confirmé : mardi 2 mars à 14 h 20", "Bonjour.", to=["li@exemple.fr"]).send()
    newest, first = demo_mail.sent()
    assert newest.to == "li@exemple.fr"
    assert newest.subject == "C’est confirmé : mardi 2 mars à 14 h 20"
    assert "à mardi." in first.body
    assert [mail.to for mail in demo_mail.sent(limit=1)] == ["li@exemple.fr"]


def test_nothing_sent_is_an_empty_list(folder: Path) -> None:
    assert demo_mail.sent() == []


def test_outside_a_demo_nothing_is_shown(folder: Path, settings: Any) -> None:
    EmailMessage("Première", "Bonjour.", to=["zoe@exemple.fr"]).send()
    settings.DEMO = False
    assert demo_mail.sent() == []
