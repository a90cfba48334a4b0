"""The published ledger: verifying a million entries, making and checking one proof, publishing."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.report import Figure, write
from serment.ledger import checkpoint, proof, tree
from serment.ledger.note import COSIGNATURE, Signer, parse_lines
from serment.ledger.publish import Publisher
from serment.ledger.report import Verdict
from serment.ledger.source import Folder
from serment.ledger.tiling import Site
from serment.ledger.verify import Trust, verify

LEAVES = 1_000_000
RUNS = 5
PROOFS = 2_000
ROUNDS = 60
ORIGIN = "bench.invalid/ledger/drill"
KEY = Signer(ORIGIN, bytes(32))
WITNESSES = [Signer(f"w{n}.invalid", bytes([n]) * 32, COSIGNATURE) for n in (1, 2)]


def entries(count: int) -> Iterator[bytes]:
    """Commitments, as good as random."""
    return (hashlib.sha256(b"%d" % n).digest() for n in range(count))


def publish(folder: Path) -> Site:
    """A ledger of a million entries, through the same code as in production."""
    publisher = Publisher(folder / "public", KEY, lambda start: iter(()))
    publisher.publish(list(entries(LEAVES)))
    site = Site(folder / "site", KEY.verifier)
    signed = site.build(folder / "public")
    assert signed is not None
    text = signed.note.text
    site.announce(signed, parse_lines("".join(one.line(text, 1) for one in WITNESSES)))
    return site


def seconds(act: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of one call: they part where others want the same core."""
    start = time.process_time()
    wall = seconds(act)
    return wall, time.process_time() - start


def main() -> None:
    """Measure in one thread; the least that any verifier must hash stands beside."""
    folder = Path(tempfile.mkdtemp(prefix="serment-bench-"))
    try:
        site = publish(folder)
        figures = [*verifying(site), *proofs(site), *publishing(folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write("ledger", figures)


def hash_two_million() -> None:
    """One hash for each leaf and each node, and nothing else."""
    sha256, data = hashlib.sha256, bytes(65)
    for _ in range(2 * LEAVES):
        sha256(data).digest()


def verifying(site: Site) -> list[Figure]:
    """The whole ledger, runs interleaved with the bare hashing."""
    trust = Trust((KEY.verifier,), tuple(one.verifier for one in WITNESSES))
    source = Folder(site.folder)

    def whole() -> None:
        assert verify(source, trust).verdict is Verdict.INTACT

    runs = [(measured(whole), measured(hash_two_million)) for _ in range(RUNS)]
    figures = []
    for place, what in enumerate(("wall time", "processor time")):
        value = statistics.median(ours[place] for ours, _bare in runs)
        beside = statistics.median(bare[place] for _ours, bare in runs)
        figures.append(
            Figure(
                f"verify {LEAVES:,} entries from disk, one core, {what}", round(value, 2), "s",
                "two million hashes in a row, s", round(beside, 2), round(value / beside, 2),
                "at most 5 s", RUNS,
            )
        )  # fmt: skip
    return figures


def proofs(site: Site) -> list[Figure]:
    """One receipt: made from tiles in memory, made from disk, checked."""
    signed = checkpoint.open_signed(
        (site.folder / "checkpoint").read_bytes(),
        [KEY.verifier],
        [one.verifier for one in WITNESSES],
    )
    head, draw = signed.checkpoint, random.Random(1)
    warm, hot = site.reader(LEAVES), [draw.randrange(200_000) for _ in range(PROOFS)]
    for index in hot:
        tree.inclusion_proof(index, LEAVES, warm)
    made = per_call(lambda index: tree.inclusion_proof(index, LEAVES, warm), hot)
    cold = per_call(lambda index: tree.inclusion_proof(index, LEAVES, site.reader(LEAVES)), hot)
    index = hot[0]
    entry = site.entry(index, LEAVES)
    path, leaf = tree.inclusion_proof(index, LEAVES, warm), tree.leaf_hash(entry)
    checked = per_call(
        lambda _: tree.verify_inclusion(index, LEAVES, leaf, path, head.root), [0] * PROOFS
    )
    hashing = per_call(lambda _: [tree.node_hash(leaf, leaf) for _ in range(20)], [0] * PROOFS)
    receipt = proof.make(index, entry, signed, warm)
    size = len(receipt.encode())
    twenty = "twenty hashes, µs"
    return [
        Figure("inclusion proof from tiles in memory", made, "µs", twenty, hashing,
               round(made / hashing, 2), "at most 50 µs", PROOFS),
        Figure("inclusion proof from tiles on disk", cold, "µs", twenty, hashing,
               round(cold / hashing, 2), "", PROOFS),
        Figure("inclusion proof checked", checked, "µs", twenty, hashing,
               round(checked / hashing, 2), "at most 50 µs", PROOFS),
        Figure("receipt with two cosignatures", size, "bytes", "", None, None, "below 3,000", 1),
    ]  # fmt: skip


def per_call(act: Callable[[int], object], given: list[int]) -> float:
    """Median time of a call, µs."""
    found = [seconds(lambda value=value: act(value)) for value in given]  # type: ignore[misc]
    return round(statistics.median(found) * 1e6, 1)


def publishing(folder: Path) -> list[Figure]:
    """What a second's worth of accesses costs the keeper, and the worker behind it."""
    known: list[bytes] = []
    publisher = Publisher(folder / "small", KEY, lambda start: iter(known[start:]))
    site = Site(folder / "small-site", KEY.verifier)
    fresh = entries(ROUNDS * 1_000)
    kept, tiled, bare = [], [], []
    for _ in range(ROUNDS):
        batch = [next(fresh) for _ in range(1_000)]
        kept.append(seconds(lambda batch=batch: publisher.publish(batch)) * 1000)  # type: ignore[misc]
        tiled.append(seconds(lambda: site.build(folder / "small")) * 1000)
        bare.append(seconds(lambda: _sync(folder / "bare")) * 1000)
    beside = round(statistics.median(bare), 2)
    rows = (("keeper: bundle and checkpoint", kept), ("worker: tiles", tiled))
    return [
        Figure(
            f"{what} of 1,000 accesses", round(statistics.median(values), 2), "ms",
            "one small write with fsync, ms", beside,
            round(statistics.median(values) / beside, 1), "below 1,000 ms", len(values),
        )
        for what, values in rows
    ]  # fmt: skip


def _sync(path: Path) -> None:
    with path.open("wb") as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
