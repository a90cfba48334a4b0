"""A freed hour is one person's at a time, in the order of joining, and only for a while."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from serment import ids
from serment.directory import tenancy
from serment.disclosure import NotYours, Purpose, gate
from serment.outbox import references
from serment.outbox.models import Message
from serment.scheduling import (
    booking,
    freed,
    groups,
    offering,
    putting_back,
    refusals,
    sealed_details,
    secrecy,
    shifting,
    taking,
    waiting_list,
    waiting_terms,
)
from serment.scheduling.models import (
    Appointment,
    OnlineTerms,
    SlotOffer,
    VisitReason,
    WeeklyOpening,
    Wish,
)
from serment.scheduling.recurrence import Public
from serment.scheduling.rules import Plan
from serment.scheduling.shifting import Place
from tests.scheduling.practice import NOW, TUESDAY, count, free_at, make_practice, paris
from tests.waiting_list.house import HALF, NINE, cancels, full, joins, offers, waits

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=31)
EVENING = paris(TUESDAY, 18, 30)


def test_a_freed_hour_is_the_first_one_s_whom_it_suits_then_the_next_one_s() -> None:
    practice, [(_who, visit)] = full()
    afternoons = waits(practice, from_hour=12)[1]
    (first, one), (_second, two) = waits(practice), waits(practice)
    assert [place.rank for place in waiting_list.of_actor(first)] == [2]
    assert offers(practice) == {}
    cancels(practice, visit)
    assert offers(practice) == {one: NINE}, "not who wants afternoons, not who came later"
    assert free_at(practice) == [], "nobody else sees it"
    with tenancy.inside(practice.establishment):
        posted = dict(Message.objects.filter(kind="offer").values_list("record_id", "state"))
    assert posted == {one: "waiting"}
    freed.sweep_of(practice.establishment, LATER)
    assert offers(practice) == {two: NINE}, "lapsed, and not offered to the same again"
    taking.refuse(practice.establishment, two, NINE, LATER)
    assert offers(practice) == {}
    assert free_at(practice, now=LATER) == ["09:00"], "nobody is left: everybody's"
    assert waiting_list.of_actor(first)[0].rank == 2, "who did not answer keeps their place"
    assert afternoons not in offers(practice)


def test_taking_it_by_the_link_s_act_books_the_visit_that_was_sealed_at_joining() -> None:
    practice, [(_who, visit)] = full()
    actor, wish = waits(practice)
    cancels(practice, visit)
    with pytest.raises(refusals.OfferOver):
        taking.take(practice.establishment, wish, NINE + HALF, NOW)
    made = taking.take(practice.establishment, wish, NINE, NOW)
    assert made == wish
    assert (offers(practice), count(practice, "Wish")) == ({}, 0)
    assert free_at(practice) == []
    with tenancy.inside(practice.establishment):
        row = Appointment.objects.get(id=made)
        kinds = set(Message.objects.filter(record_id=made, state="waiting").values_list("kind"))
    assert (row.starts_at, row.status) == (NINE, "booked")
    assert kinds == {("confirmation",)}
    details = sealed_details.reveal(actor, Purpose.SELF, [row])[made]
    assert (details.reason, details.first_visit) == (practice.reason, True)
    with pytest.raises(refusals.OfferOver):
        taking.take(practice.establishment, wish, NINE, NOW)
    with tenancy.inside(practice.establishment):
        assert gate.files_behind(practice.secretary(), Purpose.AGENDA, [made])


def test_sooner_moves_the_visit_and_its_old_hour_goes_to_the_next() -> None:
    practice, [(_who, visit), (late, theirs)] = full(2)
    with tenancy.inside(practice.establishment):
        file = gate.files_behind(practice.secretary(), Purpose.BOOKING, [theirs])[theirs]
    OnlineTerms.objects.all().delete()
    monday_by = timedelta(0)
    freed_by, freed.SOONER_BY = freed.SOONER_BY, monday_by
    try:
        wish = joins(practice, late, file, moves=theirs)
        _other, next_one = waits(practice)
        cancels(practice, visit)
        assert offers(practice) == {wish: NINE}
        assert taking.take(practice.establishment, wish, NINE, NOW) == theirs
    finally:
        freed.SOONER_BY = freed_by
    with tenancy.inside(practice.establishment):
        row = Appointment.objects.get(id=theirs)
    assert (row.starts_at, count(practice)) == (NINE, 2)
    assert offers(practice) == {next_one: NINE + HALF}


@pytest.mark.parametrize("guarded", [True, False])
def test_nobody_is_offered_a_sooner_hour_of_a_visit_that_is_kept_from_them(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offer goes to the file's address and stands on a parent's page. Negative control."""
    if not guarded:
        monkeypatch.setattr(waiting_list, "leave_for", lambda *_asked: None)
    monkeypatch.setattr(freed, "SOONER_BY", timedelta(0))
    practice, [(_who, visit), (late, theirs)] = full(2)
    with tenancy.inside(practice.establishment):
        file = gate.files_behind(practice.secretary(), Purpose.BOOKING, [theirs])[theirs]
    wish = joins(practice, late, file, moves=theirs)
    with tenancy.inside(practice.establishment):
        secrecy.keep_secret(practice.secretary(), theirs)
    cancels(practice, visit)
    assert offers(practice) == ({} if guarded else {wish: NINE})
    assert bool(waiting_list.of_actor(late)) != guarded


def test_the_desk_takes_off_the_list_who_joined_by_themself_and_nobody_else_does() -> None:
    practice, [(stranger, _visit)] = full()
    _who, wish = waits(practice)
    with tenancy.inside(records=[wish]), pytest.raises(NotYours), transaction.atomic():
        waiting_list.leave(stranger, wish, NOW)
    with tenancy.inside(practice.establishment):
        waiting_list.leave(practice.secretary(), wish, NOW)
        assert not Wish.objects.exists()


def test_at_night_the_morning_is_waited_for() -> None:
    practice, [(_who, visit)] = full()
    with tenancy.inside(practice.establishment):
        opening = practice  # the hour is at nine: half an hour from eight is in time
        assert opening
    _actor, wish = waits(practice)
    night = paris(TUESDAY, 2)
    cancels(practice, visit, night)
    with tenancy.inside(practice.establishment):
        offer = SlotOffer.objects.get(wish_id=wish)
        message = Message.objects.get(record_id=wish, kind="offer")
    assert offer.expires_at == paris(TUESDAY, 8, 30)
    assert message.send_after == paris(TUESDAY, 8)


def test_who_leaves_gives_the_hour_on_and_a_joining_twice_is_refused() -> None:
    practice, [(_who, visit)] = full()
    (first, one), (_second, two) = waits(practice), waits(practice)
    cancels(practice, visit)
    with tenancy.inside(records=[one]):
        waiting_list.leave(first, one, NOW)
    assert offers(practice) == {two: NINE}
    assert waiting_list.of_actor(first) == []
    actor, file = practice.patient(email="deux@exemple.fr")
    joins(practice, actor, file)
    with pytest.raises(refusals.AlreadyWaiting):
        joins(practice, actor, file)


@pytest.mark.parametrize("came", [True, False])
def test_hours_kept_for_known_patients_are_offered_to_those_who_were_known_on_joining(
    came: bool,
) -> None:
    practice, [(_who, visit)] = full()
    with tenancy.inside(practice.establishment):
        WeeklyOpening.objects.filter(role_id=practice.role).update(public=Public.KNOWN)
    actor, file = practice.patient(email="connue@exemple.fr")
    if came:
        wanted = practice.booking(file, EVENING, overbook=True)
        before = booking.book(practice.secretary(), wanted, NOW)
        with tenancy.inside(practice.establishment):
            Appointment.objects.filter(pk=before.pk).update(
                starts_at=NOW - timedelta(days=30), ends_at=NOW - timedelta(days=30) + HALF
            )
    wish = joins(practice, actor, file)
    cancels(practice, visit)
    assert offers(practice) == ({wish: NINE} if came else {})
    if came:
        assert taking.take(practice.establishment, wish, NINE, NOW) == wish


def test_a_row_of_before_waits_for_hours_that_are_everybody_s() -> None:
    wish = ids.new_id()
    told = waiting_terms.Terms(wish, "in_person", NOW, public=Public.KNOWN)
    assert waiting_terms.opened(told.closed(wish), wish) == told
    old = json.loads(references.opened(told.closed(wish), wish.bytes))[:-1]
    row = references.closed(json.dumps(old).ljust(240), wish.bytes)
    assert waiting_terms.opened(row, wish) == replace(told, public=Public.EVERYONE)


def test_each_seat_that_is_freed_in_a_group_is_offered_to_one_who_waits() -> None:
    practice = make_practice(in_groups=True)
    with tenancy.inside(practice.establishment):
        groups.create(VisitReason.objects.get(id=practice.reason), EVENING, 2, NOW)
    sat = []
    for number in range(2):
        actor, file = practice.patient(email=f"assis{number}@exemple.fr")
        sat.append(booking.book(actor, practice.booking(file, EVENING), NOW).id)
    (_first, one), (_second, two), (_third, three) = (waits(practice) for _ in range(3))
    assert offers(practice) == {}
    cancels(practice, sat[0])
    assert offers(practice) == {one: EVENING}
    cancels(practice, sat[1])
    assert offers(practice) == {one: EVENING, two: EVENING}
    assert free_at(practice) == [], "both seats are kept"
    actor, file = practice.patient(email="presse@exemple.fr")
    with pytest.raises(groups.SessionFull):
        booking.book(actor, practice.booking(file, EVENING), NOW)
    assert taking.take(practice.establishment, two, EVENING, NOW) == two
    taking.refuse(practice.establishment, one, EVENING, NOW)
    assert offers(practice) == {three: EVENING}
    assert taking.take(practice.establishment, three, EVENING, NOW) == three
    assert free_at(practice) == []
    assert count(practice, "Seat") == 2


@pytest.mark.parametrize("veiled", [True, False])
def test_no_row_ties_who_waits_to_an_hour_or_a_visit(
    monkeypatch: pytest.MonkeyPatch, veiled: bool
) -> None:
    if not veiled:
        monkeypatch.setattr("serment.outbox.veil.veiled", lambda record: record)
        monkeypatch.setattr("serment.outbox.veil.unveiled", lambda record: record)
    practice, [(_who, visit), (late, theirs)] = full(2)
    with tenancy.inside(practice.establishment):
        file = gate.files_behind(practice.secretary(), Purpose.BOOKING, [theirs])[theirs]
    sooner = joins(practice, late, file, moves=theirs)
    _actor, wish = waits(practice)
    cancels(practice, visit)
    assert set(offers(practice)) == {wish}
    with tenancy.inside(practice.establishment), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(o)::text FROM scheduling_slotoffer o")
        offered = " ".join(row for (row,) in cursor.fetchall())
        cursor.execute("SELECT row_to_json(w)::text FROM scheduling_wish w")
        waiting = " ".join(row for (row,) in cursor.fetchall())
        lengths = {len(bytes(one.terms)) for one in Wish.objects.all()}
    assert (str(wish) in offered) is not veiled, "the control names it"
    assert str(sooner) in waiting
    hidden = [str(theirs), theirs.hex, file.hex, str(file), practice.reason.hex]
    assert not [one for one in hidden if one in waiting + offered]
    assert len(lengths) == 1


def test_a_crash_in_the_act_that_frees_keeps_nothing_for_anybody(monkeypatch: Any) -> None:
    practice, [(_who, visit)] = full()
    _actor, wish = waits(practice)
    tell = freed._Queue._tell
    monkeypatch.setattr(freed._Queue, "_tell", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cancels(practice, visit)
    assert (offers(practice), free_at(practice)) == ({}, [])
    monkeypatch.setattr(freed._Queue, "_tell", tell)
    cancels(practice, visit)
    assert freed.sweep_of(practice.establishment, NOW) == 0, "what was offered is offered once"
    assert offers(practice) == {wish: NINE}


def test_the_house_says_until_when_its_patients_move_and_cancel() -> None:
    from serment.scheduling import booking, moving

    practice, [(actor, visit), (_other, _theirs)] = full(2)
    cancels(practice, _theirs)
    with tenancy.inside(practice.establishment):
        OnlineTerms.objects.create(
            establishment_id=practice.establishment, move_hours=48, cancel_hours=48
        )
        file = gate.files_behind(actor, Purpose.BOOKING, [visit])[visit]
        form = practice.booking(file, NINE + HALF)
        with pytest.raises(refusals.TooLate):
            moving.move(actor, visit, form, NOW)
        with pytest.raises(refusals.TooLate):
            booking.cancel(actor, visit, "", NOW)
        OnlineTerms.objects.update(move_hours=2, cancel_hours=2)
        assert moving.move(actor, visit, form, NOW).starts_at == NINE + HALF
        assert booking.cancel(actor, visit, "", NOW).status == "cancelled"
    assert "09:00" in free_at(practice)


def test_an_offer_has_its_place_among_as_many_as_a_day_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A day that takes one is promised to one. The control: promised to two, the second who takes
    what is kept for them is refused."""
    for counted in (False, True):
        practice, booked = full(2)
        house = practice.establishment
        with tenancy.inside(house):
            VisitReason.objects.filter(id=practice.reason).update(daily_cap=1)
        (one, two) = waits(practice)[1], waits(practice)[1]
        with monkeypatch.context() as patch:
            if not counted:
                patch.setattr(freed._Queue, "_counted", lambda _queue, _offer: False)
            for _who, visit in booked:
                cancels(practice, visit)
            if not counted:
                assert len(offers(practice)) == 2
                taking.take(house, one, offers(practice)[one], NOW)
                with pytest.raises(refusals.DayFull):
                    taking.take(house, two, offers(practice)[two], NOW)
                continue
            assert set(offers(practice)) == {one}
            assert free_at(practice) == [], "nor is the other hour anybody else's"
            taking.refuse(house, one, offers(practice)[one], NOW)
            assert set(offers(practice)) == {one}, "the place is free for the other hour"
            taking.leave(house, one, NOW)
            assert set(offers(practice)) == {two}, "and goes on with it"
            kept = offers(practice)[two]
            assert taking.take(house, two, kept, NOW) == two, "its own place is no other's"
            assert (offers(practice), free_at(practice)) == ({}, []), "and is counted once"
            cancels(practice, two)
            assert len(free_at(practice)) == 2, "given back: the day takes one again"


def test_however_many_wait_for_the_same_its_free_hours_are_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everybody may join: whoever cancels would else wait for as many readings of two months. The
    control remembers nothing."""
    practice, _booked = full()
    _actor, wish = waits(practice)
    read: list[UUID] = []
    as_before = offering.free_minutes

    def counted(plan: Plan, *rest: Any) -> list[int]:
        read.append(plan.role_id)
        return as_before(plan, *rest)

    with tenancy.inside(practice.establishment):
        row = Wish.objects.get(id=wish)
        told = waiting_terms.opened(bytes(row.terms), row.id)
        for number in range(2, 6):
            row.pk, row.number = ids.new_id(), number
            row.terms = told.closed(row.pk)
            row.save(force_insert=True)
        monkeypatch.setattr(offering, "free_minutes", counted)
        freed.serve(practice.establishment, practice.role, NOW)
        assert len(read) == 1
        monkeypatch.setattr(freed._Queue, "_free", lambda queue, plan, reason, public: (
            offering.free_minutes(plan, reason.seen_by(public), queue.window, queue.window[0])
        ))  # fmt: skip
        freed.serve(practice.establishment, practice.role, NOW)
    assert len(read) == 1 + 5


def test_what_is_undone_before_anybody_heard_takes_its_hour_back_from_who_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hour was kept for them at once, and their message waits its minute: the person whose
    visit was cancelled by a slip would have lost it. Heard of, it is theirs."""
    practice, [(_who, visit)] = full()
    house, desk = practice.establishment, practice.secretary()
    _actor, wish = waits(practice)
    for heard in (False, True):
        cancels(practice, visit)
        assert offers(practice) == {wish: NINE}
        with tenancy.inside(house):
            if heard:
                Message.objects.filter(kind="offer").update(state="sent")
            former = Appointment.objects.get(id=visit)
            if heard:
                with pytest.raises(refusals.SlotTaken):
                    putting_back.put_back(desk, [former], NOW)
                break
            with monkeypatch.context() as control:
                control.setattr(freed, "take_back", lambda *_asked: None)
                with pytest.raises(refusals.SlotTaken):
                    putting_back.put_back(desk, [former], NOW)
            back = putting_back.put_back(desk, [former], NOW)
            assert back is not None
            visit = back.made[0].id
            assert not Message.objects.filter(kind="offer", state="waiting").exists()
        assert offers(practice) == {}
        assert waiting_list.of_actor(_actor)[0].rank == 1, "and they wait on"
    assert offers(practice) == {wish: NINE}


def test_a_move_is_undone_too_before_anybody_heard() -> None:
    practice, [(_who, visit)] = full()
    house, desk = practice.establishment, practice.secretary()
    waits(practice)
    there = NINE + 4 * HALF
    with tenancy.inside(house):
        shifting.shift(desk, visit, Place(practice.role, there, 30, over=True), NOW)
        assert offers(practice)
        back = Place(practice.role, NINE, 30)
        with pytest.raises(refusals.SlotTaken):
            shifting.shift(desk, visit, back, NOW)  # the control: a move like any other
        shifting.shift_back(desk, visit, back, NOW, Place(practice.role, there, 30))
        assert Appointment.objects.get(id=visit).starts_at == NINE
    assert offers(practice) == {}
