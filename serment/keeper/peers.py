"""Whoever is at the other end of a socket, as the kernel tells, whatever they call themselves."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")
_STARTED: Final = 19
"""Place of the start among what follows the program's name in /proc/PID/stat (proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process: its number, its user, and when it began, in the kernel's ticks.

    A number is used again after its process has ended; number and beginning together are not.
    ``since`` is 0 where the keeper's unit hides other users' processes from it.
    """

    pid: int
    uid: int
    since: int = 0


def peer_of(line: asyncio.BaseTransport) -> Peer:
    """Who opened this connection (SO_PEERCRED, unix(7))."""
    own = line.get_extra_info("socket")
    told = own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(told)
    return Peer(pid, uid, began(pid))


def began(pid: int) -> int:
    """When a process began; 0 where it cannot be seen."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(told.rpartition(b")")[2].split()[_STARTED])


def kin_of(process: str) -> str:
    """``web`` of ``web-1234``: all processes that came in by the same socket share one budget."""
    return process.partition("-")[0]
