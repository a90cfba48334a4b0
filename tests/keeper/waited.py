"""How long acts were made to wait: by what they asked of the clock, which a busy machine delays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from serment.keeper.policy import admitting, standing


@dataclass(slots=True)
class Waited:
    """Seconds asked for so far; they are waited as ever."""

    seconds: float = 0.0

    async def sleep(self, seconds: float) -> None:
        """In place of ``asyncio.sleep``."""
        self.seconds += seconds
        await asyncio.sleep(seconds)


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> Waited:
    """Counts from here on."""
    counting = Waited()
    for module in (standing, admitting):
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=counting.sleep))
    return counting
