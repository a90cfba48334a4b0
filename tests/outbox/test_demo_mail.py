"""The demo shows what it sent, from a folder outside the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage

from serment.outbox import demo_mail
from serment.outbox.sms import chosen
from serment.outbox.sms.port import Sms


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


def test_a_demos_texts_are_kept_once_and_shown_by_the_demo_alone(
    settings: Any, tmp_path: Path
) -> None:
    settings.DEMO_SMS = tmp_path
    settings.SMS = {"provider": "demo", "secret_file": tmp_path, "sender": "Rappel", "url": ""}
    provider, sms = chosen.provider(), Sms("+33639980012", "Rappel : mardi.", "a" * 20, "")
    assert provider is not None
    assert not provider.knows(sms)
    for _twice in range(2):
        provider.send(sms)
    assert provider.knows(sms)
    assert [(one.to, one.body) for one in demo_mail.texts()] == [(sms.number, sms.text)]
    settings.DEMO = False
    assert demo_mail.texts() == []
