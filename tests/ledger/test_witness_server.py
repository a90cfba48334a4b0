"""The witness as a process of its own, asked by the log's side over the network."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.ledger import cosign, tree
from serment.ledger.checkpoint import Signed
from serment.ledger.cosign import WitnessAhead, WitnessDown
from serment.ledger.note import Verifier
from serment.ledger.policy import Party
from serment.ledger.witness_server import Rate
from tests.ledger.making import KEY, Made

SERMENT = [sys.executable, "-m", "serment.config.command_line"]


def free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Party]:
    """A running witness that knows the test's log."""
    tmp_path = tmp_path_factory.mktemp("witness")
    key = subprocess.run(
        [*SERMENT, "ledger", "witness-key", "temoin.example.org/w9", str(tmp_path / "key")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    port = free_port()
    child = subprocess.Popen(
        [
            *SERMENT, "ledger", "witness", "--key", str(tmp_path / "key"),
            "--state", str(tmp_path / "state"), "--log", KEY.verifier.text, "--port", str(port),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                assert answer.read().decode() == key
            break
        except OSError:
            time.sleep(0.05)
    yield Party(Verifier.parse(key), url)
    child.terminate()
    assert child.wait(10) == 0, "a clean stop"


def signed_and_prover(made: Made) -> tuple[Signed, cosign.Prove]:
    signed = made.site.built()
    assert signed is not None
    size, read = signed.checkpoint.size, made.site.reader(signed.checkpoint.size)
    return signed, lambda old: tree.consistency_proof(old, size, read)


def test_a_ledger_is_cosigned_over_the_network_and_verifies_with_a_quorum(
    party: Party, tmp_path: Path
) -> None:
    made = Made(tmp_path / "ledger")
    for count in (5, 300):
        made.grow(count)
        signed, prove = signed_and_prover(made)
        found = cosign.gather({"w": party}, signed, prove)
        assert (len(found.signatures), found.refusals) == (1, {})
        made.site.announce(signed, found.signatures)
    policy = tmp_path / "policy"
    policy.write_text(
        f"log {KEY.verifier.text}\nwitness w {party.verifier.text}\nquorum w\n", encoding="utf-8"
    )
    told = subprocess.run(
        [*SERMENT, "ledger", "verify", str(made.site.folder), "--policy", str(policy), "--json"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    report = json.loads(told)
    assert (report["verdict"], report["quorum"], report["size"]) == ("intact", True, 305)
    assert list(report["cosigned"]) == [party.verifier.text]
    # The same size again is cosigned anew; a ledger that was rolled back is an alarm.
    cosign.ask(party, signed, 305, prove)
    cosign.ask(party, signed, 17, prove)
    shorter = Made(tmp_path / "shorter")
    shorter.grow(100)
    with pytest.raises(WitnessAhead):
        cosign.ask(party, *_with_old(shorter))


def _with_old(made: Made) -> tuple[Signed, int, cosign.Prove]:
    signed, prove = signed_and_prover(made)
    return signed, signed.checkpoint.size, prove


def test_what_is_no_question_gets_a_short_answer(party: Party) -> None:
    def status(path: str, body: bytes | None) -> int:
        try:
            with urllib.request.urlopen(party.url + path, body, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert status("/add-checkpoint", b"x") == 400
    assert status("/add-checkpoint", b"x" * 70_000) == 413
    assert status("/add-checkpoint", None) == 405
    assert status("/else", b"x") == 404
    assert 429 in [status("/add-checkpoint", b"x") for _ in range(60)]


def test_a_witness_that_is_down_is_named_and_holds_nobody_up(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.grow(3)
    signed, prove = signed_and_prover(made)
    nobody = Party(KEY.verifier, f"http://127.0.0.1:{free_port()}")
    found = cosign.gather({"w": nobody, "no-address": Party(KEY.verifier, "")}, signed, prove)
    assert found.signatures == []
    assert list(found.refusals) == ["w"]
    with pytest.raises(WitnessDown):
        cosign.ask(Party(KEY.verifier, "file:///etc/passwd"), signed, 0, prove)


def test_the_rate_is_counted_for_each_caller() -> None:
    now = [0.0]
    rate = Rate(per_second=2, burst=3, seconds=lambda: now[0])
    assert [rate.admits("a") for _ in range(4)] == [True, True, True, False]
    assert rate.admits("b")
    now[0] = 0.5
    assert [rate.admits("a") for _ in range(2)] == [True, False]


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("mine", encoding="utf-8")
    told = subprocess.run(
        [*SERMENT, "ledger", "witness-key", "temoin.example.org/w9", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "left alone" in told.stderr
    assert file.read_text(encoding="utf-8") == "mine"
