"""One process the supervisor keeps alive."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Program:
    """How to start it, how to ask whether it is well, how to stop it.

    ``well`` is a coroutine function; True means it answers. It is asked until the start succeeded,
    then every ``WATCH_SECONDS``; a process that stays silent is ended and started again.
    """

    name: str
    command: tuple[str, ...]
    well: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds_max: float = 10.0
    start_seconds_max: float = 60.0
    cwd: Path | None = None
    unsaid: str = ""
    """How a line ends that every start writes and nobody needs to read."""
    stdin: bytes = field(default=b"", repr=False)
