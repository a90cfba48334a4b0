"""SMS through a provider: formats, refusals, lost answers, and who is told what it was handed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import Actor
from serment.incidents import command
from serment.outbox import delivery, handing, letters, receipts, references, tallies
from serment.outbox.models import HandOver, Message, State
from serment.outbox.sms.port import Fate
from tests.outbox.conftest import LATER, Booked, Sink
from tests.outbox.test_wishes import _wish
from tests.sms_provider import server
from tests.sms_provider.server import Account

pytestmark = pytest.mark.django_db
MOBILE, FIXED = "+33639980012", "+33298000000"
PROVIDERS = [("ovhcloud", server.OVH, "/sms"), ("brevo", server.BREVO, "/v3")]


@pytest.fixture(params=PROVIDERS, ids=["ovhcloud", "brevo"])
def sms(request: Any, settings: Any, tmp_path: Path) -> Iterator[Account]:
    """Each provider in turn, set as an operator sets it."""
    name, secrets, _path = request.param
    with server.running() as account:
        _set(settings, tmp_path, name, secrets, account)
        yield account


@pytest.fixture
def ovh(settings: Any, tmp_path: Path) -> Iterator[Account]:
    with server.running() as account:
        _set(settings, tmp_path, "ovhcloud", server.OVH, account)
        yield account


def _set(settings: Any, folder: Path, name: str, secrets: Any, account: Account) -> None:
    file = folder / "sms.json"
    file.write_text(json.dumps(secrets))
    url = account.url + ("/v3" if name == "brevo" else "")
    settings.SMS = {"provider": name, "secret_file": file, "sender": "Rappel", "url": url}


def _state(establishment: UUID, visit: UUID) -> tuple[str, int]:
    with tenancy.inside(tenant=establishment):
        message = Message.objects.get(record_id=visit)
        return message.state, message.attempts


def _next(establishment: UUID) -> Any:
    """The round in which what was put off is due."""
    with tenancy.inside(tenant=establishment):
        return Message.objects.filter(state=State.WAITING).latest("send_after").send_after


def test_whoever_has_no_mailbox_is_told_by_text_and_the_record_says_through_whom(
    sms: Account, settings: Any, book: Booked, establishment: UUID, smtp: Sink
) -> None:
    visits = [book(email=None, phone=MOBILE), book(email=None, phone=FIXED), book()]
    done = delivery.send_due(LATER)
    assert (done.sent, done.letters) == (2, 1)
    [taken] = sms.taken
    assert (taken.number, taken.sender) == (MOBILE, "Rappel")
    assert taken.text == "C'est confirmé : mardi 2 mars à 14 h 20."
    row = HandOver.objects.get(reference=taken.reference)
    assert (row.state, row.provider) == (HandOver.State.TAKEN, settings.SMS["provider"])
    assert (smtp.recipients, len(letters.waiting(establishment))) == (["philomene@exemple.fr"], 1)
    assert [_state(establishment, one)[0] for one in visits] == ["sent", "waiting", "sent"]
    now = datetime.now(UTC)
    around = now - timedelta(hours=1), now + timedelta(hours=1)
    for recipient, field in (
        (row.provider, {"patient.phone": 1}),
        (settings.MAIL_PROVIDER, {"patient.email": 1}),
    ):
        found = command.answer_of(*around, establishment=establishment, recipient=recipient)
        assert (found["persons"], found["fields"]) == (1, field)


def test_an_answer_that_is_lost_is_asked_for_and_nothing_leaves_twice(
    sms: Account, book: Booked, establishment: UUID
) -> None:
    visit = book(email=None, phone=MOBILE)
    sms.ways = ["silent"]
    assert delivery.send_due(LATER).put_off == 1
    [row] = HandOver.objects.all()
    assert (row.state, len(sms.of(row.reference))) == (HandOver.State.UNDER_WAY, 1)
    assert delivery.send_due(_next(establishment)).sent == 1
    assert _state(establishment, visit) == ("sent", 2)
    row.refresh_from_db()
    assert (len(sms.taken), row.state, row.possibly_twice) == (1, HandOver.State.TAKEN, False)


def test_without_the_durable_row_it_leaves_twice(
    ovh: Account, book: Booked, establishment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard removed: nobody remembers that it was under way."""
    monkeypatch.setattr(handing, "_begin", lambda *_all: {})
    book(email=None, phone=MOBILE)
    ovh.ways = ["silent"]
    delivery.send_due(LATER)
    delivery.send_due(_next(establishment))
    assert len(ovh.taken) == 2


def test_after_an_hour_away_everything_leaves_once(
    ovh: Account, settings: Any, book: Booked, establishment: UUID
) -> None:
    there = settings.SMS
    visits = [book(email=None, phone=MOBILE) for _one in range(3)]
    settings.SMS = there | {"url": "http://127.0.0.1:9"}
    at = LATER
    while at < LATER + timedelta(hours=1):
        assert delivery.send_due(at).put_off == 3
        at = _next(establishment)
    settings.SMS = there
    assert delivery.send_due(at).sent == 3
    assert delivery.send_due(at + timedelta(days=1)).sent == 0
    assert len({one.reference for one in ovh.taken}) == len(ovh.taken) == len(visits)
    with tenancy.inside(tenant=establishment):
        [fared] = tallies.of_late(establishment, at.date())
    assert (fared.provider, fared.sent, fared.failed) == ("ovhcloud", 3, 0)


def test_what_a_provider_refuses_is_told_apart(
    sms: Account, settings: Any, book: Booked, establishment: UUID
) -> None:
    good = settings.SMS
    book(email=None, phone=MOBILE)
    for way in ("busy", "poor"):
        sms.ways = [way]
        at = LATER if way == "busy" else _next(establishment)
        assert delivery.send_due(at).put_off == 1
    wrong = json.loads(good["secret_file"].read_text())
    file = good["secret_file"].with_name("wrong.json")
    file.write_text(json.dumps(dict.fromkeys(wrong, "x")))
    settings.SMS = good | {"secret_file": file}
    delivery.send_due(_next(establishment))
    assert sms.taken == []
    settings.SMS = good
    delivery.send_due(_next(establishment))
    assert len(sms.taken) <= 1


def test_a_receipt_is_believed_by_its_secret_and_a_stop_ends_texts(
    sms: Account, settings: Any, book: Booked, establishment: UUID, client: Client,
) -> None:  # fmt: skip
    name = settings.SMS["provider"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    visit = book(email=None, phone=MOBILE)
    delivery.send_due(LATER)
    [taken] = sms.taken
    [row] = HandOver.objects.all()
    own = f"/-/messages/{name}/{row.reference}/"
    account = f"/-/messages/{name}/{server.OVH['callback_token']}/"
    told = json.dumps({"msg_status": "hard_bounce", "to": MOBILE[1:]})
    forged = [f"{own}{'a' * 20}/", f"/-/messages/{name}/{'a' * 20}/", "/-/messages/nobody/a/"]
    for address in forged:
        assert client.post(address, told, content_type="application/json").status_code == 404
    row.refresh_from_db()
    assert row.state == HandOver.State.TAKEN  # the control: nobody else tells what became of it
    taken.receipt = 2
    if name == "brevo":
        assert taken.told_at.endswith(f"{own}{references.hook_token(name, row.reference)}/")
        address = taken.told_at.removeprefix(settings.PUBLIC_URL)
        assert client.post(address, told, content_type="application/json").status_code == 204
        stop = json.dumps({"msg_status": "replied", "reply": "STOP", "to": MOBILE[1:]})
        client.post(address, stop, content_type="application/json")
    else:
        assert client.get(account, {"id": "0", "ptt": "5"}).status_code == 204
        sms.stopped = [MOBILE]
        client.get(account, {"sender": MOBILE})
        sms.stopped = []  # from here on it is ours to remember
    row.refresh_from_db()
    assert row.state == HandOver.State.RETURNED
    assert [one.record_id for one in letters.waiting(establishment)] == [visit]
    letters.printed(establishment, letters.waiting(establishment)[0].pk)
    receipts.fared(row.reference, Fate.RETURNED, LATER)  # told twice: one letter
    assert letters.waiting(establishment) == []
    book(email=None, phone=MOBILE)
    assert delivery.send_due(LATER).letters == 1
    assert len(sms.taken) == 1


def test_texts_go_by_no_way_that_was_not_asked_for(
    ovh: Account, book: Booked, establishment: UUID, secretary: Actor, smtp: Sink
) -> None:
    """Who said something before there were texts gets none; neutral ones are neutral."""
    careful, safe = book(email=None, phone=MOBILE), book(email=None, phone=MOBILE)
    _wish(secretary, establishment, careful, letter=True, no_messages=True)
    _wish(secretary, establishment, safe, number="+33639980099", neutral=True, texts=True)
    done = delivery.send_due(LATER)
    assert (done.sent, done.letters) == (1, 1)
    assert [one.number for one in ovh.taken] == ["+33639980099"]
    assert "http" not in ovh.taken[0].text
