"""Feeds: when, and one word; the same event after a move; nothing after an end, or in a dump."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from icalendar import Calendar

from serment import clock
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from serment.identity import registration
from serment.outbox import envelopes
from serment.scheduling import booking, feeds, moving, secrecy
from serment.scheduling.feeds import Feed
from tests.scheduling.practice import Practice, paris
from tests.web_practice.house import PASSWORD, next_tuesday

pytestmark = pytest.mark.django_db


def _booked(practice: Practice, hour: int) -> tuple[Actor, Any, Any]:
    actor, file = practice.patient()
    wanted = practice.booking(file, paris(next_tuesday(), hour))
    with tenancy.inside(practice.establishment):
        made = booking.book(actor, wanted, clock.now())
    return actor, file, made


def _read(token: str, **headers: str) -> Any:
    return Client(headers=headers).get(f"/calendar/{token}.ics")


def _events(token: str) -> list[Any]:
    answer = _read(token)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("private")
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def _of_role(practice: Practice) -> Feed:
    return Feed("fr", role=practice.role, tenant=practice.establishment)


def test_a_practitioners_feed_says_busy_and_follows_moves_and_cancellations(
    practice: Practice,
) -> None:
    actor, file, visit = _booked(practice, 9)
    token = feeds.make(_of_role(practice))
    (event,) = _events(token)
    assert (event["summary"], event["dtstart"].dt) == ("Occupé", paris(next_tuesday(), 9))
    text = _read(token).content.decode()
    told = {line.partition(":")[0].partition(";")[0] for line in text.split("\r\n")} - {""}
    assert told <= {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "REFRESH-INTERVAL",
        "X-PUBLISHED-TTL", "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "CLASS",
        "STATUS", "TRANSP",
    }  # fmt: skip
    for said in (visit.id, file, practice.role, actor.id):
        assert said.hex not in text.replace("-", "")
        assert str(said) not in text
    etag = _read(token)["ETag"]
    assert _read(token)["ETag"] == etag
    assert _read(token, **{"if-none-match": etag}).status_code == 304
    with tenancy.inside(practice.establishment):
        to = practice.booking(file, paris(next_tuesday(), 15))
        moving.move(practice.secretary(), visit.id, to, clock.now())
    assert _read(token, **{"if-none-match": etag}).status_code == 200
    (moved,) = _events(token)
    assert (moved["uid"], moved["dtstart"].dt) == (event["uid"], paris(next_tuesday(), 15))
    assert moved["sequence"] >= event["sequence"]
    with tenancy.inside(practice.establishment):
        booking.cancel(practice.secretary(), visit.id, "", clock.now())
    (gone,) = _events(token)
    assert (gone["uid"], gone["status"], gone["transp"]) == (
        event["uid"], "CANCELLED", "TRANSPARENT",
    )  # fmt: skip


def test_an_ended_address_shows_nothing_and_a_new_one_ends_the_former(practice: Practice) -> None:
    owner = _of_role(practice)
    first = feeds.make(owner)
    second = feeds.make(owner)
    assert [_read(one).status_code for one in (first, second)] == [404, 200]
    assert feeds.stands(owner)
    assert feeds.end(owner)
    assert not feeds.stands(owner)
    assert not feeds.end(owner)
    assert _read(second).status_code == 404


def test_a_patients_feed_shows_their_own_visits_and_the_reading_is_on_record(
    practice: Practice,
) -> None:
    actor, file, _visit = _booked(practice, 9)
    _booked(practice, 11)
    token = feeds.make(Feed("en", account=actor.id))
    (event,) = _events(token)
    assert (event["summary"], event["dtstart"].dt) == ("Appointment", paris(next_tuesday(), 9))
    told = gate.history(actor, file, 50)
    assert [one.purpose for one in told if one.session.startswith("calendar-")] == ["self"]
    # The session of a feed ends like any; the address goes on, on another.
    feed = feeds.found(token)
    assert feed is not None
    gate.close_session(feed.capability)
    assert len(_events(token)) == 1
    renewed = feeds.found(token)
    assert renewed is not None
    assert renewed.capability != feed.capability


def test_who_makes_an_address_from_a_session_left_open_is_told_to_its_owner() -> None:
    """It outlives the session and a new password. The control: to look tells nothing."""
    person = {"given_name": "Lou", "family_name": "Vial"}
    account = registration.create(SYSTEM, "lou.vial@exemple.fr", dict(person), password=PASSWORD)
    browser = Client(headers={"accept-language": "fr"})
    with tenancy.inside(account=account.pk):
        browser.force_login(account, "serment.identity.backend.SealedBackend")
    for ask, told in ((browser.get, 0), (browser.post, 1)):
        assert ask("/mon-compte/agenda").status_code == 200
        envelopes.send_waiting(clock.now())
        assert sum("adresse d’agenda" in str(one.body) for one in mail.outbox) == told


def test_the_row_ties_an_address_to_nobody_and_opens_with_the_address_alone(
    practice: Practice,
) -> None:
    actor, _file, visit = _booked(practice, 9)
    tokens = [feeds.make(_of_role(practice)), feeds.make(Feed("fr", account=actor.id))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scheduling_calendarfeed")
        assert cursor.fetchone() == (0,), "the wall shows no row to whoever names none"
    rows = [_row(token) for token in tokens]
    for row in rows:
        whole = b"".join(row)
        for known in (actor.id, practice.role, practice.establishment, visit.id):
            assert known.bytes not in whole
            assert known.hex.encode() not in whole
        assert not any(token.encode() in whole for token in tokens)
    assert len(rows[0][2]) == len(rows[1][2]), "a patient's looks like a practitioner's"
    assert feeds._opened(tokens[0], rows[0][2]) is not None
    assert feeds._opened(tokens[1], rows[0][2]) is None


def _row(token: str) -> tuple[bytes, bytes, bytes]:
    from serment.scheduling.models import CalendarFeed

    digest = feeds._digest(token)
    with feeds._standing(digest):
        tag, known, sealed = CalendarFeed.objects.values_list("tag", "digest", "sealed").get()
    return bytes(tag), bytes(known), bytes(sealed)


def test_one_address_is_read_so_often_and_guesses_end(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.web import calendar_feed

    monkeypatch.setattr(calendar_feed, "READS", "2/h/key")
    monkeypatch.setattr(calendar_feed, "GUESSES", "3/m/ip")
    token, other = feeds.make(_of_role(practice)), feeds.make(replace(_of_role(practice)))
    assert [_read(other).status_code for _ in range(3)] == [200, 200, 429]
    # The first was ended by the second: an address that is none, like any guess.
    assert [_read(token).status_code for _ in range(4)] == [404, 404, 404, 429]


def test_who_works_here_no_more_shows_nothing(practice: Practice) -> None:
    from serment.directory.models import PractitionerRole

    token = feeds.make(_of_role(practice))
    assert _read(token).status_code == 200
    with tenancy.inside(practice.establishment):
        PractitionerRole.objects.filter(pk=practice.role).update(active=False)
    assert _read(token).status_code == 404


def test_a_visit_has_another_mark_in_a_patients_feed_than_in_the_practitioners(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One company keeps the calendars of many: the same mark twice is a patient's practitioner."""
    actor, _file, _visit = _booked(practice, 9)
    tokens = [feeds.make(_of_role(practice)), feeds.make(Feed("fr", account=actor.id))]

    def marks() -> set[str]:
        return {str(event["uid"]) for token in tokens for event in _events(token)}

    assert len(marks()) == 2
    (before,) = _events(tokens[1])
    tokens[1] = feeds.make(Feed("fr", account=actor.id))
    (after,) = _events(tokens[1])
    assert after["uid"] == before["uid"], "the same event at a new address of the same person"
    # The control: where the mark does not say whose feed it is in, both have the same.
    as_before = feeds._mark
    monkeypatch.setattr(feeds, "_mark", lambda _whose, row: as_before(b"", row))
    assert len(marks()) == 1


def test_a_visit_kept_secret_stands_in_no_feed_and_leaves_one_it_stood_in(
    practice: Practice,
) -> None:
    """A child's telephone often shares its calendar with the family's."""
    actor, _file, visit = _booked(practice, 9)
    other = practice.booking(_file, paris(next_tuesday(), 11))
    with tenancy.inside(practice.establishment):
        booking.book(actor, other, clock.now())
    token, theirs = feeds.make(Feed("fr", account=actor.id)), feeds.make(_of_role(practice))
    hours = [paris(next_tuesday(), 9), paris(next_tuesday(), 11)]
    assert [event["dtstart"].dt for event in _events(token)] == hours
    with tenancy.inside(practice.establishment, records=[visit.id]):
        secrecy.keep_secret(actor, visit.id)
    assert [event["dtstart"].dt for event in _events(token)] == hours[1:]
    # The control: whoever is signed in as that person sees it, and the practitioner is busy.
    assert visit.id in gate.records_of(actor, actor.id)
    assert [event["dtstart"].dt for event in _events(theirs)] == hours
