"""What the keeper does by itself every minute: root key changes, epochs, audit keys, key backup."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

import msgspec

from serment.errors import Broken
from serment.keeper import epochs, erasure
from serment.keeper.house import AskUnusable, House
from serment.keeper.key_backup import BYTES_MAX, copy_base
from serment.keeper.policy.glass import tell_overdue
from serment.keeper.policy.granting import raise_all
from serment.keeper.root_key.closing import RootKeyUnusable
from serment.keeper.root_key.source import Source
from serment.keeper.root_key.vault import Known
from serment.keeper.unlocking import rewrap_establishments
from serment.keeper.verified import LedgerAltered
from serment.keeper.wire import Body, Request
from serment.ledger.segment import SegmentDamaged, SegmentShorter

log = logging.getLogger("serment.keeper")

TICK_SECONDS: Final = 60.0
TICKS_A_SIZE: Final = 60
LEDGER_WRONG: Final = (LedgerAltered, SegmentDamaged, SegmentShorter)


class TendAsk(Body, omit_defaults=True):
    """op ``tend``: do now what is due; ``advance`` begins the next epoch before its day, ``verify``
    reads the whole ledger again."""

    advance: bool = False
    verify: bool = False


class KeysState(Body):
    """op ``tend``'s answer; instants in µs."""

    source: str
    epoch: int
    epoch_since: int
    epochs: list[int]
    rewrapped: int
    former_roots: int
    key_backup: bool
    verified: int = 0
    """Leaves read again, each with its opening."""


async def tend(house: House, *, advance: bool = False, remember: bool = True) -> int:
    """Do what is due; how many keys were wrapped anew. One at a time.

    A disk that fails under it ends the process: what is in the vault then nobody knows.
    """
    try:
        return await _tend(house, advance=advance, remember=remember)
    except (OSError, sqlite3.Error):
        house.recorder.on_fatal()
        raise
    except LEDGER_WRONG as other:
        log.error("%s", other.sentence)
        house.recorder.on_fatal()
        raise


async def _tend(house: House, *, advance: bool, remember: bool) -> int:
    async with house.tending:
        house.vault.reread()
        if house.vault.contents.rewrap:
            rewrap_establishments(house.store, house.keys, house.vault)
        epochs.forget_former_roots(house)
        moved = epochs.advance_if_due(house, force=advance)
        rewrapped = await epochs.rewrap(house)
        await _keep_backup_short(house, moved=moved or rewrapped > 0)
        if epochs.end_epochs(house):
            await _keep_backup_short(house, moved=True)
        async with house.erasing:
            await erasure.end_begun(house)
            await erasure.end_audit_keys(house)
        await tell_overdue(house)
        raise_all(house)
        if remember:
            remember_size(house)
        if remember or house.verified.waits():
            await house.verified.remember()
    return rewrapped


def remember_size(house: House) -> None:
    """Let the vault know how long the ledger is: an older one is then not silently taken."""
    known = Known(house.origin, house.segment.size)
    if house.store.recovery_waits() is None and house.vault.contents.known != known:
        with house.vault.changing() as contents:
            contents.known = known


async def _keep_backup_short(house: House, *, moved: bool) -> None:
    """A new base where keys moved, at the start, and where the journal has grown long."""
    journal = house.store.journal
    if journal is None or not (moved or not house.based or journal.length_bytes > BYTES_MAX):
        return
    house.store.settle()
    number = journal.begin()
    await asyncio.to_thread(copy_base, house.folder / "store.sqlite", journal.folder, number)
    house.based = True


async def verify(house: House) -> int:
    """Read the whole ledger; how many leaves. On another one than was kept the keeper ends."""
    try:
        async with house.verifying:
            return await house.verified.verify_whole()
    except LEDGER_WRONG as other:
        log.error("%s", other.sentence)
        house.recorder.on_fatal()
        raise
    except (OSError, sqlite3.Error):
        house.recorder.on_fatal()
        raise


async def verify_forever(house: House) -> None:
    """The whole ledger once a day, and soon after a run that was cut short."""
    while True:
        if house.verified.whole_is_due():
            await verify(house)
        await asyncio.sleep(TICK_SECONDS)


async def tend_forever(house: House) -> None:
    """All that goes on by itself."""
    await asyncio.gather(_tend_forever(house), verify_forever(house))


async def _tend_forever(house: House) -> None:
    """Every minute; what fails but the disk is logged and tried again.

    The ledger's size goes into the vault once an hour: each writing of the vault leaves a former
    copy of its secrets on the disk, wherever a disk keeps such.
    """
    for tick in count():
        try:
            await tend(house, remember=tick % TICKS_A_SIZE == 0)
        except (Broken, RootKeyUnusable, sqlite3.Error, OSError) as fault:
            log.error("Tending the keys failed: %s", type(fault).__name__)
        await asyncio.sleep(TICK_SECONDS)


async def tend_now(house: House, ask: Request, _peer: int) -> Body:
    """op ``tend``: as the schedule would; the command line asks after a change of the root key."""
    wanted = msgspec.msgpack.decode(ask.body, type=TendAsk)
    try:
        rewrapped = await tend(house, advance=wanted.advance)
    except RootKeyUnusable as other:
        raise AskUnusable from other
    read = await verify(house) if wanted.verify else 0
    contents = house.vault.contents
    return KeysState(
        source_name(house.vault.source), house.vault.epoch_number(), house.vault.epoch.since,
        [one.number for one in contents.epochs], rewrapped, len(contents.former),
        house.store.journal is not None, read,
    )  # fmt: skip


def source_name(source: Source) -> str:
    """``file``, ``credential``, ``passphrase``, ``shares`` or ``pkcs11``."""
    return str(type(source).__struct_config__.tag)


Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {
    "erase": erasure.erase,
    "erasure_state": erasure.erasure_state,
    "tend": tend_now,
}
