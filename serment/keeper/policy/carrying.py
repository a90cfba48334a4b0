"""What approvers are shown of a grant, and an erasure that two approved, carried out."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec

from serment.keeper.erasure import ErasureState, erase_person
from serment.keeper.house import House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.policy.asks import DigestAsk, SoloAsk
from serment.keeper.policy.granting import (
    GrantNeeded,
    by_digest,
    is_good,
    use_up,
)
from serment.keeper.policy.grants import GrantKind
from serment.keeper.policy.subjects import subjects_of
from serment.keeper.rights import OFFICERS, staff_of
from serment.keeper.wire import Body, Ids, Item, Nothing, Request
from serment.keeper.words import KIND_ALARM, KIND_QUERY

SHOWN_MAX: Final = 50


async def whose(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_subjects``: the first fifty persons a grant is about, for its officers."""
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    who = staff_of(house, ask, peer)
    if who.role not in OFFICERS:
        raise NoAccess
    tag, grant = by_digest(house, who, wanted.digest)
    await house.recorder.record(ask, peer, [Access(None, grant.establishment, [], KIND_QUERY)])
    return Ids(sorted(islice(subjects_of(house, tag), SHOWN_MAX)))


async def erase(house: House, ask: Request, peer: int) -> Body:
    """op ``grant_erase``: by an officer, once, whom two approved to erase.

    Raises GrantNeeded where they did not. Each erasure is recorded before its keys go; after a
    crash in between it is asked again: who was erased stays erased, once.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=DigestAsk)
    who = staff_of(house, ask, peer)
    tag, grant = by_digest(house, who, wanted.digest)
    if who.role not in OFFICERS or grant.kind != GrantKind.ERASE:
        raise NoAccess
    persons = list(subjects_of(house, tag))
    if not is_good(house, grant) or any(house.joined.since(one) > grant.at for one in persons):
        raise GrantNeeded  # who was joined to one of them afterwards was approved by nobody
    states = [await erase_person(house, ask, peer, subject) for subject in persons]
    with house.store.transaction():
        use_up(house, tag, grant)
    return max(states, key=_final_on)


def _final_on(state: ErasureState) -> int:
    return state.final_on


async def set_solo(house: House, ask: Request, peer: int) -> Body:
    """op ``solo``: the operator says at set-up that a practice has nobody else, or has by now.

    There a grant waits three days in the second person's place. It is an alarm there.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=SoloAsk)
    if ask.actor.kind != "operator":
        raise NoAccess
    word = "solo" if wanted.solo else "solo.gone"
    item = Item(b"", "alarm", [word])
    await house.recorder.record(ask, peer, [Access(None, wanted.establishment, [item], KIND_ALARM)])
    house.standing.set_solo(wanted.establishment, solo=wanted.solo)
    return Nothing()
