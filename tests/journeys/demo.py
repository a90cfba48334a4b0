"""The demo as journeys, faults and the theft of its database share it: one instance a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.config import process
from tests.config.test_instance import Instance
from tests.openid_provider.server import Provider, running
from tests.openid_provider.strict import Client

SEEDED_SECONDS_MAX = 400
PATIENTS = 120
"""The demo's houses with few people: seeded in a few seconds, unless the machine is busy."""


class Demo(Instance):
    """``serment up --demo``: real processes, real data, real doors; FranceConnect on loopback."""

    def __init__(self, folder: Path, franceconnect: Provider) -> None:
        secret = folder / "franceconnect.secret"
        secret.write_text(franceconnect.client.secret)
        super().__init__(
            folder,
            demo=True,
            SERMENT_DEMO_PATIENTS=str(PATIENTS),
            SERMENT_FRANCECONNECT=franceconnect.issuer,
            SERMENT_FRANCECONNECT_CLIENT_ID=franceconnect.client.id,
            SERMENT_FRANCECONNECT_SECRET_FILE=str(secret),
        )
        self.base = f"http://localhost:{self.port}"
        self.franceconnect = franceconnect
        back = f"{self.base}/compte/par/"
        franceconnect.client.redirect_uris.add(f"{back}franceconnect/retour/")
        franceconnect.client.logout_uris.add(f"{back}parti/")

    def password_of(self, login: str) -> str:
        """As the seed drew it."""
        listed = json.loads((self.state / "demo-accounts.json").read_text())
        return next(one["password"] for one in listed if one["login"] == login)

    def totp_secret_of(self, login: str) -> str:
        """Of the account's application of codes."""
        listed = json.loads((self.state / "demo-accounts.json").read_text())
        return str(next(one["totp_secret"] for one in listed if one["login"] == login))

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """A Python of this instance's surroundings; it must end well."""
        return subprocess.run(
            [sys.executable, *command], env=self.env, capture_output=True, check=True
        )


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Ask for it under ``xdist_group("demo")``, so that one worker starts one instance."""
    # A second one costs a minute of two processors: said aloud, as nothing else would tell it.
    (Path(os.environ["SERMENT_STATE"]) / "demo.started").touch(exist_ok=False)
    registered = Client("client of the demo", "a secret", levels=("eidas1",))
    with (
        tempfile.TemporaryDirectory(prefix="serment-d-") as folder,
        running(Provider(registered, {})) as franceconnect,
    ):
        started = Demo(Path(folder), franceconnect)
        try:
            started.wait_until_ready(SEEDED_SECONDS_MAX)
            yield started
        finally:
            process.stop(started.up, signal.SIGTERM, 30)
