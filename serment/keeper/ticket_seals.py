"""op ``seal_by_ticket``: one field of one record, sealed once, by a right that opens nothing.

Somebody answers by a message's link and is signed in as nobody. Whoever booked signed for it: their
ticket for the message names, besides what it opens, the field that may be sealed. Here the record,
its person and its house are those of the ticket; who asks brings words and learns nothing. The
right to seal is struck out of the ticket with the sealing (docs/decisions/0064).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec

from serment.keeper.house import House, NoAccess
from serment.keeper.keys import SubjectErased
from serment.keeper.rights import Errand, Reach, check
from serment.keeper.store import RecordRow
from serment.keeper.wire import Body, Digest, Request, SealAnswer, SealItem, SealValue
from serment.keeper.words import SEALED_BY_TICKET
from serment.keeper.writing import accesses_of_sealing, seal_item

LETTERS_MAX: Final = 2_000

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=LETTERS_MAX)]


class SealByTicketAsk(Body):
    """op ``seal_by_ticket``; the ticket stands in the envelope. ``before`` as in ``SealValue``."""

    value: Words
    before: Digest = b""


def may_sign(reach: Reach, row: RecordRow, fields: list[str]) -> bool:
    """May a ticket with these fields be signed for this record? What it lets seal is the record's
    own, of those few that are sealed so, and the signer's to write."""
    seals = [name for name in fields if name.startswith("seal.")]
    if not seals:
        return True
    known = all(SEALED_BY_TICKET.get(name, ("",))[0] == row.kind for name in seals)
    itself = row.record, row.kind
    return known and len(seals) == 1 and reach.writes(row, row.subject, row.tenant, itself)


def _right(house: House, ask: Request) -> tuple[Errand, str]:
    """The ticket, and what it lets seal; from when it was signed, for it opens nothing."""
    row = house.store.token("errand", ask.errand) if ask.errand else None
    if row is None:
        raise NoAccess
    errand = msgspec.msgpack.decode(row, type=Errand)
    seals = [name for name in errand.fields if name in SEALED_BY_TICKET]
    if not seals or ask.purpose != errand.purpose:
        raise NoAccess
    if not 0 < errand.signed <= house.now() <= errand.not_after:
        raise NoAccess
    return errand, seals[0]


async def seal_by_ticket(house: House, ask: Request, peer: int) -> Body:
    """Seal, strike the right out and prepare the leaf, all or nothing; then make it durable."""
    wanted = msgspec.msgpack.decode(ask.body, type=SealByTicketAsk)
    check(house, ask, peer)
    errand, name = _right(house, ask)
    kind, field, zone = SEALED_BY_TICKET[name]
    row = house.store.record(errand.record)
    if (
        row is None
        or row.kind != kind
        or row.kept
        or house.standing.subject_frozen(row, house.now())
    ):
        raise NoAccess
    value = SealValue(field, zone, wanted.value, before=wanted.before)
    item = SealItem(row.record, kind, row.subject, [value])
    try:
        with house.recorder.together():
            answer = [seal_item(house, item, row.tenant)]
            _strike_out(house, ask.errand, errand, name)
            accesses = accesses_of_sealing(house, [item], answer, row.tenant, frozenset())
            leaves = house.recorder.prepare(ask, peer, accesses)
    except SubjectErased as gone:
        raise NoAccess from gone
    await house.recorder.write(leaves)
    return SealAnswer(answer)


def _strike_out(house: House, token: bytes, errand: Errand, name: str) -> None:
    """What else the ticket is for stays; one that was for nothing else goes."""
    left = [one for one in errand.fields if one != name]
    if left:
        kept = msgspec.structs.replace(errand, fields=left)
        house.store.put_token("errand", token, errand.not_after, kept)
    else:
        house.store.drop_token("errand", token)


ACTS: Final[dict[str, Callable[[House, Request, int], Awaitable[Body]]]] = {
    "seal_by_ticket": seal_by_ticket
}
