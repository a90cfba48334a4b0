"""Which accounts are still used though nobody signs in to them: asked before one is closed.

Two things count. A house cares for the account's person, or for whom the account acts: a visit is
to come, or was not long ago. Or somebody acts for the account's person. Where, when and who is not
told, and each asking is a leaf of the account.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec

from serment.keeper.acting.standing import files_of, stands
from serment.keeper.house import NOBODY, House
from serment.keeper.leaves import Access
from serment.keeper.reading import must_have_purpose
from serment.keeper.rights import check
from serment.keeper.wire import Body, Bytes16, Ids, Item, Request
from serment.keeper.words import KIND_SEARCH, SUBJECTS_MAX


class InUseAsk(Body):
    """op ``in_use``: accounts."""

    accounts: Annotated[list[Bytes16], msgspec.Meta(min_length=1, max_length=SUBJECTS_MAX)]


async def in_use(house: House, ask: Request, peer: int) -> Body:
    """op ``in_use``: those of these accounts that are; what is no account is none of them."""
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=InUseAsk).accounts
    check(house, ask, peer)
    rows = [house.store.record(one) for one in dict.fromkeys(wanted)]
    known = [row for row in rows if row is not None and row.kind == "account"]
    asked = [
        Access(row.subject, row.tenant, [Item(row.record, row.kind, ["listed"])], KIND_SEARCH,
               row.kind)
        for row in known
    ]  # fmt: skip
    nothing = Access(None, NOBODY, [Item(b"", "account", ["listed"])], KIND_SEARCH)
    await house.recorder.record(ask, peer, asked or [nothing])
    check(house, ask, peer)
    now = house.now()
    return Ids([row.record for row in known if _is_used(house, row.record, now)])


def _is_used(house: House, account: bytes, now: int) -> bool:
    if any(stands(link, now) for link in house.store.links(file=account)):
        return True
    acted = [one.file for one in house.store.links(account=account) if stands(one, now)]
    persons = [account, *acted]
    return any(_is_cared_for(house, one, now) for who in persons for one in files_of(house, who))


def _is_cared_for(house: House, file: bytes, now: int) -> bool:
    row, tag = house.store.record(file), house.store.subject_tag
    return row is not None and any(
        house.standing.relations.holds(tag(row.tenant), tag(one), now)
        for one in house.joined.all_of(file)
    )


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {"in_use": in_use}
