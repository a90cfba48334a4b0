"""Signed notes: text, an empty line, signature lines (c2sp.org/signed-note).

Strict where the specification lets a reader choose: base64 must be canonical, and one wrong
signature of a known key makes the whole note wrong. Signatures of unknown keys are ignored.
Ed25519 (type 1) and timestamped cosignatures of witnesses (type 4, c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from serment.errors import Broken, Unusable
from serment.ledger import ed25519

ED25519: Final = 1
COSIGNATURE: Final = 4
NOTE_BYTES_MAX: Final = 1 << 16
SIGNATURES_MAX: Final = 64
_MARK: Final = "— "
_PRIVATE: Final = "PRIVATE+KEY+"
_TIME: Final = struct.Struct(">Q")
_TIME_MAX: Final = 2**63 - 1


class NoteUnusable(Broken):
    """A signed note is not in the form it must have."""


class SignatureWrong(Broken):
    """A signature on a note is not the named key's."""


class KeyUnusable(Unusable):
    """A key is not in the form name+id+base64."""


def decode_base64(text: str) -> bytes:
    """Standard base64, canonical only: one text for each value. Raises NoteUnusable."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as wrong:
        raise NoteUnusable from wrong
    if base64.b64encode(data).decode() != text:
        raise NoteUnusable
    return data


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def name_is_usable(name: str) -> bool:
    """Key names are not empty and hold no space, plus sign or control character."""
    return bool(name) and not any(c.isspace() or c == "+" or ord(c) < 32 for c in name)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """First four bytes of the hash that ties name, type and key together."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key whose signatures count."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """What signature lines carry beside the name."""
        return key_id(self.name, self.kind, self.public)

    @property
    def text(self) -> str:
        """The key as people pass it on: ``name+id+base64``."""
        key = encode_base64(bytes([self.kind]) + self.public)
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read ``name+id+base64``. Raises KeyUnusable."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not name_is_usable(parts[0]):
            raise KeyUnusable
        name, wanted, encoded = parts
        try:
            key = decode_base64(encoded)
        except NoteUnusable as wrong:
            raise KeyUnusable from wrong
        if len(key) != 1 + ed25519.PUBLIC_BYTES or key[0] not in (ED25519, COSIGNATURE):
            raise KeyUnusable("Only Ed25519 keys (type 1) and cosigning keys (type 4) are known.")
        found = cls(name, key[0], key[1:])
        if wanted != found.id.hex():
            raise KeyUnusable("A key's id does not fit its name and bytes: it was mistyped.")
        return found

    def time_of(self, signature: bytes, text: bytes) -> int | None:
        """Check one signature: its time in seconds since 1970 for a cosignature, else None.

        Raises SignatureWrong.
        """
        if self.kind == ED25519:
            if not ed25519.verify(self.public, signature, text):
                raise SignatureWrong
            return None
        if len(signature) != _TIME.size + ed25519.SIGNATURE_BYTES:
            raise SignatureWrong
        (time,) = _TIME.unpack(signature[: _TIME.size])
        message = cosigned(text, time)
        if time > _TIME_MAX or not ed25519.verify(self.public, signature[_TIME.size :], message):
            raise SignatureWrong
        return int(time)


def cosigned(text: bytes, time: int) -> bytes:
    """What a witness signs: the note's text under a header that names the time."""
    return b"cosignature/v1\ntime %d\n" % time + text


class Signer:
    """A private key that signs notes. Needs ``cryptography``."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not name_is_usable(name):
            raise KeyUnusable("A key's name is not empty and holds no space and no plus sign.")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, kind, self._key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read a private key as ``private_text`` writes it. Raises KeyUnusable."""
        words = text.strip().removeprefix(_PRIVATE).split("+", 2)
        if not text.startswith(_PRIVATE) or len(words) != 3:
            raise KeyUnusable("This is no private key of the form PRIVATE+KEY+name+id+base64.")
        try:
            key = decode_base64(words[2])
        except NoteUnusable as wrong:
            raise KeyUnusable from wrong
        if len(key) != 1 + ed25519.PUBLIC_BYTES or key[0] not in (ED25519, COSIGNATURE):
            raise KeyUnusable
        found = cls(words[0], key[1:], key[0])
        if found.verifier.id.hex() != words[1]:
            raise KeyUnusable("A key's id does not fit its name and bytes: it was mistyped.")
        return found

    def line(self, text: bytes, time: int | None = None) -> str:
        """One signature line over a note's text; a cosigner says the time."""
        if self.verifier.kind == ED25519:
            signature = self._key.sign(text)
        elif time is None:
            raise ValueError("A cosignature carries a time.")
        else:
            signature = _TIME.pack(time) + self._key.sign(cosigned(text, time))
        return line_of(self.verifier.name, self.verifier.id + signature)


def private_text(name: str, seed: bytes, kind: int) -> str:
    """A private key as golang.org/x/mod/sumdb/note writes it. It is a secret."""
    verifier = Signer(name, seed, kind).verifier
    return f"{_PRIVATE}{name}+{verifier.id.hex()}+{encode_base64(bytes([kind]) + seed)}"


def line_of(name: str, signature: bytes) -> str:
    """A signature line from a key's name and ``id ‖ signature``."""
    return f"{_MARK}{name} {encode_base64(signature)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, not yet checked."""

    name: str
    id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note."""
        return line_of(self.name, self.id + self.signature)


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart, not yet checked: its text must not be used before ``check``."""

    text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note as it is passed on."""
        return self.text + b"\n" + "".join(one.line for one in self.signatures).encode()

    def check(self, verifiers: Iterable[Verifier]) -> dict[Verifier, int | None]:
        """Which of the keys signed, and the time each says (cosigners only).

        Raises SignatureWrong for a false signature under a known key.
        """
        known = {(one.name, one.id): one for one in verifiers}
        found: dict[Verifier, int | None] = {}
        for signature in self.signatures:
            verifier = known.get((signature.name, signature.id))
            if verifier is None:
                continue
            time = verifier.time_of(signature.signature, self.text)
            if verifier not in found:
                found[verifier] = time
        return found

    def with_lines(self, added: Sequence[Signature]) -> Note:
        """The note with more signatures; a key that signed anew replaces its older line."""
        new = {(one.name, one.id) for one in added}
        kept = [one for one in self.signatures if (one.name, one.id) not in new]
        return Note(self.text, (*kept, *added))


def parse_lines(lines: str) -> tuple[Signature, ...]:
    """Signature lines, each with its newline. Raises NoteUnusable."""
    if not lines.endswith("\n"):
        raise NoteUnusable
    found = []
    for line in lines[:-1].split("\n"):
        name, space, encoded = line.removeprefix(_MARK).partition(" ")
        if not (line.startswith(_MARK) and space and name_is_usable(name)):
            raise NoteUnusable
        data = decode_base64(encoded)
        if len(data) < 5:
            raise NoteUnusable
        found.append(Signature(name, data[:4], data[4:]))
    if len(found) > SIGNATURES_MAX:
        raise NoteUnusable
    return tuple(found)


def parse(data: bytes) -> Note:
    """Take a note apart. Raises NoteUnusable."""
    if len(data) > NOTE_BYTES_MAX:
        raise NoteUnusable
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise NoteUnusable from wrong
    if any(ord(c) < 32 and c != "\n" for c in whole):
        raise NoteUnusable
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines:
        raise NoteUnusable
    return Note(text.encode() + b"\n", parse_lines(lines))


def sign(text: bytes, signers: Sequence[Signer]) -> bytes:
    """A note over a text that ends in a newline, signed by each."""
    if not text.endswith(b"\n"):
        raise ValueError("A note's text ends in a newline.")
    return text + b"\n" + "".join(one.line(text) for one in signers).encode()
