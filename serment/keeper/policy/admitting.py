"""May these persons be opened now? Asked by every opening, before its record is made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from serment.keeper.house import NOBODY, House
from serment.keeper.leaves import Access
from serment.keeper.policy.budgets import HOUR_US, Exceeded
from serment.keeper.policy.freezes import Freeze, What
from serment.keeper.policy.standing import Refusal
from serment.keeper.store import RecordRow
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_ALARM

NOT_COUNTED: Final = frozenset({"staff"})
"""Colleagues' names stand on every page; they are recorded and not counted."""


async def admit(
    house: House, ask: Request, peer: int, rows: Sequence[RecordRow]
) -> tuple[frozenset[bytes], list[Access]]:
    """Who of them counts, and the alarms to record in the same group commit.

    Raises BudgetOver or ComeBack; their alarms are durable by then.
    """
    patients = _counting(house, rows)
    try:
        admission = await house.standing.admit(ask, house.now(), patients)
    except Refusal as refusal:
        await _record_refusal(house, ask, peer, refusal)
        raise refusal.why from refusal
    return admission.counted, _alarms(ask, admission.alarms)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who counts, the alarms, and how long the act waits when it is done, before it answers."""

    counted: frozenset[bytes] = frozenset()
    alarms: Sequence[Access] = ()
    wait_seconds: float = 0.0

    async def turn(self) -> None:
        """Return when their turn has come."""
        if self.wait_seconds:
            await asyncio.sleep(self.wait_seconds)


async def admit_first(house: House, ask: Request, peer: int, rows: Sequence[RecordRow]) -> Admitted:
    """``admit`` for acts that a later part of the same batch builds upon: were the wait first, that
    part would come before them and find nothing. Only what staff do is counted."""
    if ask.actor.kind != "staff":
        return Admitted()
    try:
        admission = house.standing.count(ask, house.now(), _counting(house, rows))
    except Refusal as refusal:
        await _record_refusal(house, ask, peer, refusal)
        raise refusal.why from refusal
    return Admitted(admission.counted, _alarms(ask, admission.alarms), admission.wait_seconds)


def _counting(house: House, rows: Sequence[RecordRow]) -> list[RecordRow]:
    return [row for row in rows if _kind_of(house, row.subject) not in NOT_COUNTED]


async def admit_sign_in(house: House, ask: Request, peer: int) -> tuple[bool, list[Access]]:
    """Does the pages' word for one more patient wait? Whether it counts, and the alarms.

    Only an account that there already is: a new one has nothing to open. Raises ComeBack.
    """
    if ask.actor.kind != "patient" or house.store.record(ask.actor.id) is None:
        return False, []
    try:
        admission = await house.standing.admit_sign_in(ask, house.now())
    except Refusal as refusal:
        if alarms := _alarms(ask, refusal.alarms):
            await house.recorder.record(ask, peer, alarms)
        raise refusal.why from refusal
    return True, _alarms(ask, admission.alarms)


async def _record_refusal(house: House, ask: Request, peer: int, refusal: Refusal) -> None:
    """Alarms of a refusal; who keeps trying is frozen for an hour."""
    accesses = _alarms(ask, refusal.alarms)
    now = house.now()
    freezing = house.standing.refused(ask, now)
    if freezing:
        accesses.append(_alarm(ask, "frozen.session"))
    if accesses:
        await house.recorder.record(ask, peer, accesses)
    if freezing:
        tag = house.standing.tag(What.SESSION, ask.session.encode())
        with house.store.transaction():
            house.standing.freezes.set(
                tag,
                Freeze(
                    What.SESSION, ask.session, ask.actor.establishment, None, now, now + HOUR_US
                ),
            )


def _alarms(ask: Request, exceeded: Iterable[Exceeded]) -> list[Access]:
    return [
        _alarm(ask, f"budget.{one.key.scope}.{'hour' if one.limit.window_us == HOUR_US else 'day'}")
        for one in exceeded
    ]


def _alarm(ask: Request, what: str) -> Access:
    return Access(None, ask.actor.establishment or NOBODY, [Item(b"", "alarm", [what])], KIND_ALARM)


def _kind_of(house: House, subject: bytes) -> str:
    row = house.store.record(subject)
    return "" if row is None else row.kind
