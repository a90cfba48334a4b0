"""A witness cosigns what only grew, remembers it before it answers, and forgets nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serment.ledger import checkpoint, durable, note, tree
from serment.ledger import witness as witnesses
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.witness import Answer, Asked, Witness, WitnessDamaged, WitnessLocked
from tests.ledger import oracle
from tests.ledger.making import KEY, NOW, ORIGIN, WITNESS

ENTRIES = oracle.entries(600)
READ = oracle.reader(tree.leaf_hashes(ENTRIES[:512]) + tree.leaf_hashes(ENTRIES[512:]))


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    made = Witness(tmp_path / "state", WITNESS, [KEY.verifier], lambda: NOW)
    yield made
    made.close()


def head(size: int, entries: list[bytes] = ENTRIES, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, tree.root_of(tree.leaf_hashes(entries[:size])))


def question(old: int, new: Checkpoint, *, proof: list[bytes] | None = None) -> bytes:
    hashes = tree.consistency_proof(old, new.size, READ) if proof is None else proof
    return Asked(old, tuple(hashes), note.parse(checkpoint.sign(new, KEY))).encode()


def cosigns(answer: Answer, new: Checkpoint) -> bool:
    if answer.status != 200:
        return False
    (line,) = note.parse_lines(answer.body)
    return WITNESS.verifier.time_of(line.signature, new.text()) == NOW


def test_the_specifications_question_is_read_as_it_stands() -> None:
    body = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "\n"
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
        "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    read = Asked.parse(body)
    assert (read.old, len(read.proof)) == (20852014, 2)
    assert read.encode() == body


def test_a_log_that_grows_is_cosigned_from_step_to_step(witness: Witness) -> None:
    size = 0
    for new in (0, 0, 1, 1, 7, 256, 300, 600):
        assert cosigns(witness.add_checkpoint(question(size, head(new))), head(new)), new
        size = new


def test_the_answers_are_those_of_the_specification(witness: Witness) -> None:
    assert witness.add_checkpoint(question(0, head(100))).status == 200
    wrong_size = witness.add_checkpoint(question(0, head(200), proof=[]))
    assert (wrong_size.status, wrong_size.body, wrong_size.type) == (
        409, "100\n", "text/x.tlog.size",
    )  # fmt: skip
    forked = head(100, [bytes(32), *ENTRIES])
    assert witness.add_checkpoint(question(100, forked)).status == 409
    assert witness.add_checkpoint(question(100, head(200), proof=[])).status == 422
    grown_fork = head(200, [bytes(32), *ENTRIES])
    assert witness.add_checkpoint(question(100, grown_fork)).status == 422
    assert witness.add_checkpoint(question(100, head(50), proof=[])).status == 400
    assert witness.add_checkpoint(question(0, head(9, origin=ORIGIN))).status == 409
    unknown = Checkpoint("else", 1, bytes(32))
    text = unknown.text() + b"\n" + KEY.line(unknown.text()).encode()
    assert witness.add_checkpoint(b"old 0\n\n" + text).status == 404
    unsigned = head(200).text() + b"\n" + WITNESS.line(head(200).text(), NOW).encode()
    assert witness.add_checkpoint(b"old 100\n\n" + unsigned).status == 403
    for garbage in (b"", b"old 1", b"old 01\n\n", b"old -1\n\nx", b"\xff\n\n", b"new 0\n\n" + text):
        assert witness.add_checkpoint(garbage).status == 400
    # Signed checkpoints that do not fit are kept as evidence; garbage is not.
    kept = {what: list((witness.folder / what).iterdir()) for what in ("conflict", "unproved")}
    assert (len(kept["conflict"]), len(kept["unproved"])) == (1, 2)
    assert cosigns(witness.add_checkpoint(question(100, head(200))), head(200))


@pytest.mark.parametrize("guarded", [True, False])
def test_nobody_crowds_out_the_evidence_with_honest_checkpoints(
    witness: Witness, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Anybody may hand in what the log published, without its proof. Negative control: kept with
    the others, it takes the place of two roots at one size."""
    monkeypatch.setattr(witnesses, "CONFLICTS_MAX", 3)
    if not guarded:
        monkeypatch.setattr(witnesses, "UNPROVED", witnesses.CONFLICT)
    witness.add_checkpoint(question(0, head(100)))
    for size in range(101, 110):
        assert witness.add_checkpoint(question(100, head(size), proof=[])).status == 422
    forked = head(100, [bytes(32), *ENTRIES])
    assert witness.add_checkpoint(question(100, forked)).status == 409
    texts = [one.read_bytes() for one in (witness.folder / "conflict").iterdir()]
    assert any(one.startswith(forked.text()) for one in texts) == guarded


def test_without_the_proof_a_fork_would_be_cosigned(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the consistency proof is what stops it."""
    witness.add_checkpoint(question(0, head(100)))
    fork = head(200, [bytes(32), *ENTRIES])
    assert witness.add_checkpoint(question(100, fork)).status == 422
    monkeypatch.setattr(tree, "verify_consistency", lambda *given: None)
    assert cosigns(witness.add_checkpoint(question(100, fork)), fork)


def test_a_restarted_witness_still_knows(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(question(0, head(100)))
    with pytest.raises(WitnessLocked):
        Witness(tmp_path / "state", WITNESS, [KEY.verifier], lambda: NOW)
    witness.close()
    witness._lock = _spare()
    again = Witness(tmp_path / "state", WITNESS, [KEY.verifier], lambda: NOW)
    assert again.add_checkpoint(question(0, head(50), proof=[])).body == "100\n"
    assert cosigns(again.add_checkpoint(question(100, head(200))), head(200))
    again.close()
    (state,) = [path for path in (tmp_path / "state").iterdir() if len(path.name) == 64]
    state.write_bytes(state.read_bytes()[:50])
    with pytest.raises(WitnessDamaged):
        Witness(tmp_path / "state", WITNESS, [KEY.verifier], lambda: NOW)


def _spare() -> int:
    """A handle for the fixture to close."""
    import os

    return os.open("/dev/null", os.O_RDONLY)


def test_no_cosignature_leaves_before_the_size_is_remembered(
    witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        raise OSError

    real = durable.write
    monkeypatch.setattr(durable, "write", full)
    with pytest.raises(OSError):
        witness.add_checkpoint(question(0, head(100)))
    monkeypatch.setattr(durable, "write", real)
    # It did not sign, so it may still sign the other history.
    other = head(100, [bytes(32), *ENTRIES])
    assert cosigns(witness.add_checkpoint(question(0, other)), other)


def forks_signed(witness: Witness) -> int:
    """How many of two histories of one size a witness can be made to sign at the same time."""
    heads = [head(100), head(100, [bytes(32), *ENTRIES])]
    answers: list[Answer] = []
    start = threading.Barrier(2)

    def ask(new: Checkpoint) -> None:
        start.wait()
        answers.append(witness.add_checkpoint(question(0, new)))

    threads = [threading.Thread(target=ask, args=(one,)) for one in heads]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(answer.status == 200 for answer in answers)


class NoLock:
    """A lock that stops nobody."""

    def __enter__(self) -> None: ...

    def __exit__(self, *args: object) -> None: ...


def test_two_questions_at_once_do_not_get_two_histories_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, meeting = durable.write, threading.Barrier(2)

    def together(path: Path, data: bytes, mode: int = 0o644) -> None:
        """Hold the first writer for a moment, so that the second may come, if it can."""
        try:
            meeting.wait(timeout=0.3)
        except threading.BrokenBarrierError:
            meeting.reset()
        real(path.with_name(f"{path.name}{threading.get_ident()}"), data, mode)

    monkeypatch.setattr(durable, "write", together)
    unlocked = Witness(tmp_path / "unlocked", WITNESS, [KEY.verifier], lambda: NOW)
    unlocked._one_at_a_time = NoLock()  # type: ignore[assignment]
    assert forks_signed(unlocked) == 2, "negative control: without the lock both are signed"
    locked = Witness(tmp_path / "locked", WITNESS, [KEY.verifier], lambda: NOW)
    assert forks_signed(locked) == 1
    unlocked.close()
    locked.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(min_value=0), st.integers(min_value=0, max_value=40))
def test_no_altered_question_is_cosigned_or_brings_the_witness_down(
    witness: Witness, data: bytes, at: int, cut: int
) -> None:
    if witness._latest[ORIGIN] is None:
        witness.add_checkpoint(question(0, head(100)))
    honest = question(100, head(200))
    end_of_text = honest.rindex(b"\n\n")
    place = at % end_of_text
    altered = honest[:place] + data + honest[place + cut :]
    answer = witness.add_checkpoint(altered)
    assert answer.status in (400, 403, 404, 409, 422) or altered == honest
    if altered == honest:
        witness._latest[ORIGIN] = head(100)
