"""Every file system call of the keeper fails once, or is its last: released ⊆ durable all the same.

strace makes the calls fail in a real keeper process while everything it does for people is asked
once each. Sampled 1 in 64 here; all of them in ``make torture``.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.aftermath import RECORDED, Lost, check
from tests.faults.asked import Asked
from tests.faults.trial import CALLS, Fault, Nursery, Trial, lives

SAMPLE = 64
FAULTS = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")
SYNCS = frozenset({"fsync", "fdatasync"})
SYNC_FAILED = 74


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery.opened() as opened:
        yield opened


@dataclass
class Sweep:
    """Trials one after the other, each over a fresh folder."""

    nursery: Nursery
    folder: Path
    ended: list[int] = field(default_factory=list)
    hit: int = 0

    def tried(self, *faults: Fault) -> tuple[Trial, Asked]:
        """One trial from start to stop; nothing checked yet."""
        place = self.folder / "trial"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        trial = Trial(self.nursery, place, faults).start()
        asked = Asked(trial.socket, trial.public / "signed")
        if trial.ready:
            asked.everything()
        asked.close()
        trial.stop()
        return trial, asked

    def run(self, fault: Fault) -> None:
        """One trial, and what must hold after it."""
        trial, asked = self.tried(fault)
        injected = trial.injected()
        self.hit += bool(injected) or trial.status == -9
        assert trial.status is not None
        self.ended.append(trial.status)
        # SQLite syncs the folder of a new file and does not say when that fails (unixSync).
        folder = f"<{trial.state}>)"
        failed = [
            line
            for line in injected
            if str(trial.state) in line and not ("fdatasync" in line and folder in line)
        ]
        if fault.call in SYNCS and failed and "KILL" not in fault.how:
            assert trial.status == SYNC_FAILED, f"{fault} {failed} {trial.said}"
        try:
            check(trial, asked)
        except Exception as wrong:
            raise Lost(f"{fault}: {wrong} {injected} {trial.said}") from wrong


def cases(sweep: Sweep) -> list[Fault]:
    """Every call of a run without fault, under each fault."""
    trial, asked = sweep.tried()
    assert not asked.failures
    assert {op for op, _ in asked.acknowledged} >= RECORDED
    assert check(trial, asked) > len(RECORDED)
    made = trial.counts()
    assert sum(made.values()) > 500
    return [
        Fault(call, how, number)
        for how in FAULTS
        for call in CALLS
        for number in range(1, made[call] + 1)
    ]


@pytest.mark.parametrize("start", [0])
def test_a_sample_of_all_calls(nursery: Nursery, tmp_path: Path, start: int) -> None:
    sweep = Sweep(nursery, tmp_path)
    for fault in cases(sweep)[start::SAMPLE]:
        sweep.run(fault)
    assert sweep.hit > 20
    assert -9 in sweep.ended


@pytest.mark.torture
@pytest.mark.parametrize("part", range(8))
def test_all_calls(nursery: Nursery, tmp_path: Path, part: int) -> None:
    """Each of them, also behind one that went wrong: all that went wrong is told together."""
    sweep, wrong = Sweep(nursery, tmp_path), list[str]()
    for fault in cases(sweep)[part::8]:
        try:
            sweep.run(fault)
        except AssertionError as found:
            wrong.append(str(found))
    print(len(sweep.ended), "trials,", sweep.hit, "hit")
    assert not wrong, "\n\n".join(wrong)


def test_a_ledger_that_lost_a_leaf_would_be_seen(nursery: Nursery, tmp_path: Path) -> None:
    """Negative control: the check speaks when something acknowledged has no record."""
    trial, asked = Sweep(nursery, tmp_path).tried()
    asked.acknowledged.append(("reveal", b"never recorded.."))
    with pytest.raises(Lost, match="reveal was acknowledged"):
        check(trial, asked)


def test_a_trial_that_failed_leaves_nothing_to_the_next(nursery: Nursery, tmp_path: Path) -> None:
    """Whatever a trial left behind, alive or ended unheard, the next one begins anew."""
    for left in ("alive", "ended"):
        folder = tmp_path / left
        folder.mkdir()
        abandoned = Trial(nursery, folder, trace=False).start()
        if left == "ended":
            os.kill(abandoned.pid, signal.SIGKILL)
        (folder / "next").mkdir()
        # The call that once belonged to the harness: the first a keeper opens is its own now.
        after = Trial(nursery, folder / "next", (Fault("openat", "error=EIO"),)).start()
        assert after.pid != abandoned.pid
        after.stop()
        assert all(str(folder / "next" / "out") not in line for line in after.injected())
        assert not lives(abandoned.pid)
