"""``/healthz``: each part is asked with a time limit, and the answer names the one that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

PART_SECONDS_MAX = 0.7
OK = "ok"
FAILING = "failing"
Told = TypeVar("Told")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the keeper tells about its ledger."""

    size: int
    index_lag_seconds: float


@dataclass(frozen=True, slots=True)
class Probes:
    """How to ask each part; a probe raises, or runs out of time, where its part is gone."""

    database: Callable[[], Awaitable[None]]
    keeper: Callable[[], Awaitable[LedgerState]]
    worker: Callable[[], Awaitable[None]]
    isolated: Callable[[], bool]


class Pages(Protocol):
    """What runs the pages in this process."""

    def well(self) -> bool:
        """Do the pages answer?"""

    def oldest_seconds(self) -> float:
        """Age of the oldest answer awaited."""


class Health:
    """The door ``/healthz``; one question at a time, its answer shared by all who ask meanwhile."""

    def __init__(self, probes: Probes, pages: Pages) -> None:
        self._probes = probes
        self._pages = pages
        self._asking: asyncio.Task[dict[str, Any]] | None = None
        self._told: dict[str, Any] = {}

    async def __call__(self, request: Request) -> JSONResponse:
        """200 where all is well, else 503; the body says which part."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(report(self._probes, self._pages))
        told = await asyncio.shield(self._asking)
        for part in ("database", "keeper", "worker", "pages"):
            if told[part] != self._told.get(part, OK):
                _LOG.warning("health: %s is %s", part, told[part])
        self._told = told
        status = 200 if told["status"] == OK else 503
        return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})


async def report(probes: Probes, pages: Pages) -> dict[str, Any]:
    """Ask every part at once; ``pages`` are this process's own (docs/decisions/0002)."""
    database, ledger, worker = await asyncio.gather(
        _asked(probes.database()),
        _asked(probes.keeper()),
        _asked(probes.worker()),
    )
    keeper = OK if isinstance(ledger, LedgerState) else FAILING
    parts = {
        "database": database or OK,
        "keeper": keeper,
        "worker": worker or OK,
        "pages": OK if pages.well() else FAILING,
    }
    known = ledger if isinstance(ledger, LedgerState) else None
    return {
        "status": OK if set(parts.values()) == {OK} else FAILING,
        "database": parts["database"],
        "keeper": keeper,
        "isolated": probes.isolated(),
        "ledger": {
            "size": known.size if known else None,
            "index_lag_seconds": known.index_lag_seconds if known else None,
        },
        "worker": parts["worker"],
        "pages": parts["pages"],
        "oldest_waiting_seconds": round(pages.oldest_seconds(), 1),
    }


async def _asked(answer: Awaitable[Told]) -> Told | str:
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            return await answer
    except Exception:  # noqa: BLE001 -- whatever a part dies of, health names the part
        return FAILING
