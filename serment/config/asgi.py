"""One web process: Django's pages and the probes of its health, behind the public port."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import psycopg
from django.core.wsgi import get_wsgi_application

from serment.config import environment, keeper_probe, process, publication
from serment.config.database import connecting
from serment.config.doctor import instance
from serment.directory import places
from serment.live.application import Setting, build
from serment.live.arrival import Proxies
from serment.live.changes import Changes
from serment.live.health import LedgerState, Probes

# Procrastinate's workers write a heartbeat every ten seconds.
HEARTBEAT_SECONDS_MAX = 40
_ENV = environment.read()


class Database:
    """One kept connection of the role serment_live, made anew after any fault."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._lock = asyncio.Lock()

    async def first_value(self, question: str) -> object:
        """The first column of the first row; a fault drops the connection."""
        async with self._lock:
            try:
                if self._connection is None:
                    self._connection = await psycopg.AsyncConnection.connect(
                        **connecting.parameters(_ENV, "serment_live"), autocommit=True
                    )
                answer = await self._connection.execute(question.encode())
                row = await answer.fetchone()
            except BaseException:
                if self._connection is not None:
                    await self._connection.close()
                self._connection = None
                raise
        return row[0] if row else None


_database = Database()


async def _ask_database() -> None:
    await _database.first_value("SELECT 1")


async def _ask_worker() -> None:
    seconds = await _database.first_value(
        "SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers"
    )
    if not isinstance(seconds, float) or seconds > HEARTBEAT_SECONDS_MAX:
        raise TimeoutError


async def _listen() -> AsyncIterator[str]:
    """What the database says of agendas, on a connection of its own."""
    given = connecting.parameters(_ENV, "serment_live")
    async with await psycopg.AsyncConnection.connect(**given, autocommit=True) as connection:
        await connection.execute("LISTEN serment_agenda")
        yield ""
        async for one in connection.notifies():
            yield one.payload


class Keeper:
    """Asked at the pages' entrance; what it last said of the users of all entrances."""

    def __init__(self) -> None:
        self._isolated = False

    async def ledger_state(self) -> LedgerState:
        """Raises where the keeper does not answer."""
        told = await keeper_probe.figures(_ENV.keeper_socket)
        self._isolated = told.isolated
        # In a thread: the disk of the public ledger may hang, this loop may not.
        public = await asyncio.to_thread(publication.published, _ENV, told)
        return keeper_probe.ledger_state(told, public)

    def is_isolated(self) -> bool:
        """What the keeper says, and what this process sees of the keeper's own user."""
        return self._isolated and instance.isolated(_ENV.keeper_socket)


_keeper = Keeper()


process.tie_to_parent()
places.warm()
application = build(
    Setting(
        pages=get_wsgi_application(),
        public_url=_ENV.public_url,
        proxies=Proxies.at(_ENV.proxies),
        ledger=_ENV.ledger_site,
        ledger_key=_ENV.ledger_public / "key",
        heard=Changes(_listen),
        probes=Probes(
            database=_ask_database,
            keeper=_keeper.ledger_state,
            worker=_ask_worker,
            isolated=_keeper.is_isolated,
        ),
    )
)
gc.collect()
gc.freeze()  # what the start read lives as long as the process: no pass looks at it again
