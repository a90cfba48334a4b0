"""From commitments to public tiles: every step durable, every crash mended, no second history."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from serment.ledger import checkpoint, durable, publish, tiles, tree
from serment.ledger.note import SignatureWrong
from serment.ledger.publish import Begun, LeavesMissing, LedgerForked, Publisher
from serment.ledger.tiles import Tile, TileWrong
from serment.ledger.tiling import BundlesWrong, Site
from tests.ledger import oracle
from tests.ledger.making import KEY, OTHER_WITNESS, WITNESS, Made, cosignatures, from_list


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_tiles_have_the_names_of_the_specification() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(tiles.ENTRIES, 273, 112).path == "tile/entries/273.p/112"
    assert [tiles.number_path(n) for n in (0, 999, 1000, 1_000_000)] == [
        "000", "999", "x001/000", "x001/x000/000",
    ]  # fmt: skip


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    found = list(tiles.tiles_of(70_000))
    per_level = [[one.width for one in found if one.level == level] for level in range(4)]
    assert per_level[0] == [256] * 273 + [112]
    assert per_level[1:] == [[256, 17], [1], []]
    assert [(t.level, t.index, t.width) for t in tiles.tiles_of(256)] == [(0, 0, 256), (1, 0, 1)]


@pytest.mark.usefixtures("hurried")
def test_growing_step_by_step_gives_the_same_files_as_at_once(made: Made, tmp_path: Path) -> None:
    for count in (1, 0, 2, 252, 1, 1, 300, 65_000, 500):
        made.grow(count)
    at_once = Made(tmp_path / "other")
    at_once.grow(len(made.entries))
    ours = {p.relative_to(made.site.folder) for p in made.site.folder.rglob("*") if p.is_file()}
    for path in at_once.site.folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(at_once.site.folder)
            assert (made.site.folder / name).read_bytes() == path.read_bytes(), name
            ours.discard(name)
    assert all(".p" in str(name) for name in ours), "only former partial tiles may be left"
    signed = made.site.announced()
    assert signed is not None
    assert signed.checkpoint.root == tree.root_of(tree.leaf_hashes(made.entries))


def test_proofs_come_from_tiles(made: Made) -> None:
    made.grow(700)
    read, hashes = made.site.reader(700), tree.leaf_hashes(made.entries)
    for index in (0, 255, 256, 511, 512, 699):
        assert tree.inclusion_proof(index, 700, read) == tree.inclusion_proof(
            index, 700, oracle.reader(hashes)
        )
        assert made.site.entry(index, 700) == made.entries[index]
    assert tree.consistency_proof(300, 700, read) == oracle.consistency(300, made.entries)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the large ones: what is written is looked at, not whether it outlives a power cut."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class Crash(Exception):  # noqa: N818
    """The process ends here."""


@pytest.mark.usefixtures("hurried")
def test_a_crash_at_any_write_is_mended_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every durable write of keeper and worker is the last one once; then life goes on."""
    written = 0
    real = durable.write
    for crash_at in range(1, 60):
        made = Made(tmp_path / str(crash_at))
        made.grow(250)
        written = 0

        def failing(path: Path, data: bytes, mode: int = 0o644, at: int = crash_at) -> None:
            nonlocal written
            written += 1
            if written == at:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_name(f".{path.name}.new").write_bytes(data[: len(data) // 2])
                raise Crash
            real(path, data, mode)

        monkeypatch.setattr(durable, "write", failing)
        try:
            made.grow(600)
            finished = True
        except Crash:
            finished = False
        monkeypatch.setattr(durable, "write", real)
        made.entries = oracle.entries(850)
        publisher = made.publisher()
        publisher.publish(made.entries[publisher.signed.size :])
        signed = made.site.build(made.inbox)
        assert signed is not None
        made.site.announce(signed)
        assert signed.checkpoint.root == oracle.root(made.entries)
        for tile in tiles.tiles_of(850):
            assert (made.site.folder / tile.path).exists()
        if finished:
            assert crash_at > 10, "the sweep went through every write"
            return
    pytest.fail("the sweep did not come to its end")


def test_leaves_of_an_unsigned_publication_do_not_stand_in_the_way(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "BUNDLE_LEAVES_MAX", 4)
    made.entries = oracle.entries(30)
    publisher = Publisher(made.inbox, KEY, from_list(made.entries))

    def no_sign() -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(publisher, "_sign", no_sign)
        with pytest.raises(OSError):
            publisher.publish(made.entries[:5])
    assert publisher.signed.size == 0
    publisher.publish(made.entries[:3])
    publisher.publish(made.entries[3:])
    assert list(publish.published_leaves(made.inbox, 0, 30)) == made.entries
    assert list(publish.published_leaves(made.inbox, 2, 9)) == made.entries[2:9]


def test_a_publisher_signs_no_second_history(made: Made) -> None:
    made.grow(300)
    shorter, other = made.entries[:299], [*made.entries[:299], bytes(32), bytes(32)]
    for entries in (shorter, other, []):
        with pytest.raises(LedgerForked):
            Publisher(made.inbox, KEY, from_list(entries))
    early = [bytes(32), *made.entries[1:]]
    with pytest.raises(LedgerForked):
        Publisher(made.inbox, KEY, from_list(early), Begun())
    # Negative control: the remembered frontier alone does not see an old leaf exchanged.
    assert Publisher(made.inbox, KEY, from_list(early)).signed.size == 300
    (made.inbox / "frontier").write_bytes(b"x")
    with pytest.raises(LedgerForked):
        Publisher(made.inbox, KEY, from_list(early))
    assert made.publisher().signed.size == 300


def test_bundles_that_lead_elsewhere_are_never_published(made: Made) -> None:
    made.grow(10)
    publisher = made.publisher()
    publisher.publish(oracle.entries(300)[10:])
    bundle = publish.bundle_path(made.inbox, 10)
    whole = bundle.read_bytes()
    before = {path: path.read_bytes() for path in made.site.folder.rglob("*") if path.is_file()}
    bundle.write_bytes(bytes(32) + whole[32:])
    with pytest.raises(BundlesWrong):
        made.site.build(made.inbox)
    bundle.write_bytes(whole[:-1])
    with pytest.raises(LeavesMissing):
        made.site.build(made.inbox)
    after = {path: path.read_bytes() for path in made.site.folder.rglob("*") if path.is_file()}
    assert before == after
    bundle.write_bytes(whole)
    signed = made.site.build(made.inbox)
    assert signed is not None
    assert signed.checkpoint.size == 300


def test_without_the_check_before_writing_false_tiles_would_lie_there(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the comparison with the signed root is what keeps them out."""
    made.entries = oracle.entries(10)
    made.publisher().publish(made.entries)
    bundle = publish.bundle_path(made.inbox, 0)
    bundle.write_bytes(bytes(32) + bundle.read_bytes()[32:])
    monkeypatch.setattr(Site, "_check", lambda *given: None)
    made.site.build(made.inbox)
    leaves = (made.site.folder / Tile(0, 0, 10).path).read_bytes()
    assert leaves[:32] == tree.leaf_hash(bytes(32))


def test_a_checkpoint_of_another_key_is_refused(made: Made) -> None:
    made.grow(3)
    text = checkpoint.Checkpoint("else", 9, bytes(32))
    (made.inbox / publish.SIGNED).write_bytes(text.text() + b"\n" + KEY.line(text.text()).encode())
    with pytest.raises(SignatureWrong):
        made.site.build(made.inbox)


def test_a_site_whose_tiles_were_altered_is_not_built_upon(made: Made) -> None:
    made.grow(10)
    tile = made.site.folder / Tile(0, 0, 10).path
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    publisher = made.publisher()
    publisher.publish([bytes(32)])
    with pytest.raises(TileWrong):
        made.site.build(made.inbox)


def test_lost_tiles_are_made_again_from_the_segment(made: Made) -> None:
    for count in (10, 500):
        made.grow(count)
    publisher = made.publisher()
    publisher.discard(510)
    assert publish.bundle_starts(made.inbox) == []
    shutil.rmtree(made.site.folder)
    with pytest.raises(LeavesMissing):
        made.site.build(made.inbox)
    publisher.republish(from_list(made.entries))
    signed = made.site.build(made.inbox)
    assert signed is not None
    assert signed.checkpoint.size == 510


def test_bundles_are_kept_until_their_tiles_are_durable(made: Made) -> None:
    publisher = made.publisher()
    made.entries = oracle.entries(30)
    for start in range(0, 30, 10):
        publisher.publish(made.entries[start : start + 10])
    publisher.discard(19)
    assert publish.bundle_starts(made.inbox) == [10, 20]


def test_what_readers_start_from_never_goes_back_nor_ahead_of_its_tiles(made: Made) -> None:
    made.grow(5, WITNESS)
    first = made.site.announced()
    assert first is not None
    made.grow(5)
    with pytest.raises(ValueError, match="go back"):
        made.site.announce(first)
    text = checkpoint.Checkpoint(KEY.verifier.name, 99, bytes(32))
    ahead = checkpoint.open_signed(checkpoint.sign(text, KEY), [KEY.verifier])
    with pytest.raises(ValueError, match="after its tiles"):
        made.site.announce(ahead)


def test_witnesses_lines_come_together_on_one_checkpoint(made: Made) -> None:
    made.grow(5, WITNESS)
    signed = made.site.built()
    assert signed is not None
    made.site.announce(signed, cosignatures(signed.note.text, OTHER_WITNESS))
    data = (made.site.folder / "checkpoint").read_bytes()
    keys = [WITNESS.verifier, OTHER_WITNESS.verifier]
    assert set(checkpoint.open_signed(data, [KEY.verifier], keys).cosigned) == set(keys)


@pytest.mark.usefixtures("hurried")
def test_pruning_keeps_what_lies_above_provable(made: Made) -> None:
    made.grow(70_000)
    assert made.site.prune(66_000) == 257 * 2 + 1
    assert not (made.site.folder / Tile(0, 256).path).exists()
    assert not (made.site.folder / Tile(1, 0).path).exists()
    read = made.site.reader(70_000)
    root = tree.root_of(tree.leaf_hashes(made.entries))
    for index in (66_000, 69_999):
        proof = tree.inclusion_proof(index, 70_000, read)
        tree.verify_inclusion(index, 70_000, tree.leaf_hash(made.entries[index]), proof, root)
    with pytest.raises(tiles.TileMissing):
        tree.inclusion_proof(5, 70_000, made.site.reader(70_000))
    made.grow(10)
    with pytest.raises(ValueError, match="published"):
        made.site.prune(70_011)


def test_nothing_half_written_is_ever_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    durable.write(path, b"one")
    os.chmod(tmp_path / "a", 0o755)  # noqa: PTH101
    durable.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["b"]
