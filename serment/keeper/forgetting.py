"""Visits long over that a house no longer keeps: the record that they were deleted, then no trace
of whose they were but in the log.

The worker asks, which carries no capability. So a visit that anybody wrote within the last three
hundred days stays, whatever it says, as does one of a file that is frozen: evidence is not deleted
on a date. Who opened what of it before stays in the log, for perimeters and for its person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec

from serment.keeper.house import NOBODY, House
from serment.keeper.leaves import Access
from serment.keeper.reading import must_have_purpose
from serment.keeper.rights import check
from serment.keeper.store import RecordRow
from serment.keeper.untouched import last_written
from serment.keeper.wire import Body, Bytes16, Ids, Item, Request
from serment.keeper.words import DAY, KIND_WRITE, SUBJECTS_MAX

STANDS_FOR: Final = 300 * DAY
"""Less than the year that a house keeps at least, by more than a visit is made ahead of itself."""


class ForgetAsk(Body):
    """op ``forget_visits``: records of one house's visits."""

    visits: Annotated[list[Bytes16], msgspec.Meta(min_length=1, max_length=SUBJECTS_MAX)]


async def forget_visits(house: House, ask: Request, peer: int) -> Body:
    """op ``forget_visits``: those whose row may go now, of records nobody knows any more too."""
    must_have_purpose(ask)
    wanted = list(dict.fromkeys(msgspec.msgpack.decode(ask.body, type=ForgetAsk).visits))
    check(house, ask, peer)
    found = {one: house.store.record(one) for one in wanted}
    gone = [row for row in found.values() if row is not None and _may_go(house, ask, row)]
    if gone:
        await house.recorder.record(ask, peer, [_access(house, row) for row in gone])
        with house.store.transaction():
            for row in gone:
                house.store.drop_record(row.record)
    went = {row.record for row in gone}
    return Ids([one for one in wanted if one in went or found[one] is None])


def _may_go(house: House, ask: Request, row: RecordRow) -> bool:
    now = house.now()
    if row.kind != "appointment" or row.tenant == NOBODY or row.tenant != ask.tenant:
        return False
    if house.standing.subject_frozen(row, now):
        return False
    written = last_written(house, row)
    return written is not None and written < now - STANDS_FOR


def _access(house: House, row: RecordRow) -> Access:
    of = house.store.record(row.subject)
    return Access(
        row.subject, row.tenant, [Item(row.record, row.kind, ["deleted"])], KIND_WRITE,
        "" if of is None else of.kind,
    )  # fmt: skip


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {
    "forget_visits": forget_visits
}
