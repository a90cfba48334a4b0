"""A continuity sheet and its key as files, opened with nothing but Python: no instance, no network.

The key is an age X25519 identity; its file is an age file under a passphrase. Both open in any
program of the age format.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serment.errors import Unusable

FORMAT: Final = "serment-continuity-1"
_SECRET: Final = "AGE-SECRET-KEY-1"  # noqa: S105 -- how every such key begins
PASSPHRASE_LETTERS_MIN: Final = 12


class KeyUnusable(Unusable):
    """This is no continuity key, or the passphrase is another."""


class SheetUnusable(Unusable):
    """This is no continuity sheet of this key, or it was altered."""


class PassphraseShort(Unusable):
    """The passphrase needs at least 12 characters: four words that have nothing in common."""


@dataclass(frozen=True, slots=True)
class SiteKey:
    """Both halves of a new key; ``secret`` is also what is printed for the safe."""

    recipient: str
    secret: str

    def __repr__(self) -> str:
        return f"SiteKey({self.recipient})"


def new_key() -> SiteKey:
    """A key of a site, drawn here."""
    import pyrage

    made = pyrage.x25519.Identity.generate()
    return SiteKey(str(made.to_public()), str(made))


def write_key(key: SiteKey, path: Path, passphrase: str) -> None:
    """Write the key file under its passphrase; FileExistsError rather than another key lost."""
    import pyrage

    if len(passphrase) < PASSPHRASE_LETTERS_MIN:
        raise PassphraseShort
    text = f"# Serment, clé de continuité / continuity key\n# {key.recipient}\n{key.secret}\n"
    closed = pyrage.passphrase.encrypt(text.encode(), passphrase)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(closed)
        file.flush()
        os.fsync(file.fileno())


def secret_of(contents: bytes, passphrase: str) -> str:
    """The secret half out of a key file's contents, or out of a recovery line typed in."""
    import pyrage

    if not contents.lstrip().upper().startswith(_SECRET.encode()):
        try:
            contents = pyrage.passphrase.decrypt(contents, passphrase)
        except pyrage.DecryptError as wrong:
            raise KeyUnusable from wrong
    for line in contents.decode("ascii", "replace").splitlines():
        if line.strip().upper().startswith(_SECRET):
            return line.strip().upper()
    raise KeyUnusable


def opened(sealed: bytes, secret: str) -> dict[str, Any]:
    """The sheet's document. SheetUnusable for another key, an altered or a foreign file."""
    import pyrage

    try:
        identity = pyrage.x25519.Identity.from_str(secret)
    except pyrage.IdentityError as wrong:
        raise KeyUnusable from wrong
    try:
        document = json.loads(pyrage.decrypt(sealed, [identity]))
    except (pyrage.DecryptError, ValueError) as wrong:
        raise SheetUnusable from wrong
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SheetUnusable
    return document


def in_lines(document: dict[str, Any]) -> str:
    """The sheet as it is printed."""
    return "\n".join(str(line) for line in document["text"])
