"""What the public sees of one access: 32 bytes that commit to everything and say nothing.

``leaf = SHA-256("serment leaf 1" ‖ H(actor part) ‖ H(patient part))`` where
``H(part) = SHA-256("serment part 1" ‖ salt ‖ part)`` and each salt of 32 random bytes lies inside
its own sealed part. Either part can be shown without the other; without the salt nobody can try
names against the hash.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

SALT_BYTES: Final = 32
_LEAF: Final = b"serment leaf 1"
_PART: Final = b"serment part 1"


def salted(part: bytes, salt: bytes = b"") -> bytes:
    """The part with a fresh salt in front: the form that is sealed and hashed.

    Whoever gives a ``salt`` has drawn it for this very part, with other randomness.
    """
    return (salt or os.urandom(SALT_BYTES)) + part


def unsalted(salted_part: bytes) -> bytes:
    """The part without its salt."""
    return salted_part[SALT_BYTES:]


def part_hash(salted_part: bytes) -> bytes:
    """Hash of one salted part."""
    return hashlib.sha256(_PART + salted_part).digest()


def leaf_of(actor_hash: bytes, patient_hash: bytes) -> bytes:
    """The public leaf from the two parts' hashes."""
    return hashlib.sha256(_LEAF + actor_hash + patient_hash).digest()
