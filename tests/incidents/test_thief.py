"""A thief with all powers of the web process gets what the perimeter says, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from serment.disclosure import Purpose, gate, opening, oversight
from serment.disclosure.line import client
from serment.ids import new_id
from serment.incidents import command
from serment.keeper.policy.budgets import SLOWED_PER_SECOND
from tests.incidents.small_keeper import SMALL
from tests.keeper.running import Running, make_file, staff_of

ROOT = Path(__file__).parents[2]
FILES, ACTOR_PERSONS, PROCESS_PERSONS = 14, 3, 8


@pytest.fixture
def small_keeper(settings: Any) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="keeper-") as folder:
        running = Running(
            Path(folder) / "state", Path(folder) / "k.sock",
            program=[sys.executable, "-m", "tests.incidents.small_keeper"],
        ).start()  # fmt: skip
        settings.KEEPER_SOCKET = str(running.socket)
        opening.leases.clear()
        yield running
        client.hang_up()
        running.kill()


@dataclass(frozen=True)
class Theft:
    """What really happened."""

    process: str
    here: UUID
    got: list[dict[str, Any]]
    stopped: int
    start: datetime

    @property
    def persons(self) -> set[str]:
        return {str(UUID(one["record"])) for one in self.got}

    def perimeter(self, **selectors: Any) -> dict[str, Any]:
        """The answer with its list, from the keeper."""
        return command.answer_of(self.start, datetime.now(UTC), listed=True, **selectors)


def _theft(keeper: Running) -> Theft:
    here = new_id()
    files = [make_file(here) for _ in range(FILES)]
    honest = staff_of(here, session="honest")
    start = datetime.now(UTC)
    gate.reveal(honest, Purpose.RECEPTION, files[:2], ["given_name"])
    loot = [
        {"record": file.pk.hex, "field": "family_name", "zone": "identity",
         "sealed": file.family_name.sealed.hex(), "plain": "Quatrevaux"}
        for file in files
    ]  # fmt: skip
    thief = subprocess.Popen(
        [sys.executable, "-m", "tests.incidents.thief"], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    asked = {"socket": str(keeper.socket), "establishment": here.hex, "loot": loot}
    told = json.loads(thief.communicate(json.dumps(asked), timeout=60)[0])
    return Theft(str(thief.pid), here, told["got"], told["stopped"], start)


@pytest.fixture
def theft(small_keeper: Running) -> Theft:
    return _theft(small_keeper)


def _listed(answer: dict[str, Any]) -> set[str]:
    return {one["person"] for one in answer["list"]}


def test_the_perimeter_of_the_process_is_exactly_what_it_got(theft: Theft) -> None:
    found = theft.perimeter(process=f"web-{theft.process}")
    assert _listed(found) == theft.persons  # precision and recall 1.0
    assert found["persons"] == found["records"] == len(theft.persons)
    assert found["fields"] == {"patient.family_name": len(theft.persons)}
    assert found["tiers"]["possible"] == 0
    # Negative control: the name the thief gave itself finds nothing of it, and as the whole
    # selection would have missed everything.
    by_name = theft.perimeter(process="worker-0")
    assert by_name["persons"] == 0


def test_the_perimeter_of_each_session_is_exactly_what_it_got(theft: Theft) -> None:
    sessions = {one["session"] for one in theft.got}
    assert len(sessions) > 1
    for session in sessions:
        mine = {str(UUID(one["record"])) for one in theft.got if one["session"] == session}
        found = theft.perimeter(session=session)
        assert _listed(found) == mine
        assert found["persons"] == len(mine) <= ACTOR_PERSONS  # the budget of whom it invented


def test_past_the_process_budget_it_is_slowed_and_an_alarm_stands_with_the_opening(
    theft: Theft,
) -> None:
    assert theft.stopped > 0  # budgets of invented people ended
    past = [one["after"] for one in theft.got[PROCESS_PERSONS:]]
    assert len(past) >= 3
    rate = (len(past) - 1) / (past[-1] - past[0])
    assert rate <= SLOWED_PER_SECOND * 1.1
    before = [one["after"] for one in theft.got[:PROCESS_PERSONS]]
    assert len(before) / before[-1] > SLOWED_PER_SECOND * 2  # negative control: within, it is not
    found = theft.perimeter(process=theft.process)
    [alarm] = [one for one in found["alarms"] if one["what"] == "budget.process.hour"]
    rows = oversight.window(
        oversight.OPERATOR,
        oversight.Selection(theft.start, datetime.now(UTC), process=theft.process),
    ).rows
    read = [row.seq for row in rows if row.kind == "read"]
    # The alarm is the leaf behind the opening that passed the budget: one group commit.
    assert alarm["leaf"] == read[PROCESS_PERSONS] + 1


def test_what_was_opened_before_the_take_over_is_possible_and_nothing_else(
    small_keeper: Running,
) -> None:
    """The process under the thief holds keys of the last minutes: no leaf tells of their use."""
    here = new_id()
    files = [make_file(here) for _ in range(3)]
    me = staff_of(here, session="mine")
    gate.reveal(me, Purpose.RECEPTION, files[:1], ["family_name"])
    taken_over = datetime.now(UTC)
    read = gate.reveal(me, Purpose.RECEPTION, files[:2], ["family_name"])  # the first: no leaf
    assert len(read) == 2
    found = command.answer_of(taken_over, datetime.now(UTC), listed=True, session="mine")
    truth = {str(file.pk) for file in files[:2]}
    assert _listed(found) == truth
    assert found["tiers"] == {"confirmed": 1, "possible": 1, "excluded": 1}
    # Negative control: without the widening the first person is missed.
    unwidened = {one["person"] for one in found["list"] if one["tier"] == "confirmed"}
    assert unwidened != truth
    later = command.answer_of(
        taken_over + timedelta(seconds=found["widened_seconds"] + 1),
        taken_over + timedelta(hours=1), session="mine",
    )  # fmt: skip
    assert later["tiers"]["possible"] == 0


def test_the_small_budgets_are_those_the_tests_speak_of() -> None:
    assert [limit.persons for limits in SMALL.values() for limit in limits] == [3, 3, 8, 100]
