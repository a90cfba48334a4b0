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
PUBLICATION_SECONDS_MAX = 30.0
OK = "ok"
FAILING = "failing"
Told = TypeVar("Told")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """How far the public ledger is.

    ``witness_seconds``: since every witness had cosigned; None where none is asked, or never did.
    """

    signed: int | None
    announced: int
    waiting_seconds: float
    """How long the oldest record waits to be announced."""
    witness_seconds: float | None

    @property
    def well(self) -> bool:
        """Does it go on?"""
        return self.waiting_seconds <= PUBLICATION_SECONDS_MAX

    def witnessed_within(self, seconds: float) -> bool:
        """Has every witness cosigned lately?"""
        return self.witness_seconds is not None and self.witness_seconds <= seconds


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the keeper tells about its ledger; publication None where nothing is published."""

    size: int
    indexed: int
    index_lag_seconds: float
    publication: Publication | None = None
    key_backup_seconds: float | None = None
    timestamp_seconds: float | None = None
    clock_difference_seconds: float | None = None


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
        self._told: dict[str, str] = {}

    async def __call__(self, request: Request) -> JSONResponse:
        """200 where all is well, else 503; the body says which part."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(report(self._probes, self._pages))
        told = await asyncio.shield(self._asking)
        states = {part: told[part] for part in ("database", "keeper", "worker", "pages")}
        states["publication"] = told["publication"]["state"]
        for part, state in states.items():
            if state != self._told.get(part, OK):
                _LOG.warning("health: %s is %s", part, state)
        self._told = states
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
        "publication": _publication(known),
        "key_backup_seconds": known.key_backup_seconds if known else None,
        "timestamp_seconds": known.timestamp_seconds if known else None,
        "clock_difference_seconds": known.clock_difference_seconds if known else None,
    }


def _publication(known: LedgerState | None) -> dict[str, Any]:
    """How far the index and the public ledger are. It stops no care: told and logged, and the
    status does not hang on it."""
    public = known.publication if known else None
    return {
        "state": OK if public is None or public.well else FAILING,
        "indexed": known.indexed if known else None,
        "signed": public.signed if public else None,
        "announced": public.announced if public else None,
        "waiting_seconds": public.waiting_seconds if public else None,
        "witness_seconds": public.witness_seconds if public else None,
    }


async def _asked(answer: Awaitable[Told]) -> Told | str:
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            return await answer
    except Exception:  # noqa: BLE001 -- whatever a part dies of, health names the part
        return FAILING
