"""A site's continuity sheet: who comes next, as an age file that only the site's own key opens.

No name passes through here: the keeper writes and seals the sheet itself. Errors as of the gate;
NotYours for a site without a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from serment.disclosure.gate import WORKER
from serment.disclosure.line import ask
from serment.disclosure.oversight import OPERATOR
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import instant_of, microseconds
from serment.keeper import wire
from serment.keeper.continuity.asks import (
    LINES_MAX,
    LineAsk,
    SheetAnswer,
    SheetAsk,
    SiteKeyAsk,
)

__all__ = ["LINES_MAX", "Place", "Sheet", "Visit", "register_key", "sheet"]


@dataclass(frozen=True, slots=True)
class Place:
    """The site a sheet is for; its names and clock are public."""

    establishment: UUID
    site: UUID
    house: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that stands, and the published name of who receives."""

    record: UUID
    starts: datetime
    ends: datetime
    practitioner: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sealed sheet, and the public key it is sealed to."""

    sealed: bytes
    recipient: str
    issued: datetime
    lines: int
    named: int


def register_key(establishment: UUID, site: UUID, recipient: str) -> None:
    """From now on this site's sheets are sealed to this key. NotYours for other users."""
    asked = SiteKeyAsk(establishment.bytes, site.bytes, recipient)
    ask("continuity_key", OPERATOR, wire.Nothing, asked)


def sheet(place: Place, visits: Sequence[Visit]) -> Sheet:
    """Have the keeper make this site's sheet: each person whose line changed gets a leaf."""
    wanted = SheetAsk(
        place.site.bytes,
        place.house[:200],
        place.name[:200],
        place.timezone,
        [
            LineAsk(
                one.record.bytes,
                microseconds(one.starts),
                microseconds(one.ends),
                one.practitioner[:200],
            )
            for one in visits
        ],
    )
    made = ask(
        "continuity_sheet", WORKER, SheetAnswer, wanted,
        purpose=Purpose.CONTINUITY, tenant=place.establishment,
    )  # fmt: skip
    return Sheet(made.sealed, made.recipient, instant_of(made.issued), made.lines, made.named)
