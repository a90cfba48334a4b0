"""A witness: remembers how far it saw each log, and cosigns only what extends it (tlog-witness).

State: one file a log, its newest cosigned checkpoint, replaced durably before the cosignature
leaves. A crash after that costs the caller one repeated question, never a second history. A state
file that cannot be read stops the witness: forgetting would let a log fork. One process a folder
(it is locked), one question at a time a witness.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serment.errors import Broken
from serment.ledger import checkpoint, durable, note, tree
from serment.ledger.checkpoint import Signed, parse_size
from serment.ledger.note import Note, NoteUnusable, SignatureWrong, Signer, Verifier
from serment.ledger.proof import decode_proof
from serment.ledger.tree import EMPTY_ROOT, ProofWrong

BODY_BYTES_MAX: Final = 1 << 16
CONFLICTS_MAX: Final = 1_000
CONFLICT: Final = "conflict"
UNPROVED: Final = "unproved"
SIZE_TYPE: Final = "text/x.tlog.size"
TEXT_TYPE: Final = "text/plain; charset=utf-8"


class WitnessLocked(Broken):
    """Another witness works in this folder; two would let a log fork between them."""


class WitnessDamaged(Broken):
    """The witness cannot read what it remembers of a log, and does not go on without it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: a checkpoint, and the proof that it extends an older size."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encode(self) -> bytes:
        """The body of a request."""
        lines = [f"old {self.old}", *(note.encode_base64(one) for one in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.encode()

    @classmethod
    def parse(cls, body: bytes) -> Asked:
        """Read a request's body. Raises NoteUnusable."""
        head, separator, signed = body.partition(b"\n\n")
        try:
            old, *proof = head.decode("ascii").split("\n")
        except UnicodeDecodeError as wrong:
            raise NoteUnusable from wrong
        if not separator or not old.startswith("old "):
            raise NoteUnusable
        size = parse_size(old.removeprefix("old "))
        return cls(size, decode_proof(proof), note.parse(signed))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: an HTTP status and a body."""

    status: int
    body: str
    type: str = TEXT_TYPE


class Witness:
    """One witness: a key, the logs it knows, a folder that remembers."""

    def __init__(
        self, folder: Path, signer: Signer, logs: Iterable[Verifier], seconds: Callable[[], int]
    ) -> None:
        """Lock the folder and read what is remembered. Raises WitnessLocked, WitnessDamaged."""
        self.folder = folder
        self.signer = signer
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._seconds = seconds
        self._one_at_a_time = threading.Lock()
        durable.make_folder(folder)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as busy:
            os.close(self._lock)
            raise WitnessLocked from busy
        self._latest = {origin: self._remembered(origin) for origin in self._logs}

    def close(self) -> None:
        """Let go of the folder; once, for the lock's number is soon somebody else's."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one ``add-checkpoint``, in the order of the specification's checks.

        Raises OSError where the new size could not be remembered; nothing was cosigned then.
        """
        try:
            asked = Asked.parse(body)
            head = checkpoint.Checkpoint.parse(asked.note.text)
        except NoteUnusable:
            return Answer(400, "The body is not a question to a witness.\n")
        if head.origin not in self._logs:
            return Answer(404, "This witness does not know the log.\n")
        try:
            signed = checkpoint.open_signed(asked.note, self._logs[head.origin])
        except SignatureWrong:
            return Answer(403, "The checkpoint is not signed by a key known for the log.\n")
        if asked.old > head.size:
            return Answer(400, "The old size is above the new one.\n")
        with self._one_at_a_time:
            return self._judge(asked, signed)

    def _judge(self, asked: Asked, signed: Signed) -> Answer:
        head, latest = signed.checkpoint, self._latest[signed.checkpoint.origin]
        size, root = (latest.size, latest.root) if latest else (0, EMPTY_ROOT)
        if asked.old != size:
            return Answer(409, f"{size}\n", SIZE_TYPE)
        if head.size == size and latest and head.root != root:
            self._keep(CONFLICT, signed.note)
            return Answer(409, f"{size}\n", SIZE_TYPE)
        try:
            tree.verify_consistency(size, root, head.size, head.root, asked.proof)
        except ProofWrong:
            self._keep(UNPROVED, signed.note)
            return Answer(422, "The proof does not show that the log only grew.\n")
        if latest is None or head.size > size:
            durable.write(self._path(head.origin), signed.note.encode(), mode=0o600)
            self._latest[head.origin] = head
        return Answer(200, self.signer.line(signed.note.text, self._seconds()))

    def _path(self, origin: str) -> Path:
        return self.folder / hashlib.sha256(origin.encode()).hexdigest()

    def _remembered(self, origin: str) -> checkpoint.Checkpoint | None:
        try:
            data = self._path(origin).read_bytes()
        except FileNotFoundError:
            return None
        try:
            # Not checked against today's keys: a log may have changed its key since.
            found = checkpoint.Checkpoint.parse(note.parse(data).text)
        except NoteUnusable as wrong:
            raise WitnessDamaged from wrong
        if found.origin != origin:
            raise WitnessDamaged
        return found

    def _keep(self, what: str, signed: Note) -> None:
        """A checkpoint the log signed: evidence, up to a number. Two roots at one size stand alone
        (``conflict``). That no proof came (``unproved``) may be the fault of whoever asked: they
        are kept apart, so that nobody fills the other folder with the log's honest checkpoints.
        """
        folder = self.folder / what
        path = folder / hashlib.sha256(signed.text).hexdigest()
        durable.make_folder(folder)
        if not path.exists() and sum(1 for _ in folder.iterdir()) < CONFLICTS_MAX:
            durable.write(path, signed.encode(), mode=0o600)
