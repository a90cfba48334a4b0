"""A whole instance under ``serment up``: ready, killed part by part, backed up, stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serment.config import environment, process
from tests.config.test_supervisor import alive, children
from tests.live.test_public_port import free_port

PARTS = {
    "postgres": "postgres -D",
    "keeper": "serment.keeper",
    "web": "serment.config.asgi",
    "worker": "procrastinate",
}


class Instance:
    """One ``serment up`` in a folder of its own."""

    def __init__(self, folder: Path, *, demo: bool = False, **settings: str) -> None:
        self.port = free_port()
        self.state = folder
        self.env = {
            **os.environ,
            "SERMENT_STATE": str(folder),
            "SERMENT_DEMO": "1" if demo else "0",
            "PORT": str(self.port),
            **settings,
        }
        for name in ("SERMENT_DATABASE_NAME", "SERMENT_KEEPER_SOCKET"):
            self.env.pop(name, None)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.up = process.start(
                [sys.executable, "-m", "serment.config.command_line", "up"],
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while "Serment is ready: http://localhost:" not in self.log.read_text():
            assert self.up.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status (0 where nobody listens) and answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=3) as got:
                return got.status, json.load(got)
        except urllib.error.HTTPError as failing:
            return failing.code, json.load(failing)
        except OSError:
            return 0, {}

    def wait_until_well(self, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while self.health()[0] != 200:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def pid_of(self, part: str) -> int | None:
        for pid in children(self.up.pid):
            try:
                raw = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if PARTS[part] in raw.replace(b"\0", b" ").decode() and alive(pid):
                return pid
        return None


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="serment-i-") as folder:
        started = Instance(Path(folder))
        try:
            started.wait_until_ready()
            yield started
        finally:
            process.stop(started.up, signal.SIGTERM, 30)


def test_every_part_is_well_and_the_shape_is_the_promised_one(instance: Instance) -> None:
    status, told = instance.health()
    assert status == 200
    assert list(told)[:6] == ["status", "database", "keeper", "isolated", "ledger", "worker"]
    assert list(told)[6:8] == ["pages", "oldest_waiting_seconds"]
    assert list(told)[8:] == [
        "publication", "key_backup_seconds", "timestamp_seconds", "clock_difference_seconds",
    ]  # fmt: skip
    public = told["publication"]
    assert (public["state"], public["witness_seconds"]) == ("ok", None)
    assert public["announced"] <= public["signed"] <= told["ledger"]["size"]
    assert told["key_backup_seconds"] is None
    assert list(told["ledger"]) == ["size", "index_lag_seconds"]
    assert told["isolated"] is False


@pytest.mark.parametrize(
    ("part", "named"),
    [("keeper", "keeper"), ("postgres", "database"), ("web", None), ("worker", None)],
)
def test_killed_part_is_named_and_comes_back(
    instance: Instance, part: str, named: str | None
) -> None:
    instance.wait_until_well()
    killed = instance.pid_of(part)
    assert killed
    os.kill(killed, signal.SIGKILL)
    seen: set[str] = set()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        _, told = instance.health()
        seen |= {name for name, state in told.items() if state == "failing"}
        if instance.pid_of(part) not in {None, killed} and instance.health()[0] == 200:
            break
    assert instance.pid_of(part) not in {None, killed}
    instance.wait_until_well()
    if named:
        assert named in seen


def test_second_start_and_restore_over_a_running_one_are_refused(
    instance: Instance, tmp_path: Path
) -> None:
    def serment(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "serment.config.command_line", *arguments],
            env=instance.env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    instance.wait_until_well()
    again = serment("up")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "already runs" in again.stderr
    copy = tmp_path / "copy"
    taken = serment("backup", str(copy), "--json")
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout)["files"] >= 4
    refused = serment("restore", str(copy), "--force")
    assert (refused.returncode, "already runs" in refused.stderr) == (2, True)


def test_a_command_beside_it_prints_links_to_its_own_address(instance: Instance) -> None:
    """From a shell that knows the state folder alone. Negative control: without the note that the
    instance leaves, the link led to port 8000, where nobody listens."""
    instance.wait_until_well()
    shell = {name: value for name, value in instance.env.items() if name != "PORT"}

    def link(slug: str) -> str:
        told = subprocess.run(
            [
                sys.executable, "-m", "serment.config.command_line", "practice", "add",
                "Cabinet du Lac", "--manager", "Ada Lovelace", "--email", f"{slug}@exemple.fr",
                "--slug", slug, "--json",
            ],
            env=shell, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return str(json.loads(told.stdout)["link"])

    here = f"http://localhost:{instance.port}/compte/invitation/"
    assert link("lac").startswith(here)
    note = environment.run_folder(instance.state) / environment.ADDRESS
    said = note.read_text()
    note.unlink()
    assert link("lac-2").startswith("http://localhost:8000/")
    note.write_text(said)
    shell["SERMENT_PUBLIC_URL"] = "https://sante.exemple.fr"
    assert link("lac-3").startswith("https://sante.exemple.fr/")  # what is set goes before


def test_logs_hold_no_address(instance: Instance) -> None:
    assert not re.search(r"\b127\.0\.0\.1\b", instance.log.read_text())


def test_clean_stop_leaves_no_process(instance: Instance) -> None:
    instance.wait_until_well()
    pids = children(instance.up.pid)
    pids += [grandchild for pid in pids for grandchild in children(pid)]
    assert len(pids) >= 6
    instance.up.send_signal(signal.SIGINT)
    assert instance.up.wait(20) == 0
    assert not [pid for pid in pids if alive(pid)]
