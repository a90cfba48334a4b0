"""The keeper beside a model of a few lines: whatever order people, faults and restarts come in.

The model knows who is frozen and what was opened. Two invariants: what the keeper released is in
the ledger on disk, and it released exactly what the model allows.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from serment.keeper import wire
from serment.keeper.policy import asks
from serment.keeper.policy.budgets import Scope
from serment.keeper.policy.standing import Standing
from serment.ledger import segment
from tests.keeper.inside import HERE, OPERATOR, THERE, Inside, Person, Refused, record_of
from tests.keeper.test_policy import uuid_text


@dataclass
class Model:
    """What ought to be so."""

    frozen_sessions: set[str] = field(default_factory=set)
    frozen_files: set[bytes] = field(default_factory=set)
    opened: int = 0
    written: int = 0

    def lets(self, who: Person, owner: bytes, file: bytes) -> str:
        """The answer an opening ought to get."""
        if who.actor.establishment != owner:
            return "refused"
        if who.session in self.frozen_sessions:
            return "frozen"
        return "refused" if file in self.frozen_files else ""


class Keeper(RuleBasedStateMachine):
    """Any order of opening, freezing, killing and restoring."""

    people = Bundle("people")
    files = Bundle("files")

    @initialize()
    def move_in(self) -> None:
        """An empty folder."""
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.inside = Inside(self.folder / "keeper", limits=dict.fromkeys(Scope, ()))
        self.model = Model()
        self.owner: dict[bytes, bytes] = {}

    def teardown(self) -> None:
        if hasattr(self, "inside"):
            self.inside.crash()
            shutil.rmtree(self.folder)

    @rule(target=people, establishment=st.sampled_from([HERE, THERE]))
    def somebody_signs_in(self, establishment: bytes) -> Person:
        return self.inside.staff(establishment=establishment)

    @rule(target=files, establishment=st.sampled_from([HERE, THERE]))
    def a_file_is_written(self, establishment: bytes) -> wire.RevealAsk:
        file = self.inside.patient(establishment)
        self.owner[record_of(file)] = establishment
        self.model.written += 1
        return file

    @rule(who=people, file=files)
    def somebody_opens(self, who: Person, file: wire.RevealAsk) -> None:
        name = record_of(file)
        expected = self.model.lets(who, self.owner[name], name)
        assert self._answer(who, file) == expected
        self.model.opened += not expected

    @rule(who=people, first=files, second=files)
    def somebody_opens_two(
        self, who: Person, first: wire.RevealAsk, second: wire.RevealAsk
    ) -> None:
        """All or nothing."""
        names = {record_of(first), record_of(second)}
        expected = {self.model.lets(who, self.owner[name], name) for name in names} - {""}
        answer = self._answer(who, first, second)
        assert answer in expected if expected else answer == ""
        self.model.opened += 0 if expected else len(names)

    @rule(who=people)
    def a_session_is_frozen(self, who: Person) -> None:
        wanted = asks.FreezeAsk("session", who.session, "essai")
        self.inside.ask(OPERATOR, "freeze", wanted, wire.Nothing)
        self.model.frozen_sessions.add(who.session)

    @precondition(lambda self: self.model.frozen_sessions)
    @rule(who=people)
    def a_session_is_freed(self, who: Person) -> None:
        wanted = asks.UnfreezeAsk("session", who.session, "essai")
        try:
            self.inside.ask(OPERATOR, "unfreeze", wanted, wire.Nothing)
        except Refused:
            assert who.session not in self.model.frozen_sessions
        self.model.frozen_sessions.discard(who.session)

    @rule(file=files)
    def a_file_is_frozen(self, file: wire.RevealAsk) -> None:
        wanted = asks.FreezeAsk("subject", uuid_text(record_of(file)), "essai")
        self.inside.ask(OPERATOR, "freeze", wanted, wire.Nothing)
        self.model.frozen_files.add(record_of(file))

    @rule()
    def it_is_killed_and_starts_again(self) -> None:
        self.inside.crash()
        self.inside.open()

    @rule(cut=st.integers(1, 30))
    def it_is_killed_while_writing_a_frame(self, cut: int) -> None:
        """Half a frame lies behind the last whole one: nobody was answered for it."""
        self.inside.crash()
        frame = segment.encode(segment.Frame(self.inside.house.segment.size, bytes(32), b"x" * 40))
        with (self.folder / "keeper" / "segment.log").open("ab") as file:
            file.write(frame[:-cut])
        self.inside.open()

    @rule()
    def its_index_is_lost(self) -> None:
        """The index is derived: without it the ledger fills a new one."""
        self.inside.crash()
        for path in (self.folder / "keeper").glob("index.sqlite*"):
            path.unlink()
        self.inside.open()

    @invariant()
    def what_was_released_is_in_the_ledger_on_disk(self) -> None:
        if not hasattr(self, "inside"):
            return
        leaves = self.inside.house.recorder.leaves
        kinds = {"read": 0, "write": 0}
        for frame in segment.read(self.folder / "keeper" / "segment.log"):
            row = leaves.replay(frame)
            if row.kind in kinds and row.subject is not None:
                kinds[row.kind] += 1
        assert kinds == {"read": self.model.opened, "write": self.model.written}

    def _answer(self, who: Person, *files: wire.RevealAsk) -> str:
        distinct = {record_of(file): file for file in files}
        try:
            self.inside.reveal(who, *distinct.values())
        except Refused as refused:
            return str(refused)
        return ""


TestKeeper = Keeper.TestCase
TestKeeper.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_model_notices_a_keeper_that_does_not_ask_for_freezes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: the same walk over a keeper with one guard gone finds it."""
    monkeypatch.setattr(Standing, "must_stand", lambda *asked: None)
    walk = settings(
        max_examples=200, stateful_step_count=25, deadline=None, phases=[Phase.generate],
        derandomize=True, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Keeper, settings=walk)
