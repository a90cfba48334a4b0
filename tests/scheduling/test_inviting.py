"""Invitations: one hour, once, for whoever has the link; others see nothing of the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Purpose
from serment.errors import NotThere
from serment.scheduling import (
    booking,
    explain,
    inviting,
    occupying,
    refusals,
    sealed_details,
    search,
)
from serment.scheduling.availability import Public
from serment.scheduling.inviting import Asked
from serment.scheduling.models import Appointment, BookingInvitation, Occupancy
from tests.scheduling.practice import Practice, count, make_practice

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(db: None) -> Practice:
    """A reason that is booked by invitation only; the keeper's clock runs, so now is now."""
    return make_practice(by_invitation=True)


def now() -> datetime:
    return clock.now().replace(second=0, microsecond=0)


def invite(practice: Practice, file: UUID, **changed: Any) -> str:
    """The secret of a new invitation's link."""
    asked = Asked(practice.role, practice.reason, file, **({"days": 14} | changed))
    made = inviting.make(practice.secretary(), asked, now())
    return inviting.path_of(made.id).removeprefix("/i/")


def test_the_link_books_once_and_is_told_of(practice: Practice) -> None:
    from serment.outbox.models import Message, ReminderTicket

    _actor, file = practice.patient(email="lou@example.test")
    secret = invite(practice, file)
    row = inviting.of_link(secret, now())
    with tenancy.inside(practice.establishment):
        assert Message.objects.get().kind == inviting.KIND
        facts = inviting._facts(row.id)
        assert facts is not None
        assert facts.link.endswith(secret)
    at = inviting.hours(row, now())[3]
    visit = inviting.take(row, at, now())
    with pytest.raises(refusals.LinkUsed):
        inviting.take(row, inviting.hours(row, now())[0], now())
    with pytest.raises(NotThere):
        inviting.of_link(secret, now())
    with tenancy.inside(practice.establishment):
        made = Appointment.objects.get()
        assert (made.id, made.starts_at, made.status) == (visit, at, "booked")
        assert Occupancy.objects.get().appointment_id == visit
        assert set(Message.objects.values_list("kind", "state")) == {
            ("confirmation", "waiting"), (inviting.KIND, "cancelled"),
        }  # fmt: skip
        assert ReminderTicket.objects.count() == 1
    opened = sealed_details.reveal(practice.secretary(), Purpose.BOOKING, [made])
    assert opened[visit].reason == practice.reason, "sealed by whoever invited"


def test_used_twice_at_once_it_books_one(practice: Practice, monkeypatch: Any) -> None:
    """Negative control: with the row not deleted, the second press books too."""
    _actor, file = practice.patient()
    row = inviting.of_link(invite(practice, file), now())
    first, second = inviting.hours(row, now())[:2]
    with monkeypatch.context() as unguarded:
        unguarded.setattr(inviting, "_forget", lambda _row: None)
        inviting.take(row, first, now())
    with tenancy.inside(practice.establishment):
        assert BookingInvitation.objects.exists(), "the fault: it is still good"
        Appointment.objects.all().delete()
        occupying.release(practice.establishment, row.id)
    inviting.take(row, second, now())
    with pytest.raises(refusals.LinkUsed):
        inviting.take(row, first, now())
    assert count(practice) == 1


def test_over_withdrawn_foreign_and_unknown_links_are_alike(practice: Practice) -> None:
    _actor, file = practice.patient()
    secret = invite(practice, file, days=3)
    with pytest.raises(NotThere):
        inviting.of_link(secret, now() + timedelta(days=5))
    with pytest.raises(NotThere):
        inviting.of_link("a" * 20, now())
    row = inviting.of_link(secret, now())
    elsewhere = make_practice(1)
    with pytest.raises(NotThere):
        inviting.withdraw(elsewhere.secretary(), row.id, now())
    stranger = elsewhere.secretary()
    with pytest.raises(NotThere):
        inviting.make(stranger, Asked(practice.role, practice.reason, file, 14), now())
    with tenancy.inside(elsewhere.establishment):
        assert inviting.open_ones(now()) == []
        assert not BookingInvitation.objects.exists(), "another house sees no row"
    with tenancy.inside(practice.establishment):
        assert [one.row.id for one in inviting.open_ones(now())] == [row.id]
    inviting.withdraw(practice.secretary(), row.id, now())
    for pressed in (
        lambda: inviting.of_link(secret, now()),
        lambda: inviting.withdraw(practice.secretary(), row.id, now()),
    ):
        with pytest.raises(NotThere):
            pressed()
    with pytest.raises(refusals.LinkUsed):
        inviting.take(row, now() + timedelta(days=1), now())
    inviting.sweep(now() + timedelta(days=30))


def test_without_a_link_the_reason_is_not_there(practice: Practice) -> None:
    actor, file = practice.patient()
    start = now()
    window = start, start + timedelta(days=14)
    with tenancy.inside(practice.establishment):
        seen = search.next_slots(
            [practice.role], practice.reason, window, start, 5, audience=Public.INVITED
        )
        at = seen[practice.role][0].starts_at
        for wanted in (practice.reason, None):
            asked = search.next_slots([practice.role], wanted, window, start, 5)
            assert asked[practice.role] == []
        missing = explain.why_not(practice.role, file, at, start, using="default")
        forbidden = explain.why_not(practice.role, practice.reason, at, start, using="default")
    assert missing == forbidden
    with pytest.raises(refusals.ReasonClosed) as there:
        booking.book(actor, practice.booking(file, at), start)
    with pytest.raises(refusals.ReasonClosed) as none:
        booking.book(actor, practice.booking(file, at, reason_id=file), start)
    assert str(there.value) == str(none.value)
    booking.book(practice.secretary(), practice.booking(file, at), start)


def test_the_page_shows_hours_and_neither_name_nor_reason(
    practice: Practice, settings: Any
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    _actor, file = practice.patient(family_name="Quatrevaux")
    browser = Client(headers={"accept-language": "fr"})
    secret = invite(practice, file, by_message=False)
    page = browser.get(f"/i/{secret}")
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    text = page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "Claude Rivage" in text
    for never in ("Quatrevaux", "Consultation", str(practice.reason), str(file)):
        assert never not in text
    row = inviting.of_link(secret, now())
    at = inviting.hours(row, now())[0].astimezone(UTC).isoformat()
    assert "Réserver cette heure" in browser.get(f"/i/{secret}", {"heure": at}).content.decode()
    assert count(practice) == 0, "only the button books"
    assert "C’est réservé" in browser.post(f"/i/{secret}", {"heure": at}).content.decode()
    gone, never = (browser.get(f"/i/{one}") for one in (secret, "b" * 20))
    assert gone.status_code == never.status_code == 404
    assert count(practice) == 1
