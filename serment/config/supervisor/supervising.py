"""All programs of one instance: started in order, stopped in reverse."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence

from serment.config.supervisor.keeping import Keeping, Say
from serment.config.supervisor.program import Program

Step = Callable[[], Awaitable[None]]


class Supervisor:
    """Runs programs, and between them the steps that need those before (migrations, demo data).

    Programs in one tuple need nothing of each other and start together.
    """

    def __init__(self, order: Sequence[tuple[Program, ...] | Step], say: Say) -> None:
        self._order = order
        self._say = say
        self.keepings: dict[str, Keeping] = {}

    async def run(self, ready: Step) -> None:
        """Start everything, tell, and stay until SIGINT or SIGTERM; then stop everything."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, asked.set)
        starting = asyncio.create_task(self._start(ready))
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopping
        finally:
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            await self.stop()

    async def stop(self) -> None:
        """Stop in reverse order: the public port first, the stores last."""
        for keeping in reversed(self.keepings.values()):
            self._say(keeping.program.name, "stopping")
            await keeping.stop()

    async def _start(self, ready: Step) -> None:
        for part in self._order:
            if isinstance(part, tuple):
                keepings = [Keeping(program, self._say) for program in part]
                self.keepings |= {keeping.program.name: keeping for keeping in keepings}
                await asyncio.gather(*(keeping.start() for keeping in keepings))
            else:
                await part()
        await ready()
