"""The perimeter in a terminal: nothing cut at any width; a window that was ours is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from serment.disclosure import Purpose, gate
from serment.errors import Unusable
from serment.ids import new_id
from serment.incidents import command, telling
from tests.keeper.running import Running, make_file, staff_of

ANSWER: dict[str, Any] = {
    "persons": 422, "reachable": 12, "staff": 0, "appointments": 81, "records": 1506,
    "fields": {"patient.family_name": 1425, "patient.phone": 352},
    "tiers": {"confirmed": 422, "possible": 0, "excluded": 1610},
    "integrity": {"altered": 1, "unaltered": 504, "unavailable": 1},
    "first": "2026-11-22T06:05:40.981288+00:00", "last": None,
    "not_opened": {"contact": ["account.email", "account.phone", "patient.address", "staff.email"]},
    "reasons": [{"tier": "confirmed", "persons": 422, "reason": "opened " + "in the window " * 9}],
    "digest": "sha256:" + "a" * 64, "isolated": False,
    "question": {
        "from": "2026-11-21T06:00:00+00:00", "to": "2026-11-22T06:00:30+00:00",
        "actor": "5db661bb-7543-4250-b5cc-47eabf141b19", "client": None, "session": None,
        "process": None, "establishment": None,
    },
}  # fmt: skip


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(columns: int) -> None:
    told = telling.lines(ANSWER, ["--to was not given."], columns)
    assert max(map(len, told)) <= columns
    words = " ".join(told).split()
    for word in ("1,425", "patient.address,", ANSWER["digest"], ANSWER["question"]["actor"]):
        assert word in words
    assert "2026-11-22 06:00:30 UTC" in told[0]
    assert "…" not in "".join(told)


def test_a_wide_terminal_is_used() -> None:
    assert len(telling.lines(ANSWER, [], 200)) < len(telling.lines(ANSWER, [], 60))


def test_what_was_taken_for_granted_is_said() -> None:
    now = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
    start, end, notes = command._window("", "", now)
    assert (start, end) == (datetime(2026, 11, 21, 6, 30, tzinfo=UTC), now)
    assert [note.split()[0] for note in notes] == ["--from", "--to"]
    start, end, notes = command._window("", "2026-11-20", now)
    assert (start.day, end.day, len(notes)) == (19, 20, 1)
    assert command._window("2026-11-01", "2026-11-02", now)[2] == []


def test_hours_without_a_zone_and_windows_that_are_not_over_are_said() -> None:
    """Negative control: instants that say their zone, of a window that ended, need no word."""
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert command._window("2026-11-22T08:00Z", "2026-11-22T10:00+01:00", now)[2] == []
    notes = command._window("2026-11-22T08:00", "2026-11-22T09:00", now)[2]
    assert ["UTC" in note for note in notes] == [True]
    assert "not over" in command._window("2026-11-22T08:00Z", "2026-11-22T10:00Z", now)[2][0]
    with pytest.raises(Unusable, match="future"):
        command._window("2026-11-22T10:00", "2026-11-22T10:40", now)


def test_a_selection_that_no_record_ever_carried_is_said(own_keeper: Running) -> None:
    """Negative control: a door that was used, in a window without it, is no slip."""
    here = new_id()
    gate.reveal(staff_of(here), Purpose.CARE, [make_file(here)], ["family_name"])
    before = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    door = command.answer_of(*before, client="web")
    slip = command.answer_of(*before, client="pigeon")
    assert (door["known"], slip["known"]) == (True, False)
    assert telling.NEVER[:20] in " ".join(telling.lines(slip, [], 200))
    assert telling.NEVER[:20] not in " ".join(telling.lines(door, [], 200))


def test_piped_text_is_plain_and_json_stays_alone_on_its_stream(own_keeper: Running) -> None:
    app = typer.Typer()
    command.register(app)
    told = CliRunner().invoke(app, [], env={"COLUMNS": "80", "FORCE_COLOR": "1"})
    assert told.exit_code == 0, told.output
    assert "\x1b" not in told.stdout
    assert "No field was opened." in told.stdout
    asked = CliRunner().invoke(app, ["--json"])
    assert json.loads(asked.stdout)["persons"] == 0
    assert "--from was not given" in asked.stderr
