"""Bodies of the continuity operations; see docs/reference/keeper-wire-v1.md."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from serment.keeper.wire import Body, Bytes16, Instant, Token

LINES_MAX: Final = 5_000
"""More visits than the largest outpatient site has in a day and a half."""

RECIPIENT: Final = r"^(age1[02-9ac-hj-np-z]{58})?\Z"


class SiteKeyAsk(Body):
    """op ``continuity_key``: from now on this site's sheets are sealed to this key.

    ``recipient`` is the public half of an age X25519 identity; empty: no sheets any more.
    """

    establishment: Bytes16
    site: Bytes16
    recipient: Annotated[str, msgspec.Meta(pattern=RECIPIENT)]


class LineAsk(Body):
    """One appointment that stands: the record, when it is, and whose agenda it is in (public)."""

    record: Bytes16
    starts: Instant
    ends: Instant
    practitioner: Token


class SheetAsk(Body):
    """op ``continuity_sheet``: one site's sheet; ``zone`` is the site's clock."""

    site: Bytes16
    house: Token
    place: Token
    zone: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[A-Za-z0-9_+\-/]+\Z")]
    lines: Annotated[list[LineAsk], msgspec.Meta(max_length=LINES_MAX)]


class SheetAnswer(Body):
    """The sheet as an age file, whom it is sealed to, and how many lines of how many name
    somebody."""

    sealed: bytes
    recipient: str
    issued: int
    lines: int
    named: int
