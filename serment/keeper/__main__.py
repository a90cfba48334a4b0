"""``python -m serment.keeper --state DIR --socket PATH``: run the keeper until it is told to stop.

Exit status: 0 after a clean stop, 2 for a folder it must not start on, 74 after a failed sync.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import resource
import signal
import sqlite3
import sys
import time
from pathlib import Path

import uvloop

from serment.errors import SermentError
from serment.keeper import timestamps
from serment.keeper.door import Door
from serment.keeper.entrances import Entrance, Place
from serment.keeper.erasure import end_begun
from serment.keeper.house import DISK_FAILED, enter
from serment.keeper.key_backup import KeyBackupFailed
from serment.keeper.passkeys import proving
from serment.keeper.publishing import Publishing
from serment.keeper.recovery import record_ordered
from serment.keeper.root_key.source import AskingDescriptor, asking_terminal
from serment.keeper.tending import remember_size, tend_forever
from serment.keeper.unlocking import KeyPlaces, Terms
from serment.ledger.segment import SyncFailed

_PR_SET_DUMPABLE = 4
NEW_OBJECTS_A_PASS = 20_000
"""An opening makes some hundreds that end with it: with Python's 700 each is looked at twice."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serment.keeper", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of keys and ledger")
    parser.add_argument("--socket", type=Path, required=True, help="the operator's Unix socket")
    for kind in ("web", "worker"):
        parser.add_argument(f"--{kind}-socket", type=Path, help=f"what the {kind} process may ask")
        parser.add_argument(
            f"--{kind}-uid", type=int, action="append", default=[],
            help=f"the {kind} process's user, who alone may connect there; without, the keeper's",
        )  # fmt: skip
    parser.add_argument("--drill", action="store_true", help="throw-away instance, driven clock")
    parser.add_argument("--trial", action="store_true", help="a copy, to try a backup")
    parser.add_argument(
        "--operator-uid", type=int, action="append", default=[],
        help="a user beside the keeper's own who may connect to --socket, as the operator",
    )  # fmt: skip
    parser.add_argument("--public-url", help="address of the pages: where passkeys are good")
    parser.add_argument("--public", type=Path, help="folder of commitments and checkpoints")
    parser.add_argument("--site", type=Path, help="the published ledger, to drop what it holds")
    parser.add_argument(
        "--timestamp-ca", type=Path, help="root certificate of a time-stamping authority (PEM)"
    )
    keys = parser.add_argument_group("keys")
    keys.add_argument("--keys", type=Path, help="folder of root key and vault, if not --state")
    keys.add_argument("--credentials", type=Path, help="folder of systemd's credentials")
    keys.add_argument(
        "--answers-fd", type=int, help="where passphrase, shares or PIN are read, one a line"
    )
    keys.add_argument("--key-backup", type=Path, help="folder on another disk for new keys")
    terms = Terms()
    keys.add_argument("--epoch-days", type=_days, default=terms.epoch_days)
    keys.add_argument("--backup-days", type=_days, default=terms.backup_days)
    keys.add_argument("--record-days", type=_days, default=terms.record_days)
    return parser.parse_args()


def _days(text: str) -> float:
    days = float(text)
    if not 0 < days < 36_600:
        raise argparse.ArgumentTypeError("days, more than none")
    return days


def _places(arguments: argparse.Namespace) -> KeyPlaces:
    descriptor = arguments.answers_fd
    ask = asking_terminal if descriptor is None else AskingDescriptor(descriptor)
    return KeyPlaces(arguments.keys, arguments.credentials, ask, arguments.key_backup)


def _keep_memory_private() -> None:
    """No core dump, no other process of this user reading the memory that holds keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        logging.getLogger("serment.keeper").info("This system has no prctl.")


def _entrances(arguments: argparse.Namespace) -> list[Place]:
    own = os.getuid()
    operators = frozenset({own, *arguments.operator_uid})
    places = [Place(Entrance.OPERATOR, arguments.socket, operators)]
    for entrance, path, users in (
        (Entrance.WEB, arguments.web_socket, arguments.web_uid),
        (Entrance.WORKER, arguments.worker_socket, arguments.worker_uid),
    ):
        if path is not None:
            places.append(Place(entrance, path, frozenset(users or [own])))
    return places


async def _run(arguments: argparse.Namespace) -> None:
    terms = Terms(arguments.epoch_days, arguments.backup_days, arguments.record_days)
    house = enter(
        arguments.state, drill=arguments.drill, trial=arguments.trial,
        places=_places(arguments), terms=terms,
    )  # fmt: skip
    await record_ordered(house)
    await end_begun(house)
    public = arguments.public
    publishing = None if public is None else Publishing(house, public, arguments.site)
    if public is not None and arguments.timestamp_ca is not None:
        timestamps.begin(house, arguments.timestamp_ca, public.with_name("timestamps"))
    if arguments.public_url:
        proving.begin(house, arguments.public_url)
    door = Door(house, _entrances(arguments))
    await door.listen()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gc.freeze()  # what the start read lives as long as the process: no pass looks at it again
    gc.set_threshold(NEW_OBJECTS_A_PASS)
    sys.stdout.write(f"keeper ready, {house.segment.size} leaves\n")
    sys.stdout.flush()
    beside = [asyncio.create_task(tend_forever(house))]
    if publishing is not None:
        beside.append(asyncio.create_task(publishing.go_on()))
    await stop.wait()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await door.close()
    if publishing is not None:
        publishing.close()
    remember_size(house)
    house.close()


def main() -> int:
    """Start, serve, stop."""
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    arguments = _arguments()
    _keep_memory_private()
    try:
        uvloop.run(_run(arguments))
    except (SyncFailed, KeyBackupFailed) as fault:
        sys.stderr.write(f"{fault.sentence}\n")
        return DISK_FAILED
    except SermentError as refusal:
        sys.stderr.write(f"{refusal.sentence}\n")
        return 2
    except (OSError, sqlite3.Error) as fault:
        sys.stderr.write(f"The keeper's disk failed ({type(fault).__name__}); it ends.\n")
        return DISK_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
