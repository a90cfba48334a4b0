"""A root key that only a PKCS#11 token opens, with SoftHSM in its own folder a test.

``make test`` brings SoftHSM (scripts/set_up.py): by the package manager as root, else unpacked
under .tools/. Where neither can be, this file fails and says so: nothing is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from serment.keeper.root_key import changing, token, vault
from serment.keeper.root_key.closing import new_root
from serment.keeper.root_key.source import Surroundings
from serment.keeper.unlocking import KeyPlaces
from tests.keeper.tended import NAME, Kept

ROOT = Path(__file__).resolve().parents[3]
UNPACKED = ROOT / ".tools" / "softhsm" / "usr"
PLACES = tuple(
    folder / "softhsm" / "libsofthsm2.so"
    for folder in (Path("/usr/lib"), Path("/usr/lib64"), UNPACKED / "lib")
)
PIN = "482916"

STORY = """
import sys
from pathlib import Path
from tests.keeper.root_key import test_token
getattr(test_token, sys.argv[1])(Path(sys.argv[2]))
"""


def module() -> str:
    """Where SoftHSM's module lies."""
    found = next((path for path in PLACES if path.exists()), None)
    assert found is not None, "SoftHSM is not here: run make setup-test (scripts/set_up.py)."
    return str(found)


@pytest.mark.parametrize("story", ["round_trip", "what_is_wrong_is_told", "a_keeper_from_a_token"])
def test_token(tmp_path: Path, story: str) -> None:
    """Each in a process of its own: a PKCS#11 module reads its setting once, when it is loaded."""
    (tmp_path / "tokens").mkdir()
    setting = tmp_path / "softhsm2.conf"
    setting.write_text(
        f"directories.tokendir = {tmp_path / 'tokens'}\n"
        "objectstore.backend = file\nlog.level = ERROR\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", STORY, story, str(tmp_path)],
        env={**os.environ, "SOFTHSM2_CONF": str(setting), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _new_token() -> None:
    """A fresh token, as its maker's tool initialises it."""
    tool = shutil.which("softhsm2-util") or str(UNPACKED / "bin" / "softhsm2-util")
    subprocess.run(
        [tool, "--module", module(), "--init-token", "--free", "--label", "serment",
         "--pin", PIN, "--so-pin", "so-pin-1234"],
        check=True,
        capture_output=True,
    )  # fmt: skip


def round_trip(_folder: Path) -> None:
    _new_token()
    root = new_root()
    source = token.close(root, module(), "serment", "root", PIN)
    assert token.open_with(source, PIN) == root
    assert root not in msgspec.json.encode(source)
    # The token's own key does not leave it: asking for its value is refused.
    import pkcs11
    from pkcs11 import Attribute, KeyType

    with pkcs11.lib(module()).get_token(token_label="serment").open(user_pin=PIN) as session:
        held = session.get_key(label="root", key_type=KeyType.AES)
        assert not held[Attribute.EXTRACTABLE]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            held[Attribute.VALUE]


def what_is_wrong_is_told(_folder: Path) -> None:
    _new_token()
    good = token.close(new_root(), module(), "serment", "root", PIN)
    assert token.open_with(good, PIN)  # the control of all that follows
    wrong = {
        "No token": {"token": "another"},
        "holds no key": {"key": "another"},
        "cannot be used": {"module": "/nowhere/module.so"},
        "does not open": {"closed": bytes(60)},
    }
    for sentence, change in wrong.items():
        with pytest.raises(token.TokenUnusable, match=sentence):
            token.open_with(msgspec.structs.replace(good, **change), PIN)
    with pytest.raises(token.TokenUnusable, match="refuses this PIN"):
        token.open_with(good, "000000")


def a_keeper_from_a_token(folder: Path) -> None:
    _new_token()
    place = folder / "k"

    def ask(_question: str) -> str:
        return PIN

    keeper = Kept(place).open()  # begins with a file, is then brought under the token
    sealed = keeper.seal(b"x" * 16) or b""
    wanted = changing.Wanted("pkcs11", module=module(), token="serment")
    changing.change(wanted, Surroundings(place, None, ask), lambda _lines: None, until=0)
    assert keeper.tend().source == "pkcs11"
    keeper.close()
    assert not (place / "root.key").exists()
    assert PIN.encode() not in (place / vault.NAME).read_bytes()
    keeper.places = KeyPlaces(ask=ask)
    assert keeper.open().opened(b"x" * 16, sealed) == NAME
    keeper.close()
