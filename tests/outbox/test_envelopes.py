"""What sign-in has to say: sealed until it leaves, and no page waits for a mail server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client

from serment import clock
from serment.disclosure import NotYours, Purpose, gate
from serment.outbox import delivery, envelopes, jobs, tasks
from serment.outbox.models import AT_ONCE, Envelope
from tests.identity.conftest import PERSON, pages  # noqa: F401 -- a fixture
from tests.outbox.conftest import Sink
from tests.outbox.test_dump import _dump, _found

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])

FORGOTTEN = "/compte/mot-de-passe/oublie/"
ADDRESS = PERSON["email"].lower()


@pytest.fixture
def browser(pages: None, smtp: Sink) -> Client:  # noqa: F811
    return Client(headers={"accept-language": "fr"})


def _asked(browser: Client, email: str = PERSON["email"]) -> Any:
    return browser.post("/compte/inscription/", PERSON | {"email": email})


def _said(sink: Sink) -> str:
    return str(sink.taken[-1].get_content())


def test_a_mail_server_that_is_down_keeps_nobody_from_signing_up(
    browser: Client, smtp: Sink, settings: Any
) -> None:
    up, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert _asked(browser).url == "/compte/code/"
    now = clock.now()
    assert envelopes.send_waiting(now).put_off == 1
    assert Envelope.objects.get().send_after == delivery.next_try(0, now)
    settings.EMAIL_PORT = up
    assert envelopes.send_waiting(delivery.next_try(0, now)).sent == 1
    code = re.search(r"code\s: (\S+)", _said(smtp))
    assert code
    assert browser.post("/compte/code/", {"code": code[1], "action": "verify"}).status_code == 302


def test_sent_inside_the_request_it_would(
    browser: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard removed: a message that the page itself hands to the mail server."""

    def at_once(_actor: Any, address: str, letter: Any, _now: Any, **_more: Any) -> None:
        EmailMessage(letter.subject, letter.body, to=[address]).send()

    monkeypatch.setattr(envelopes, "put", at_once)
    settings.EMAIL_PORT = 1
    with pytest.raises(OSError, match="refused"):
        _asked(browser)


def test_neither_address_nor_code_nor_link_lies_in_a_dump_while_they_wait(
    browser: Client, smtp: Sink, superuser: Any
) -> None:
    _asked(browser)
    dump = _dump(superuser)
    assert Envelope.objects.count() == 1
    envelopes.send_waiting(clock.now())
    code = re.search(r"code\s: (\S+)", _said(smtp))
    assert code
    assert browser.post("/compte/code/", {"code": code[1], "action": "verify"}).status_code == 302
    browser.post(FORGOTTEN, {"email": PERSON["email"]})
    browser.post(FORGOTTEN, {"email": "quatrevaux@exemple.fr"})
    dump += _dump(superuser)
    assert envelopes.send_waiting(clock.now()).sent == 2
    links = re.findall(r"nouveau/(\S+)/", "".join(str(one.get_content()) for one in smtp.taken))
    assert links
    token = links[-1].rpartition("-")[2]
    for secret in (code[1], token):
        assert secret.encode() not in dump
    assert _found(dump) == set()
    # The control: the search finds both once they lie in a table.
    superuser.execute("CREATE TABLE planted (clear text)")
    try:
        superuser.execute("INSERT INTO planted VALUES (%s)", [f"{ADDRESS} {code[1]} {token}"])
        planted = _dump(superuser)
    finally:
        superuser.execute("DROP TABLE planted")
    assert code[1].encode() in planted
    assert token.encode() in planted
    assert "quatrevaux@" in _found(planted)


def test_a_known_and_an_unknown_address_leave_rows_of_one_kind(browser: Client) -> None:
    sign_up_by_hand(browser)
    for email in (PERSON["email"], "a@b.fr"):
        browser.post(FORGOTTEN, {"email": email})
    known, unknown = Envelope.objects.all()
    assert len(known.contents.sealed) == len(unknown.contents.sealed)
    assert len(known.ticket) == len(unknown.ticket)
    assert (known.send_after, known.attempts) == (unknown.send_after, unknown.attempts)
    assert known.send_after == AT_ONCE
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args::text FROM procrastinate_jobs WHERE task_name = 'outbox.send_envelopes'"
        )
        assert {row[0] for row in cursor.fetchall()} == {"{}"}


def sign_up_by_hand(browser: Client) -> None:
    """Signed up and out; nothing waits."""
    _asked(browser)
    code = browser.session["account_email_verification_code"]["code"]
    browser.post("/compte/code/", {"code": code, "action": "verify"})
    browser.post("/compte/deconnexion/")
    envelopes.send_waiting(clock.now())


def test_a_code_asked_for_again_sends_something_to_a_known_address_too(
    browser: Client, smtp: Sink
) -> None:
    sign_up_by_hand(browser)
    smtp.recipients.clear()
    for email in (PERSON["email"], "libre@exemple.fr"):
        somebody = Client(headers={"accept-language": "fr"})
        _asked(somebody, email)
        assert somebody.post("/compte/code/", {"action": "resend"}).url == "/compte/code/"
    envelopes.send_waiting(clock.now())
    assert sorted(smtp.recipients) == ["libre@exemple.fr"] * 2 + [ADDRESS] * 2


@pytest.mark.parametrize(("answer", "left"), [("550 no such mailbox", 0), ("451 later", 1)])
def test_what_a_server_refuses_for_good_goes_and_the_rest_waits(
    browser: Client, smtp: Sink, answer: str, left: int
) -> None:
    _asked(browser)
    smtp.refuse = answer
    done = envelopes.send_waiting(clock.now())
    assert (done.failed, done.put_off) == (1 - left, left)
    assert Envelope.objects.count() == left


def test_once_sent_neither_row_nor_ticket_opens_it(browser: Client) -> None:
    _asked(browser)
    kept = Envelope.objects.get()
    ticket = bytes(kept.ticket)
    opened = gate.reveal_with_ticket(ticket, [kept], ["contents"], Purpose.SIGN_IN)
    assert ADDRESS in opened[kept.pk]["contents"]  # the control: until then it does
    assert envelopes.send_waiting(clock.now()).sent == 1
    assert not Envelope.objects.exists()
    with pytest.raises(NotYours):
        gate.reveal_with_ticket(ticket, [kept], ["contents"], Purpose.SIGN_IN)


def test_a_job_put_in_as_a_statement_is_the_one_the_library_puts_in(superuser: Any) -> None:
    where = "6f1c6e52-93f5-4a6e-8d37-0e4f4b9a7c11"
    tasks.send_waiting.defer(establishment_id=where)
    statement, values = jobs.deferring(tasks.send_waiting, establishment_id=where)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    columns = "queue_name, task_name, priority, lock, queueing_lock, args::text, status"
    rows = superuser.execute(
        f"SELECT {columns}, scheduled_at, attempts FROM procrastinate_jobs"
    ).fetchall()
    assert len(rows) == 2
    assert rows[0] == rows[1]
