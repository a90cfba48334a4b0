"""The tree agrees with the definitions of RFC 6962, its proofs hold, and altered ones do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment.ledger import tree
from tests.ledger import oracle

# The eight leaves and roots of the Certificate Transparency reference implementation.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(min_value=0, max_value=140)


def test_roots_are_those_of_the_reference_implementation() -> None:
    frontier = tree.Frontier()
    assert frontier.root().hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    for leaf, root in zip(REFERENCE_LEAVES, REFERENCE_ROOTS, strict=True):
        frontier.append(tree.leaf_hash(leaf))
        assert frontier.root().hex() == root


@given(SIZES)
def test_the_root_at_any_size_is_the_definitions(size: int) -> None:
    entries = oracle.entries(size)
    hashes = tree.leaf_hashes(entries)
    assert tree.root_of(hashes) == oracle.root(entries)
    assert tree.root_at(size, oracle.reader(hashes)) == oracle.root(entries)
    frontier = tree.Frontier.of(size, oracle.reader(hashes))
    assert (frontier.size, frontier.root()) == (size, oracle.root(entries))


@given(st.data())
def test_inclusion_proofs_are_the_definitions_and_hold(data: st.DataObject) -> None:
    size = data.draw(st.integers(min_value=1, max_value=140))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    entries = oracle.entries(size)
    proof = tree.inclusion_proof(index, size, oracle.reader(tree.leaf_hashes(entries)))
    assert proof == oracle.path(index, entries)
    leaf, root = tree.leaf_hash(entries[index]), oracle.root(entries)
    tree.verify_inclusion(index, size, leaf, proof, root)
    for wrong in _altered(data, proof):
        with pytest.raises(tree.ProofWrong):
            tree.verify_inclusion(index, size, leaf, wrong, root)
    other = data.draw(st.integers(min_value=0, max_value=size - 1))
    if other != index:
        with pytest.raises(tree.ProofWrong):
            tree.verify_inclusion(other, size, leaf, proof, root)


@given(st.data())
def test_consistency_proofs_are_the_definitions_and_hold(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(min_value=0, max_value=new))
    entries = oracle.entries(new)
    proof = tree.consistency_proof(old, new, oracle.reader(tree.leaf_hashes(entries)))
    assert proof == (oracle.consistency(old, entries) if old else [])
    old_root, new_root = oracle.root(entries[:old]), oracle.root(entries)
    tree.verify_consistency(old, old_root, new, new_root, proof)
    for wrong in _altered(data, proof):
        with pytest.raises(tree.ProofWrong):
            tree.verify_consistency(old, old_root, new, new_root, wrong)
    if old:
        forked = oracle.root([b"fork", *entries[1:old]])
        with pytest.raises(tree.ProofWrong):
            tree.verify_consistency(old, forked, new, new_root, proof)


def _altered(data: st.DataObject, proof: list[bytes]) -> list[list[bytes]]:
    """A flipped bit, a cut, a lengthening."""
    altered = [[*proof, bytes(32)]]
    if proof:
        place = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
        bit = data.draw(st.integers(min_value=0, max_value=255))
        flipped = (int.from_bytes(proof[place], "big") ^ 1 << bit).to_bytes(32, "big")
        altered += [[*proof[:place], flipped, *proof[place + 1 :]], proof[:-1], proof[1:]]
    return altered


def test_a_checker_that_does_not_look_at_the_root_lets_a_flip_through() -> None:
    """Negative control: the comparison at the end is what stops an altered proof."""
    entries = oracle.entries(5)
    proof = tree.inclusion_proof(2, 5, oracle.reader(tree.leaf_hashes(entries)))
    proof[0] = bytes(32)
    reached = oracle.root_reached(2, 5, tree.leaf_hash(entries[2]), proof)
    tree.verify_inclusion(2, 5, tree.leaf_hash(entries[2]), proof, reached)
    with pytest.raises(tree.ProofWrong):
        tree.verify_inclusion(2, 5, tree.leaf_hash(entries[2]), proof, oracle.root(entries))


@settings(max_examples=30)
@given(st.integers(min_value=0, max_value=40), st.integers(min_value=0, max_value=4))
def test_whole_subtrees_are_taken_only_where_they_fit(size: int, height: int) -> None:
    frontier = tree.Frontier()
    frontier.extend(tree.leaf_hashes(oracle.entries(size)))
    if size % (1 << height):
        with pytest.raises(ValueError, match="does not fit"):
            frontier.append(bytes(32), height)
    else:
        added = tree.leaf_hashes(oracle.entries(1 << height, salt=b"more"))
        other = frontier.copy()
        frontier.append(tree.perfect_root(added), height)
        other.extend(added)
        assert frontier.root() == other.root()
