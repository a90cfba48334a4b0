"""One account that does many things at once: one hold, and no more visits than the bound.

The guard is the account's lock. Each first test takes it away and shows the fault.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError

from serment.directory import tenancy
from serment.disclosure import Actor
from tests.concurrency.test_stampede import CONNECTIONS, stampede
from tests.scheduling.practice import NOW, TUESDAY, Practice, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True)

MORNING = [paris(TUESDAY, 9 + half // 2, 30 * (half % 2)) for half in range(6)]
AFTERNOON = [paris(TUESDAY, 14 + half // 2, 30 * (half % 2)) for half in range(8)]
DAY = MORNING + AFTERNOON
SLOW_SECONDS = 0.05


@pytest.fixture
def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's lock taken away; its row is not locked either."""
    from serment.scheduling import holders

    held = holders.held_statement
    monkeypatch.setattr(holders, "_lock", lambda _tag: ("SELECT 1", []))
    monkeypatch.setattr(holders, "held_statement", lambda tag, lock=True: held(tag, lock=False))


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment between looking and writing, so that a race that can happen does."""
    from serment.scheduling import offering

    check = offering.check

    def later(*given: Any) -> Any:
        time.sleep(SLOW_SECONDS)
        return check(*given)

    monkeypatch.setattr(offering, "check", later)


def hold_the_day(practice: Practice, actor: Actor) -> tuple[Counter[str], int]:
    """Every slot of a day at once; what each was told, and how many holds stand."""
    from serment.scheduling import holding, refusals
    from serment.scheduling.models import Occupancy

    def act(number: int) -> str:
        try:
            holding.hold(actor, practice.role, practice.reason, DAY[number % len(DAY)], NOW)
        except refusals.SlotTaken:
            return "taken"
        except OperationalError:
            return "shot as a deadlock"
        return "held"

    outcomes = stampede(CONNECTIONS, act)
    with tenancy.inside(practice.establishment):
        return outcomes, Occupancy.objects.filter(kind="hold").count()


@pytest.mark.usefixtures("without_lock", "slowly")
def test_without_the_lock_one_account_keeps_a_whole_day() -> None:
    practice = make_practice()
    actor, _ = practice.patient()
    assert hold_the_day(practice, actor)[1] > 1


@pytest.mark.usefixtures("slowly")
def test_one_account_keeps_one_slot_however_many_it_asks_for_at_once() -> None:
    practice = make_practice()
    actor, _ = practice.patient()
    outcomes, standing = hold_the_day(practice, actor)
    assert standing == 1
    assert outcomes == {"held": CONNECTIONS}


@pytest.mark.usefixtures("slowly")
def test_over_two_practices_too() -> None:
    from serment.scheduling import holding
    from serment.scheduling.models import Occupancy

    practices = [make_practice(number) for number in range(2)]
    actor, _ = practices[0].patient()

    def act(number: int) -> str:
        practice = practices[number % 2]
        holding.hold(actor, practice.role, practice.reason, DAY[number % len(DAY)], NOW)
        return "held"

    assert stampede(CONNECTIONS, act) == {"held": CONNECTIONS}
    standing = 0
    for practice in practices:
        with tenancy.inside(practice.establishment):
            standing += Occupancy.objects.count()
    assert standing == 1


def test_two_who_swap_their_slots_never_wait_for_each_other() -> None:
    """Both are told it is taken, or one was quicker; nobody is shot as a deadlock."""
    from serment.scheduling import holding, refusals

    practice = make_practice()
    people = [practice.patient()[0] for _ in range(2)]

    def act(number: int) -> str:
        at = MORNING[(number // 2 + number) % 2]
        try:
            holding.hold(people[number % 2], practice.role, practice.reason, at, NOW)
        except refusals.SlotTaken:
            return "taken"
        return "held"

    outcomes = stampede(CONNECTIONS * 4, act)
    assert set(outcomes) <= {"held", "taken"}


def book_the_day(practice: Practice) -> tuple[Counter[str], int]:
    from serment.scheduling import booking, refusals
    from serment.scheduling.models import Appointment

    actor, file = practice.patient()

    def act(number: int) -> str:
        form = practice.booking(file, DAY[number % len(DAY)])
        try:
            booking.book(actor, form, NOW)
        except refusals.TooMany:
            return "too many"
        except (refusals.SlotTaken, refusals.AlreadyYours):
            return "taken"
        return "booked"

    outcomes = stampede(CONNECTIONS, act)
    with tenancy.inside(practice.establishment):
        return outcomes, Appointment.objects.count()


@pytest.mark.usefixtures("without_lock", "slowly")
def test_without_the_lock_two_bookings_at_once_pass_the_bound() -> None:
    from serment.scheduling.own_visits import WITH_ONE_MAX

    assert book_the_day(make_practice())[1] > WITH_ONE_MAX


@pytest.mark.usefixtures("slowly")
def test_many_bookings_at_once_stop_at_the_bound() -> None:
    from serment.scheduling.own_visits import WITH_ONE_MAX

    outcomes, standing = book_the_day(make_practice())
    assert standing == WITH_ONE_MAX
    assert outcomes["booked"] == WITH_ONE_MAX
