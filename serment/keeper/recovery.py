"""Going on from an older store after a loss: never silently.

A recovery begins a new origin of the log. Its tree still holds the older log's leaves as its
first ones; the first new leaf embeds what the older log was (origin, size, last leaf, digest of
the segment) and what was known to have been longer, and names the two persons who approved. What
happened between the last leaf that came back and that one counts as possible.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from serment.errors import Refused
from serment.keeper.erasure import by_keeper
from serment.keeper.house import NOBODY, House, origin_of
from serment.keeper.leaves import Access
from serment.keeper.root_key.vault import Known
from serment.keeper.store import Store
from serment.keeper.wire import Item
from serment.keeper.words import KIND_RECOVERED
from serment.ledger.segment import read

APPROVALS: Final = 2
_LOG: Final = bytes(16)


class ApprovalsMissing(Refused):
    """A recovery needs the names of two different persons who approve it."""


class Embedded(msgspec.Struct, frozen=True):
    """The log that is gone on with. ``checkpoint``: its signed note, where there is one."""

    origin: str
    size: int
    last_leaf: bytes
    segment: bytes
    checkpoint: str = ""


class Recovery(msgspec.Struct, frozen=True):
    """One recovery. ``lost``: the longer log that is known to have been."""

    embedded: Embedded
    lost: Known | None
    approved: list[str]
    ordered: int


def must_be_approved(names: list[str]) -> list[str]:
    """Two different names, or ApprovalsMissing."""
    given = [" ".join(name.split()) for name in names]
    if len({name.casefold() for name in given if name}) < APPROVALS:
        raise ApprovalsMissing
    return given


def order(
    store: Store, segment: Path, *, lost: Known | None, approved: list[str], drill: bool, at: int
) -> Recovery:
    """Write down that the next start begins a new origin. Raises ApprovalsMissing."""
    names = must_be_approved(approved)
    embedded = embed(segment, origin_of(store, drill=drill))
    recovery = Recovery(embedded, lost, names, at)
    with store.transaction():
        store.add_recovery(msgspec.json.encode(recovery))
    return recovery


def embed(segment: Path, origin: str) -> Embedded:
    """What a log is, in a few bytes that cannot be another's."""
    size, last = 0, b""
    for frame in read(segment):
        size, last = frame.seq + 1, frame.leaf
    with segment.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return Embedded(origin, size, last, digest)


async def record_ordered(house: House) -> None:
    """At a start: the leaf of each recovery that has none yet, before anybody is answered."""
    while (waits := house.store.recovery_waits()) is not None:
        number, body = waits
        recovery = msgspec.json.decode(body, type=Recovery)
        old, lost = recovery.embedded, recovery.lost
        facts = [
            ("origin", house.origin.encode()),
            ("old_origin", old.origin.encode()),
            ("old_size", str(old.size).encode()),
            ("old_last_leaf", old.last_leaf),
            ("old_segment", old.segment),
            ("old_checkpoint", old.checkpoint.encode()),
            ("lost_size", str(lost.size).encode() if lost else b""),
            ("possible_since", str(house.index.latest()).encode()),
            *(("approved", name.encode()) for name in recovery.approved),
        ]
        told = Item(
            _LOG, "log", [name for name, _fact in facts], after=[fact for _name, fact in facts]
        )
        seq = await house.recorder.record(
            by_keeper(house, NOBODY), 0, [Access(None, NOBODY, [told], KIND_RECOVERED)]
        )
        with house.store.transaction():
            house.store.recovered(number, seq)
