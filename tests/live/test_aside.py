"""Work that waits for somebody else's server: done beside the pages' thread, which goes on."""

from __future__ import annotations

import threading
import time

import pytest

from tests.live.test_public_port import Port


@pytest.mark.parametrize(("path", "others_wait"), [("/aside", False), ("/slow", True)])
def test_who_waits_for_a_provider_holds_nobody_else(
    port: Port, path: str, others_wait: bool
) -> None:
    """Negative control: the same seconds spent in the page itself hold everybody."""
    waiting = [
        threading.Thread(target=port.ask, args=(f"{path}?seconds=1.2",))
        for _client in range(1 if others_wait else 3)
    ]
    for one in waiting:
        one.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert port.ask("/")[0] == 200
    assert (time.monotonic() - began > 0.5) is others_wait
    for one in waiting:
        one.join()


def test_the_page_is_asked_again_with_what_came_and_with_its_body(port: Port) -> None:
    status, told, _answer, _seconds = port.ask("/aside?seconds=0", "POST", b"x" * 100_000)
    assert status == 200
    assert told["came"].startswith("aside")
    assert told["body"] == 100_000


def test_work_that_fails_is_the_page_that_says_in_a_moment(port: Port) -> None:
    assert port.ask("/aside-fails")[0] == 503
    assert port.ask("/")[0] == 200
