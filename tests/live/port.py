"""The public port over the small site, its parts failing as the environment says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from serment.live.application import Setting, build
from serment.live.arrival import Proxies
from serment.live.health import LedgerState, Probes, Publication
from serment.live.serving import Limits, end_process
from tests.live import inner

FAILING = Path(os.environ["TEST_FAILING"])
STAYS = "TEST_STAYS" in os.environ


async def _part(name: str) -> None:
    """Fails or hangs where the test wrote the part's name into a file."""
    told = FAILING.read_text().split() if FAILING.exists() else []
    if name in told:
        raise ConnectionRefusedError
    if f"{name}-hangs" in told:
        await asyncio.sleep(60)


async def _keeper() -> LedgerState:
    await _part("keeper")
    stands = FAILING.exists() and FAILING.read_text() == "publication-stands"
    return LedgerState(7, 6, 0.5, Publication(7, 5, 31.0 if stands else 0.4, None), 9.0)


application = build(
    Setting(
        pages=inner.application,
        public_url=os.environ.get("TEST_PUBLIC_URL", "http://localhost"),
        proxies=Proxies.at(os.environ.get("TEST_PROXIES", "").split()),
        probes=Probes(
            database=lambda: _part("database"),
            keeper=_keeper,
            worker=lambda: _part("worker"),
            isolated=lambda: False,
        ),
        limits=Limits(
            body_bytes_max=200_000,
            body_seconds_max=3,
            answer_seconds_max=2,
            ending_seconds_max=3,
        ),
        end=(lambda: None) if STAYS else end_process,
    )
)
