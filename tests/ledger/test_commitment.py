"""A leaf commits to both parts and can be tried against names by nobody."""

from __future__ import annotations

from serment.ledger import commitment


def test_a_leaf_changes_with_either_part_and_fits_32_bytes() -> None:
    one, other = commitment.part_hash(b"salt" * 8 + b"a"), commitment.part_hash(b"salt" * 8 + b"b")
    leaf = commitment.leaf_of(one, other)
    assert len(leaf) == 32
    assert leaf != commitment.leaf_of(other, one)


def test_the_same_part_never_gives_the_same_hash_twice() -> None:
    part = b"Philomene Quatrevaux"
    assert commitment.part_hash(commitment.salted(part)) != commitment.part_hash(
        commitment.salted(part)
    )
    # Negative control: without the salt a guessed name would be confirmed by its hash.
    assert commitment.part_hash(part) == commitment.part_hash(part)
    assert commitment.unsalted(commitment.salted(part)) == part
