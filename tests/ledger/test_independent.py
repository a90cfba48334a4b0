"""Somebody else's code agrees: golang.org/x/mod/sumdb, which serves Go's checksum database.

Its figures lie in tests/vectors/ledger-go.json; ``make torture`` also runs it on a ledger of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serment.ledger import checkpoint, note, tiles, tree
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.note import Signer, Verifier
from tests.house.rules import ROOT
from tests.ledger import oracle
from tests.ledger.making import KEY, WITNESS, Made

VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/ledger-go.json").read_bytes())
ENTRIES = oracle.entries(300)
READ = oracle.reader(tree.leaf_hashes(ENTRIES))


def test_the_same_roots_at_every_size() -> None:
    frontier = tree.Frontier()
    for entry, root in zip(ENTRIES, VECTORS["roots"], strict=True):
        frontier.append(tree.leaf_hash(entry))
        assert frontier.root().hex() == root


@pytest.mark.parametrize("one", VECTORS["inclusion"], ids=lambda one: f"{one['index']}")
def test_the_same_inclusion_proofs(one: dict[str, Any]) -> None:
    proof = tree.inclusion_proof(one["index"], one["size"], READ)
    assert [step.hex() for step in proof] == one["proof"]


@pytest.mark.parametrize("one", VECTORS["consistency"], ids=lambda one: f"{one['old']}")
def test_the_same_consistency_proofs(one: dict[str, Any]) -> None:
    proof = tree.consistency_proof(one["old"], one["new"], READ)
    assert [step.hex() for step in proof] == one["proof"]


def test_the_same_names_of_tiles() -> None:
    assert {n: tiles.Tile(0, int(n)).path for n in VECTORS["paths"]} == VECTORS["paths"]


def test_the_same_keys_and_the_same_signed_checkpoint() -> None:
    signer = Signer.parse(VECTORS["skey"])
    assert signer.verifier == Verifier.parse(VECTORS["vkey"])
    assert signer.verifier.text == VECTORS["vkey"]
    head = Checkpoint("vectors.example/go", 300, bytes.fromhex(VECTORS["roots"][-1]))
    assert checkpoint.sign(head, signer) == VECTORS["checkpoint"].encode()
    taken = note.parse(VECTORS["checkpoint"].encode())
    assert checkpoint.open_signed(taken, [signer.verifier]).checkpoint == head


@pytest.mark.torture
def test_it_verifies_our_published_ledger_and_sees_an_altered_one(tmp_path: Path) -> None:
    made = Made(tmp_path)
    earlier = []
    for count in (1, 254, 1, 1, 700):
        made.grow(count, WITNESS)
        earlier.append(tmp_path / f"seen-{len(made.entries)}")
        earlier[-1].write_bytes((made.site.folder / "checkpoint").read_bytes())
    check = [sys.executable, str(ROOT / "scripts" / "independent_check.py")]
    ask = [*check, str(made.site.folder), KEY.verifier.text, *map(str, earlier)]
    told = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("consistent with") == 5
    assert "verified 957 entries" in told.stdout
    bundle = made.site.folder / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    assert subprocess.run(ask, capture_output=True, check=False).returncode == 1
