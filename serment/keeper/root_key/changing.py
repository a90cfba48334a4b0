"""Making a root key of any source, and changing from one to another. For the command line.

Whoever changes the root key proves the present one first. The change is one rename of the vault's
file; a running keeper then takes the new key over from it and wraps its keys anew while it serves.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serment.errors import Refused
from serment.keeper.root_key import passphrase, shares, token, vault
from serment.keeper.root_key.closing import KEY_BYTES, close_root, new_root
from serment.keeper.root_key.source import (
    Ask,
    FromCredential,
    FromShares,
    Source,
    Surroundings,
    make_file,
    open_source,
)

KINDS: Final = ("file", "credential", "passphrase", "shares", "pkcs11")


class PassphrasesDiffer(Refused):
    """The two passphrases differ; nothing was changed."""


class KeyThere(Refused):
    """This keeper has its root key already; serment keeper key change replaces it."""


HandOut = Callable[[tuple[str, ...]], None]
"""Gives the lines of shares to people; not called again with the same."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which source, and what it needs besides secrets."""

    kind: str
    credential: str = "serment-root"
    module: str = ""
    token: str = ""
    token_key: str = "serment-root"  # noqa: S105 -- a label
    threshold: int = 3
    count: int = 5


@dataclass(frozen=True, slots=True)
class Made:
    """A new root key, its source, and the lines to give to people (shares only)."""

    root: bytes
    source: Source
    lines: tuple[str, ...] = ()


def make(wanted: Wanted, at: Surroundings) -> Made:
    """A root key of the wanted source. Raises RootKeyUnusable, PassphrasesDiffer."""
    if wanted.kind == "file":
        return Made(*make_file(at.folder, f"root-{os.urandom(4).hex()}.key"))
    if wanted.kind == "credential":
        source = FromCredential(wanted.credential)
        return Made(open_source(source, at), source)
    root = new_root()
    if wanted.kind == "passphrase":
        return Made(root, passphrase.close(root, _twice(at.ask)))
    if wanted.kind == "shares":
        return _shared(root, wanted)
    pin = at.ask(f"PIN of the token “{wanted.token}”: ")
    held = token.close(root, wanted.module, wanted.token, wanted.token_key, pin)
    if token.open_with(held, pin) != root:
        raise token.TokenUnusable("The token does not give back what it closed.")
    return Made(root, held)


def begin(wanted: Wanted, at: Surroundings, now: int, hand_out: HandOut) -> Made:
    """The root key of a keeper that never started. Raises KeyThere."""
    if vault.exists(at.folder) or (at.folder / "store.sqlite").exists():
        raise KeyThere
    at.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = make(wanted, at)
    hand_out(made.lines)
    vault.Vault.make(at.folder, made.root, made.source, vault.fresh_contents(now))
    return made


def change(wanted: Wanted, at: Surroundings, hand_out: HandOut, *, until: int) -> Made:
    """Another root key, of the same source or of another; the present one is proved first.

    Shares are in people's hands before anything needs them; a failure until then changes nothing.
    Raises RootKeyUnusable, ChangeUnfinished, PassphrasesDiffer.
    """
    held = vault.Vault.open(at)
    held.must_be_settled()
    made = make(wanted, at)
    hand_out(made.lines)
    held.change_root(made.root, made.source, until=until)
    return made


def write_shares(lines: tuple[str, ...], folder: Path) -> list[Path]:
    """Each share in a file of its own, mode 0600, to be carried to its holder and deleted here."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for number, line in enumerate(lines, start=1):
        path = folder / f"share-{number}.txt"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{line}\n")
        written.append(path)
    return written


def _shared(root: bytes, wanted: Wanted) -> Made:
    key = os.urandom(KEY_BYTES)
    made = shares.split(key, threshold=wanted.threshold, count=wanted.count)
    first = made[0]
    source = FromShares(first.set_id, first.threshold, first.count, close_root(root, key))
    return Made(root, source, tuple(one.line() for one in made))


def _twice(ask: Ask) -> str:
    given = ask("New passphrase: ")
    if ask("The same again: ") != given:
        raise PassphrasesDiffer
    return given
