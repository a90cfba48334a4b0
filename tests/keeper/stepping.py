"""Kill -9 at every step: an act runs in a forked child that ends itself before or after a write.

A step is each sync, rename, unlink and overwriting of a file, and each commit of SQLite.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from serment.keeper.watched import Watched
from tests.keeper.forking import fork

STEPS = ("fsync", "fdatasync", "replace", "unlink", "pwrite")


class Counted(Watched):
    """A connection whose commits are steps."""

    step: Callable[[], None]

    def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return super().execute(sql, *rest)
        Counted.step()
        done = super().execute(sql, *rest)
        Counted.step()
        return done


def killed_at(last: int, act: Callable[[], object]) -> bool:
    """Run the act in a child that dies at its step number ``last``; False where it ended first."""
    child = fork()
    if child == 0:
        _live(last, act)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the act failed by itself"
    return False


def _live(last: int, act: Callable[[], object]) -> None:
    left = last

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            step()
            answer = real(*args, **more)
            step()
            return answer

        return call

    status = 1
    try:
        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        Counted.step = staticmethod(step)  # type: ignore[method-assign]
        connect = sqlite3.connect
        sqlite3.connect = lambda *args, **more: connect(*args, **more | {"factory": Counted})
        act()
        status = 0
    finally:
        os._exit(status)


def every_step(
    act: Callable[[Path], object], fresh: Callable[[], Path], stride: int = 1
) -> Iterator[Path]:
    """A fresh folder each, in which the act was killed ``stride`` steps later than before."""
    for last in range(1, 2_000, stride):
        folder = fresh()
        if not killed_at(last, lambda folder=folder: act(folder)):
            yield folder
            return
        yield folder
    raise AssertionError("The act never ends.")
