"""Work that waits for somebody else's server, done beside the one thread of the pages.

A page that needs an answer from outside leaves the work in its environ (``slot["work"]``) and
returns at once; its answer is thrown away. The work is done here, by threads of its own, and the
same request is asked of the pages again, with what came (``slot["came"]``). So a slow provider
holds its own visitors and nobody else.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

KEY = "serment.aside"
"""Key of the environ; no header can set it."""

AT_ONCE_MAX = 16
WAITING_MAX = 64


class TooMany(Exception):  # noqa: N818
    """More work waits than will be done soon."""


class Aside:
    """The threads, and how many wait for them."""

    def __init__(self, at_once_max: int = AT_ONCE_MAX, waiting_max: int = WAITING_MAX) -> None:
        self._pool = ThreadPoolExecutor(at_once_max, thread_name_prefix="aside")
        self._waiting_max = waiting_max
        self._waiting = 0

    async def done(self, environ: dict[str, Any]) -> bool:
        """Do what the page left, if anything; True: ask the page again. TooMany, or its error."""
        slot: dict[str, Any] = environ[KEY]
        work = slot.pop("work", None)
        if work is None:
            return False
        if self._waiting >= self._waiting_max:
            raise TooMany
        self._waiting += 1
        try:
            slot["came"] = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
        return True
