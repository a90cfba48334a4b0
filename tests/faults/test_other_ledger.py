"""A shorter or different ledger than the one that was signed: the keeper refuses it and says why.

And a disk that is full or read-only: nothing is released, and care goes on when it is well again.
"""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serment.keeper.verified import LedgerAltered
from serment.ledger.note import Signer
from serment.ledger.publish import Begun, LedgerForked, Publisher
from serment.ledger.segment import HEAD, Frame, encode, read
from tests.faults.aftermath import check
from tests.faults.asked import Asked
from tests.faults.trial import Fault, Nursery, Trial

REFUSED, DISK_FAILED = 2, 74
OLDER = "is older than the one last kept here"
FORKED = "is not the one whose checkpoints were signed"
ALTERED = LedgerAltered.default_sentence()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery.opened() as opened:
        yield opened


@pytest.fixture
def lived(nursery: Nursery, tmp_path: Path) -> tuple[Trial, Asked]:
    """A keeper that did its work and stopped; ``tmp_path/older`` is its folder of before."""
    trial = Trial(nursery, tmp_path, trace=False).start()
    asked = Asked(trial.socket, trial.public / "signed")
    asked.seal(b"f" * 16)
    assert trial.stop() == 0
    shutil.copytree(trial.state, tmp_path / "older")
    trial.start()
    asked.everything()
    asked.close()
    assert trial.stop() == 0
    return trial, asked


def _written(trial: Trial, frames: list[Frame]) -> None:
    (trial.state / "segment.log").write_bytes(HEAD + b"".join(map(encode, frames)))


def _frames(trial: Trial) -> list[Frame]:
    return list(read(trial.state / "segment.log"))


def whole_frames_cut(trial: Trial) -> None:
    _written(trial, _frames(trial)[:-1])


def frames_cut_and_no_index(trial: Trial) -> None:
    whole_frames_cut(trial)
    for path in trial.state.glob("index.sqlite*"):
        path.unlink()


def older_copy_under_the_same_vault(trial: Trial) -> None:
    for name in ("segment.log", "store.sqlite", "index.sqlite"):
        for path in trial.state.glob(f"{name}*"):
            path.unlink()
        shutil.copy(trial.folder / "older" / name, trial.state / name)


def older_copy_of_everything(trial: Trial) -> None:
    shutil.rmtree(trial.state)
    shutil.copytree(trial.folder / "older", trial.state)


def one_early_leaf_swapped(trial: Trial) -> None:
    frames = _frames(trial)
    frames[1] = Frame(1, bytes(32), frames[1].opening)
    _written(trial, frames)


def the_last_leaf_swapped(trial: Trial) -> None:
    frames = _frames(trial)
    frames[-1] = Frame(len(frames) - 1, bytes(32), frames[-1].opening)
    _written(trial, frames)


def two_openings_swapped(trial: Trial) -> None:
    """What the tree does not see: the leaves are as they were."""
    frames = _frames(trial)
    one, other = frames[1], frames[2]
    frames[1], frames[2] = Frame(1, one.leaf, other.opening), Frame(2, other.leaf, one.opening)
    _written(trial, frames)


def one_record_twice_and_nothing_public(trial: Trial) -> None:
    """Each frame is right by itself, and no checkpoint is left that would tell."""
    frames = _frames(trial)
    frames[2] = Frame(2, frames[1].leaf, frames[1].opening)
    _written(trial, frames)
    shutil.rmtree(trial.public)


@pytest.mark.parametrize(
    ("altered", "sentence"),
    [
        (whole_frames_cut, OLDER),
        (frames_cut_and_no_index, OLDER),
        (older_copy_under_the_same_vault, OLDER),
        (older_copy_of_everything, FORKED),
        (one_early_leaf_swapped, ALTERED),
        (the_last_leaf_swapped, ALTERED),
        (two_openings_swapped, ALTERED),
        (one_record_twice_and_nothing_public, ALTERED),
    ],
)
def test_another_ledger_is_refused_and_the_reason_said(
    lived: tuple[Trial, Asked], altered: Callable[[Trial], None], sentence: str
) -> None:
    trial, asked = lived
    shutil.copytree(trial.state, trial.folder / "kept")
    shutil.copytree(trial.public, trial.folder / "kept-public")
    altered(trial)
    trial.start()
    assert not trial.ready
    assert trial.ended() == REFUSED
    assert sentence in trial.said
    assert "Traceback" not in trial.said
    # Negative control: the ledger as it was is taken, and whole.
    shutil.rmtree(trial.state)
    shutil.copytree(trial.folder / "kept", trial.state)
    shutil.rmtree(trial.public, ignore_errors=True)
    shutil.copytree(trial.folder / "kept-public", trial.public)
    check(trial, asked)


def test_a_start_that_trusted_its_memory_would_take_the_swapped_leaf(tmp_path: Path) -> None:
    """Negative control: what the keeper asks of its publisher (``Begun``) is what notices it."""
    signer = Signer("serment/drill", bytes(32))
    leaves = [bytes([number]) * 32 for number in range(9)]
    publisher = Publisher(tmp_path, signer, lambda start: iter(leaves[start:]))
    publisher.publish(leaves)
    publisher.close()
    leaves[1] = bytes(32)
    Publisher(tmp_path, signer, lambda start: iter(leaves[start:]))
    with pytest.raises(LedgerForked):
        Publisher(tmp_path, signer, lambda start: iter(leaves[start:]), Begun())


@pytest.mark.parametrize("left", [1, 40])
def test_only_an_incomplete_last_frame_is_dropped(lived: tuple[Trial, Asked], left: int) -> None:
    trial, asked = lived
    size = len(_frames(trial))
    with (trial.state / "segment.log").open("ab") as file:
        file.write(encode(Frame(size, bytes(32), bytes(64)))[:left])
    assert check(trial, asked) == size


@pytest.mark.parametrize("room", [0, 1, 30, 200])
def test_a_full_disk_releases_nothing_and_is_over_when_there_is_room(
    lived: tuple[Trial, Asked], room: int
) -> None:
    """The frame is written in part, as a disk with that much room does, then refused."""
    trial, asked = lived
    trial.start()
    asked.sign_in()
    assert asked.reveal(b"f" * 16)
    length = (trial.state / "segment.log").stat().st_size + room
    resource.prlimit(trial.pid, resource.RLIMIT_FSIZE, (length, length))
    assert asked.reveal(b"f" * 16) is None
    assert trial.ended() == DISK_FAILED
    trial.start()
    assert trial.ready
    assert asked.reveal(b"f" * 16)
    asked.close()
    assert trial.stop() == 0
    check(trial, asked)


def test_a_read_only_disk_is_told_and_not_started_on(
    lived: tuple[Trial, Asked], nursery: Nursery
) -> None:
    trial, asked = lived
    changing = "pwrite64,ftruncate,rename,unlink,mkdir"
    away = Trial(nursery, trial.folder, (Fault(changing, "error=EROFS", lasting=True),)).start()
    assert not away.ready
    assert away.ended() == DISK_FAILED
    assert "The keeper's disk failed" in away.said
    assert "Traceback" not in away.said
    assert asked.reveal(b"f" * 16) is None
    trial.start()
    asked.sign_in()
    assert asked.reveal(b"f" * 16)
    asked.close()
    assert trial.stop() == 0
    check(trial, asked)


@pytest.mark.parametrize("at_start", [True, False])
def test_a_public_folder_that_cannot_be_written_stops_no_care(
    lived: tuple[Trial, Asked], at_start: bool
) -> None:
    trial, asked = lived
    away, bundles = trial.folder / "bundles-away", trial.public / "bundle"

    def take_away() -> None:
        bundles.rename(away)
        bundles.write_bytes(b"a file where the folder was")

    if at_start:
        public = trial.folder / "public-away"
        trial.public.rename(public)
        trial.public.write_bytes(b"a file where the folder was")
    trial.start()
    assert trial.ready, (trial.folder / "out").read_text()
    asked.sign_in()
    if not at_start:
        take_away()
    assert asked.reveal(b"f" * 16)
    time.sleep(0.1)
    assert asked.reveal(b"f" * 16)
    assert b"could not be written" in (trial.folder / "out").read_bytes()
    if at_start:
        trial.public.unlink()
        public.rename(trial.public)
    else:
        bundles.unlink()
        away.rename(bundles)
    wanted = len(_frames(trial))
    end = time.monotonic() + 5
    while int((trial.public / "signed").read_text().splitlines()[1]) < wanted:
        assert time.monotonic() < end, "publication did not resume"
        time.sleep(0.01)
    asked.close()
    assert trial.stop() == 0
    check(trial, asked)
