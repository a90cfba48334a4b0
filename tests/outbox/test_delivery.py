"""A message leaves once it is due, discreetly, to an address opened for it alone."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from serment.directory import tenancy
from serment.disclosure import Actor
from serment.outbox import delivery, letters, post, rendering
from serment.outbox.models import Channel, Message, State
from tests.outbox.conftest import NOW, VISIT, Booked, Sink

pytestmark = pytest.mark.django_db


def _message(establishment: UUID, kind: str = post.CONFIRMATION) -> Message:
    with tenancy.inside(tenant=establishment):
        return Message.objects.get(kind=kind)


def test_a_confirmation_reaches_the_person_over_smtp(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    book()
    done = delivery.send_due(NOW)
    assert (done.sent, smtp.recipients) == (1, ["philomene@exemple.fr"])
    mail = smtp.taken[0]
    assert str(mail["subject"]).strip() == "C’est confirmé : mardi 2 mars à 14 h 20"
    assert str(mail["from"]).startswith("Serment <")
    body = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Dr Anne Lemoine" in body
    assert "http://localhost:8000/mes-rendez-vous/" in body
    assert _message(establishment).state == State.SENT


def test_what_was_sent_is_not_sent_again(smtp: Sink, book: Booked) -> None:
    book()
    delivery.send_due(NOW)
    assert delivery.send_due(NOW + timedelta(days=1)).sent == 0
    assert len(smtp.taken) == 1


def test_the_same_confirmation_posted_twice_is_one_message(
    book: Booked, establishment: UUID, secretary: Actor
) -> None:
    visit = book()
    with tenancy.inside(tenant=establishment):
        post.confirmation(visit, establishment, post.sign(secretary, visit, NOW), NOW)
        assert Message.objects.count() == 1


def test_a_server_that_is_away_puts_the_message_off_with_growing_pauses(
    settings: Any, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    right_port = settings.EMAIL_PORT
    book()
    settings.EMAIL_PORT = 1
    assert delivery.send_due(NOW).put_off == 1
    first = _message(establishment)
    assert (first.state, first.attempts) == (State.WAITING, 1)
    assert first.send_after == NOW + timedelta(minutes=1)
    assert delivery.send_due(first.send_after).put_off == 1
    second = _message(establishment)
    assert second.send_after - first.send_after == timedelta(minutes=5)
    settings.EMAIL_PORT = right_port
    assert delivery.send_due(second.send_after).sent == 1
    assert len(smtp.taken) == 1


def test_after_the_last_attempt_it_has_failed_and_its_ticket_is_gone(
    settings: Any, book: Booked, establishment: UUID
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    book()
    for _attempt in delivery.BACK_OFF_MINUTES:
        delivery.send_due(_message(establishment).send_after)
    message = _message(establishment)
    assert (message.state, bytes(message.ticket)) == (State.FAILED, b"")


def test_a_refused_mailbox_is_not_tried_again(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    smtp.refuse = "550 no such mailbox"
    book()
    assert delivery.send_due(NOW).failed == 1
    assert _message(establishment).state == State.FAILED


def test_a_full_mailbox_is_tried_again(smtp: Sink, book: Booked, establishment: UUID) -> None:
    smtp.refuse = "452 mailbox full"
    book()
    assert delivery.send_due(NOW).put_off == 1
    assert _message(establishment).state == State.WAITING


def test_a_crash_after_the_claim_sends_later_and_says_possibly_twice(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    book()

    def die(message: Message) -> State:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(delivery, "_deliver", die)
        with pytest.raises(KeyboardInterrupt):
            delivery.send_due(NOW)
    assert delivery.send_due(NOW).sent == 0
    assert delivery.send_due(NOW + timedelta(minutes=1)).sent == 1
    assert _message(establishment).attempts == 2


def test_somebody_without_an_address_gets_a_letter(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    visit = book(email=None)
    assert delivery.send_due(NOW).letters == 1
    assert smtp.taken == []
    [letter] = letters.waiting(establishment)
    assert (letter.channel, letter.record_id) == (Channel.LETTER, visit)
    assert "12 rue de la Gare" in letters.text_of(establishment, letter.pk).body
    letters.printed(establishment, letter.pk)
    assert letters.waiting(establishment) == []


def test_a_cancelled_visit_calls_its_confirmation_back(
    smtp: Sink, book: Booked, establishment: UUID, secretary: Actor
) -> None:
    visit = book()
    with tenancy.inside(tenant=establishment):
        post.cancellation(visit, establishment, post.sign(secretary, visit, NOW), NOW)
    assert delivery.send_due(NOW).sent == 1
    assert [str(mail["subject"]).strip() for mail in smtp.taken] == [
        "Annulé : mardi 2 mars à 14 h 20"
    ]


def test_a_record_that_is_gone_sends_nothing(
    smtp: Sink, book: Booked, establishment: UUID, facts: dict[UUID, Any]
) -> None:
    facts.pop(book())
    assert delivery.send_due(NOW).cancelled == 1
    assert smtp.taken == []


def test_after_its_week_the_ticket_opens_nothing(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    monkeypatch.setattr(post, "SENDING_DAYS_MAX", 0)
    book()
    assert delivery.send_due(NOW).failed == 1
    assert smtp.taken == []
    assert _message(establishment).state == State.FAILED


def test_the_job_and_the_row_carry_identifiers_only(book: Booked, establishment: UUID) -> None:
    visit = book()
    message = _message(establishment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs")
        jobs = [json.loads(row[0]) for row in cursor.fetchall()]
    assert jobs == [{"message_id": str(message.pk), "establishment_id": str(establishment)}]
    assert message.record_id == visit


def test_the_job_sends_that_one_message(smtp: Sink, book: Booked, establishment: UUID) -> None:
    book()
    book()
    with tenancy.inside(tenant=establishment):
        first = Message.objects.first()
    assert first is not None
    assert delivery.send_one(first.pk, establishment, NOW).sent == 1
    assert len(smtp.taken) == 1


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("Europe/Paris", "fr", "mardi 2 mars à 14 h 20"),
        ("Indian/Reunion", "fr", "mardi 2 mars à 17 h 20"),
        ("America/Guadeloupe", "en", "Tuesday 2 March at 09:20"),
    ],
)
def test_an_instant_is_said_as_its_place_says_it(zone: str, language: str, words: str) -> None:
    assert rendering.spoken(VISIT, zone, language) == words


def test_a_message_that_has_left_keeps_its_day_and_not_its_minute(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    """The control first: while it waits, the instant is there."""
    book()
    assert _message(establishment).send_after.time() != time(0)
    assert delivery.send_due(NOW).sent == 1
    assert _message(establishment).send_after.time() == time(0)
