"""``serment continuity``: the key is made and told, the sheet is opened with nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pyrage
import pytest

from serment.custody import sheet_file
from serment.keeper import wire
from serment.keeper.continuity import sheet as keeper_sheet
from serment.keeper.continuity.asks import SheetAnswer, SheetAsk
from serment.ledger.note import Signer
from tests import cheap_age
from tests.keeper.running import Running

PASSPHRASE = "un cheval gris"
HOUSE, SITE = UUID(int=7), UUID(int=8)
KEEPER, OTHER = Signer("serment/test", b"k" * 32), Signer("serment/test", b"o" * 32)


def command(*words: str, typed: str = "", state: Path | None = None) -> tuple[int, str]:
    """Exit status and output of one command; ``state`` is the instance's folder."""
    where = state or Path("/nowhere")
    nowhere = {
        "SERMENT_STATE": str(where), "DJANGO_SETTINGS_MODULE": "",
        "SERMENT_KEEPER_SOCKET": str(where / "run" / "keeper.sock"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "serment.config.command_line", "continuity", *words],
        input=typed, capture_output=True, text=True, check=False, env=os.environ | nowhere,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[sheet_file.SiteKey, Path]:
    path = tmp_path_factory.mktemp("usb") / "quai.key"
    made = sheet_file.new_key()
    with pytest.MonkeyPatch.context() as hurried:
        hurried.setattr(pyrage.passphrase, "encrypt", cheap_age.encrypt)
        sheet_file.write_key(made, path, PASSPHRASE, KEEPER.verifier.text)
    return made, path


def sheet(
    folder: Path, recipient: str, signer: Signer = KEEPER, hours_old: float = 3, name: str = "s.age"
) -> Path:
    issued = datetime.now(UTC) - timedelta(hours=hours_old)
    document = {
        "text": ["FICHE", "08:40  Dr A  QUATREVAUX"], "format": sheet_file.FORMAT,
        "issued": issued.isoformat(), "until": (issued + timedelta(hours=36)).isoformat(),
    }  # fmt: skip
    path = folder / name
    signed = keeper_sheet.signed(json.dumps(document).encode(), signer)
    path.write_bytes(keeper_sheet.closed(signed, recipient))
    return path


def test_a_sheet_opens_without_instance_or_database(
    tmp_path: Path, key: tuple[sheet_file.SiteKey, Path]
) -> None:
    made, path = key
    lying = str(sheet(tmp_path, made.recipient))
    status, told = command("open", lying, "--key", str(path), typed=f"{PASSPHRASE}\n")
    assert (status, "08:40  Dr A  QUATREVAUX" in told) == (0, True)
    assert "3 hours ago; signed by the keeper serment/test." in " ".join(told.split())
    status, told = command("open", lying, typed=f"{made.secret}\n")
    assert (status, "QUATREVAUX" in told, "signature not checked" in told) == (0, True, True)
    status, told = command("open", lying, "--key", str(path), typed="un cheval noir\n")
    assert (status, "QUATREVAUX" in told) == (2, False)
    other = str(sheet(tmp_path, sheet_file.new_key().recipient))
    status, told = command("open", other, "--key", str(path), typed=f"{PASSPHRASE}\n")
    assert (status, "QUATREVAUX" in told) == (2, False)


def test_a_forged_or_old_sheet_is_refused_and_says_why(
    tmp_path: Path, key: tuple[sheet_file.SiteKey, Path]
) -> None:
    made, path = key
    typed = f"{PASSPHRASE}\n"
    forged = str(sheet(tmp_path, made.recipient, OTHER))
    status, told = command("open", forged, "--key", str(path), typed=typed)
    assert (status, "QUATREVAUX" in told, "not signed by your keeper" in told) == (1, False, True)
    given = ("--keeper", OTHER.verifier.text)  # the control: to who trusts that key, it is good
    assert command("open", forged, "--key", str(path), *given, typed=typed)[0] == 0
    old = str(sheet(tmp_path, made.recipient, hours_old=80))
    status, told = command("open", old, "--key", str(path), typed=typed)
    assert (status, "QUATREVAUX" in told, "3 days old" in told) == (1, False, True)
    status, told = command("open", old, "--old", "--key", str(path), typed=typed)
    assert (status, "QUATREVAUX" in told, "3 days ago" in told) == (0, True, True)


def test_the_keeper_learns_the_public_half_only(tmp_path: Path) -> None:
    running = Running(tmp_path / "keeper", tmp_path / "run" / "keeper.sock")
    running.socket.parent.mkdir()
    running.start()
    try:
        path = tmp_path / "quai.key"
        words = ("key", "--site", f"{HOUSE}/{SITE}", str(path))
        status, told = command(*words, typed=f"{PASSPHRASE}\n" * 2, state=tmp_path)
        secret = sheet_file.secret_of(path.read_bytes(), PASSPHRASE)
        recipient = str(pyrage.x25519.Identity.from_str(secret).to_public())
        assert (status, recipient in told, secret in told) == (0, True, False)
        assert command(*words, typed=f"{PASSPHRASE}\n" * 2, state=tmp_path)[0] == 1
        answer = ask_for_a_sheet(running)
        assert answer.recipient == recipient
        assert sheet_file.opened(answer.sealed, secret)["lines"] == []
        assert not any(
            secret.encode() in one.read_bytes() for one in running.state.rglob("*") if one.is_file()
        )
    finally:
        running.kill()


def ask_for_a_sheet(running: Running) -> SheetAnswer:
    from serment.keeper.client import Client

    client = Client(lambda: str(running.socket))
    asked = SheetAsk(SITE.bytes, "Maison", "Quai", "Europe/Paris", [])
    request = wire.Request(
        b"i" * 16, "continuity_sheet", wire.ActorWire("worker", UUID(int=1).bytes),
        purpose="continuity", tenant=HOUSE.bytes, body=wire.raw(asked),
    )  # fmt: skip
    answer = client.call(request, SheetAnswer)
    client.hang_up()
    return answer
