"""The desk: one answer for one request, with the keeper's state; sockets are ``door``'s.

What a kind of actor may ask at all is asked first, then whether the same request was already
answered; the act itself checks whom it concerns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from serment.keeper import (
    by_tickets,
    forgetting,
    in_use,
    joining,
    listing,
    measuring,
    reading,
    receipts,
    reindexing,
    telling,
    tending,
    ticket_seals,
    timestamps,
    tokens,
    upkeep,
    writing,
)
from serment.keeper.acting import acts as acting
from serment.keeper.acting import ending
from serment.keeper.again import must_still_stand
from serment.keeper.continuity import acts as continuity
from serment.keeper.house import AskUnusable, House, NoAccess, SessionOver
from serment.keeper.leaves import LeafTooLarge
from serment.keeper.passkeys import deciding as passkeys
from serment.keeper.passkeys.acts import AssertionNeeded
from serment.keeper.policy import carrying, deciding, glass, granting
from serment.keeper.policy.granting import GrantNeeded
from serment.keeper.policy.standing import BudgetOver, ComeBack, Frozen
from serment.keeper.replays import ACTS_ONCE, Replays, asker_of
from serment.keeper.rights import capability_of, errand_of, may_ask
from serment.keeper.wire import BatchAnswer, BatchAsk, Body, FrameRefused, Reply, Request, raw

log = logging.getLogger("serment.keeper")

IN_A_BATCH: Final = frozenset({"seal", "errand", "relate"})

TAKE_GRANTS: Final = frozenset({"reveal"})
USE_TICKETS_UP: Final = frozenset({"link", "seal_by_ticket"})
"""They give nothing away; each looks at its ticket itself, and once."""
TAKE_TICKETS: Final = frozenset({"reveal", "files_behind"}) | USE_TICKETS_UP
"""Acts that a grant or a ticket decides. On any other it would be carried for show, and what is
opened on one counts differently."""

Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {
    "hello": telling.figures,
    "stats": telling.figures,
    "seal": writing.seal_values,
    "delete": writing.delete,
    "reveal": reading.reveal,
    "find": reading.find,
    "records_of": listing.records_of,
    "files_behind": reading.files_behind,
    "link": listing.link,
    "files_of": listing.files_of,
    "alias": tokens.alias,
    "open_session": tokens.open_session,
    "close_session": tokens.close_session,
    "errand": tokens.mint_errand,
    "history": telling.history,
    "receipt": receipts.receipt,
    "perimeter": telling.perimeter,
    "measure": measuring.measure,
    "backup": upkeep.backup,
    "backup_mark": upkeep.backup_mark,
    "relate": deciding.relate,
    "break_glass": glass.break_glass,
    "glasses": glass.glasses,
    "glass_justify": glass.justify,
    "glass_review": glass.review,
    "freeze": deciding.freeze,
    "unfreeze": deciding.unfreeze,
    "freezes": deciding.freezes,
    "alarms": deciding.alarms,
    "grant_propose": granting.propose,
    "grant_add": granting.add,
    "grant_close": granting.close,
    "grant_approve": granting.approve,
    "grant_revoke": granting.revoke,
    "grants": granting.listed,
    "grant_subjects": carrying.whose,
    "grant_erase": carrying.erase,
    "solo": carrying.set_solo,
    "drive_clock": telling.drive_clock,
}


async def batch(house: House, ask: Request, peer: int) -> Body:
    """op ``batch``: each part as if asked alone, in order; their leaves share a group commit.

    A later part finds what an earlier one stored. The first refusal refuses the whole; what was
    recorded before it stays recorded.
    """
    parts = msgspec.msgpack.decode(ask.body, type=BatchAsk).parts
    if any(part.op not in IN_A_BATCH for part in parts):
        raise AskUnusable
    asked = [
        msgspec.structs.replace(
            ask, op=part.op, purpose=part.purpose, tenant=part.tenant, body=part.body
        )
        for part in parts
    ]
    acts = [ACTS[part.op](house, part, peer) for part in asked]
    answers = await asyncio.gather(*acts, return_exceptions=True)
    bodies = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        bodies.append(raw(answer))
    return BatchAnswer(bodies)


ACTS["batch"] = batch
ACTS.update(tending.ACTS)
ACTS.update(joining.ACTS)
ACTS.update(ticket_seals.ACTS)
ACTS["reindex"] = reindexing.reindex
ACTS.update(continuity.ACTS)
ACTS.update(timestamps.ACTS)
ACTS.update(passkeys.ACTS)
ACTS.update(acting.ACTS)
ACTS.update(ending.ACTS)
ACTS.update(in_use.ACTS)
ACTS.update(by_tickets.ACTS)
ACTS.update(forgetting.ACTS)


class Desk:
    """Answers requests with the keeper's state; knows nothing of sockets."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._replays = Replays()
        house.forgetters.append(self._replays.forget_opened)
        granting.raise_all(house)
        glass.recount(house)

    async def answer(self, ask: Request, peer: int, since: int = 0) -> Reply:
        """One reply for one request of process ``peer``, begun at ``since``; never an exception."""
        try:
            return await self._once(ask, peer, since)
        except (
            NoAccess,
            SessionOver,
            AskUnusable,
            FrameRefused,
            LeafTooLarge,
            Frozen,
            BudgetOver,
            ComeBack,
        ) as refusal:
            return Reply(ask.id, _error_of(refusal))
        except msgspec.MsgspecError:
            return Reply(ask.id, "unusable")
        except Exception as fault:  # noqa: BLE001 -- its text could hold what no log may
            log.error("%s failed: %s", ask.op[:20], type(fault).__name__)
            return Reply(ask.id, "broken")

    async def _once(self, ask: Request, peer: int, since: int) -> Reply:
        if ask.op not in ACTS:
            raise AskUnusable
        may_ask(ask.actor, ask.op)
        _must_take(ask)
        if ask.op not in ACTS_ONCE:
            return await self._act(ask, peer)
        if ask.op != "open_session" and ask.capability:
            capability_of(self.house, ask)
        if ask.errand and ask.op not in USE_TICKETS_UP:
            errand_of(self.house, ask)
        asker = asker_of(ask, peer, since)
        former = self._replays.seen(ask, asker)
        if former is not None:
            must_still_stand(self.house, ask, peer)
            return await asyncio.shield(former)
        promised = self._replays.keep(ask, asker)
        reply = Reply(ask.id, "broken")
        try:
            reply = await self._act(ask, peer)
        finally:
            self._replays.given(asker, promised, reply)
        return reply

    async def _act(self, ask: Request, peer: int) -> Reply:
        # Whatever is claimed stays a claim: only what the keeper checked itself is more.
        ask.evidence = "claimed"
        return Reply(ask.id, "", raw(await ACTS[ask.op](self.house, ask, peer)))


def _must_take(ask: Request) -> None:
    if (ask.grant and ask.op not in TAKE_GRANTS) or (ask.errand and ask.op not in TAKE_TICKETS):
        raise AskUnusable
    if ask.recipient and ask.op != "reveal":
        raise AskUnusable


_ERRORS: Final[dict[type[Exception], str]] = {
    SessionOver: "session",
    NoAccess: "refused",
    AssertionNeeded: "assertion",
    GrantNeeded: "grant",
    Frozen: "frozen",
    BudgetOver: "budget",
    ComeBack: "busy",
}


def _error_of(refusal: Exception) -> str:
    return _ERRORS.get(type(refusal), "unusable")
