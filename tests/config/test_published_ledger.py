"""From a keeper's record to what anybody can verify, within a second and through every crash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from serment.config import publisher
from serment.config.environment import Environment, read
from serment.keeper.publishing import Publishing
from serment.ledger import announcing, segment, verify
from serment.ledger.note import Verifier
from serment.ledger.publish import LedgerForked
from serment.ledger.report import Verdict
from serment.ledger.source import Folder
from serment.ledger.verify import Trust
from tests.keeper.inside import Inside


@dataclass
class Line:
    """A keeper that publishes, and the publisher's round, in one folder."""

    env: Environment
    inside: Inside
    publishing: Publishing

    def round(self) -> int:
        """What both processes do in a second; how many leaves readers get."""
        self.publishing._turn()
        key = publisher.key_of(self.env)
        assert key is not None
        return announcing.go_on(publisher.site_of(self.env, key), self.env.ledger_public).announced

    def judged(self) -> Verdict:
        key = Verifier.parse((self.env.ledger_public / "key").read_text().strip())
        leaves = (frame.leaf for frame in segment.read(self.inside.house.segment.path))
        return verify.verify(Folder(self.env.ledger_site), Trust((key,)), segment=leaves).verdict


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("SERMENT_STATE", str(tmp_path))
    return read()


@pytest.fixture
def line(env: Environment) -> Iterator[Line]:
    inside = Inside(env.state / "keeper")
    made = Line(env, inside, Publishing(inside.house, env.ledger_public, env.ledger_site))
    yield made
    made.inside.crash()


def test_every_record_is_in_what_anybody_verifies(line: Line) -> None:
    for _ in range(3):
        line.inside.patient()
        assert line.round() == line.inside.house.segment.size
    assert line.judged() is Verdict.INTACT


def test_an_altered_entry_is_seen_by_the_same_eyes(line: Line) -> None:
    """Negative control: what was found intact is not found so after one bit was changed."""
    line.inside.patient()
    line.round()
    tile = next((line.env.ledger_site / "tile" / "entries").rglob("*.p/*"))
    data = bytearray(tile.read_bytes())
    data[-1] ^= 1
    tile.write_bytes(data)
    assert line.judged() is Verdict.TAMPERED


def test_killed_between_record_and_publication_the_next_start_publishes(line: Line) -> None:
    line.inside.patient()
    line.round()
    line.inside.patient()
    line.inside.crash()
    line.inside.open()
    line.publishing = Publishing(line.inside.house, line.env.ledger_public)
    assert line.round() == line.inside.house.segment.size
    assert line.judged() is Verdict.INTACT


def test_a_public_folder_that_cannot_be_written_stops_no_care(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_asked: object) -> None:
        raise OSError(28, "No space left on device")

    line.round()
    with monkeypatch.context() as full_disk:
        full_disk.setattr("serment.ledger.durable.write", full)
        line.inside.patient()
        line.publishing._turn()
    assert line.round() == line.inside.house.segment.size
    assert line.judged() is Verdict.INTACT


def test_another_history_of_the_same_log_is_not_signed(line: Line) -> None:
    line.inside.patient()
    line.inside.patient()
    line.round()
    line.publishing.close()
    line.inside.crash()
    path = line.inside.folder / "segment.log"
    frames = list(segment.read(path))
    frames[-1] = segment.Frame(frames[-1].seq, frames[0].leaf, frames[0].opening)
    path.write_bytes(segment.HEAD + b"".join(map(segment.encode, frames)))
    line.inside.open()
    with pytest.raises(LedgerForked):
        Publishing(line.inside.house, line.env.ledger_public)


def test_a_recovered_log_begins_a_folder_of_its_own_and_keeps_the_former(line: Line) -> None:
    line.inside.patient()
    line.round()
    line.inside.crash()
    shutil.rmtree(line.inside.folder)
    other = Inside(line.env.state / f"keeper-{uuid4().hex[:6]}")
    line.inside, line.publishing = other, Publishing(other.house, line.env.ledger_public)
    other.patient()
    assert line.round() == other.house.segment.size
    assert line.judged() is Verdict.INTACT
    assert len(list(line.env.ledger_site.parent.glob("site-until-*"))) == 1
    assert len(list(line.env.ledger_site.parent.glob("public-until-*"))) == 1


def test_the_key_stays_the_same_over_a_restart(line: Line) -> None:
    before = (line.env.ledger_public / "key").read_text()
    line.inside.crash()
    line.inside.open()
    line.publishing = Publishing(line.inside.house, line.env.ledger_public)
    assert (line.env.ledger_public / "key").read_text() == before


def test_the_publisher_beats(env: Environment) -> None:
    assert not publisher.beats(env)
    env.run.mkdir(parents=True, exist_ok=True)
    publisher.beat_file(env).touch()
    assert publisher.beats(env)
    assert time.time() - publisher.beat_file(env).stat().st_mtime < 5
