"""Every message goes the way its person named, and says no more than they want."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import serment
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.identity import contact, reaching
from serment.outbox import delivery, letters, moments, post, registry
from serment.outbox.models import Channel, Message, State
from tests.outbox.conftest import LATER, NOW, Booked, Sink

pytestmark = pytest.mark.django_db
USUAL, OPENLY, SAFE = "couple@exemple.fr", "philomene@exemple.fr", "chez.ma.soeur@exemple.fr"
TELLING = ("Lemoine", "Gare", "Quimper", "http", "localhost", "Serment")
KINDS = sorted(
    path.name.removesuffix("_message.txt")
    for path in Path(serment.__file__).parent.glob("**/templates/outbox/*_message.txt")
    if not path.name.startswith("neutral")
)
"""Whatever has a text, those of other packages too: a new kind is tried from its first day."""


def _wish(desk: Actor, establishment: UUID, visit: UUID, **said: Any) -> None:
    with tenancy.inside(tenant=establishment):
        file = gate.files_behind(desk, Purpose.RECEPTION, [visit])[visit]
        reaching.say_at_desk(desk, file, contact.Wishes(**said))


def _post(kind: str, visit: UUID, establishment: UUID, desk: Actor) -> None:
    with tenancy.inside(tenant=establishment):
        Message.objects.filter(record_id=visit).delete()
        post._post(kind, visit, establishment, post.sign(desk, visit, NOW))


def _body(mail: Any) -> str:
    return f"{mail['subject']}{mail.get_body(('plain',)).get_content()}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reaches_the_safe_address_only_and_names_nothing(
    kind: str, smtp: Sink, book: Booked, establishment: UUID, secretary: Actor,
    facts: dict[UUID, registry.Facts],
) -> None:  # fmt: skip
    registry.register(kind, facts.get)
    openly, safely = book(OPENLY), book(USUAL)
    _wish(secretary, establishment, safely, email=SAFE, neutral=True)
    for visit in (openly, safely):
        _post(kind, visit, establishment, secretary)
    # A reminder waits for the morning, whenever this runs.
    assert delivery.send_due(moments.awake_again(LATER, "Europe/Paris")).sent == 2
    sent = dict(zip(smtp.recipients, smtp.taken, strict=True))
    assert set(sent) == {OPENLY, SAFE}
    # The control: to whoever said nothing the same kind tells what it is about.
    assert any(word in _body(sent[OPENLY]) for word in TELLING)
    assert str(sent[OPENLY]["from"]).startswith("Serment <")
    assert not [word for word in TELLING if word in _body(sent[SAFE])], _body(sent[SAFE])
    assert "<" not in str(sent[SAFE]["from"])


def test_what_may_not_be_mailed_is_printed_called_or_left(
    smtp: Sink, book: Booked, establishment: UUID, secretary: Actor
) -> None:
    visits = [book(USUAL) for _ in range(5)]
    asked: list[dict[str, Any]] = [
        {"mail": False},
        {"mail": False, "letter": False},
        {"mail": False, "letter": False, "phone": False},
        {"shared": True},
        {"bare": True},
    ]
    for visit, said in zip(visits, asked, strict=True):
        _wish(secretary, establishment, visit, **said)
    done = delivery.send_due(LATER)
    assert (done.letters, done.calls, done.cancelled, done.sent) == (1, 1, 1, 2)
    assert smtp.recipients == [USUAL, USUAL]
    read = [_body(mail) for mail in smtp.taken]
    assert sorted("14 h 20" in text for text in read) == [False, True]  # bare: not even when
    assert not [word for word in TELLING for text in read if word in text]
    [letter] = letters.waiting(establishment)
    [call] = letters.waiting(establishment, Channel.CALL)
    assert (letter.record_id, call.record_id) == (visits[0], visits[1])
    letters.printed(establishment, call.pk)
    assert letters.waiting(establishment, Channel.CALL) == []


def test_a_ticket_that_does_not_name_the_wishes_writes_to_nobody(
    smtp: Sink, book: Booked, establishment: UUID, secretary: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Signed by a release that knew of none: the usual address is no way out."""
    monkeypatch.setattr(post, "PERSON_FIELDS", ("patient.email",))
    openly, safely = book(OPENLY), book(USUAL)
    _wish(secretary, establishment, safely, email=SAFE)
    done = delivery.send_due(LATER)
    assert (done.sent, done.failed) == (1, 1)
    assert smtp.recipients == [OPENLY]  # the control: it is enough where nothing was said
    with tenancy.inside(tenant=establishment):
        assert Message.objects.get(record_id=safely).state == State.FAILED
        assert Message.objects.get(record_id=openly).state == State.SENT


def test_a_dump_shows_neither_the_safe_address_nor_how_much_was_said(
    book: Booked, establishment: UUID, secretary: Actor, superuser: Any
) -> None:
    visits = [book(USUAL), book(USUAL)]
    _wish(secretary, establishment, visits[0], neutral=True)
    _wish(secretary, establishment, visits[1], email=SAFE, address="3 rue du Puits", hours="9 h")
    from django.db import connection

    with tenancy.inside(tenant=establishment), connection.cursor() as cursor:
        cursor.execute("SELECT safe_contact FROM identity_patientfile")
        kept = [bytes(row[0]) for row in cursor.fetchall()]
    assert len(kept) == 2
    assert len({len(one) for one in kept}) == 1
    assert not [one for one in kept if b"soeur" in one or b"Puits" in one or b"mail" in one]
