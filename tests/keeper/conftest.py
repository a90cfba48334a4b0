"""Keepers for tests that need no database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serment.disclosure import opening
from serment.disclosure.line import client
from tests.keeper.waited import waited  # noqa: F401 -- a fixture


@pytest.fixture
def own_keeper(settings: Any) -> Iterator[Any]:
    """A running keeper of this test's own."""
    from tests.keeper.running import Running

    with tempfile.TemporaryDirectory(prefix="keeper-") as folder:
        running = Running(Path(folder) / "state", Path(folder) / "k.sock").start()
        settings.KEEPER_SOCKET = str(running.socket)
        opening.leases.clear()
        yield running
        client.hang_up()
        if running.child is not None:
            running.kill()
