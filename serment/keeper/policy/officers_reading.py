"""How often officers ask the record: told past what is usual, refused past what nobody reads.

A perimeter names no patient, but says who was opened when, and budgets count it nowhere. Whoever
asks for it all day is an alarm; an hour has an end. The operator, who answers for incidents of all
houses at the shell, is bound by nothing here.
"""

from __future__ import annotations

from typing import Final

from serment.keeper.house import House
from serment.keeper.leaves import Access
from serment.keeper.policy.standing import BudgetOver
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_ALARM

USUAL_AN_HOUR: Final = 120
"""A long morning over the page of accesses, its pages and its downloads, stays below."""

MAX_AN_HOUR: Final = 1_200


def officer_reads(house: House, ask: Request) -> list[Access]:
    """Count one question of an officer's; the alarm to record with it. Raises BudgetOver."""
    if ask.actor.kind != "staff":
        return []
    often = house.standing.count_reading(ask, house.now())
    if often > MAX_AN_HOUR:
        raise BudgetOver
    if often != USUAL_AN_HOUR + 1:
        return []
    item = Item(b"", "alarm", ["officer_read"])
    return [Access(None, ask.actor.establishment or b"", [item], KIND_ALARM)]
