"""A message leaves once it is due, discreetly, to an address opened for it alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor
from serment.outbox import (
    besides,
    delivery,
    letters,
    nights,
    post,
    receipts,
    registry,
    rendering,
    undelivered,
)
from serment.outbox.models import AT_ONCE, Channel, HandOver, Message, State
from serment.outbox.sms.port import Fate
from tests.outbox.conftest import LATER, NOW, VISIT, Booked, Sink

pytestmark = pytest.mark.django_db


def _message(establishment: UUID, kind: str = post.CONFIRMATION) -> Message:
    with tenancy.inside(tenant=establishment):
        return Message.objects.get(kind=kind)


def test_a_confirmation_reaches_the_person_over_smtp(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    book()
    done = delivery.send_due(LATER)
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
    delivery.send_due(LATER)
    assert delivery.send_due(LATER + timedelta(days=1)).sent == 0
    assert len(smtp.taken) == 1


def test_the_same_confirmation_posted_twice_is_one_message(
    book: Booked, establishment: UUID, secretary: Actor
) -> None:
    visit = book()
    with tenancy.inside(tenant=establishment):
        post.confirmation(visit, establishment, post.sign(secretary, visit, NOW))
        assert Message.objects.count() == 1


def test_a_server_that_is_away_puts_the_message_off_with_growing_pauses(
    settings: Any, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    right_port = settings.EMAIL_PORT
    book()
    settings.EMAIL_PORT = 1
    assert delivery.send_due(LATER).put_off == 1
    first = _message(establishment)
    assert (first.state, first.attempts) == (State.WAITING, 1)
    assert delivery.send_due(first.send_after - timedelta(seconds=1)).put_off == 0
    assert delivery.send_due(first.send_after).put_off == 1
    second = _message(establishment)
    assert timedelta(minutes=5) <= second.send_after - first.send_after < timedelta(minutes=10)
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
    assert (message.state, bytes(message.ticket)) == (State.WAITING, b"")
    assert [one.pk for one in letters.waiting(establishment)] == [message.pk]


def test_a_refused_mailbox_is_not_tried_again(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    smtp.refuse = "550 no such mailbox"
    book()
    assert delivery.send_due(LATER).failed == 1
    [letter] = letters.waiting(establishment)  # nobody is left untold
    assert undelivered.among(establishment, [letter.pk]) == {letter.pk}
    assert delivery.send_due(LATER + timedelta(days=1)) == delivery.Round()


def test_what_comes_back_about_several_visits_becomes_a_letter_that_names_them_all(
    smtp: Sink, book: Booked, establishment: UUID, facts: dict[UUID, registry.Facts]
) -> None:
    first, other = book(), book()
    facts[other] = replace(facts[other], starts_at=VISIT + timedelta(weeks=1))
    with tenancy.inside(tenant=establishment):
        rows = Message.objects.filter(establishment_id=establishment)
        rows.filter(record_id=other).delete()
        rows.filter(record_id=first).update(before=besides.closed(first, [other]))
    assert delivery.send_due(LATER).sent == 1
    nights.let_go(LATER)
    reference = HandOver.objects.get(message_id=_message(establishment).pk).reference
    receipts.fared(reference, Fate.RETURNED, LATER)
    [letter] = letters.waiting(establishment)
    body = letters.text_of(establishment, letter.pk).body
    assert "mardi 2 mars" in body
    assert "mardi 9 mars" in body
    letters.printed(establishment, letter.pk)
    assert bytes(_message(establishment).before) == b""


@pytest.mark.parametrize("guarded", [True, False])
def test_what_comes_back_about_a_visit_that_is_kept_since_becomes_no_letter(
    smtp: Sink, book: Booked, establishment: UUID, guarded: bool
) -> None:
    """It would lie on the doormat of those it is kept from. Negative control: it is printed."""
    visit = book()
    assert delivery.send_due(LATER).sent == 1
    with tenancy.inside(tenant=establishment):
        (post.silence if guarded else post.withdraw)(visit, establishment)
    reference = HandOver.objects.get(message_id=_message(establishment).pk).reference
    receipts.fared(reference, Fate.RETURNED, LATER)
    assert len(letters.waiting(establishment)) == (not guarded)


def test_a_full_mailbox_is_tried_again(smtp: Sink, book: Booked, establishment: UUID) -> None:
    smtp.refuse = "452 mailbox full"
    book()
    assert delivery.send_due(LATER).put_off == 1
    assert _message(establishment).state == State.WAITING


def test_a_crash_after_the_claim_sends_later_and_says_possibly_twice(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    book()

    def die(*_batch: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(delivery, "_deliver", die)
        with pytest.raises(KeyboardInterrupt):
            delivery.send_due(LATER)
    assert delivery.send_due(LATER).sent == 0
    assert delivery.send_due(LATER + timedelta(minutes=2)).sent == 1
    assert _message(establishment).attempts == 2


def test_somebody_without_an_address_gets_a_letter(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    visit = book(email=None)
    assert delivery.send_due(LATER).letters == 1
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
        post.cancellation(visit, establishment, post.sign(secretary, visit, NOW))
    assert delivery.send_due(LATER).sent == 1
    assert [str(mail["subject"]).strip() for mail in smtp.taken] == [
        "Annulé : mardi 2 mars à 14 h 20"
    ]


def test_a_record_that_is_gone_sends_nothing(
    smtp: Sink, book: Booked, establishment: UUID, facts: dict[UUID, Any]
) -> None:
    facts.pop(book())
    assert delivery.send_due(LATER).cancelled == 1
    assert smtp.taken == []


def test_after_its_week_the_ticket_opens_nothing(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked, establishment: UUID
) -> None:
    monkeypatch.setattr(post, "SENDING_DAYS_MAX", 0)
    book()
    assert delivery.send_due(LATER).failed == 1
    assert smtp.taken == []
    assert _message(establishment).state == State.FAILED


def test_the_job_names_the_establishment_and_not_the_message(
    book: Booked, establishment: UUID
) -> None:
    """The queue keeps the order and the instants of its rows: it must not say of which visits."""
    visit = book()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs")
        jobs = [json.loads(row[0]) for row in cursor.fetchall()]
    assert jobs == [{"establishment_id": str(establishment)}]
    assert _message(establishment).record_id == visit


def test_the_first_job_sends_all_that_waits_at_its_establishment(
    smtp: Sink, book: Booked, establishment: UUID
) -> None:
    book()
    book()
    assert delivery.send_due_of(ids.new_id(), LATER).sent == 0
    assert delivery.send_due_of(establishment, LATER).sent == 2
    assert delivery.send_due_of(establishment, LATER).sent == 0


def test_a_move_is_told_each_time_and_calls_back_what_is_no_longer_so(
    smtp: Sink, book: Booked, establishment: UUID, secretary: Actor, facts: dict[UUID, Any]
) -> None:
    visit = book()
    assert delivery.send_due(LATER).sent == 1
    smtp.taken.clear()
    for hours in (1, 2):
        facts[visit] = replace(facts[visit], starts_at=VISIT + timedelta(hours=hours))
        with tenancy.inside(tenant=establishment):
            post.move(visit, establishment, post.sign(secretary, visit, NOW))
        assert delivery.send_due(LATER).sent == 1
    assert [str(mail["subject"]).strip() for mail in smtp.taken] == [
        "Déplacé : mardi 2 mars à 15 h 20",
        "Déplacé : mardi 2 mars à 16 h 20",
    ]


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


def test_no_message_tells_when_it_was_posted(
    smtp: Sink, book: Booked, establishment: UUID, secretary: Actor
) -> None:
    """Sent, called back, or waiting as a letter: the same constant; before it leaves, a whole
    minute that everything posted in that minute shares."""
    told = set()

    def look() -> None:
        with tenancy.inside(tenant=establishment):
            marks = set(Message.objects.values_list("send_after", flat=True))
        told.update(one for one in marks if (one.second, one.microsecond) != (0, 0) or one < NOW)

    book()
    book(email=None)
    look()
    delivery.send_due(LATER)
    look()
    called_back = book()
    with tenancy.inside(tenant=establishment):
        post.cancellation(called_back, establishment, post.sign(secretary, called_back, NOW))
    look()
    assert told == {AT_ONCE}


@pytest.mark.parametrize("attempts", range(len(delivery.BACK_OFF_MINUTES)))
def test_what_is_put_off_goes_to_a_mark_that_many_share(attempts: int) -> None:
    """Two put off at two instants of one visit to the site look like any two of that while."""
    pause = timedelta(minutes=delivery.BACK_OFF_MINUTES[attempts])
    marks = set()
    for seconds in range(0, int(pause.total_seconds()), max(1, int(pause.total_seconds()) // 97)):
        instant = NOW + timedelta(seconds=seconds, microseconds=137)
        mark = delivery.next_try(attempts, instant)
        assert pause <= mark - instant < 2 * pause
        marks.add(mark)
    assert len(marks) <= 2
    assert all((mark - AT_ONCE) % pause == timedelta(0) for mark in marks)
