"""Mail by a provider of django-anymail: handed over, told of, believed by its password alone."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.config import mail_provider
from serment.config.doctor import providers
from serment.config.environment import ProviderSetting
from serment.directory import tenancy
from serment.errors import SettingWrong
from serment.outbox import delivery, tallies
from serment.outbox.models import HandOver, Message
from tests.outbox.conftest import LATER, Booked
from tests.sms_provider import server
from tests.sms_provider.server import Account

pytestmark = pytest.mark.django_db
HOOK = "/-/messages/mail/brevo/"
PASSWORD = "serment:un-long-mot-de-passe"


@pytest.fixture
def brevo(settings: Any, tmp_path: Path) -> Iterator[Account]:
    with server.running() as account:
        file = tmp_path / "mail.json"
        file.write_text(json.dumps(server.BREVO | {"webhook_secret": PASSWORD}))
        set_as = ProviderSetting("brevo", file, url=f"{account.url}/v3/")
        settings.EMAIL_BACKEND, settings.ANYMAIL = mail_provider.chosen(set_as)
        settings.MAIL_PROVIDER = "brevo"
        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
        yield account


def _told(client: Client, reference: str, event: str, password: str = PASSWORD) -> int:
    said = {"event": event, "email": "philomene@exemple.fr", "id": 1, "ts_event": 1_604_933_619,
            "message-id": "<1@brevo>", "tags": [reference]}  # fmt: skip
    known = {"authorization": f"Basic {b64encode(password.encode()).decode()}"}
    return client.post(HOOK, json.dumps(said), "application/json", headers=known).status_code


def test_a_bounce_is_believed_by_its_password_and_counted_once(
    brevo: Account, book: Booked, establishment: UUID, client: Client, settings: Any
) -> None:
    book()
    assert delivery.send_due(LATER).sent == 1
    [mail], [row] = brevo.mails, HandOver.objects.all()
    assert (mail["to"][0]["email"], mail["tags"]) == ("philomene@exemple.fr", [row.reference])
    assert row.reference in mail["headers"]["Message-ID"]
    assert _told(client, row.reference, "hard_bounce", "serment:autre") == 404
    row.refresh_from_db()
    assert row.state == HandOver.State.TAKEN  # the control: nobody else tells what became of it
    for event in ("delivered", "hard_bounce", "hard_bounce", "delivered"):
        assert _told(client, row.reference, event) == 200
    row.refresh_from_db()
    assert row.state == HandOver.State.RETURNED
    with tenancy.inside(tenant=establishment):
        assert (Message.objects.get().state, Message.objects.get().channel) == ("waiting", "letter")
    from serment import clock

    with tenancy.inside(tenant=establishment):
        [fared] = tallies.of_late(establishment, max(LATER, clock.now()).date())
    assert (fared.sent, fared.delivered, fared.returned) == (1, 1, 1)
    settings.MAIL_PROVIDER = "smtp:localhost"
    assert _told(client, row.reference, "delivered") == 404


def test_a_provider_that_is_away_or_takes_nothing_now_keeps_the_message(
    brevo: Account, book: Booked, establishment: UUID, settings: Any
) -> None:
    there = settings.ANYMAIL
    book()
    settings.ANYMAIL = there | {"BREVO_API_URL": "http://127.0.0.1:9/v3/"}
    assert delivery.send_due(LATER).put_off == 1
    assert HandOver.objects.get().state == HandOver.State.NOT_TAKEN
    settings.ANYMAIL, brevo.ways = there, ["silent"]
    for expected in ((0, 1), (1, 0)):  # the answer lost, then sent again under the same name
        with tenancy.inside(tenant=establishment):
            at = Message.objects.get().send_after
        done = delivery.send_due(at)
        assert (done.sent, done.put_off) == expected
    names = {mail["headers"]["Message-ID"] for mail in brevo.mails}
    assert (len(brevo.mails), len(names)) == (2, 1)
    assert HandOver.objects.get().possibly_twice


def test_what_is_set_by_halves_is_said(tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    file.write_text(json.dumps(server.BREVO))
    file.chmod(0o600)
    with pytest.raises(SettingWrong, match="webhook_secret"):
        mail_provider.chosen(ProviderSetting("brevo", file))
    with pytest.raises(SettingWrong, match="none of"):
        mail_provider.chosen(ProviderSetting("nobody", file))

    class Env:
        sms = ProviderSetting("ovhcloud", file, "Cabinet du Port")
        mail_provider, smtp_url, public_url = None, None, "https://rdv.example.fr"

    [lacking] = providers.findings(Env())  # type: ignore[arg-type]
    assert (lacking.weight, "application_key" in lacking.sentence) == ("fault", True)
    file.write_text(json.dumps(server.OVH))
    [unplain] = providers.findings(Env())  # type: ignore[arg-type]
    assert "plain letters" in unplain.sentence
    Env.sms = ProviderSetting("ovhcloud", file, "Rappel")
    [good] = providers.findings(Env())  # type: ignore[arg-type]
    assert good.weight == "notice"
    file.chmod(0o644)
    assert next(providers.findings(Env())).mend.startswith("chmod 600")  # type: ignore[arg-type]
