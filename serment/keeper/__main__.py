"""``python -m serment.keeper --state DIR --socket PATH``: run the keeper until it is told to stop.

Exit status: 0 after a clean stop, 2 for a folder it must not start on, 74 after a failed sync.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import os
import resource
import signal
import sys
from pathlib import Path

from serment.errors import SermentError
from serment.keeper.house import enter
from serment.keeper.server import Door

_PR_SET_DUMPABLE = 4


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serment.keeper", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of keys and ledger")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to answer on")
    parser.add_argument("--drill", action="store_true", help="throw-away instance, driven clock")
    parser.add_argument(
        "--allow-uid", type=int, action="append", default=[], help="another user who may connect"
    )
    return parser.parse_args()


def _keep_memory_private() -> None:
    """No core dump, no other process of this user reading the memory that holds keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        logging.getLogger("serment.keeper").info("This system has no prctl.")


async def _run(arguments: argparse.Namespace) -> None:
    house = enter(arguments.state, drill=arguments.drill)
    door = Door(house, frozenset({os.getuid(), *arguments.allow_uid}))
    server = await door.listen(arguments.socket)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sys.stdout.write(f"keeper ready, {house.segment.size} leaves\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()
    await door.close()
    arguments.socket.unlink(missing_ok=True)
    house.segment.close()


def main() -> int:
    """Start, serve, stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    arguments = _arguments()
    _keep_memory_private()
    try:
        asyncio.run(_run(arguments))
    except SermentError as refusal:
        sys.stderr.write(f"{refusal.sentence}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
