"""One public port over the small site, for all who ask it what it relays and refuses."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serment.config import process

if TYPE_CHECKING:
    from tests.live.test_public_port import Port


@pytest.fixture(scope="package")
def port() -> Iterator[Port]:
    """Its parts fail where ``port.failing`` says so."""
    from tests.live.test_public_port import Port, wait_for

    with tempfile.TemporaryDirectory(prefix="serment-live-") as folder:
        started = Port(Path(folder))
        wait_for(started.number)
        yield started
        for child in started.children:
            process.stop(child, signal.SIGTERM, 5)
