"""The run's own rule: whoever starts a process ends it, with all that it started."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from serment.config import process
from tests import left

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(flush=True)
time.sleep(60)
"""


@pytest.fixture
def mark() -> Iterator[str]:
    drawn = secrets.token_hex(8)
    yield drawn
    left.ended(drawn, 0)


def _parent(mark: str) -> subprocess.Popen[bytes]:
    """A program that no polite word ends, and its child."""
    started = process.start(
        [sys.executable, "-c", STUBBORN],
        env=os.environ | {left.VARIABLE: mark},
        stdout=subprocess.PIPE,
    )
    assert started.stdout is not None
    started.stdout.readline()
    assert len(left.alive(mark)) == 2
    return started


def test_a_process_left_alive_is_found_and_ended(mark: str) -> None:
    parent = _parent(mark)
    parent.kill()  # what stopping did once: the child stays
    parent.wait()
    assert "time.sleep(60)" in left.ended(mark, 0.2)[0]
    time.sleep(0.05)
    assert left.ended(mark) == []


def test_stopping_a_program_ends_all_it_started(mark: str) -> None:
    process.stop(_parent(mark), signal.SIGTERM, 0.2)
    assert left.ended(mark) == []
