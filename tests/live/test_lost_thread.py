"""A page that never returns: told to who waits, seen by /healthz, and the process gives way."""

from __future__ import annotations

import http.client
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.config import process
from tests.live.test_public_port import Port, wait_for

LIMIT_SECONDS = 2


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[Port]:
    settings = {} if getattr(request, "param", True) else {"TEST_STAYS": "1"}
    with tempfile.TemporaryDirectory(prefix="serment-live-") as folder:
        started = Port(Path(folder), **settings)
        wait_for(started.number)
        yield started
        for child in started.children:
            process.stop(child, signal.SIGKILL, 5)  # one with a lost thread hears no other


def _comes_back(port: Port, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if port.ask("/")[0] == 200 and port.ask("/healthz")[0] == 200:
                return True
        except OSError:
            pass  # between the two processes nobody listens
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(("port", "ends"), [(True, True), (False, False)], indirect=["port"])
def test_a_lost_thread_ends_the_process_and_the_next_one_answers(port: Port, ends: bool) -> None:
    """Negative control: a process that stays answers no page ever again, and says that it does."""
    told: list[tuple[int, float]] = []

    def ask(path: str) -> None:
        status, _page, _, seconds = port.ask(path)
        told.append((status, seconds))

    clients = [threading.Thread(target=ask, args=(path,)) for path in ("/stuck", "/behind")]
    for client in clients:
        client.start()
        time.sleep(0.3)
    _, health, _, seconds = port.ask("/healthz")
    assert seconds < LIMIT_SECONDS
    assert 0.2 < health["oldest_waiting_seconds"] < LIMIT_SECONDS
    for client in clients:
        client.join()
    assert [status for status, _ in told] == [503, 503], "who was stuck, and who waited behind"
    assert all(seconds < LIMIT_SECONDS + 6 for _, seconds in told)
    if not ends:
        status, health, _, _ = port.ask("/healthz")
        assert (status, health["pages"]) == (503, "failing")
        assert health["oldest_waiting_seconds"] >= LIMIT_SECONDS
    assert _comes_back(port, 12 if ends else 4) is ends


def test_an_answer_that_keeps_growing_is_not_stuck(port: Port) -> None:
    status, raw, _, seconds = port.ask(f"/drip?seconds={LIMIT_SECONDS + 1.5}")
    assert status == 200
    assert len(raw) > 10_000
    assert seconds > LIMIT_SECONDS
    assert port.ask("/healthz")[0] == 200


def test_who_is_being_served_is_served_to_the_end(port: Port) -> None:
    """Two clients half-way through large answers when the thread is lost."""
    half = []
    for _ in range(2):
        client = http.client.HTTPConnection("127.0.0.1", port.number, timeout=10)
        client.request("GET", "/size?bytes=20000000")
        half.append(client.getresponse())
    assert port.ask("/stuck")[0] == 503
    assert [len(answer.read()) for answer in half] == [20_000_000, 20_000_000]
    assert _comes_back(port, 12)
