"""Waiting for a keeper that is silent, where a whole act would otherwise be thrown away.

A page says within seconds that the keeper does not answer. An act of minutes that nobody looks at,
such as filling a demo, waits instead and sends the same request again under the same id, which the
keeper answers without doing it twice (``keeper.replays``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from serment.keeper.client import Client, Unreachable
from serment.keeper.wire import Request
from serment.keeper.words import REPLAY_SECONDS

Answer = TypeVar("Answer", bound=msgspec.Struct)
SECONDS_MAX = REPLAY_SECONDS / 2
"""Half as long as the keeper keeps its answers: whatever is sent again is still known there."""
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Patience:
    seconds_max: float
    silent: Callable[[], None]


_held: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def waiting(silent: Callable[[], None], seconds_max: float = SECONDS_MAX) -> Iterator[None]:
    """Every call in here waits that long; ``silent`` is told each time before it is sent again."""
    before = _held.set(_Patience(min(seconds_max, SECONDS_MAX), silent))
    try:
        yield
    finally:
        _held.reset(before)


def call(client: Client, request: Request, answer: type[Answer]) -> Answer:
    """As ``Client.call``; Unreachable only when patience, if any is held here, has run out."""
    until: float | None = None
    while True:
        try:
            return client.call(request, answer)
        except Unreachable:
            held = _held.get()
            until = until or time.monotonic() + (held.seconds_max if held else 0)
            if held is None or time.monotonic() >= until:
                raise
            held.silent()
            time.sleep(_PAUSE_SECONDS)
