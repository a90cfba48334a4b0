"""A continuity sheet and its key as files, opened with nothing but Python: no instance, no network.

The key is an age X25519 identity; its file is an age file under a passphrase. Both open in any
program of the age format. Beside the identity the file names the keeper whose signature stands
under the site's sheets, as it was on the day the key was made.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from serment.errors import Broken, Refused, Unusable
from serment.ledger.note import ED25519, Verifier, parse_lines

FORMAT: Final = "serment-continuity-2"
_SECRET: Final = "AGE-SECRET-KEY-1"  # noqa: S105 -- how every such key begins
PASSPHRASE_LETTERS_MIN: Final = 12
KEEPER: Final = "# keeper "
"""Begins the line of a key file that names the keeper's public key."""

CLOCKS_DIFFER: Final = timedelta(minutes=10)


class KeyUnusable(Unusable):
    """This is no continuity key, or the passphrase is another."""


class SheetUnusable(Unusable):
    """This is no continuity sheet of this key, or it was altered."""


class NotTheKeepers(Refused):
    """This sheet is not signed by your keeper: do not use it, take the one before."""


class TooOld(Refused):
    """This sheet no longer says who comes."""


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


def write_key(key: SiteKey, path: Path, passphrase: str, keeper: str = "") -> None:
    """Write the key file under its passphrase; FileExistsError rather than another key lost.

    ``keeper`` is the log's public key, ``name+id+base64``, where it is known.
    """
    import pyrage

    if len(passphrase) < PASSPHRASE_LETTERS_MIN:
        raise PassphraseShort
    named = f"{KEEPER}{keeper}\n" if keeper else ""
    text = (
        f"# Serment, clé de continuité / continuity key\n# {key.recipient}\n{named}{key.secret}\n"
    )
    closed = pyrage.passphrase.encrypt(text.encode(), passphrase)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(closed)
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class Held:
    """What a site's key file holds: the secret half, and the keeper's public key or nothing."""

    secret: str
    keeper: str = ""


def held_in(contents: bytes, passphrase: str) -> Held:
    """A key file's contents, or a recovery line typed in. KeyUnusable."""
    import pyrage

    if not contents.lstrip().upper().startswith(_SECRET.encode()):
        try:
            contents = pyrage.passphrase.decrypt(contents, passphrase)
        except pyrage.DecryptError as wrong:
            raise KeyUnusable from wrong
    lines = [line.strip() for line in contents.decode("ascii", "replace").splitlines()]
    keeper = next((line for line in lines if line.startswith(KEEPER)), "").removeprefix(KEEPER)
    for line in lines:
        if line.upper().startswith(_SECRET):
            return Held(line.upper(), keeper)
    raise KeyUnusable


def secret_of(contents: bytes, passphrase: str) -> str:
    """The secret half alone."""
    return held_in(contents, passphrase).secret


def opened(sealed: bytes, secret: str, keeper: str = "") -> dict[str, Any]:
    """The sheet's document; its ``signed_by`` is the keeper, or empty where none was named.

    SheetUnusable for another key, an altered or a foreign file; NotTheKeepers where ``keeper``
    did not sign what it says.
    """
    import pyrage

    try:
        identity = pyrage.x25519.Identity.from_str(secret)
    except pyrage.IdentityError as wrong:
        raise KeyUnusable from wrong
    try:
        text, _, lines = pyrage.decrypt(sealed, [identity]).rpartition(b"\n\n")
        document = json.loads(text)
    except (pyrage.DecryptError, ValueError) as wrong:
        raise SheetUnusable from wrong
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SheetUnusable
    signer = _must_be_signed(text + b"\n", lines, keeper) if keeper else ""
    return document | {"signed_by": signer}


def _must_be_signed(text: bytes, lines: bytes, keeper: str) -> str:
    """The signature counts by the key alone: a recovery changes the log's name, not its key."""
    known = Verifier.parse(keeper)
    try:
        for one in parse_lines(lines.decode("utf-8")):
            named = Verifier(one.name, ED25519, known.public)
            if named.id == one.id:
                named.time_of(one.signature, text)
                return one.name
    except (Broken, UnicodeDecodeError) as wrong:
        raise NotTheKeepers from wrong
    raise NotTheKeepers


def must_still_tell(document: dict[str, Any], now: datetime) -> None:
    """TooOld, saying how old, for a sheet past what it reaches."""
    issued, until = (datetime.fromisoformat(document[name]) for name in ("issued", "until"))
    if now > until:
        raise TooOld(
            f"This sheet is {age_in_words(now - issued)} old and reached until"
            f" {until:%Y-%m-%d %H:%M}: it no longer says who comes. Take a newer one, or add --old"
            " to read it all the same."
        )


def told_of(document: dict[str, Any], now: datetime) -> str:
    """By whom the sheet was made and how long ago, in a sentence."""
    issued = datetime.fromisoformat(document["issued"])
    by = f"signed by the keeper {document['signed_by']}" if document["signed_by"] else (
        "signature not checked: the keeper's key is not known here (--keeper)"
    )  # fmt: skip
    if issued > now + CLOCKS_DIFFER:
        return f"Issued at {issued:%Y-%m-%d %H:%M}, later than this machine's clock; {by}."
    return f"Issued at {issued:%Y-%m-%d %H:%M}, {age_in_words(now - issued)} ago; {by}."


def age_in_words(age: timedelta) -> str:
    """Minutes below two hours, hours below two days, then days."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def in_lines(document: dict[str, Any]) -> str:
    """The sheet as it is printed."""
    return "\n".join(str(line) for line in document["text"])
