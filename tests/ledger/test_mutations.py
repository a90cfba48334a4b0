"""Whatever is altered in a published ledger is seen, and an unaltered one raises no alarm.

What each result rests on: flips, cuts and splices need the log's key alone. Where the operator
holds that key and rewrites history, an earlier checkpoint or one honest witness is needed.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.ledger import checkpoint, policy, segment, tree, walk
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.report import Report, Verdict
from serment.ledger.source import Folder
from serment.ledger.tiles import Tile, TileMissing, TileWrong, bundles_of, encode_entries, tiles_of
from serment.ledger.tiling import Site
from serment.ledger.verify import Trust, verify
from tests.ledger import oracle
from tests.ledger.making import KEY, NOW, ORIGIN, WITNESS, Made
from tests.ledger.shelf import Shelf

POLICY = policy.parse(
    f"log {KEY.verifier.text}\nwitness w {WITNESS.verifier.text}\nquorum w\n".encode()
)
TRUST = Trust((KEY.verifier,), (WITNESS.verifier,), POLICY)
ONLY_LOG = Trust((KEY.verifier,))
SAMPLE = 64


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """200 leaves, with the partial tiles of an earlier checkpoint of 60."""
    made = Made(tmp_path_factory.mktemp("whole"))
    made.grow(60, WITNESS)
    made.grow(140, WITNESS)
    return Shelf.of(made.site.folder)


def published(entries: list[bytes], *, cosigned: bool = True) -> Shelf:
    """A ledger as somebody with the log's own key would publish it, with or without the witness."""
    files: dict[str, bytes] = {}
    read = oracle.reader(tree.leaf_hashes(entries))
    for tile in tiles_of(len(entries)):
        start = tile.index * 256
        hashes = [read(8 * tile.level, start + place) for place in range(tile.width)]
        files[tile.path] = b"".join(hashes)
    for tile in bundles_of(len(entries)):
        start = tile.index * 256
        files[tile.path] = encode_entries(entries[start : start + tile.width])
    head = Checkpoint(ORIGIN, len(entries), tree.root_of(tree.leaf_hashes(entries)))
    lines = WITNESS.line(head.text(), NOW) if cosigned else ""
    files["checkpoint"] = checkpoint.sign(head, KEY) + lines.encode()
    return Shelf(files)


def flips(shelf: Shelf) -> Iterator[tuple[str, int]]:
    for name in sorted(shelf.files):
        for bit in range(len(shelf.files[name]) * 8):
            yield name, bit


def flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


def unseen_flips(shelf: Shelf, chosen: Iterator[tuple[str, int]]) -> list[tuple[str, int]]:
    return [
        (name, bit)
        for name, bit in chosen
        if verify(shelf.with_file(name, flipped(shelf.files[name], bit)), TRUST).verdict
        is Verdict.INTACT
    ]


def unseen_cuts(shelf: Shelf, every: int) -> list[tuple[str, int]]:
    return [
        (name, length)
        for name in sorted(shelf.files)
        for length in range(0, len(shelf.files[name]), every)
        if verify(shelf.with_file(name, shelf.files[name][:length]), TRUST).verdict
        is Verdict.INTACT
    ]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_no_false_alarm_at_any_size(size: int) -> None:
    found = verify(published(oracle.entries(size)), TRUST)
    assert (found.verdict, found.findings, found.quorum) == (Verdict.INTACT, [], True)
    assert found.entries_checked == size


def test_an_unaltered_ledger_is_intact_and_says_what_it_rests_on(whole: Shelf) -> None:
    found = verify(whole, TRUST)
    assert (found.verdict, found.size, found.quorum) == (Verdict.INTACT, 200, True)
    assert list(found.cosigned.values()) == [NOW]
    assert found.drill


def test_a_sample_of_single_bit_flips_is_seen(whole: Shelf) -> None:
    every = list(flips(whole))
    assert unseen_flips(whole, iter(random.Random(5).sample(every, len(every) // SAMPLE))) == []


@pytest.mark.torture
def test_every_single_bit_flip_is_seen(whole: Shelf) -> None:
    assert unseen_flips(whole, flips(whole)) == []


def test_a_sample_of_cuts_is_seen(whole: Shelf) -> None:
    assert unseen_cuts(whole, 61) == []
    assert unseen_cuts(whole, 960) == [], "cuts between whole hashes too"


@pytest.mark.torture
def test_every_cut_is_seen(whole: Shelf) -> None:
    assert unseen_cuts(whole, 1) == []


def test_a_missing_file_is_told_as_incomplete(whole: Shelf) -> None:
    for name in ("checkpoint", "tile/0/000.p/200", "tile/entries/000.p/200"):
        found = verify(whole.with_file(name, None), TRUST)
        assert (found.verdict, len(found.findings)) == (Verdict.INCOMPLETE, 1)
    # The specification lets a log drop a partial tile that a newer checkpoint replaced …
    assert verify(whole.with_file("tile/0/000.p/60", None), TRUST).verdict is Verdict.INTACT


def test_a_foreign_file_is_seen(whole: Shelf) -> None:
    for name in (
        "tile/0/names.csv",
        "tile/0/0000",
        "tile/00/000",
        "tile/0/000.p/256",
        "tile/0/000.p/1٢",
    ):
        assert verify(whole.with_file(f"tile/{name}", b"x"), TRUST).verdict is Verdict.TAMPERED


def test_without_the_comparison_of_roots_a_rewritten_ledger_passes(
    whole: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: entries and tiles rewritten to fit each other, checkpoint left alone."""
    entries = oracle.entries(200)
    entries[7] = bytes(32)
    forged = published(entries).with_file("checkpoint", whole.files["checkpoint"])
    assert verify(forged, TRUST).verdict is Verdict.TAMPERED
    monkeypatch.setattr(walk.Walk, "root", lambda self, size=None: None)
    assert verify(forged, TRUST).verdict is Verdict.INTACT


def test_without_the_comparison_of_tiles_a_flipped_tile_passes(
    whole: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: entries alone lead to the root, so a wrong tile needs its own check."""
    name = "tile/0/000.p/200"
    wrong = whole.with_file(name, flipped(whole.files[name], 9)).with_file("tile/0/000.p/60", None)
    assert verify(wrong, TRUST).verdict is Verdict.TAMPERED
    monkeypatch.setattr(walk.Walk, "_tile", lambda self, tile, computed: computed)
    assert verify(wrong, TRUST).verdict is Verdict.INTACT


def test_a_history_rewritten_with_the_logs_own_key_needs_a_witness_or_a_memory(
    whole: Shelf,
) -> None:
    """What a signature alone cannot show: the operator signs whatever he likes."""
    seen = whole.files["checkpoint"]
    entries = oracle.entries(200)
    rewritten = published([*entries[:7], bytes(32), *entries[8:]], cosigned=False)
    assert verify(rewritten, ONLY_LOG).verdict is Verdict.INTACT
    assert verify(rewritten, TRUST).verdict is Verdict.INCOMPLETE
    assert verify(rewritten, ONLY_LOG, earlier=[seen]).verdict is Verdict.TAMPERED
    rolled_back = published(entries[:150], cosigned=False)
    assert verify(rolled_back, ONLY_LOG).verdict is Verdict.INTACT
    assert verify(rolled_back, TRUST).verdict is Verdict.INCOMPLETE
    assert verify(rolled_back, ONLY_LOG, earlier=[seen]).verdict is Verdict.TAMPERED


def splice(draw: random.Random, entries: list[bytes]) -> list[bytes]:
    """One of the ways to bend a history."""
    at, other = sorted(draw.sample(range(len(entries)), 2))
    kind = draw.randrange(6)
    if kind == 0:
        return [*entries[:at], *entries[other:]]
    if kind == 1:
        return [*entries[:other], *entries[at:]]
    if kind == 2:
        swapped = list(entries)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        return swapped
    if kind == 3:
        return [*entries[:at], draw.randbytes(32), *entries[at + 1 :]]
    if kind == 4:
        return [*entries[:at], *(draw.randbytes(32) for _ in range(len(entries)))]
    return entries[:at]


def bent(count: int, seed: int) -> list[tuple[Verdict, Verdict]]:
    """Verdicts on bent histories: with the old checkpoint left in place, and newly signed."""
    draw, entries = random.Random(seed), oracle.entries(300)
    honest = published(entries)
    seen = honest.files["checkpoint"]
    found = []
    for _ in range(count):
        forged = published(splice(draw, entries), cosigned=False)
        kept = forged.with_file("checkpoint", seen)
        found.append(
            (verify(kept, TRUST).verdict, verify(forged, ONLY_LOG, earlier=[seen]).verdict)
        )
    return found


def test_a_sample_of_splices_swaps_forks_and_rollbacks_is_seen() -> None:
    assert all(Verdict.INTACT not in both for both in bent(30, 11))


@pytest.mark.torture
def test_a_thousand_splices_swaps_forks_and_rollbacks_are_seen() -> None:
    assert all(Verdict.INTACT not in both for both in bent(1_000, 12))


def test_an_honest_ledger_that_grew_is_consistent_with_every_earlier_checkpoint() -> None:
    entries = oracle.entries(700)
    sizes = [0, 1, 2, 60, 255, 256, 257, 511, 512, 699, 700]
    earlier = [published(entries[:size]).files["checkpoint"] for size in sizes]
    found = verify(published(entries), TRUST, earlier=earlier)
    assert (found.verdict, found.findings, found.consistent_from) == (Verdict.INTACT, [], 700)
    other = checkpoint.sign(Checkpoint(ORIGIN, 256, bytes(32)), KEY)
    assert verify(published(entries), TRUST, earlier=[other]).verdict is Verdict.TAMPERED


def test_pruned_entries_are_told_and_allowed_only_where_named(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.grow(800)
    made.site.prune(600)
    shelf = Shelf.of(made.site.folder)
    assert verify(shelf, ONLY_LOG).verdict is Verdict.INCOMPLETE
    found = verify(shelf, ONLY_LOG, minimum=600)
    assert (found.verdict, found.pruned_below) == (Verdict.INTACT, 512)
    wrong = flipped(shelf.files["tile/1/000.p/3"], 3)
    assert verify(shelf.with_file("tile/1/000.p/3", wrong), ONLY_LOG, minimum=600).verdict is (
        Verdict.TAMPERED
    )


def test_a_keepers_own_segment_is_compared(tmp_path: Path, whole: Shelf) -> None:
    def held(entries: list[bytes]) -> Report:
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        own = segment.Segment(path)
        own.append([(entry, b"opening") for entry in entries])
        own.close()
        return verify(whole, TRUST, segment=(frame.leaf for frame in segment.read(path)))

    entries = oracle.entries(200)
    assert held(entries).verdict is Verdict.INTACT
    assert held([*entries, bytes(32)]).verdict is Verdict.INTACT
    assert held(entries[:199]).verdict is Verdict.TAMPERED
    assert held([*entries[:9], bytes(32), *entries[10:]]).verdict is Verdict.TAMPERED


def test_a_false_key_or_garbage_is_never_intact(whole: Shelf) -> None:
    assert verify(whole, Trust((WITNESS.verifier,))).verdict is Verdict.TAMPERED
    assert verify(whole, Trust()).verdict is Verdict.INCOMPLETE
    for garbage in (b"", b"x" * 200_000, b"\xff\n\n"):
        assert verify(whole.with_file("checkpoint", garbage), TRUST).verdict is Verdict.TAMPERED


@pytest.mark.torture
def test_flips_in_a_million_leaves_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 along the affected path, 20 by the whole verification."""
    monkeypatch.setattr("os.fsync", lambda handle: None)
    made = Made(tmp_path)
    made.grow(1_000_003)
    shelf, draw = Shelf.of(made.site.folder), random.Random(13)
    signed = made.site.announced()
    assert signed is not None
    head = signed.checkpoint
    tiles = [*tiles_of(head.size), *bundles_of(head.size)]
    chosen = [tiles[draw.randrange(len(tiles))] for _ in range(9_000)]
    chosen += draw.choices([one for one in tiles if one.level > 0], k=1_000)
    for place, tile in enumerate(chosen):
        data = shelf.files[tile.path]
        altered = flipped(data, draw.randrange(len(data) * 8))
        changed = Shelf(shelf.files | {tile.path: altered}) if place < 20 else shelf
        if place < 20:
            assert verify(changed, ONLY_LOG).verdict is Verdict.TAMPERED
        shelf.files[tile.path] = altered
        with pytest.raises((TileWrong, TileMissing)):
            walk.along_path(shelf, head.size, first_leaf(tile), head.root)
        shelf.files[tile.path] = data
        if place % 500 == 0:
            walk.along_path(shelf, head.size, first_leaf(tile), head.root)
    assert verify(shelf, ONLY_LOG).verdict is Verdict.INTACT


def first_leaf(tile: Tile) -> int:
    return tile.index << 8 * (max(tile.level, 0) + 1)


def test_spot_checks_pass_on_an_honest_ledger(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.grow(600)
    site = Site(made.site.folder, KEY.verifier)
    shelf = Shelf.of(site.folder)
    root = tree.root_of(tree.leaf_hashes(made.entries))
    for index in (0, 255, 256, 511, 512, 599):
        walk.along_path(shelf, 600, index, root)
    with pytest.raises(TileWrong):
        walk.along_path(shelf, 600, 3, bytes(32))


@pytest.mark.parametrize("guarded", [True, False])
def test_a_checkpoint_of_any_size_is_not_searched_for_ever(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: unbounded, each of its files is asked for; of 2⁶⁰ it would be for ever."""
    monkeypatch.setattr(walk, "MISSING_MAX", 1_000 if guarded else 1 << 63)
    size = 1 << 60 if guarded else 600 * 256
    signed = checkpoint.sign(Checkpoint(ORIGIN, size, bytes(32)), KEY)
    asked: list[str] = []
    invented = Shelf({"checkpoint": signed})

    def read(shelf: Shelf, path: str) -> bytes | None:
        asked.append(path)
        return shelf.files.get(path)

    monkeypatch.setattr(Shelf, "read", read)
    found = verify(invented, ONLY_LOG, earlier=[signed])
    assert found.verdict is Verdict.INCOMPLETE
    assert (len(asked) < 1_010) == guarded


def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path, whole: Shelf) -> None:
    os.mkfifo(tmp_path / "checkpoint")
    found: list[Report] = []
    looking = threading.Thread(
        target=lambda: found.append(verify(Folder(tmp_path), ONLY_LOG)), daemon=True
    )
    looking.start()
    looking.join(10)
    assert [one.verdict for one in found] == [Verdict.INCOMPLETE]
