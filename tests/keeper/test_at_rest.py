"""A copied store without the root key names nobody; a backup is whole or it is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from serment.disclosure import Purpose, gate
from serment.ids import new_id
from serment.keeper.upkeep import FILES, BackupOlder, BackupUnusable, restore, verify
from tests.keeper.running import DidNotStart, Running, make_appointment, make_file, staff_of

PLANTED = {
    "family_name": "Quatrevaux", "given_name": "Philomène", "phone": "0698765432",
    "birth_date": "1961-03-12", "email": "philomene@exemple.fr",
}  # fmt: skip


def forms_of(text: str) -> list[bytes]:
    """The encodings a stray copy would lie in."""
    plain = text.encode()
    return [
        plain, text.lower().encode(), text.encode("utf-16-le"), text.encode("latin-1"),
        base64.b64encode(plain)[: len(plain) // 3 * 4], plain.hex().encode(),
    ]  # fmt: skip


def found_in(folder: Path, needles: list[bytes]) -> set[bytes]:
    lying = b"".join(path.read_bytes() for path in folder.iterdir() if path.name != "root.key")
    return {needle for needle in needles if needle in lying}


def test_the_store_holds_neither_what_is_sealed_nor_an_id_of_another_database(
    own_keeper: Running,
) -> None:
    here = new_id()
    file = make_file(here, **PLANTED)
    appointment = make_appointment(here, file.pk, "douleur")
    actor = staff_of(here, session="session-of-a-secretary")
    gate.reveal(actor, Purpose.RECEPTION, [file], list(PLANTED))
    gate.find(actor, Purpose.SEARCH, "patient", "quatrev", tenant=here)
    own_keeper.kill()  # the write-ahead logs still lie there
    ids = [file.pk, appointment.pk, actor.id, here]
    needles = [
        form for text in (*PLANTED.values(), "douleur", "session-of") for form in forms_of(text)
    ]
    needles += [one.bytes for one in ids] + [str(one).encode() for one in ids]
    needles.append(actor.capability)
    assert found_in(own_keeper.state, needles) == set()
    # Negative control: the scan sees what does lie there.
    (own_keeper.state / "leak.txt").write_text("… Quatrevaux …", encoding="utf-16-le")
    assert found_in(own_keeper.state, needles) == {"Quatrevaux".encode("utf-16-le")}


def test_another_root_key_opens_nothing(own_keeper: Running) -> None:
    make_file(new_id())
    own_keeper.stop()
    (own_keeper.state / "root.key").write_bytes(bytes(32))
    with pytest.raises(DidNotStart, match="2"):
        own_keeper.start()


def test_a_backup_restores_all_that_was_recorded(own_keeper: Running, tmp_path: Path) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    size = gate.backup(tmp_path)
    assert size == gate.health().size == verify(tmp_path).size
    assert not (tmp_path / "root.key").exists()
    own_keeper.kill()
    for name in FILES:
        (own_keeper.state / name).unlink()
    restore(tmp_path, own_keeper.state)
    own_keeper.start()
    assert gate.reveal(actor, Purpose.RECEPTION, [file], ["given_name"])
    assert gate.history(actor, file.pk)[-1].kind == "write"


@pytest.mark.parametrize("name", FILES)
def test_an_altered_backup_is_refused(own_keeper: Running, tmp_path: Path, name: str) -> None:
    make_file(new_id())
    gate.backup(tmp_path)
    verify(tmp_path)
    whole = bytearray((tmp_path / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / name).write_bytes(whole)
    with pytest.raises(BackupUnusable):
        verify(tmp_path)


def test_a_restore_that_would_hide_accesses_says_so(own_keeper: Running, tmp_path: Path) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    gate.backup(tmp_path)
    gate.reveal(actor, Purpose.RECEPTION, [file], ["family_name"])
    own_keeper.stop()
    with pytest.raises(BackupOlder):
        restore(tmp_path, own_keeper.state)
    restore(tmp_path, own_keeper.state, recovering=True)
    assert (own_keeper.state / "segment.log.replaced").exists()
