"""The public port as bench/relay.py measures it: the relay itself, with parts that are always well."""

from __future__ import annotations

import os
from pathlib import Path

from serment.live.application import Setting, build
from serment.live.health import LedgerState, Probes


async def _well() -> None:
    return None


async def _keeper() -> LedgerState:
    return LedgerState(0, 0.0)


application = build(
    Setting(
        web_socket=Path(os.environ["BENCH_SOCKET"]),
        scheme="http",
        probes=Probes(database=_well, keeper=_keeper, worker=_well, isolated=lambda: False),
    )
)
