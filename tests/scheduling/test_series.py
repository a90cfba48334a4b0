"""Series of visits: proposed at the same wall-clock hour, kept and booked all or none."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from serment.directory import tenancy, zones
from serment.disclosure import Purpose
from serment.scheduling import (
    booking,
    cancelling,
    courses,
    refusals,
    secrecy,
    series,
    series_dates,
)
from serment.scheduling.models import Appointment, Occupancy, VisitReason
from serment.scheduling.series_dates import Session, Terms, TooFew
from tests.scheduling.practice import NOW, PARIS, TUESDAY, Practice, count, make_practice, paris

FIVE = 5


@pytest.fixture
def practice(db: None) -> Practice:
    """Five visits, six to eight days apart; the last is beyond the change of clocks."""
    return make_practice(sessions=FIVE, apart_least_days=6, apart_most_days=8)


def proposed(practice: Practice, actor: Any, picks: Any = ()) -> list[datetime]:
    asked = (actor, practice.role, practice.reason, paris(TUESDAY, 9, 30), NOW)
    found = series.propose(*asked, picks)
    return [datetime.fromtimestamp(one.at * 60, UTC) for one in found]


def test_a_series_stays_at_its_hour_over_the_change_of_clocks(practice: Practice) -> None:
    actor, _file = practice.patient()
    dates = [one.astimezone(PARIS) for one in proposed(practice, actor)]
    assert [one.date() for one in dates] == [TUESDAY + timedelta(weeks=n) for n in range(1, FIVE)]
    assert {one.strftime("%H:%M") for one in dates} == {"09:30"}
    assert len({one.utcoffset() for one in dates}) == 2


def test_all_are_kept_and_booked_together_and_told_once(practice: Practice) -> None:
    from serment.outbox import besides
    from serment.outbox.models import Message

    actor, file = practice.patient(email="lou@example.test")
    first = paris(TUESDAY, 9, 30)
    starts = [first, *proposed(practice, actor)]
    series.hold(actor, practice.role, practice.reason, starts, NOW)
    assert count(practice, "Occupancy") == FIVE
    assert proposed(practice, actor) == starts[1:], "what I keep myself is not taken"
    other, theirs = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        booking.book(other, practice.booking(theirs, starts[3]), NOW)
    form = practice.booking(file, first, request_key=os.urandom(16))
    made = series.book(actor, form, starts[1:], NOW)
    assert [one.starts_at for one in made] == starts
    assert [one.id for one in series.book(actor, form, starts[1:], NOW)] == [o.id for o in made]
    with tenancy.inside(practice.establishment):
        assert set(Occupancy.objects.values_list("kind", flat=True)) == {"appointment"}
        (message,) = Message.objects.filter(establishment_id=practice.establishment)
        facts = besides.facts(message)
        assert facts is not None
        assert [facts.starts_at, *(one.starts_at for one in facts.besides)] == starts
        kept = set(Appointment.objects.values_list("request_key", flat=True))
    assert len(kept) == FIVE
    assert form.request_key not in {bytes(one) for one in kept}


def test_one_is_moved_or_cancelled_alone_and_the_rest_together(practice: Practice) -> None:
    from serment.outbox.models import Message
    from serment.scheduling import moving

    desk, (_actor, file) = practice.secretary(), practice.patient()
    first = paris(TUESDAY, 9, 30)
    later = proposed(practice, desk)
    made = series.book(desk, practice.booking(file, first), later, NOW)
    elsewhere = paris(date(2026, 3, 11), 15)
    with tenancy.inside(practice.establishment):
        moving.move(desk, made[1].id, practice.booking(file, elsewhere), NOW)
        cancelling.cancel(desk, made[2].id, "", NOW)
        left = courses.others_of(desk, Appointment.objects.get(id=made[1].id), NOW)
        assert [one.id for one in left] == [made[0].id, made[1].id, *(o.id for o in made[3:])]
        courses.cancel_all(desk, left, "", NOW)
        assert not Occupancy.objects.exists()
        told = Message.objects.filter(kind="cancellation")
        assert told.count() == 2, "one for the visit cancelled alone, one for all the others"


def test_what_is_kept_from_relatives_is_told_in_no_message_about_the_others(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address in a minor's file is often a parent's. Negative control: each hour is told."""
    from serment.outbox import besides
    from serment.outbox.models import Message

    def told(kind: str) -> set[datetime]:
        (message,) = Message.objects.filter(kind=kind, state="waiting")
        facts = besides.facts(message)
        assert facts is not None
        return {facts.starts_at, *(one.starts_at for one in facts.besides)}

    desk, (_actor, file) = practice.secretary(), practice.patient()
    form = practice.booking(file, paris(TUESDAY, 9, 30))
    made = series.book(desk, form, proposed(practice, desk), NOW)
    secret, open_ = made[1].starts_at, {one.starts_at for one in made} - {made[1].starts_at}
    with tenancy.inside(practice.establishment):
        assert secret in told("confirmation")
        secrecy.keep_secret(desk, made[1].id)
        assert told("confirmation") == open_
        rows = list(Appointment.objects.all())
        with transaction.atomic(), monkeypatch.context() as unguarded:
            unguarded.setattr(courses.sealed_details, "reveal_openable", lambda *_asked: {})
            courses.cancel_all(desk, rows, "", NOW)
            assert secret in told("cancellation")
            transaction.set_rollback(True)
        courses.cancel_all(desk, rows, "", NOW)
        assert told("cancellation") == open_
        assert not Occupancy.objects.exists()


def test_a_date_that_went_lets_nothing_stand(practice: Practice) -> None:
    actor, file = practice.patient()
    later = proposed(practice, actor)
    other, theirs = practice.patient()
    booking.book(other, practice.booking(theirs, later[-1]), NOW)
    with pytest.raises(refusals.SlotTaken):
        series.book(actor, practice.booking(file, paris(TUESDAY, 9, 30)), later, NOW)
    assert count(practice) == count(practice, "Occupancy") == 1
    with pytest.raises(series.SeriesBroken):
        series.book(actor, practice.booking(file, paris(TUESDAY, 9, 30)), later[:-1], NOW)
    again = proposed(practice, actor, later)
    assert again[:-1] == later[:-1]
    assert again[-1] != later[-1]


def test_what_binds_them_is_sealed_and_shows_in_no_length(practice: Practice) -> None:
    from serment.scheduling import sealed_details

    desk, (_actor, file) = practice.secretary(), practice.patient()
    alone = practice.booking(file, paris(TUESDAY, 11))
    with tenancy.inside(practice.establishment):
        VisitReason.objects.filter(id=practice.reason).update(sessions=2)
    later = proposed(practice, desk)
    made = series.book(desk, practice.booking(file, paris(TUESDAY, 9, 30)), later, NOW)
    single = booking.book(desk, alone, NOW)
    rows = [*made, single]
    opened = sealed_details.reveal(desk, Purpose.BOOKING, rows)
    assert opened[made[0].id].course == opened[made[1].id].course is not None
    assert opened[single.id].course is None
    assert len({len(one.details.sealed) for one in rows}) == 1


ZONES = sorted(zones.KNOWN)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    hour=st.integers(0, 23),
    terms=st.builds(
        lambda n, least, more: Terms(n, least, least + more),
        st.integers(2, 6), st.integers(1, 9), st.integers(0, 6),
    ),
    gone=st.sets(st.integers(0, 70)),
)  # fmt: skip
def test_a_series_is_found_wherever_one_exists(
    zone: str, start: date, hour: int, terms: Terms, gone: set[int]
) -> None:
    """Free at that hour of each day but some: a series is proposed exactly where a brute search
    finds one, keeps its distances, and is at the same hour on the wall whatever the clock does."""
    there = ZoneInfo(zone)

    def minute(ahead: int) -> int:
        day = start + timedelta(days=ahead)
        at = datetime(day.year, day.month, day.day, hour, 30, tzinfo=there)
        return int(at.timestamp() // 60)

    free_days = [n for n in range(1, terms.days + 1) if n not in gone]
    found = series_dates.propose(minute(0), [minute(n) for n in free_days], terms, there)
    reachable = {0}
    for _session in range(terms.sessions - 1):
        reachable = {n for n in free_days for m in reachable if terms.least <= n - m <= terms.most}
    if not reachable:
        assert isinstance(found, TooFew)
        return
    assert all(isinstance(one, Session) for one in found)  # type: ignore[union-attr]
    minutes = [minute(0), *(one.at for one in found)]  # type: ignore[union-attr]
    assert series_dates.fits(minutes, terms, there)
    assert set(minutes[1:]) <= {minute(n) for n in free_days}
    walls = [datetime.fromtimestamp(one * 60, there) for one in minutes]
    jumped = any(one.hour != hour for one in map(walls.__getitem__, range(len(walls))))
    assert jumped <= (hour in (1, 2, 3)), "only inside the hour that a clock leaves out"
