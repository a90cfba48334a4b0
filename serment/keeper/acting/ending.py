"""Acts by which mandates end, at once or on a day: by who acts, by who gave them, by a house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from serment.keeper.acting import shutting
from serment.keeper.acting.asks import BARRED, ENDED, OFFERED, ActUntilAsk, EndActingAsk
from serment.keeper.acting.mandates import BY_SELF, of_persons, persons_of, write
from serment.keeper.acting.standing import files_of
from serment.keeper.house import House, NoAccess
from serment.keeper.rights import Capability, Reach, check
from serment.keeper.store import LinkRow
from serment.keeper.wire import Body, Nothing, Request


async def act_end(house: House, ask: Request, peer: int) -> Body:
    """op ``act_end``: from now on who acted reaches nothing of it.

    Who acts may always stop. Persons end what they gave. An establishment ends what concerns its
    file; of a mandate over the person behind it, it shuts its own file only. What was shut stays
    so for that account, until who shut it, or a practitioner, opens it again (``shutting``).
    """
    wanted = msgspec.msgpack.decode(ask.body, type=EndActingAsk)
    capability, now = check(house, ask, peer), house.now()
    row = house.store.record(wanted.subject)
    if capability is None or row is None:
        raise NoAccess
    staff = capability.kind == "staff"
    if staff and not Reach(house, ask, capability).opens(row):
        raise NoAccess
    if wanted.reopen:
        await shutting.reopen(house, ask, peer, capability, row, wanted.record)
        return Nothing()
    link = _found(house, wanted.subject, wanted.record)
    person = house.store.record(link.file) or row
    if staff:
        if link.file != wanted.subject:
            shut = LinkRow(
                link.account, wanted.subject, now, link.relation, now, "", link.record, BARRED,
                by=capability.id,
            )  # fmt: skip
            await write(house, ask, peer, row, "acting_ended", shut)
            return Nothing()
    elif link.account != capability.id and not _is_givers(house, capability, link):
        raise NoAccess
    by = capability.id if staff and link.state != OFFERED else b""
    over = msgspec.structs.replace(link, state=ENDED, until=now, by=by)
    await write(house, ask, peer, person, "acting_ended", over)
    return Nothing()


def _is_givers(house: House, capability: Capability, link: LinkRow) -> bool:
    return link.relation in BY_SELF and link.file in files_of(house, capability.id)


async def act_until(house: House, ask: Request, peer: int) -> Body:
    """op ``act_until``: the end of a mandate over a file, as the paper says it; staff only."""
    wanted = msgspec.msgpack.decode(ask.body, type=ActUntilAsk)
    capability = check(house, ask, peer)
    row = house.store.record(wanted.subject)
    if capability is None or row is None or not Reach(house, ask, capability).opens(row):
        raise NoAccess
    link = _found(house, wanted.subject, wanted.record)
    if capability.kind != "staff" or link.state not in ("", OFFERED):
        raise NoAccess
    if link.file != wanted.subject and not 0 < wanted.until <= (link.until or wanted.until):
        raise NoAccess  # of a person other houses know too, an end only comes nearer
    person = house.store.record(link.file) or row
    longer = msgspec.structs.replace(link, until=wanted.until)
    await write(house, ask, peer, person, "acting", longer, instead_of=link)
    return Nothing()


def _found(house: House, subject: bytes, record: bytes) -> LinkRow:
    """The mandate over a subject, or over the person whose file it is."""
    for link in of_persons(house, persons_of(house, subject) | files_of(house, subject)):
        if link.record == record and link.state not in (BARRED, ENDED):
            return link
    raise NoAccess


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {
    "act_end": act_end,
    "act_until": act_until,
}
