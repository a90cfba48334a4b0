"""Steps of one booking: offered only where all fit, kept, booked and moved all or none."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Purpose
from serment.scheduling import (
    booking,
    courses,
    explain,
    linked_booking,
    linked_moving,
    linked_times,
    refusals,
    sealed_details,
    search,
)
from serment.scheduling.linked_booking import Later
from serment.scheduling.linked_times import At, Broken, Step, Way
from serment.scheduling.models import Absence, Appointment, Occupancy, VisitReason
from tests.scheduling.practice import (
    NOW,
    PARIS,
    TUESDAY,
    Practice,
    count,
    free_at,
    make_practice,
    make_role,
    paris,
)


class House:
    """An orthoptist whose long assessment is followed, within the hour, by one of two doctors."""

    def __init__(self) -> None:
        self.practice = make_practice(duration_minutes=60)
        with tenancy.inside(self.practice.establishment):
            roles = [make_role(self.practice.establishment, self.practice.site) for _ in range(2)]
            self.doctors = [(role, self._reason(role)) for role in roles]
            self.link(self.doctors)

    def _reason(self, role: UUID) -> UUID:
        made = VisitReason.objects.create(
            establishment_id=self.practice.establishment, role_id=role, duration_minutes=30,
            name_fr="Fond d’œil", name_en="Eye fundus", notice_minutes=60, horizon_days=60,
        )  # fmt: skip
        return made.id

    def link(self, ways: list[tuple[UUID, UUID]], least: int = 0, most: int = 60) -> None:
        step = Step(tuple(ways), least, most)
        VisitReason.objects.filter(id=self.practice.reason).update(
            steps=linked_times.written([step])
        )

    def take(self, doctor: int, at: datetime) -> None:
        """Somebody else has this half hour."""
        other, theirs = self.practice.patient()
        role, reason = self.doctors[doctor]
        form = self.practice.booking(theirs, at, role_id=role, reason_id=reason)
        booking.book(other, form, NOW)

    def proposed(self, actor: Any, at: datetime, picks: Any = ()) -> list[Later]:
        asked = (actor, self.practice.role, self.practice.reason, at, NOW)
        found = linked_booking.propose(*asked, picks)
        return [Later(one.at.way.role, one.at.way.reason, _instant(one.at.minute)) for one in found]


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, PARIS)


@pytest.fixture
def house(db: None) -> House:
    return House()


NINE = paris(TUESDAY, 9)


def test_only_starts_where_all_steps_fit_are_offered(house: House) -> None:
    practice = house.practice
    # The last one of the morning and of the day end when the doctors stop.
    assert free_at(practice) == ["09:00", "10:00", "14:00", "15:00", "16:00"]
    for doctor in (0, 1):
        for half in range(3):
            house.take(doctor, paris(TUESDAY, 10) + timedelta(minutes=30 * half))
    assert free_at(practice) == ["10:00", "14:00", "15:00", "16:00"]
    actor, file = practice.patient()
    with pytest.raises(refusals.NotOffered), tenancy.inside(practice.establishment):
        booking.book(actor, practice.booking(file, paris(TUESDAY, 10)), NOW)
    with tenancy.inside(practice.establishment):
        told = explain.why_not(practice.role, practice.reason, NINE, NOW, using="default")
        fine = paris(TUESDAY, 14)
        assert explain.why_not(practice.role, practice.reason, fine, NOW, using="default").offered
        assert told.rule == explain.STEP_CLOSED
        assert "étape 2 (Fond d’œil, Dr Claude Rivage ou Fond d’œil" in told.sentence
        eyes = VisitReason.objects.filter(name_fr="Fond d’œil")
        eyes.update(by_invitation=True)
        hidden = explain.why_not(practice.role, practice.reason, NINE, NOW, using="default")
        assert hidden.rule == explain.STEP_CLOSED
        assert "Fond d’œil" not in hidden.sentence, "for invited people only since"
        eyes.update(by_invitation=False)
        house.link([house.doctors[0]])
        told = explain.why_not(practice.role, practice.reason, NINE, NOW, using="default")
    assert "10\u00a0h\u00a000" in told.sentence
    assert told.sentence.endswith("Ce temps est déjà pris.")
    with pytest.raises(linked_booking.StepClosed):
        house.proposed(actor, NINE)


def test_all_are_kept_and_booked_together_and_told_once(house: House) -> None:
    from serment.outbox import besides, rendering
    from serment.outbox.models import Message

    practice = house.practice
    actor, file = practice.patient(email="lou@example.test")
    later = house.proposed(actor, NINE)
    assert [one.starts_at for one in later] == [paris(TUESDAY, 10)]
    first = Later(practice.role, practice.reason, NINE)
    linked_booking.hold(actor, first, later, NOW)
    assert count(practice, "Occupancy") == 2
    assert house.proposed(actor, NINE) == later, "what I keep myself is not taken"
    from serment.scheduling import holding

    holding.look(actor, practice.role, practice.reason, NINE, NOW)
    other, theirs = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        linked_booking.hold(other, first, later, NOW)
    form = practice.booking(file, NINE, request_key=os.urandom(16))
    made = linked_booking.book(actor, form, later, NOW)
    assert [one.starts_at for one in made] == [NINE, later[0].starts_at]
    again = linked_booking.book(actor, form, later, NOW)
    assert [one.id for one in again] == [one.id for one in made]
    alone = booking.book(
        other, practice.booking(theirs, paris(TUESDAY, 14), role_id=house.doctors[0][0],
                                reason_id=house.doctors[0][1]), NOW,
    )  # fmt: skip
    opened = sealed_details.reveal(actor, Purpose.SELF, made)
    assert [opened[one.id].step for one in made] == [1, 2]
    assert len({len(one.details.sealed) for one in [*made, alone]}) == 1
    with tenancy.inside(practice.establishment):
        assert set(Occupancy.objects.values_list("kind", flat=True)) == {"appointment"}
        message = Message.objects.get(record_id=made[0].id)
        assert not Message.objects.filter(record_id=made[1].id).exists()
        facts = besides.facts(message)
        assert facts is not None
        body = rendering.letter(message.kind, facts, "fr").body
    assert "9 h 00" in body
    assert "10 h 00" in body


def test_all_are_moved_and_cancelled_together_and_told_once(house: House) -> None:
    from serment.outbox.models import Message

    practice, desk = house.practice, house.practice.secretary()
    _actor, file = practice.patient()
    with tenancy.inside(practice.establishment):
        house.link([house.doctors[0]])
    form = practice.booking(file, NINE)
    made = linked_booking.book(desk, form, house.proposed(desk, NINE), NOW)
    visits = [one.id for one in made]
    fifteen = practice.booking(file, paris(TUESDAY, 15))
    later = house.proposed(desk, paris(TUESDAY, 15))
    house.take(0, later[0].starts_at)
    with tenancy.inside(practice.establishment), pytest.raises(refusals.SlotTaken):
        linked_moving.move(desk, visits, fifteen, later, NOW)
    assert _starts(visits, practice) == [NINE, paris(TUESDAY, 10)], "both or none"
    again = house.proposed(desk, paris(TUESDAY, 15))
    with tenancy.inside(practice.establishment):
        with pytest.raises(refusals.MovedSince):
            linked_moving.move(desk, visits, fifteen, again, NOW, paris(TUESDAY, 11))
        linked_moving.move(desk, visits, fifteen, again, NOW, NINE)
        assert Message.objects.filter(kind="confirmation").count() == 2, "theirs, and the other's"
        rows = list(Appointment.objects.filter(id__in=visits))
        assert _starts(visits, practice) == [paris(TUESDAY, 15), paris(TUESDAY, 16, 30)]
        assert Occupancy.objects.filter(appointment_id__in=visits).count() == 2
        left = courses.others_of(desk, rows[0], NOW)
        courses.cancel_all(desk, left, "", NOW)
        assert not Occupancy.objects.filter(appointment_id__in=visits).exists()
        assert Message.objects.filter(kind="cancellation").count() == 1


def _starts(visits: list[UUID], practice: Practice) -> list[datetime]:
    with tenancy.inside(practice.establishment):
        return list(
            Appointment.objects.filter(id__in=visits).order_by("starts_at").values_list(
                "starts_at", flat=True
            )
        )  # fmt: skip


def test_what_are_no_steps_of_the_reason_is_not_booked(house: House) -> None:
    practice, (actor, file) = house.practice, house.practice.patient()
    form = practice.booking(file, NINE)
    role, reason = house.doctors[0]
    for later in (
        [],
        [Later(role, reason, paris(TUESDAY, 11, 30))],
        [Later(practice.role, practice.reason, paris(TUESDAY, 10))],
        [Later(role, reason, paris(TUESDAY, 10)), Later(role, reason, paris(TUESDAY, 10, 30))],
    ):
        with pytest.raises(refusals.NotOffered):
            linked_booking.book(actor, form, later, NOW)
    assert count(practice) == 0


def test_a_search_finds_nobody_without_the_rest(house: House) -> None:
    practice = house.practice
    day = paris(TUESDAY, 0), paris(TUESDAY, 23)
    with tenancy.inside(practice.establishment):
        house.link(house.doctors, least=400, most=500)
        found = search.next_slots([practice.role], None, day, NOW, 100)[practice.role]
        assert [one.starts_at for one in found] == [NINE]
        house.link([(ids.new_id(), ids.new_id())])
        assert free_at(practice) == []


SITES = [ids.new_id(), ids.new_id()]


@settings(max_examples=80, deadline=None)
@given(
    frees=st.lists(st.sets(st.integers(0, 60), max_size=12), min_size=2, max_size=4),
    gaps=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=3),
    travels=st.lists(st.none() | st.integers(0, 20), min_size=3, max_size=3),
    places=st.lists(st.booleans(), min_size=4, max_size=4),
    start=st.integers(0, 20),
)
def test_a_chain_is_found_wherever_one_exists(
    frees: list[set[int]], gaps: Any, travels: Any, places: list[bool], start: int
) -> None:
    """Exactly where a brute search finds one; else the first step nobody reaches is named."""
    ways = [
        Way(ids.new_id(), ids.new_id(), SITES[places[n]], 5, free=tuple(sorted(free)))
        for n, free in enumerate(frees)
    ]
    first = At(Way(ids.new_id(), ids.new_id(), SITES[0], 5), start)
    steps = [
        Step(((ways[n].role, ways[n].reason),), gaps[n][0], gaps[n][0] + gaps[n][1], travels[n])
        for n in range(min(3, len(ways)))
    ]
    layers = [[way] for way in ways[: len(steps)]]
    reached, dead = {(start, SITES[0])}, None
    for number, step in enumerate(steps):
        here, way = set(), ways[number]
        for at, site in reached:
            least = step.least
            if site != way.site:
                if step.travel is None:
                    continue
                least = max(least, step.travel)
            here |= {(m, way.site) for m in way.free if least <= m - at - 5 <= step.most}
        if not here and dead is None:
            dead = number
        reached = here
    found = linked_times.chain(first, steps, layers)
    if dead is not None:
        assert isinstance(found, Broken)
        assert found.step == dead
        return
    assert not isinstance(found, Broken)
    before = first
    for one, step in zip(found, steps, strict=True):
        assert linked_times.follows(before, one.at, step)
        before = one.at


@pytest.mark.parametrize("guarded", [True, False])
def test_a_holiday_takes_no_step_away_from_the_others(
    house: House, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved alone the first step came after the second. Negative control."""
    from serment.scheduling import resettling

    if not guarded:
        monkeypatch.setattr(resettling, "_must_be_for_many", lambda _details: None)
    practice = house.practice
    actor, file = practice.patient(email="lou@example.test")
    form = practice.booking(file, NINE, request_key=os.urandom(16))
    first, second = linked_booking.book(actor, form, house.proposed(actor, NINE), NOW)
    ticked: dict[UUID, datetime | None] = {first.id: NINE}
    desk = practice.secretary()
    with tenancy.inside(practice.establishment):
        Absence.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            span=(paris(TUESDAY, 0), paris(TUESDAY + timedelta(days=1), 0)),
        )  # fmt: skip
        done = resettling.settle_all(desk, ticked, resettling.Way.MOVE, NOW)
        over = resettling.cancel_all(desk, ticked, "Congés", NOW)
        rows = {one.id: one for one in Appointment.objects.all()}
    if guarded:
        assert [one.became for one in (*done.outcomes, *over.outcomes)] == ["stays", "stays"]
        assert "étapes ensemble" in done.outcomes[0].why
    assert (rows[first.id].starts_at < rows[second.id].starts_at) == guarded


def test_a_step_moved_by_hand_says_which_it_is(house: House) -> None:
    from serment.scheduling import shifting

    practice = house.practice
    actor, file = practice.patient(email="lou@example.test")
    form = practice.booking(file, NINE, request_key=os.urandom(16))
    _first, second = linked_booking.book(actor, form, house.proposed(actor, NINE), NOW)
    to = shifting.Place(second.role_id, paris(TUESDAY, 15), 30)
    with tenancy.inside(practice.establishment):
        assert shifting.shift(practice.secretary(), second.id, to, NOW).step == 2
