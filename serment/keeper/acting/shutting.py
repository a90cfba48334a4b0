"""What an establishment shut stays shut: a second desk's offer lets nobody back in unseen.

Who shut it opens it again, or a practitioner of the house, who answers for the file. Then the
person's own mandate leads there as before, and an offer may be accepted.
"""

from __future__ import annotations

from typing import Final

import msgspec

from serment.keeper.acting.asks import BARRED
from serment.keeper.house import House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.rights import Capability, check
from serment.keeper.store import LinkRow, RecordRow
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_WRITE

ANSWERS_FOR_IT: Final = frozenset({"practitioner"})


def is_shut(house: House, account: bytes, subject: bytes) -> bool:
    """Did an establishment end what this account was let to, or shut it out of this file?"""
    return any(link.file == subject and link.by for link in house.store.links(account=account))


async def reopen(
    house: House, ask: Request, peer: int, who: Capability, row: RecordRow, record: bytes
) -> None:
    """Shut no more. ``row``: a file that ``who`` reaches. NoAccess where it is not theirs."""
    links = house.store.links(file=row.record)
    shut = next((one for one in links if one.record == record and one.by), None)
    if shut is None or who.kind != "staff" or not _may(who, shut):
        raise NoAccess
    told = Item(record, "relation", ["acting"])
    access = Access(row.subject, row.tenant, [told], KIND_WRITE, row.kind)
    await house.recorder.record(ask, peer, [access])
    check(house, ask, peer)
    with house.store.transaction():
        if shut not in house.store.links(account=shut.account):
            raise NoAccess
        if shut.state == BARRED:
            house.store.drop_link(shut)
        else:
            house.store.put_link(msgspec.structs.replace(shut, by=b""))


def _may(who: Capability, shut: LinkRow) -> bool:
    return who.id == shut.by or who.role in ANSWERS_FOR_IT
