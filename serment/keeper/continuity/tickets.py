"""The continuity ticket of a booking: this record, these fields, these hours, this site.

Minted in the transaction that seals the booking, told by the booking's own leaf. It is an errand
like others, but its token never leaves the keeper: nobody can open anything with it, it only lets
the keeper write the person on the site's sheet. Sealing the record again (a move, a cancellation)
replaces or withdraws it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from serment.keeper.house import House
from serment.keeper.rights import Errand
from serment.keeper.store import Store
from serment.keeper.wire import SealItem
from serment.keeper.words import DAY, SHEET_PURPOSE

FIELDS: Final = ("family_name", "given_name", "birth_date", "phone")
PURPOSE: Final = SHEET_PURPOSE
AHEAD: Final = DAY * 3 // 2
"""A sheet reaches 36 hours ahead (µs)."""

VISIT_MAX: Final = DAY
_NAMED: Final = [f"patient.{field}" for field in FIELDS]


@dataclass(frozen=True, slots=True)
class Visit:
    """When a booked visit begins and ends, as the keeper itself was told when it was booked."""

    starts: int
    ends: int


def give(house: House, item: SealItem) -> None:
    """Mint, replace or withdraw the ticket of a record being sealed, inside its transaction."""
    if item.record == item.subject:
        return  # a person, never a visit
    token = _token(house.store, item.record)
    if not house.now() < item.visit_until <= item.visit_from + VISIT_MAX:
        house.store.drop_token("errand", token)
        return
    errand = Errand(
        item.record, _NAMED, PURPOSE, max(0, item.visit_from - AHEAD), item.visit_until,
        item.visit_site or b"",
    )  # fmt: skip
    house.store.put_token("errand", token, item.visit_until, errand)


def visit_of(store: Store, record: bytes, site: bytes, now: int) -> Visit | None:
    """The visit whose person may stand on this site's sheet at this instant."""
    row = store.token("errand", _token(store, record))
    if row is None:
        return None
    errand = msgspec.msgpack.decode(row, type=Errand)
    if not errand.not_before <= now <= errand.not_after or errand.fields != _NAMED:
        return None
    if errand.site != site:
        return None
    return Visit(errand.not_before + AHEAD, errand.not_after)


def _token(store: Store, record: bytes) -> bytes:
    """Keyed: whoever knows a record's number cannot name its ticket."""
    return store.tag("continuity", record)
