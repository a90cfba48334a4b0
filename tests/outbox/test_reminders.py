"""Reminders: signed with the booking, due by the site's clock, discreet, answered by a link."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation

from serment.directory import tenancy
from serment.disclosure import Actor, KeeperUnavailable, NotYours, Purpose, gate, ticket_seals
from serment.outbox import answers, delivery, handing, moments, nights, reminders
from serment.outbox.models import HandOver, Message, ReminderPlan, ReminderTicket, Stop
from serment.scheduling import booking, by_link, cancelling, moving, secrecy, terms
from serment.scheduling.models import Appointment, Occupancy, OnlineTerms
from tests.outbox.conftest import Sink
from tests.outbox.test_wishes import _body
from tests.scheduling.practice import PARIS, Practice, make_practice, paris

pytestmark = pytest.mark.django_db
EMAIL = "philomene@exemple.fr"
ZONE = "Europe/Paris"


@dataclass
class Reminded:
    """A visit booked at a desk for a weekday soon, with its confirmation sent."""

    practice: Practice
    desk: Actor
    file: UUID
    visit: UUID
    starts_at: datetime

    def due(self, code: int = 118) -> datetime:
        at = moments.due(self.starts_at, ZONE, code)
        assert at is not None
        return at

    def count(self) -> int:
        with tenancy.inside(self.practice.establishment):
            return Message.objects.filter(kind__startswith="reminder").count()


def _now() -> datetime:
    """Asked anew: the suite may run for many minutes before this file has its turn."""
    return datetime.now(UTC)


def _weekday(days: int) -> Any:
    day = _now().astimezone(PARIS).date() + timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


@pytest.fixture
def practice(db: None) -> Practice:
    return make_practice()


@pytest.fixture
def reminded(practice: Practice, smtp: Sink) -> Reminded:
    _account, file = practice.patient(email=EMAIL)
    desk, starts_at = practice.secretary(), paris(_weekday(3), 10)
    with translation.override("fr"):
        made = booking.book(desk, practice.booking(file, starts_at), _now())
    found = Reminded(practice, desk, file, made.id, starts_at)
    with tenancy.inside(practice.establishment):  # as if swept just before
        ReminderPlan.objects.create(
            establishment_id=practice.establishment, moments=[118],
            swept=found.due() - timedelta(minutes=15),
        )  # fmt: skip
    delivery.send_due(_now() + timedelta(minutes=5))
    smtp.taken.clear()
    smtp.recipients.clear()
    return found


def test_a_reminder_leaves_once_when_it_is_due_and_says_little(
    reminded: Reminded, smtp: Sink
) -> None:
    assert reminders.sweep(reminded.due() - timedelta(minutes=1)) == 0
    assert reminders.sweep(reminded.due()) == 1
    assert reminders.sweep(reminded.due() + timedelta(minutes=1)) == 0
    assert delivery.send_due(reminded.due()).sent == 1
    assert reminders.sweep(reminded.due() + timedelta(hours=3)) == 0
    [mail] = smtp.taken
    assert smtp.recipients == [EMAIL]
    assert re.fullmatch(r"Rappel\s: .* à 10 h 00", str(mail["subject"]).strip())
    told = _body(mail)
    assert "/r/" in told
    assert not re.search("Consultation|Cabinet du Port|Essai|Lou", told)
    [row] = HandOver.objects.filter(reference=str(mail["Message-ID"])[1:21])
    assert row.state == HandOver.State.TAKEN


def test_moved_it_comes_for_the_new_time_and_cancelled_not_at_all(
    reminded: Reminded, smtp: Sink
) -> None:
    practice, later = reminded.practice, reminded.starts_at + timedelta(hours=4)
    reminders.sweep(reminded.due())
    wanted = practice.booking(reminded.file, later, overbook=True)
    with tenancy.inside(practice.establishment):
        moving.move(reminded.desk, reminded.visit, wanted, _now())
    assert reminded.count() == 0  # the one about the former time did not leave
    with tenancy.inside(practice.establishment):
        ReminderPlan.objects.update(swept=reminded.due() - timedelta(hours=1))
    assert reminders.sweep(reminded.due()) == 1
    with tenancy.inside(practice.establishment):
        cancelling.cancel(reminded.desk, reminded.visit, "", _now())
    delivery.send_due(reminded.due())
    assert not [one for one in smtp.taken if "Rappel" in str(one["subject"])]
    nights.let_go(reminded.due())
    with tenancy.inside(practice.establishment):
        assert not ReminderTicket.objects.exists()


def test_nobody_is_woken_and_nobody_reminded_of_what_has_begun(
    reminded: Reminded, smtp: Sink
) -> None:
    reminders.sweep(reminded.due())
    night = paris(reminded.due().astimezone(PARIS).date(), 22)
    assert delivery.send_due(night).put_off == 1
    assert smtp.taken == []
    morning = moments.awake_again(night, ZONE)
    assert delivery.send_due(morning - timedelta(seconds=1)).put_off == 0
    assert delivery.send_due(morning).sent == 1
    with tenancy.inside(reminded.practice.establishment):
        Message.objects.filter(kind__startswith="reminder").delete()
        ReminderPlan.objects.update(swept=reminded.due() - timedelta(hours=1))
    reminders.sweep(reminded.due())
    assert delivery.send_due(reminded.starts_at).cancelled == 1


def test_a_house_chooses_its_moments_and_a_kind_of_visit_its_own(reminded: Reminded) -> None:
    here = reminded.practice.establishment
    with tenancy.inside(here):
        ReminderPlan.objects.update(
            moments=[218, 1002], swept=reminded.due(117) - timedelta(hours=1)
        )
        own = ReminderPlan.objects.create(
            establishment_id=here, reason=reminded.practice.reason, moments=[117]
        )
    assert reminders.sweep(reminded.due(117)) == 1
    with tenancy.inside(here):
        Message.objects.filter(kind__startswith="reminder").delete()
        own.delete()
        ReminderPlan.objects.update(swept=reminded.due(218) - timedelta(hours=1))
    assert [reminders.sweep(reminded.due(code)) for code in (218, 118, 1002)] == [1, 0, 1]


def test_a_link_shows_the_hour_and_only_its_button_answers_once(
    reminded: Reminded, smtp: Sink, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    reminders.sweep(reminded.due())
    delivery.send_due(reminded.due())
    address = re.search(r"/r/[a-z2-7]{20}", _body(smtp.taken[0]))
    assert address
    here = reminded.practice.establishment
    page = client.get(address[0])
    text = page.content.decode()
    assert (page.status_code, page["Cache-Control"], "10 h 00" in text) == (200, "no-store", True)
    assert not re.search("Rivage|quai du Port|Essai|Consultation", text)
    assert answers.cannot_come(here) == []  # opening it did nothing
    assert client.post(address[0], {"reponse": "non"}).status_code == 302
    assert answers.cannot_come(here) == [reminded.visit]
    client.post(address[0], {"reponse": "oui"})  # the control: it answered already
    assert answers.cannot_come(here) == [reminded.visit]
    never = client.get(f"/r/{'a' * 20}")
    assert never.status_code == 404
    assert "Ce lien ne sert plus" in never.content.decode()
    stops: list[answers.Asked] = []
    monkeypatch.setattr(answers, "no_more", stops.append)
    for _ in range(5):
        assert client.post(address[0], {"reponse": "stop"}).status_code == 302
    assert len(stops) == 3, "each opens an address once more, on record"
    with tenancy.inside(here):
        ReminderTicket.objects.all().delete()
    over = client.get(address[0])
    assert over.status_code == 404
    assert _without_address(over, address[0]) == _without_address(never, f"/r/{'a' * 20}")
    assert over["Cache-Control"] == "no-store"


def _without_address(answer: Any, address: str) -> str:
    """A dead link's page, which is the same for one that was never made."""
    said: str = answer.content.decode()
    return re.sub(r'value="\w{64}"', "", said.replace(address, ""))


def test_whoever_wants_no_more_gets_no_more_but_is_told_of_a_cancellation(
    reminded: Reminded, smtp: Sink
) -> None:
    here = reminded.practice.establishment
    with tenancy.inside(here):
        right = ReminderTicket.objects.get()
    answers.stop(here, right.pk)
    assert Stop.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_stop s WHERE s::text LIKE %s", [f"%{EMAIL}%"])
        assert cursor.fetchone()[0] == 0
    reminders.sweep(reminded.due())
    assert delivery.send_due(reminded.due()).cancelled == 1
    with tenancy.inside(here):
        cancelling.cancel(reminded.desk, reminded.visit, "", _now())
    assert delivery.send_due(_now() + timedelta(minutes=5)).sent == 1
    assert [str(one["subject"])[:6] for one in smtp.taken] == ["Annulé"]


def test_a_dump_ties_no_right_to_remind_to_a_visit(
    reminded: Reminded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its number nor a time, a language or a kind of visit stands in the row."""
    rows = "SELECT t::text FROM outbox_reminderticket t"
    with tenancy.inside(reminded.practice.establishment), connection.cursor() as cursor:
        cursor.execute(rows)
        [(told,)] = cursor.fetchall()
        cursor.execute("SELECT starts_at::date::text FROM scheduling_appointment")
        [(day,)] = cursor.fetchall()
    known = (str(reminded.visit), reminded.visit.hex, day, str(reminded.practice.reason))
    assert not [one for one in known if one in told]
    from serment.outbox import veil

    for name in ("veiled", "unveiled"):
        monkeypatch.setattr(veil, name, lambda record: record)
    monkeypatch.setattr(reminders, "veiled", lambda record: record)
    with tenancy.inside(reminded.practice.establishment), connection.cursor() as cursor:
        given = reminders.right(reminded.visit, b"t", None)
        reminders.keep(reminded.practice.establishment, reminded.visit, given)
        cursor.execute(rows)
        told = str(cursor.fetchall())
    assert str(reminded.visit) in told  # the control: without the veil it names the visit


def test_a_visit_kept_secret_is_reminded_of_to_nobody(reminded: Reminded, smtp: Sink) -> None:
    reminders.sweep(reminded.due())
    with tenancy.inside(reminded.practice.establishment):
        secrecy.keep_secret(reminded.desk, reminded.visit)
        assert not ReminderTicket.objects.exists()
    delivery.send_due(reminded.due())
    assert smtp.taken == []


def test_mail_whose_answer_was_lost_comes_again_under_one_name_and_is_said(
    reminded: Reminded, smtp: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server took it, and the line was cut: no server can be asked."""
    send = handing.mailing.Post.send

    def cut(post: Any, mail: Any) -> None:
        send(post, mail)
        raise handing.Unsure

    reminders.sweep(reminded.due())
    with monkeypatch.context() as cutting:
        cutting.setattr(handing.mailing.Post, "send", cut)
        assert delivery.send_due(reminded.due()).put_off == 1
    assert delivery.send_due(reminded.due() + timedelta(minutes=2)).sent == 1
    first, second = (str(one["Message-ID"]) for one in smtp.taken)
    assert first == second
    [row] = HandOver.objects.filter(reference=first[1:21])
    assert (row.state, row.possibly_twice) == (HandOver.State.TAKEN, True)


def _link(smtp: Sink, subject: str) -> str:
    [mail] = [one for one in smtp.taken if str(one["subject"]).strip().startswith(subject)]
    found = re.search(r"/r/[a-z2-7]{20}", _body(mail))
    assert found
    return found[0]


def _plain(settings: Any) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


def test_a_link_cancels_at_once_within_the_deadline_and_tells_the_person(
    reminded: Reminded, smtp: Sink, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the deadline it would be cancelled past it too."""
    _plain(settings)
    here, seen = reminded.practice.establishment, reminded.starts_at.isoformat()
    reminders.sweep(reminded.due())
    delivery.send_due(reminded.due())
    address = _link(smtp, "Rappel")
    asked = {"reponse": "annuler", "vu": seen}
    with tenancy.inside(here):
        OnlineTerms.objects.create(establishment_id=here, cancel_hours=24 * 7, move_hours=0)
    assert "annuler" not in client.get(address).content.decode().split("Il est trop tard")[0]
    assert client.post(address, asked)["Location"].endswith("dit=tard")
    assert client.post(address, asked | {"vu": ""})["Location"].endswith("dit=change")
    with monkeypatch.context() as unguarded:
        unguarded.setattr(terms, "must_cancel_in_time", lambda *_: None)
        unguarded.setattr(answers, "use", lambda _found: False)  # and what used it up stops it
        assert client.post(address, asked)["Location"].endswith("dit=deja")
    with tenancy.inside(here):
        OnlineTerms.objects.update(cancel_hours=0)
    page = client.get(f"{address}?etape=annuler").content.decode()
    assert "10 h 00" in page
    assert not re.search("Rivage|quai du Port|Essai|Consultation", page)
    with tenancy.inside(here):
        assert Appointment.objects.get(pk=reminded.visit).status == "booked"  # looking did nothing
    assert 'name="raison"' in page
    done = client.post(address, asked | {"raison": " Fièvre depuis hier "})["Location"]
    assert "C’est annulé." in client.get(done).content.decode()
    with tenancy.inside(here):
        visit = Appointment.objects.get(pk=reminded.visit)
        assert visit.status == "cancelled"
        opened = gate.reveal(
            reminded.practice.secretary(), Purpose.BOOKING, [visit], ["cancellation"]
        )[visit.pk]
        assert json.loads(opened["cancellation"]) == {"by": "link", "reason": "Fièvre depuis hier"}
        assert not Occupancy.objects.filter(appointment_id=reminded.visit).exists()
        assert not ReminderTicket.objects.exists()
    assert client.post(address, asked).status_code == 404
    smtp.taken.clear()
    waits = moments.awake_again(reminded.due(), ZONE)
    assert delivery.send_due(waits).sent == 1
    assert [str(one["subject"])[:6] for one in smtp.taken] == ["Annulé"]


@pytest.mark.parametrize(
    ("fault", "words", "cancelled"),
    [
        (KeeperUnavailable, "", True),
        (KeeperUnavailable, "Fièvre", False),
        (NotYours, "Fièvre", True),
    ],
)
def test_words_are_kept_or_nothing_is_done_and_without_words_the_hour_is_given_back(
    reminded: Reminded,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Exception],
    words: str,
    cancelled: bool,
) -> None:
    """Of a person who was erased, or keeps the visit to themself, nothing is written."""

    def refuse(*_given: object) -> None:
        raise fault

    here = reminded.practice.establishment
    reminders.sweep(reminded.due())
    delivery.send_due(reminded.due())
    with tenancy.inside(here):
        told = Message.objects.get(establishment_id=here, kind="reminder.118")
        sent = HandOver.objects.get(establishment_id=here, message_id=told.pk)
    asked = answers.Asked(reminded.starts_at, ZONE, False, here, reminded.visit, sent.reference)
    assert by_link.open_to(asked, reminded.due()).words
    monkeypatch.setattr(ticket_seals, "seal", refuse)
    if cancelled:
        by_link.cancel(asked, reminded.starts_at, reminded.due(), words)
    else:
        with pytest.raises(KeeperUnavailable):
            by_link.cancel(asked, reminded.starts_at, reminded.due(), words)
    with tenancy.inside(here):
        visit = Appointment.objects.get(pk=reminded.visit)
        assert (visit.status == "cancelled", visit.cancellation) == (cancelled, None)
        assert HandOver.objects.get(pk=sent.pk).answered is cancelled


def test_a_confirmations_link_moves_once_and_the_reminder_comes_for_the_new_hour(
    practice: Practice, smtp: Sink, client: Client, settings: Any
) -> None:
    _plain(settings)
    _account, file = practice.patient(email=EMAIL)
    starts_at = paris(_weekday(3), 10)
    with translation.override("fr"):
        made = booking.book(practice.secretary(), practice.booking(file, starts_at), _now())
    delivery.send_due(_now() + timedelta(minutes=5))
    address = _link(smtp, "C’est confirmé")
    page = client.get(f"{address}?etape=deplacer").content.decode()
    to = re.search(r"heure=([^\"]*)\"", page)
    assert to
    wanted = unquote_plus(to[1])
    assert not re.search("Rivage|quai du Port|Essai|Consultation", page)
    taken = {"reponse": "deplacer", "vu": starts_at.isoformat(), "heure": starts_at.isoformat()}
    night = {**taken, "heure": paris(_weekday(3), 3).isoformat()}
    assert client.post(address, night)["Location"].endswith("dit=prise")
    far = {**taken, "heure": (starts_at + timedelta(days=22)).isoformat()}
    assert client.post(address, far)["Location"].endswith("dit=prise")
    with tenancy.inside(practice.establishment):  # and nothing was given up for it
        assert Appointment.objects.get(pk=made.id).starts_at == starts_at
    assert client.post(address, {**taken, "heure": wanted})["Location"].endswith("dit=deplace")
    with tenancy.inside(practice.establishment):
        moved = Appointment.objects.get(pk=made.id)
        [right] = ReminderTicket.objects.all()
        [taking] = Occupancy.objects.filter(appointment_id=made.id)
    assert (moved.starts_at, taking.span.lower) == (datetime.fromisoformat(wanted),) * 2
    assert len(bytes(right.terms)) == reminders._TERMS_LETTERS + 28
    assert client.post(address, taken)["Location"].endswith("dit=deja")
    smtp.taken.clear()
    delivery.send_due(moments.awake_again(_now() + timedelta(minutes=9), ZONE))
    again = _link(smtp, "Déplacé")
    assert again != address
    due = moments.due(moved.starts_at, ZONE, 118)
    assert due is not None
    with tenancy.inside(practice.establishment):
        ReminderPlan.objects.all().delete()
        ReminderPlan.objects.create(
            establishment_id=practice.establishment, moments=[118], swept=due - timedelta(hours=1)
        )
    assert reminders.sweep(due) == 1
