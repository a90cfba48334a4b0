"""A witness as a process: its key file, its server, its clean stop."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from granian import Granian as Server
from granian.constants import Interfaces
from granian.log import LogLevels
from starlette.applications import Starlette

from serment import clock
from serment.errors import Unusable
from serment.ledger import durable
from serment.ledger import policy as policies
from serment.ledger.note import COSIGNATURE, KeyUnusable, Signer, Verifier, private_text
from serment.ledger.witness import Witness
from serment.ledger.witness_server import Rate, application

WAITING_MAX: Final = 64
"""Questions in hand at once; further ones wait in the system's queue."""


class KeyThere(Unusable):
    """There is a file in the place of the new key already; it is left alone."""


class NoLog(Unusable):
    """Name at least one log with --log or --policy."""


def make_key(name: str, file: Path) -> str:
    """Write a new private key; the public one. Raises KeyThere, KeyUnusable, OSError."""
    text = private_text(name, os.urandom(32), COSIGNATURE)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as there:
        raise KeyThere from there
    with os.fdopen(handle, "w") as key:
        key.write(f"{text}\n")
        key.flush()
        os.fsync(key.fileno())
    durable.sync_folder(file.parent)
    return Signer.parse(text).verifier.text


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a witness's process is started with."""

    key: Path
    state: Path
    logs: tuple[str, ...]
    policy: Path | None
    behind_proxy: bool

    def open(self) -> Witness:
        """The witness itself. Raises Unusable kinds, WitnessLocked, WitnessDamaged, OSError."""
        signer = Signer.parse(self.key.read_text(encoding="utf-8"))
        if signer.verifier.kind != COSIGNATURE:
            raise KeyUnusable("A witness needs a key made by witness-key.")
        known = [Verifier.parse(one) for one in self.logs]
        if self.policy is not None:
            known += policies.parse(self.policy.read_bytes()).log_keys()
        if not known:
            raise NoLog
        return Witness(self.state, signer, known, lambda: int(clock.now().timestamp()))

    def application(self) -> Starlette:
        """What the serving process runs; it holds the folder's lock for its life."""
        return application(self.open(), Rate(), behind_proxy=self.behind_proxy)


def serve(setting: Setting, address: str, port: int) -> None:
    """Run a witness until SIGTERM or SIGINT. Raises what ``Setting.open`` does."""
    witness = setting.open()  # here, so that a person reads the reason of a failure
    witness.close()
    sys.stderr.write(f"{witness.signer.verifier.text} answers on http://{address}:{port}/\n")
    Server(
        "serment.ledger.witnessing",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        backpressure=WAITING_MAX,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve(target_loader=setting.application, wrap_loader=False)
