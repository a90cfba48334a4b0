"""Epochs: a stretch of days whose wrapped keys are made unreadable together, on schedule.

When an epoch has lasted its days, a new one begins with a secret of its own; every living key is
wrapped anew, in small buckets between requests; and once the backups made in the old one have
expired, its secret is destroyed. From then on no copy of the store made in it opens anything,
erased persons included, whoever holds the root key. Each step is safe to stop anywhere: epochs
are known to the vault before a key is wrapped in them and after the last one.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

from serment.keeper.house import House
from serment.keeper.keys import KEY_BYTES, KeyGone
from serment.keeper.root_key.vault import Epoch

BUCKET_KEYS: Final = 400
SETTLED_KEYS: Final = 8_000
DESTROYED_KEPT: Final = 500


def advance_if_due(house: House, *, force: bool = False) -> bool:
    """Begin the next epoch where the present one has lasted its days."""
    now = house.now()
    if not force and now - house.vault.epoch.since < house.terms.epoch:
        return False
    with house.vault.changing() as contents:
        present = contents.epochs[-1]
        present.ended = now
        contents.epochs.append(Epoch(present.number + 1, os.urandom(KEY_BYTES), now))
    return True


async def rewrap(house: House) -> int:
    """Wrap every key of an earlier epoch in the present one; how many."""
    epoch = house.vault.epoch_number()
    if house.swept == epoch:
        return 0
    after, count = (b"", ""), 0
    unsettled = 0
    while rows := house.store.subject_keys_before(epoch, after, BUCKET_KEYS):
        count += _rewrap_bucket(house, rows, epoch)
        after = rows[-1][0], rows[-1][1]
        unsettled += len(rows)
        if unsettled >= SETTLED_KEYS:
            house.store.settle()
            unsettled = 0
        await asyncio.sleep(0)
    house.store.settle()
    house.swept = epoch
    return count


def _rewrap_bucket(
    house: House, rows: list[tuple[bytes, str, bytes, int, bytes]], epoch: int
) -> int:
    """One bucket, durable with the next settle. Keys of a destroyed epoch stay as they are."""
    fresh = []
    try:
        with house.store.gathered():
            for subject, zone, tenant, former, wrapped in rows:
                place = subject + zone.encode()
                try:
                    key = house.keys.establishment(tenant, former).open(wrapped, place)
                except KeyGone:
                    continue
                closed = house.keys.establishment(tenant, epoch).close(key, place)
                fresh.append((epoch, closed, subject, zone))
            house.store.rewrap_subject_keys(fresh)
    except BaseException:
        house.keys.forget_fresh()
        raise
    house.keys.keep_fresh()
    return len(fresh)


def end_epochs(house: House) -> list[int]:
    """Destroy the secrets of epochs whose last backup has expired; their numbers."""
    now = house.now()
    gone = [
        one.number
        for one in house.vault.contents.epochs[:-1]
        if one.ended + house.terms.backup <= now and house.swept == house.vault.epoch_number()
    ]
    if not gone:
        return gone
    with house.store.transaction():
        for number in gone:
            house.store.drop_establishment_keys(number)
    with house.vault.changing() as contents:
        contents.epochs = [one for one in contents.epochs if one.number not in gone]
        contents.destroyed += [(number, now) for number in gone]
        del contents.destroyed[:-DESTROYED_KEPT]
        oldest = contents.epochs[0].number
        contents.legacy = contents.legacy and oldest == 1
        contents.forgotten = [one for one in contents.forgotten if one.epoch >= oldest]
    for number in gone:
        house.keys.forget_epoch(number)
    return gone


def forget_former_roots(house: House) -> None:
    """Root keys of before go once no restorable backup needs them."""
    now = house.now()
    former = house.vault.contents.former
    if house.vault.contents.rewrap or all(one.until > now for one in former):
        return
    with house.vault.changing() as contents:
        contents.former = [one for one in contents.former if one.until > now]
