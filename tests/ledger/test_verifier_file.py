"""The verifier as one file: built the same each time, running where nothing is installed."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from serment.ledger import checkpoint, proof
from tests.house.rules import ROOT
from tests.ledger.making import KEY, WITNESS, Made


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verifier", ROOT / "scripts" / "verifier.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Bare:
    """The file, and a Python that sees no installed package."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", str(self.file), *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd=self.file.parent,
        )  # fmt: skip


@pytest.fixture
def bare(script: ModuleType, tmp_path: Path) -> Bare:
    file = tmp_path / "serment-verify.pyz"
    file.write_bytes(script.build())
    return Bare(file)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    found = Made(tmp_path / "ledger")
    found.grow(100, WITNESS)
    shutil.copy(found.site.folder / "checkpoint", tmp_path / "seen")
    found.grow(200, WITNESS)
    (tmp_path / "policy").write_text(
        f"log {KEY.verifier.text}\nwitness w {WITNESS.verifier.text}\nquorum w\n", encoding="utf-8"
    )
    return found


def test_the_same_source_gives_the_same_bytes(script: ModuleType) -> None:
    assert script.build() == script.build()


def test_nothing_installed_is_needed(bare: Bare, made: Made, tmp_path: Path) -> None:
    probe = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import cryptography"], capture_output=True, check=False
    )
    assert probe.returncode != 0, "this Python is not bare"
    told = bare.run(
        made.site.folder, "--policy", tmp_path / "policy", "--from-checkpoint", tmp_path / "seen"
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("intact\n")
    assert "it only grew since it had 100 entries" in told.stdout
    assert "outside witnesses that cosigned: 1, the policy's quorum is met" in told.stdout


def test_the_exit_status_tells_the_verdict(bare: Bare, made: Made, tmp_path: Path) -> None:
    site, key = made.site.folder, KEY.verifier.text
    assert bare.run(site).returncode == 4
    assert bare.run().returncode == 2
    assert bare.run(tmp_path / "nowhere").returncode == 2
    assert bare.run(site, "--key", "a+b+c").returncode == 2
    assert bare.run("http://127.0.0.1:9/", "--key", key).returncode == 4
    tile = site / "tile" / "0" / "000"
    whole = tile.read_bytes()
    tile.write_bytes(whole[:-1] + b"\0")
    told = bare.run(site, "--key", key, "--json")
    report = json.loads(told.stdout)
    assert (told.returncode, report["verdict"]) == (3, "tampered")
    assert report["findings"] == ["tile/0/000 does not fit what lies below it."]
    tile.unlink()
    told = bare.run(site, "--key", key)
    assert (told.returncode, told.stdout.splitlines()[0]) == (4, "incomplete")
    assert "tile/0/000 is missing." in told.stdout


def test_a_receipt_is_checked_without_any_ledger(bare: Bare, made: Made, tmp_path: Path) -> None:
    signed = checkpoint.open_signed(
        (made.site.folder / "checkpoint").read_bytes(), [KEY.verifier], [WITNESS.verifier]
    )
    receipt = proof.make(42, made.entries[42], signed, made.site.reader(300))
    file = tmp_path / "42.tlog-proof"
    file.write_bytes(receipt.encode())
    told = bare.run("--proof", file, "--policy", tmp_path / "policy")
    assert told.returncode == 0, told.stderr
    assert f"entry {made.entries[42].hex()} stands at place 42" in told.stdout
    key = KEY.verifier.text
    other = made.entries[43].hex()
    assert bare.run("--proof", file, "--key", key, "--entry", other).returncode == 3
    assert bare.run("--proof", file).returncode == 4
    assert bare.run("--proof", file, "--key", key, "--entry", "zz").returncode == 2
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"\n", b"\r\n"))  # as a mail program may leave it
    assert bare.run("--proof", file, "--key", key).returncode == 0
    file.write_bytes(whole[: len(whole) // 2])
    assert bare.run("--proof", file, "--key", key).returncode == 3
    for stray in (b"", b"x", bytes(300)):  # another file is no tampering
        file.write_bytes(stray)
        told = bare.run("--proof", file, "--key", key)
        assert (told.returncode, "not a receipt" in told.stderr) == (2, True)
