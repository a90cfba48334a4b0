"""What the relay costs: the same Django page bare, relayed, and in a thread behind ASGI.

    python bench/relay.py

Bare granian is the limit: two workers of one thread, which a few stalled clients would stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import ground, report
from serment.config import process

CLIENTS = 16
SECONDS = 2.0
ROUNDS = 5
FIRST_PORT = 8170
_GRANIAN = (sys.executable, "-m", "granian", "--no-access-log", "--log-level", "critical")
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _client(port: int, until: float, counted: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.split(b"\r\n")[0].decode())
        if b"chunked" in head.lower():
            await _chunks(reader)
        else:
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
        counted.append((time.perf_counter() - start) * 1000)
    writer.close()


async def _chunks(reader: asyncio.StreamReader) -> None:
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def _rate(port: int, seconds: float) -> float:
    counted: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_client(port, until, counted) for _ in range(CLIENTS)))
    return len(counted) / seconds


async def _up(port: int) -> None:
    for _ in range(300):
        try:
            await _rate(port, 0.05)
        except (OSError, RuntimeError, EOFError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers on {port}")


def _shapes(state: Path) -> dict[str, list[tuple[tuple[str, ...], dict[str, str]]]]:
    """Commands of each shape, and the environment they add."""
    socket = str(state / "run" / "web.sock")
    wsgi = ("--interface", "wsgi", "--workers", "2", "--blocking-threads", "1")
    site = "bench.relay_site:"

    def port(number: int) -> tuple[str, ...]:
        return ("--host", "127.0.0.1", "--port", str(FIRST_PORT + number))

    return {
        "bare": [((*wsgi, *port(0), f"{site}wsgi"), {})],
        "relay": [
            ((*wsgi, "--uds", socket, f"{site}wsgi"), {}),
            (("--interface", "asgi", *port(1), "bench.relay_port:application"),
             {"BENCH_SOCKET": socket}),
        ],
        "in a thread behind ASGI": [
            (("--interface", "asgi", "--workers", "2", *port(2), f"{site}asgi"), {}),
        ],
        "in a thread behind ASGI, one process": [
            (("--interface", "asgi", *port(3), f"{site}asgi"), {}),
        ],
    }  # fmt: skip


def main() -> None:
    """Measure the shapes in turn, several rounds, and write the medians."""
    with ground.instance(keeper=False) as state:
        shapes = _shapes(state)
        children = [
            process.start((*_GRANIAN, *arguments), env=os.environ | more)
            for commands in shapes.values()
            for arguments, more in commands
        ]
        rates: dict[str, list[float]] = {name: [] for name in shapes}
        try:
            for number in range(len(shapes)):
                asyncio.run(_up(FIRST_PORT + number))
            for _ in range(ROUNDS):
                for number, name in enumerate(shapes):
                    rates[name].append(asyncio.run(_rate(FIRST_PORT + number, SECONDS)))
        finally:
            for child in children:
                process.stop(child, signal.SIGTERM, 5)
    median = {name: statistics.median(found) for name, found in rates.items()}
    report.write("relay", [_figure(name, median) for name in median])


def _figure(name: str, median: dict[str, float]) -> report.Figure:
    return report.Figure(
        what=f"Django page with one query, {name}",
        value=round(median[name], 1),
        unit="requests/s",
        beside="bare granian",
        beside_value=round(median["bare"], 1),
        ratio=round(median[name] / median["bare"], 3),
        target="the simpler shape is taken where it comes within a fifth of the relay's speed",
        runs=ROUNDS,
    )


if __name__ == "__main__":
    main()
