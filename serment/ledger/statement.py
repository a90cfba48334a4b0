"""What a receipt tells: the two salted parts behind a public commitment, or only one of them.

It travels in the ``extra`` line of a ``.tlog-proof``: ``"serment receipt 1"``, then the actor's
part, then the patient's, each ``length u32`` and bytes, big-endian; a part that is withheld is
``ff ff ff ff`` and its 32-byte hash. Nothing in it is believed but because it leads to the entry
that the proof hashes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from serment.errors import Unusable
from serment.ledger import commitment
from serment.ledger.commitment import SALT_BYTES

MAGIC: Final = b"serment receipt 1"
_LENGTH: Final = struct.Struct(">I")
_WITHHELD: Final = 0xFFFFFFFF
_HASH_BYTES: Final = 32
PART_BYTES_MAX: Final = 40_000
"""Two of them fit into the largest proof that is read (``proof.PROOF_BYTES_MAX``)."""


class StatementUnusable(Unusable):
    """What this receipt tells is not in a form that can be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One salted part, or only its hash where it is not shown."""

    salted: bytes | None
    hash: bytes

    @classmethod
    def shown(cls, salted: bytes) -> Part:
        """A part as it was sealed."""
        return cls(salted, commitment.part_hash(salted))

    @property
    def contents(self) -> bytes | None:
        """Without the salt."""
        return None if self.salted is None else commitment.unsalted(self.salted)

    def encode(self) -> bytes:
        """As it stands in the statement."""
        if self.salted is None:
            return _LENGTH.pack(_WITHHELD) + self.hash
        return _LENGTH.pack(len(self.salted)) + self.salted


@dataclass(frozen=True, slots=True)
class Statement:
    """Who did what to whom; either may be withheld."""

    actor: Part
    patient: Part

    def encode(self) -> bytes:
        """The bytes of the ``extra`` line."""
        return MAGIC + self.actor.encode() + self.patient.encode()

    @classmethod
    def parse(cls, data: bytes) -> Statement:
        """Read them back. Raises StatementUnusable."""
        if not is_statement(data):
            raise StatementUnusable
        actor, at = _part(data, len(MAGIC))
        patient, at = _part(data, at)
        if at != len(data):
            raise StatementUnusable
        return cls(actor, patient)

    def entry(self) -> bytes:
        """The entry of the ledger that this statement, and no other, leads to."""
        return commitment.leaf_of(self.actor.hash, self.patient.hash)


def is_statement(extra: bytes) -> bool:
    """Whether an ``extra`` line means to tell anything beside the bare commitment."""
    return len(extra) != _HASH_BYTES and extra.startswith(MAGIC)


def _part(data: bytes, at: int) -> tuple[Part, int]:
    behind = at + _LENGTH.size
    if behind > len(data):
        raise StatementUnusable
    (length,) = _LENGTH.unpack_from(data, at)
    if length == _WITHHELD:
        end = behind + _HASH_BYTES
        part = Part(None, data[behind:end])
    else:
        if not SALT_BYTES < length <= PART_BYTES_MAX:
            raise StatementUnusable
        end = behind + length
        part = Part.shown(data[behind:end])
    if end > len(data):
        raise StatementUnusable
    return part, end
