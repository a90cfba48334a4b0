"""The vault: what the keeper must remember beside the root key, and must be able to forget.

It is one small file in the key folder, in no backup: the keys of the store's own rows, one secret
an epoch, root keys that were in use before, erasures that no backup may undo, and how long the
ledger was. All of it is closed under the root key; which source gives that key stands beside it
in clear, so that both change in one rename.

The wrapping key of epoch *n* is HKDF(root key, secret *n*): destroying the secret ends it, whoever
holds the root key.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag

from serment.errors import Conflict
from serment.keeper.keys import Box, KeyGone, derive
from serment.keeper.root_key.closing import KEY_BYTES, RootKeyUnusable
from serment.keeper.root_key.files import replace_file
from serment.keeper.root_key.source import FromFile, Source, Surroundings, open_source
from serment.keeper.watched import go_on

NAME: Final = "keys.vault"
LOCK: Final = "keys.lock"
FORMAT: Final = 1
_PLACE: Final = b"serment vault 1"
_HANDOVER: Final = b"serment handover 1"


class ChangeUnfinished(Conflict):
    """The last change of the root key is not finished: start the keeper, then try again."""


class EpochGone(KeyGone):
    """What was closed in this epoch opens no more: its secret was destroyed on schedule."""


class Epoch(msgspec.Struct, array_like=True):
    """A stretch of time whose wrapped keys end together (µs); ``ended`` 0: the present one."""

    number: int
    secret: bytes
    since: int
    ended: int = 0


class Former(msgspec.Struct, array_like=True):
    """A root key of before, known while keys or restorable backups may need it (``until``, µs)."""

    root: bytes
    until: int
    file: str = ""


class Forgotten(msgspec.Struct, array_like=True):
    """Keys destroyed in an epoch: a restored store that still has them loses them again."""

    subject: bytes
    audit: bool
    epoch: int
    row: bytes


class Known(msgspec.Struct, array_like=True, frozen=True):
    """A length the ledger had: a shorter or another one is not silently gone on with."""

    origin: str
    size: int


class Contents(msgspec.Struct):
    """What lies closed in the vault.

    ``destroyed`` tells when each former epoch's secret was (number, µs); ``rewrap``: establishment
    keys wait for the present root key; ``legacy``: those of epoch 1 may come from before epochs.
    """

    tags: bytes
    store: bytes
    index: bytes
    epochs: list[Epoch]
    former: list[Former] = []
    forgotten: list[Forgotten] = []
    destroyed: list[tuple[int, int]] = []
    known: Known | None = None
    rewrap: bool = False
    legacy: bool = False


class _File(msgspec.Struct):
    format: int
    source: Source
    closed: bytes
    handover: bytes = b""


class Vault:
    """The open vault. ``changing`` changes it: one writer at a time, whole or not at all."""

    def __init__(self, folder: Path, root: bytes, read: tuple[bytes, _File]) -> None:
        self.folder = folder
        self.mirror: Path | None = None
        self._root = root
        self._lying, file = read
        self.source = file.source
        self.contents = _open_contents(file, root)
        self._boxes: dict[int, list[Box]] = {}
        self.on_fatal: Callable[[], None] = go_on

    @classmethod
    def open(cls, at: Surroundings) -> Vault:
        """Read the vault with the root key of its source; RootKeyUnusable where that fails."""
        read = _read_alone(at.folder)
        return cls(at.folder, open_source(read[1].source, at), read)

    @classmethod
    def make(cls, folder: Path, root: bytes, source: Source, contents: Contents) -> Vault:
        """Lay down a new vault."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(folder / NAME, _encoded(source, root, contents, b""))
        return cls(folder, root, _read(folder))

    @contextmanager
    def changing(self) -> Iterator[Contents]:
        """Change the contents; synced, and mirrored, when the block has ended."""
        with locked(self.folder):
            self._take_over()
            yield self.contents
            self._write(self.source, self._root, b"")

    def reread(self) -> None:
        """Take over what a change of the root key left; nothing where nothing changed."""
        with locked(self.folder):
            self._take_over()

    def change_root(self, root: bytes, source: Source, *, until: int) -> None:
        """Commit to another root key, in one rename; both are known until keys were rewrapped.

        The former one stays known in here until the instant ``until`` (µs), for backups made
        under it. Raises ChangeUnfinished.
        """
        with locked(self.folder):
            self._take_over()
            self.must_be_settled()
            file = self.source.name if isinstance(self.source, FromFile) else ""
            self.contents.former.append(Former(self._root, until, file))
            self.contents.rewrap = True
            handover = Box(derive(self._root, "handover")).close(root, _HANDOVER)
            self._write(source, root, handover)

    def must_be_settled(self) -> None:
        """Raises ChangeUnfinished while keys still wait to be wrapped under the last new root."""
        if self.contents.rewrap:
            raise ChangeUnfinished

    def _write(self, source: Source, root: bytes, handover: bytes) -> None:
        data = _encoded(source, root, self.contents, handover)
        try:
            for folder in (self.mirror, self.folder):
                if folder is not None:
                    replace_file(folder / NAME, data)
        except OSError:
            # What is in memory then is not what lies there, and what lies there nobody knows.
            self.on_fatal()
            raise
        self._lying, self.source, self._root = data, source, root
        self._boxes.clear()

    def _take_over(self) -> None:
        data, file = _read(self.folder)
        if data == self._lying:
            return
        root = self._root
        if file.handover:
            try:
                root = Box(derive(root, "handover")).open(file.handover, _HANDOVER)
            except InvalidTag:
                root = self._root  # it was handed over to this very key
        self.contents = _open_contents(file, root)
        self._lying, self.source, self._root = data, file.source, root
        self._boxes.clear()
        self._copy()

    def mirror_to(self, folder: Path | None) -> None:
        """Keep a copy of the vault in the key backup from now on."""
        self.mirror = folder
        with locked(self.folder):
            self._take_over()
            self._copy()

    def _copy(self) -> None:
        if self.mirror is not None:
            replace_file(self.mirror / NAME, self._lying)

    @property
    def epoch(self) -> Epoch:
        """The present epoch."""
        return self.contents.epochs[-1]

    def epoch_number(self) -> int:
        """Number of the epoch new keys are wrapped in."""
        return self.epoch.number

    def knows_epoch(self, number: int) -> bool:
        """Does the secret of this epoch still exist?"""
        return any(one.number == number for one in self.contents.epochs)

    def wraps(self, number: int) -> list[Box]:
        """The boxes of an epoch, the present root key's first. Raises EpochGone."""
        boxes = self._boxes.get(number)
        if boxes is None:
            secret = next((e.secret for e in self.contents.epochs if e.number == number), None)
            if secret is None:
                raise EpochGone
            roots = [self._root, *(one.root for one in reversed(self.contents.former))]
            boxes = [Box(_wrapping_key(root, secret, number)) for root in roots]
            if self.contents.legacy and number == 1:
                boxes += [Box(derive(root, "wrap")) for root in roots]
            self._boxes[number] = boxes
        return boxes


def exists(folder: Path) -> bool:
    """Is there a vault?"""
    return (folder / NAME).exists()


def source_of(folder: Path) -> Source:
    """Which source the vault in this folder needs."""
    return _read_alone(folder)[1].source


def fresh_contents(now: int) -> Contents:
    """What a new keeper begins with."""
    return Contents(
        os.urandom(KEY_BYTES), os.urandom(KEY_BYTES), os.urandom(KEY_BYTES),
        [Epoch(1, os.urandom(KEY_BYTES), now)],
    )  # fmt: skip


def contents_of_before(root: bytes, now: int) -> Contents:
    """The contents for a store made before there were vaults: its keys came from the root key."""
    return Contents(
        derive(root, "tags"), derive(root, "store"), derive(root, "index"),
        [Epoch(1, os.urandom(KEY_BYTES), now)], rewrap=True, legacy=True,
    )  # fmt: skip


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process changes a vault at a time."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _wrapping_key(root: bytes, secret: bytes, number: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869): the epoch's secret is the salt, the root key the input."""
    return derive(hmac.digest(secret, root, "sha256"), f"epoch {number}")


def _encoded(source: Source, root: bytes, contents: Contents, handover: bytes) -> bytes:
    closed = Box(derive(root, "vault")).close(msgspec.msgpack.encode(contents), _PLACE)
    return msgspec.json.encode(_File(FORMAT, source, closed, handover)) + b"\n"


def _read(folder: Path) -> tuple[bytes, _File]:
    try:
        if (folder / NAME).stat().st_mode & 0o077:
            raise RootKeyUnusable(f"Others may read {folder / NAME}: chmod 600 it.")
        data = (folder / NAME).read_bytes()
        file = msgspec.json.decode(data, type=_File)
    except (OSError, msgspec.MsgspecError) as wrong:
        raise RootKeyUnusable(f"The vault {folder / NAME} is missing or damaged.") from wrong
    if file.format != FORMAT:
        raise RootKeyUnusable(f"The vault has format {file.format}, unknown to this version.")
    return data, file


def _read_alone(folder: Path) -> tuple[bytes, _File]:
    """Read while nobody replaces the file, whose old bytes are overwritten."""
    if not exists(folder):
        raise RootKeyUnusable(f"There is no vault in {folder}.")
    with locked(folder):
        return _read(folder)


def _open_contents(file: _File, root: bytes) -> Contents:
    try:
        plain = Box(derive(root, "vault")).open(file.closed, _PLACE)
        return msgspec.msgpack.decode(plain, type=Contents)
    except (InvalidTag, msgspec.MsgspecError) as other:
        raise RootKeyUnusable("This root key does not open the vault beside it.") from other
