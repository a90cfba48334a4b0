"""A receipt that needs nobody: inclusion proof and signed checkpoint in one file (.tlog-proof).

The format is c2sp.org/tlog-proof. The optional extra data carries the 32-byte commitment itself,
or the statement behind it (``statement``), so that whoever holds the file can check it; it is
believed only because the proof hashes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from serment.ledger import checkpoint, note, tree
from serment.ledger.checkpoint import Signed, parse_size
from serment.ledger.note import Note, NoteUnusable, Verifier
from serment.ledger.statement import Statement, StatementUnusable, is_statement
from serment.ledger.tree import HASH_BYTES, PROOF_HASHES_MAX, ProofWrong, ReadHash

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
PROOF_BYTES_MAX: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands at a place in a log that some people have seen."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The file."""
        lines = [FIRST_LINE]
        if self.extra is not None:
            lines.append(f"extra {note.encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [note.encode_base64(one) for one in self.hashes]
        return ("\n".join(lines) + "\n\n").encode() + self.note.encode()

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Read a file. Raises NoteUnusable."""
        head, separator, signed = data.partition(b"\n\n")
        if not separator or len(data) > PROOF_BYTES_MAX:
            raise NoteUnusable
        try:
            first, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as wrong:
            raise NoteUnusable from wrong
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = note.decode_base64(lines.pop(0).removeprefix("extra "))
        if first != FIRST_LINE or not lines or not lines[0].startswith("index "):
            raise NoteUnusable
        index = parse_size(lines.pop(0).removeprefix("index "))
        return cls(index, decode_proof(lines), note.parse(signed), extra)

    def check(
        self, entry: bytes, logs: Iterable[Verifier], witnesses: Iterable[Verifier] = ()
    ) -> Signed:
        """See that the entry is in the log; the checkpoint and who cosigned it.

        Raises NoteUnusable, SignatureWrong or ProofWrong.
        """
        signed = checkpoint.open_signed(self.note, logs, witnesses)
        head = signed.checkpoint
        tree.verify_inclusion(self.index, head.size, tree.leaf_hash(entry), self.hashes, head.root)
        return signed

    def commitment(self) -> bytes:
        """The entry that the file carries along, or that its statement leads to.

        Raises ProofWrong where it carries neither, or an unreadable statement.
        """
        told = self.statement()
        if told is not None:
            return told.entry()
        if self.extra is None or len(self.extra) != HASH_BYTES:
            raise ProofWrong("This proof does not say for which entry it is; name the entry.")
        return self.extra

    def statement(self) -> Statement | None:
        """What the file tells about its entry; None for a bare one. Raises ProofWrong."""
        if self.extra is None or not is_statement(self.extra):
            return None
        try:
            return Statement.parse(self.extra)
        except StatementUnusable as wrong:
            raise ProofWrong(wrong.sentence) from wrong


def decode_proof(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Hashes of a proof, one base64 line each. Raises NoteUnusable."""
    found = tuple(note.decode_base64(line) for line in lines)
    if len(found) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in found):
        raise NoteUnusable
    return found


def make(index: int, extra: bytes, signed: Signed, read: ReadHash) -> Proof:
    """The receipt of an entry under a checkpoint, from the tiles of that size.

    ``extra`` is the entry itself or a statement that leads to it.
    Raises ValueError for an entry that the checkpoint does not cover yet, TileMissing, TileWrong.
    """
    hashes = tree.inclusion_proof(index, signed.checkpoint.size, read)
    return Proof(index, tuple(hashes), signed.note, extra)
