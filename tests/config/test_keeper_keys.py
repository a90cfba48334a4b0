"""``serment keeper key``: what a person types, and a supervisor that hands answers on."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from serment.config import environment, keeper_probe, process
from serment.config.backup import cluster
from serment.config.environment import Environment
from serment.config.supervisor import asking
from serment.config.supervisor.plan import Plan
from serment.keeper.root_key import passphrase, vault
from serment.keeper.root_key.changing import Wanted, begin
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import Surroundings
from tests.apart import apart

WORDS = "cinq mots tirés au sort"


def instance_at(folder: Path) -> Environment:
    return replace(environment.read(), state=folder, keeper_socket=folder / "k.sock")


def locked(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keeper whose root key a passphrase opens; cheaply stretched."""
    real = passphrase.close
    monkeypatch.setattr(passphrase, "close", lambda *given: real(*given, memory_kib=8 << 10))
    at = Surroundings(env.keys, None, lambda _question: WORDS)
    begin(Wanted("passphrase"), at, 1, lambda _lines: None)


def test_the_supervisor_asks_once_and_the_keeper_starts_as_often_as_it_falls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = instance_at(tmp_path)
    assert asking.answers_for(env) == b""  # a file, or nothing yet: nobody is asked
    locked(env, monkeypatch)
    with pytest.raises(RootKeyUnusable):
        asking.answers_for(env, lambda _question: "not these words at all")
    answers = asking.answers_for(env, lambda _question: WORDS)
    program = Plan(env, answers).keeper()
    assert WORDS not in " ".join(program.command)
    assert WORDS not in repr(program)
    for _ in range(2):
        child = process.start(program.command, stdin=program.stdin)
        try:
            assert answering(env.keeper_socket)
            assert WORDS.encode() not in environment_of(child)
        finally:
            process.stop(child, signal.SIGKILL, 5)
    # Negative control: without the answers it does not start.
    child = process.start(program.command, stderr=subprocess.PIPE)
    assert child.stderr is not None
    assert b"Nobody answered" in child.stderr.read()
    assert child.wait(10) == 2


def environment_of(child: subprocess.Popen[bytes]) -> bytes:
    """As root reads it; the keeper closes its own to anybody else, its own user included."""
    try:
        return Path(f"/proc/{child.pid}/environ").read_bytes()
    except PermissionError:
        assert os.getuid() != 0
        return b""


def answering(socket: Path) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            apart(keeper_probe.figures(socket))
        except (OSError, EOFError):
            time.sleep(0.05)
        else:
            return True
    return False


def typed(state: Path, *words: str, answers: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a command at a terminal of its own; its exit status and all that the screen showed."""
    child, screen = pty.fork()
    if child == 0:
        os.environ["SERMENT_STATE"] = str(state)
        os.execv(sys.executable, [sys.executable, "-m", "serment.config.command_line", *words])
    waiting, shown = list(answers), b""
    watched = select.poll()  # select() knows the first 1,024 files only
    watched.register(screen, select.POLLIN)
    while True:
        ready = watched.poll(30_000)
        assert ready, shown
        try:
            part = os.read(screen, 4096)
        except OSError:  # the other side ended
            break
        if not part:
            break
        shown += part
        if waiting and shown.rstrip().endswith(b":"):
            time.sleep(0.05)  # getpass turns the echo off after the question
            os.write(screen, waiting.pop(0).encode() + b"\n")
            shown += b"\n"
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_a_passphrase_is_typed_and_never_shown(tmp_path: Path) -> None:
    words = ("keeper", "key", "init", "--source", "passphrase")
    status, shown = typed(tmp_path, *words, answers=(WORDS, WORDS))
    assert status == 0, shown
    assert WORDS not in shown
    status, shown = typed(tmp_path, "keeper", "key", "prove", answers=(WORDS,))
    assert (status, "opens the vault" in shown) == (0, True)
    status, shown = typed(tmp_path, "keeper", "key", "prove", answers=("other words, long",))
    assert (status, "does not open" in shown) == (2, True)


def test_shares_are_printed_once_and_three_of_them_open(tmp_path: Path) -> None:
    status, shown = typed(tmp_path, "keeper", "key", "init", "--source", "shares")
    lines = [line for line in shown.splitlines() if line.startswith("serment-share-1")]
    assert (status, len(lines)) == (0, 5)
    status, shown = typed(tmp_path, "keeper", "key", "prove", answers=tuple(lines[1:4]))
    assert (status, "opens the vault" in shown) == (0, True)
    assert not any(line in shown for line in lines)


def test_shares_go_to_no_pipe_and_no_key_is_made_then(tmp_path: Path) -> None:
    env = {**os.environ, "SERMENT_STATE": str(tmp_path)}
    words = [sys.executable, "-m", "serment.config.command_line", "keeper", "key", "init"]
    done = subprocess.run(
        [*words, "--source", "shares"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "--into" in done.stderr
    assert not vault.exists(tmp_path / "keeper")
    done = subprocess.run(
        [*words, "--source", "shares", "--into", str(tmp_path / "stick")],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "serment-share-1" not in done.stdout
    assert len(list((tmp_path / "stick").iterdir())) == 5


def test_a_change_to_a_source_that_asks_says_what_a_fall_would_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a key in a file is taken over without a word more."""
    env = instance_at(tmp_path)
    words = ("keeper", "key", "change", "--source")
    monkeypatch.setenv("SERMENT_KEEPER_SOCKET", str(env.keeper_socket))
    with cluster.keeping(env):
        status, shown = typed(tmp_path, *words, "file")
        assert (status, "it stays down" in shown) == (0, False)
        status, shown = typed(tmp_path, *words, "passphrase", answers=(WORDS, WORDS))
        assert (status, "it stays down" in shown) == (0, True)


def test_erasing_is_asked_twice_and_an_unknown_number_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = instance_at(tmp_path)
    monkeypatch.setenv("SERMENT_KEEPER_SOCKET", str(env.keeper_socket))
    monkeypatch.setenv("SERMENT_STATE", str(tmp_path))
    number = "01932c5e-8a00-7000-8000-000000000000"
    command = [sys.executable, "-m", "serment.config.command_line", "keeper", "erase", number]

    def asked(*more: str) -> tuple[int, str]:
        done = subprocess.run(
            [*command, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    status, said = asked()
    assert (status, "--yes" in said) == (2, True)
    with cluster.keeping(env):
        status, said = asked("--yes")
    assert (status, "number" in said) == (1, True)
