"""Checkpoints: origin, size and root of the tree in a signed note (c2sp.org/tlog-checkpoint).

Extension lines of other logs are kept and passed on, and mean nothing here; ours have none,
because nobody could audit them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from serment.ledger import note
from serment.ledger.note import Note, NoteUnusable, SignatureWrong, Signer, Verifier
from serment.ledger.tree import HASH_BYTES, SIZE_MAX

DRILL: Final = "/drill"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def origin_of(name: str, *, drill: bool) -> str:
    """A log's origin; a throw-away instance's ends in ``/drill`` and never passes for a real one.

    ``name`` is a schema-less URL like ``rdv.example.fr/ledger``.
    """
    bare = name.removesuffix(DRILL)
    if not note.name_is_usable(bare):
        raise note.KeyUnusable("An origin is not empty and holds no space and no plus sign.")
    return bare + DRILL if drill else bare


def parse_size(text: str) -> int:
    """A tree's size in plain decimal. Raises NoteUnusable."""
    if not _SIZE.fullmatch(text) or int(text) > SIZE_MAX:
        raise NoteUnusable
    return int(text)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one instant."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """The text that is signed."""
        lines = [self.origin, str(self.size), note.encode_base64(self.root), *self.extensions]
        return ("\n".join(lines) + "\n").encode()

    @property
    def is_drill(self) -> bool:
        """Whether a throw-away instance says so."""
        return self.origin.endswith(DRILL)

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read a note's text. Raises NoteUnusable."""
        if not text.endswith(b"\n"):
            raise NoteUnusable
        lines = text.decode("utf-8")[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteUnusable
        origin, size, root, *extensions = lines
        found = note.decode_base64(root)
        if len(found) != HASH_BYTES:
            raise NoteUnusable
        return cls(origin, parse_size(size), found, tuple(extensions))


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose log signature was checked, with the cosignatures that count."""

    checkpoint: Checkpoint
    note: Note
    log: Verifier
    cosigned: dict[Verifier, int]
    """Each known witness and the time it says, seconds since 1970."""


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The log's own signed checkpoint."""
    if signer.verifier.name != checkpoint.origin:
        raise ValueError("A log's key is named like its origin.")
    return note.sign(checkpoint.text(), [signer])


def open_signed(
    data: bytes | Note, logs: Iterable[Verifier], witnesses: Iterable[Verifier] = ()
) -> Signed:
    """Check a checkpoint against the keys of logs and witnesses.

    Raises NoteUnusable, and SignatureWrong where no key of its own origin signed it or a known
    key's signature is false.
    """
    taken = data if isinstance(data, Note) else note.parse(data)
    checkpoint = Checkpoint.parse(taken.text)
    own = [one for one in logs if one.name == checkpoint.origin and one.kind == note.ED25519]
    others = [one for one in witnesses if one.kind == note.COSIGNATURE]
    times = taken.check([*own, *others])
    log = next((one for one in own if one in times), None)
    if log is None:
        raise SignatureWrong("No key that you named for this log signed its checkpoint.")
    cosigned = {one: time for one, time in times.items() if time is not None}
    return Signed(checkpoint, taken, log, cosigned)
