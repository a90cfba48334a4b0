"""The root key from each source; what is wrong is told, and no key lies where it should not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serment.keeper.root_key import changing, passphrase, vault
from serment.keeper.root_key.changing import Wanted, begin, change
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import AskingDescriptor, Surroundings, asking_terminal
from serment.keeper.unlocking import KeyPlaces
from tests.keeper.tended import NAME, Kept

WORDS = "cinq mots tirés au sort"


@pytest.fixture(autouse=True)
def quick_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same derivation with little memory: its cost is not what is tested."""
    real = passphrase.close
    monkeypatch.setattr(passphrase, "close", lambda *given: real(*given, memory_kib=8 << 10))


def answering(*answers: str) -> Callable[[str], str]:
    waiting: Iterator[str] = iter(answers)
    return lambda _question: next(waiting)


def keep(lines: tuple[str, ...]) -> None:
    kept.extend(lines)


kept: list[str] = []


def at(folder: Path, *answers: str) -> Surroundings:
    return Surroundings(folder, folder / "credentials", answering(*answers))


def opens(folder: Path, *answers: str) -> bool:
    places = KeyPlaces(None, folder / "credentials", answering(*answers))
    keeper = Kept(folder, places).open()
    subject = os.urandom(16)
    sealed = keeper.seal(subject)
    assert sealed is not None
    done = keeper.opened(subject, sealed) == NAME
    keeper.close()
    return done


def test_a_passphrase(tmp_path: Path) -> None:
    begin(Wanted("passphrase"), at(tmp_path, WORDS, WORDS), 1, keep)
    # A letter written as two signs, spaces around it: the same words.
    assert opens(tmp_path, "  " + WORDS.replace("é", "e\u0301") + " ")
    with pytest.raises(RootKeyUnusable, match="passphrase does not open"):
        opens(tmp_path, WORDS + "!")
    assert not (tmp_path / "root.key").exists()
    lying = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert WORDS.encode() not in lying


def test_passphrases_that_differ_or_are_short_change_nothing(tmp_path: Path) -> None:
    with pytest.raises(changing.PassphrasesDiffer):
        begin(Wanted("passphrase"), at(tmp_path, WORDS, "another one, also long"), 1, keep)
    with pytest.raises(passphrase.TooShort):
        begin(Wanted("passphrase"), at(tmp_path, "court", "court"), 1, keep)
    assert not vault.exists(tmp_path)


def test_stretching_costs_what_rfc_9106_asks() -> None:
    source = passphrase.FromPassphrase(bytes(16), 256 << 10, 3, 4, b"")
    assert source.memory_kib >= 64 << 10
    assert source.passes >= 3
    with pytest.raises(RootKeyUnusable):  # a vault that asks for next to no work is not believed
        passphrase.open_with(passphrase.FromPassphrase(bytes(16), 8, 1, 1, bytes(60)), WORDS)


def test_three_shares_of_five(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept.clear()
    begin(Wanted("shares"), at(tmp_path), 1, keep)
    lines = list(kept)
    assert len(lines) == 5
    assert opens(tmp_path, lines[4], lines[0], lines[2])
    kept.clear()
    begin(Wanted("shares"), at(tmp_path / "other"), 1, keep)
    told = {
        "another root key": kept[0],
        "given already": lines[4],
        "miscopied": lines[1][:-1] + "x",
    }
    told["miscopied"] = lines[1][:-1] + ("0" if lines[1][-1] != "0" else "1")
    assert opens(tmp_path, lines[4], *told.values(), lines[0], lines[2])
    warned = capsys.readouterr().err
    for sentence in told:
        assert sentence in warned
    assert not any(line.split()[4] in warned for line in [*lines, *kept])


def test_shares_are_handed_out_before_the_key_is_needed(tmp_path: Path) -> None:
    def fails(_lines: tuple[str, ...]) -> None:
        raise OSError("no paper")

    with pytest.raises(OSError, match="no paper"):
        begin(Wanted("shares"), at(tmp_path), 1, fails)
    assert not vault.exists(tmp_path)
    files = changing.write_shares(("one", "two"), tmp_path / "stick")
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600, 0o600]


def test_a_credential_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    credential = tmp_path / "credentials" / "serment-root"
    with pytest.raises(RootKeyUnusable):
        begin(Wanted("credential"), at(tmp_path), 1, keep)
    credential.write_bytes(os.urandom(32))
    begin(Wanted("credential"), at(tmp_path), 1, keep)
    assert opens(tmp_path)
    credential.write_bytes(os.urandom(32))
    with pytest.raises(RootKeyUnusable, match="does not open the vault"):
        opens(tmp_path)
    with pytest.raises(RootKeyUnusable):
        begin(Wanted("credential", "../root.key"), at(tmp_path / "x"), 1, keep)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    assert opens(tmp_path)
    (tmp_path / "root.key").chmod(0o640)
    with pytest.raises(RootKeyUnusable):
        opens(tmp_path)
    (tmp_path / "root.key").chmod(0o600)
    (tmp_path / vault.NAME).chmod(0o644)
    with pytest.raises(RootKeyUnusable, match="chmod 600"):
        opens(tmp_path)


def test_answers_come_over_a_descriptor_a_line_each() -> None:
    reading, writing = os.pipe()
    os.write(writing, "première\r\nseconde\n".encode())
    os.close(writing)
    ask = AskingDescriptor(reading)
    assert [ask("?"), ask("?")] == ["première", "seconde"]
    with pytest.raises(RootKeyUnusable, match="Nobody answered"):
        ask("?")
    os.close(reading)


def test_nobody_at_the_keyboard_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123
    with pytest.raises(RootKeyUnusable, match="nobody can be asked"):
        asking_terminal("?")


def test_a_change_needs_the_present_key(tmp_path: Path) -> None:
    begin(Wanted("passphrase"), at(tmp_path, WORDS, WORDS), 1, keep)
    before = (tmp_path / vault.NAME).read_bytes()
    with pytest.raises(RootKeyUnusable):
        change(Wanted("file"), at(tmp_path, "not these words at all"), keep, until=0)
    assert (tmp_path / vault.NAME).read_bytes() == before
    with pytest.raises(changing.KeyThere):
        begin(Wanted("file"), at(tmp_path), 1, keep)
