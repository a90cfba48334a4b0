"""What the operator freezes by a command, lists and lifts, on a running keeper."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner, Result

from serment.config.commands import freezing, solo
from serment.ids import new_id

pytestmark = pytest.mark.usefixtures("keeper")
app = typer.Typer()
freezing.register(app)
solo.register(app)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def standing() -> dict[str, str]:
    told = json.loads(run("freezes", "--json").output)["freezes"]
    return {one["value"]: one["why"] for one in told}


def test_evidence_is_frozen_under_a_new_number_listed_and_lifted() -> None:
    frozen = run("freeze", "evidence", "--why", "vol du 3 mars")
    number = frozen.output.split()[-1].rstrip(".")
    assert UUID(number)
    assert standing()[number] == "vol du 3 mars"
    assert f"evidence {number} since" in run("freezes").output
    assert run("unfreeze", "evidence", number, "--why", "fini").exit_code == 0
    assert number not in standing()
    again = run("unfreeze", "evidence", number, "--why", "fini")
    assert isinstance(again.exception, freezing.NothingLikeIt)


def test_a_frozen_session_is_named_and_why_is_asked_for() -> None:
    assert "Say what to freeze" in str(run("freeze", "session", "--why", "x").exception)
    assert run("freeze", "session", "s-1").exit_code == 2
    assert run("freeze", "session", "s-1", "--why", "vue ailleurs").exit_code == 0
    assert standing()["s-1"] == "vue ailleurs"
    assert run("unfreeze", "session", "s-1", "--why", "fini").exit_code == 0


def test_a_practice_of_one_is_said_and_taken_back() -> None:
    house = str(new_id())
    assert "72 hours" in run("solo", house).output
    assert "Two approve" in run("solo", house, "--gone").output
    assert run("solo", "personne").exit_code == 2
