"""A demo's month: recorded by the keeper's driven clock, in order, and by no other keeper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serment.config import environment
from serment.config.doctor import instance
from serment.config.supervisor.plan import Plan
from serment.drills.demo import past
from serment.keeper import wire
from serment.keeper.house import enter
from serment.keeper.tending import remember_size
from serment.ledger.checkpoint import DRILL
from serment.ledger.segment import SegmentShorter
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


def test_a_drill_stays_one_and_a_real_keeper_never_becomes_one(tmp_path: Path) -> None:
    """Whoever opens the folder without a word goes on as a drill; a real log changes no name."""
    for folder, drill in (("drill", True), ("real", False)):
        house = enter(tmp_path / folder, drill=drill)
        remember_size(house)
        house.segment.close()
    again = enter(tmp_path / "drill")
    assert (again.drill, again.origin.endswith(DRILL)) == (True, True)
    again.segment.close()
    with pytest.raises(SegmentShorter):
        enter(tmp_path / "real", drill=True)


@pytest.mark.parametrize(("mark", "driven"), [("drill\n", True), ("", False), (None, False)])
def test_only_a_folder_that_began_as_a_drill_is_started_as_one(
    tmp_path: Path, mark: str | None, driven: bool
) -> None:
    """A demo from before has an empty mark, a real instance none."""
    if mark is not None:
        (tmp_path / instance.DEMO).write_text(mark)
    env = replace(environment.read(), state=tmp_path)
    assert ("--drill" in Plan(env).keeper().command) is driven


def test_outside_a_drill_all_happens_now(keeper: object) -> None:
    """The tests' own keeper is no drill: moving its clock is refused and passed over."""
    now = datetime.now(UTC)
    with past.driven(now) as move_to:
        move_to(now - timedelta(days=past.DAYS))
