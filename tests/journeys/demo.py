"""The demo as journeys, faults and the theft of its database share it: one instance a run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.config import process
from tests.config.test_instance import Instance

SEEDED_SECONDS_MAX = 400
PATIENTS = 120
"""The demo's houses with few people: seeded in a few seconds, unless the machine is busy."""


class Demo(Instance):
    """``serment up --demo``: real processes, real data, real doors."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, demo=True, SERMENT_DEMO_PATIENTS=str(PATIENTS))
        self.base = f"http://localhost:{self.port}"

    def password_of(self, login: str) -> str:
        """As the seed drew it."""
        listed = json.loads((self.state / "demo-accounts.json").read_text())
        return next(one["password"] for one in listed if one["login"] == login)

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """A Python of this instance's surroundings; it must end well."""
        return subprocess.run(
            [sys.executable, *command], env=self.env, capture_output=True, check=True
        )


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Ask for it under ``xdist_group("demo")``, so that one worker starts one instance."""
    with tempfile.TemporaryDirectory(prefix="serment-d-") as folder:
        started = Demo(Path(folder))
        try:
            started.wait_until_ready(SEEDED_SECONDS_MAX)
            yield started
        finally:
            process.stop(started.up, signal.SIGTERM, 30)
