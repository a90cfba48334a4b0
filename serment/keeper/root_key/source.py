"""The sources a root key may come from, and opening one at the keeper's start.

Nothing secret is taken from arguments or the environment: a file and a systemd credential are
read by path; a passphrase, shares and a PIN are asked for, at a terminal or over a file
descriptor, one line an answer.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import Final

import msgspec

from serment.keeper.root_key import passphrase, shares, token
from serment.keeper.root_key.closing import (
    KEY_BYTES,
    RootKeyUnusable,
    Unanswered,
    new_root,
    open_root,
)
from serment.keeper.root_key.files import make_whole
from serment.keeper.root_key.passphrase import FromPassphrase
from serment.keeper.root_key.token import FromToken

ROOT_FILE: Final = "root.key"
ANSWER_BYTES_MAX: Final = 4_096
SHARE_SLIPS_MAX: Final = 20

Ask = Callable[[str], str]
"""Gives the answer to one question; raises Unanswered where nobody answers."""


class FromFile(msgspec.Struct, tag="file", frozen=True):
    """A file of the key folder, mode 0600."""

    name: str = ROOT_FILE


class FromCredential(msgspec.Struct, tag="credential", frozen=True):
    """A systemd credential, by its name in the folder systemd gives the unit."""

    name: str


class FromShares(msgspec.Struct, tag="shares", frozen=True):
    """Shares of the key that opens the root key; alone, without this, they open nothing."""

    set_id: str
    threshold: int
    count: int
    closed: bytes


Source = FromFile | FromCredential | FromPassphrase | FromShares | FromToken
ASKS: Final = (FromPassphrase, FromShares, FromToken)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a start finds what its source needs."""

    folder: Path
    credentials: Path | None
    ask: Ask


def open_source(source: Source, at: Surroundings) -> bytes:
    """The root key. Raises RootKeyUnusable with what is wrong, never with what was typed."""
    if isinstance(source, FromFile):
        return _from_file(at.folder / source.name)
    if isinstance(source, FromCredential):
        return _from_credential(source, at.credentials)
    if isinstance(source, FromPassphrase):
        return passphrase.open_with(source, at.ask("Passphrase of the root key: "))
    if isinstance(source, FromToken):
        return token.open_with(source, at.ask(f"PIN of the token “{source.token}”: "))
    return _from_shares(source, at.ask)


def make_file(folder: Path, name: str = ROOT_FILE) -> tuple[bytes, FromFile]:
    """A new root key in a new file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = new_root()
    make_whole(folder / name, root)
    return root, FromFile(name)


def _from_file(path: Path) -> bytes:
    try:
        found = path.stat()
    except OSError as missing:
        raise RootKeyUnusable from missing
    if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
        raise RootKeyUnusable
    return _whole(path)


def _from_credential(source: FromCredential, folder: Path | None) -> bytes:
    """What systemd decrypted for this unit alone; its folder is not readable by others."""
    if folder is None:
        raise RootKeyUnusable("The folder of systemd's credentials was not named.")
    if Path(source.name).name != source.name:
        raise RootKeyUnusable
    return _whole(folder / source.name)


def _whole(path: Path) -> bytes:
    try:
        root = path.read_bytes()
    except OSError as missing:
        raise RootKeyUnusable from missing
    if len(root) != KEY_BYTES:
        raise RootKeyUnusable
    return root


def _from_shares(source: FromShares, ask: Ask) -> bytes:
    """Ask until enough different shares of this set were given; a bad one is told, asked again."""
    given: list[shares.Share] = []
    slips = 0
    while len(given) < source.threshold:
        wanted = f"Share {len(given) + 1} of {source.threshold}: "
        try:
            given.append(_fitting(shares.read_line(ask(wanted)), source, given))
        except shares.ShareUnusable as bad:
            slips += 1
            if slips >= SHARE_SLIPS_MAX:
                raise
            sys.stderr.write(f"{bad.sentence}\n")
            sys.stderr.flush()
    sentence = "These shares do not open the root key: one of them is false."
    return open_root(source.closed, shares.join(given), sentence)


def _fitting(share: shares.Share, source: FromShares, given: list[shares.Share]) -> shares.Share:
    if (share.set_id, share.threshold, share.count) != (
        source.set_id, source.threshold, source.count,
    ) or len(share.value) != KEY_BYTES:  # fmt: skip
        raise shares.ShareForeign
    if any(one.index == share.index for one in given):
        raise shares.ShareTwice
    return share


def asking_terminal(question: str) -> str:
    """Ask the person at the keyboard, showing nothing of the answer."""
    if not sys.stdin.isatty():
        raise Unanswered
    return getpass(question)


class AskingDescriptor:
    """Answers from a pipe, a line each, read only as they are needed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, question: str) -> str:
        answer = bytearray()
        while len(answer) < ANSWER_BYTES_MAX:
            try:
                letter = os.read(self._descriptor, 1)
            except OSError as closed:
                raise Unanswered("Nobody answered for the root key.") from closed
            if not letter:
                break
            if letter == b"\n":
                return _text(answer)
            answer += letter
        if not answer:
            raise Unanswered("Nobody answered for the root key.")
        return _text(answer)


def _text(answer: bytearray) -> str:
    try:
        return answer.decode().rstrip("\r")
    except UnicodeDecodeError as other:
        raise RootKeyUnusable("The answer for the root key is not text.") from other
