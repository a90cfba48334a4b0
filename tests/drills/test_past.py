"""A demo's month: recorded by the keeper's driven clock, in order, and by no other keeper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serment.drills.demo import past
from serment.keeper import wire
from serment.ledger.checkpoint import DRILL
from tests.keeper.inside import OPERATOR, SYSTEM, Inside, Refused

DAY = 24 * 3_600 * 1_000_000


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = Inside(tmp_path / "keeper")
    yield made
    made.crash()


def drive(inside: Inside, instant: int) -> None:
    inside.ask(SYSTEM, "drive_clock", wire.ClockAsk(instant), wire.Nothing)


def instants(inside: Inside) -> list[int]:
    asked = wire.PerimeterAsk(0, 1 << 53)
    return [row.at for row in inside.ask(OPERATOR, "perimeter", asked, wire.Disclosures).rows]


def test_a_drills_clock_goes_back_to_nothing_recorded_then_forward_then_runs(
    inside: Inside,
) -> None:
    present = inside.house.now()
    drive(inside, present - 31 * DAY)  # nothing is recorded yet
    inside.patient()
    drive(inside, present - 3 * DAY)
    inside.patient()
    with pytest.raises(Refused, match="refused"):
        drive(inside, present - 4 * DAY)
    drive(inside, 0)
    inside.patient()
    found = instants(inside)
    assert found == sorted(found)
    assert [(present - at) // DAY for at in found[:2]] == [30, 2]
    assert found[2] > present


def test_a_real_keeper_is_not_driven_and_a_drill_never_becomes_one(inside: Inside) -> None:
    assert inside.house.origin.endswith(DRILL)
    drive(inside, inside.house.now() + DAY)  # the control: this one is a drill
    inside.house.drill = False
    with pytest.raises(Refused, match="refused"):
        drive(inside, inside.house.now() + 2 * DAY)


def test_outside_a_drill_all_happens_now(keeper: object) -> None:
    """The tests' own keeper is no drill: moving its clock is refused and passed over."""
    now = datetime.now(UTC)
    with past.driven(now) as move_to:
        move_to(now - timedelta(days=past.DAYS))
