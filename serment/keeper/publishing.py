"""What the keeper makes public: commitments and signed checkpoints, within a second, no more.

The segment stays the truth; the folder is derived from it and may be made again. A disk that
refuses the public files stops no care and releases nothing more: what waits is kept and written
at the next turn. A segment that does not lead to what was signed before ends the start.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from serment.keeper.house import House, Signing
from serment.keeper.keys import derive
from serment.ledger import checkpoint, durable
from serment.ledger.note import NoteUnusable, Signer
from serment.ledger.publish import SIGNED, Begun, LedgerForked, Publisher
from serment.ledger.source import Folder
from serment.ledger.tiling import BUILT

log = logging.getLogger("serment.keeper")

EVERY_SECONDS: Final = 0.5
DISCARD_EVERY_TURNS: Final = 120
KEY_FILE: Final = "key"
"""The log's verifier key as text, for the publisher and for readers."""


def signer_of(house: House) -> Signer:
    """The log's key: as old as the vault, the same after the root key was changed."""
    return Signer(house.origin, derive(house.vault.contents.store, "ledger signing"))


class Publishing:
    """Publishes one keeper's ledger into a folder that the publisher process reads."""

    def __init__(self, house: House, folder: Path, site: Path | None = None) -> None:
        """Publish what the last run left; raises LedgerForked for another segment."""
        self._house = house
        self._folder = folder
        self._site = site
        self._signer = signer_of(house)  # asks the store, so in its thread
        self._publisher: Publisher | None = None
        # A turn that a stop cancelled still runs in its thread: beside another one it would sign
        # the same leaves twice, which no later start could mend.
        self._alone = threading.Lock()
        self._start = house.segment.size
        known = house.verified.edge
        self._edge = Begun() if known is None else Begun(known.frontier, known.last)
        house.public = folder
        house.signing = self._signing = Signing()
        house.recorder.unpublished = []
        self._turn()

    async def go_on(self) -> None:
        """Every half second what is new, until cancelled."""
        turns = 0
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            turns += 1
            try:
                await asyncio.to_thread(self._turn)
                if self._site is not None and turns % DISCARD_EVERY_TURNS == 0:
                    await asyncio.to_thread(self._discard, self._site)
            except LedgerForked as forked:
                # Found late, where the folder was away at the start: no care on a false ledger.
                log.error("%s", forked.sentence)
                self._house.recorder.on_fatal()
                raise
            except Exception as fault:  # noqa: BLE001 -- whatever it was, the next turn may do it
                log.error("The public ledger stands still: %s", type(fault).__name__)

    def close(self) -> None:
        """Publish the rest and remember where it stands."""
        self._turn()
        with self._alone:
            try:
                if self._publisher is not None:
                    self._publisher.close()
            except OSError as fault:
                _told(fault)

    def _turn(self) -> None:
        waiting = self._house.recorder.unpublished
        if waiting is None:
            return
        with self._alone:
            if not self._signing.since and (waiting or self._publisher is None):
                self._signing.since = time.monotonic()
            try:
                if self._publisher is None:
                    self._publisher = self._opened(waiting)
                new = waiting[:]
                if new:
                    self._publisher.publish(new)
                    del waiting[: len(new)]
                self._signing.size, self._signing.since = self._publisher.signed.size, 0.0
            except OSError as fault:
                _told(fault)

    def _opened(self, waiting: list[bytes]) -> Publisher:
        """The publisher, once the folder lets itself be written; what it lacks waits first."""
        _set_aside_other_log(self._folder, self._signer.verifier.name)
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        key = f"{self._signer.verifier.text}\n".encode()
        durable.write(self._folder / KEY_FILE, key)
        publisher = Publisher(self._folder, self._signer, self._leaves, self._edge)
        signed = publisher.signed.size
        waiting[:0] = islice(self._leaves(signed), self._start - signed)
        return publisher

    def _leaves(self, start: int) -> Iterator[bytes]:
        for _end, frame in self._house.segment.frames(start):
            yield frame.leaf

    def _discard(self, site: Path) -> None:
        """Drop the bundles whose tiles the publisher has made durable."""
        try:
            data = Folder(site).read(BUILT)
            if data is not None and self._publisher is not None:
                built = checkpoint.open_signed(data, [self._signer.verifier])
                with self._alone:
                    self._publisher.discard(built.checkpoint.size)
        except (OSError, NoteUnusable) as fault:
            log.warning("The published ledger cannot be read: %s", type(fault).__name__)


def _told(fault: OSError) -> None:
    log.error("The public ledger could not be written: %s", type(fault).__name__)


def _set_aside_other_log(folder: Path, origin: str) -> None:
    """After a recovery the log has a new origin: what the former one published stays, beside."""
    signed = folder / SIGNED
    if signed.exists() and signed.read_text().partition("\n")[0] != origin:
        folder.rename(folder.with_name(f"public-until-{time.time_ns()}"))
