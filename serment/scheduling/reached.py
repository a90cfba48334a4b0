"""How the people of many visits would hear of a change: asked before it is made, in one request.

One opening for all of them, each on record: what they said of how to be reached, and the number
that would be called or written to. The same words decide as when the message leaves (``outbox``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from serment.disclosure import Actor, Purpose, gate
from serment.identity import contact
from serment.outbox import post, receipts, registry, rendering
from serment.outbox.registry import Asked
from serment.outbox.sms import chosen

AT_ONCE_MAX: Final = 200
_FIELDS: Final = ["phone", contact.FIELD, "address"]


class By(StrEnum):
    """The one way by which a person hears of it; by those from ``PHONE`` on nothing is written."""

    MAIL = "mail"
    SMS = "sms"
    LETTER = "letter"
    PHONE = "phone"
    NOBODY = "nobody"
    CLOSED = "closed"
    """The file was erased or is frozen: nothing opens, and nothing can be said."""

    @property
    def is_written(self) -> bool:
        """Whether a message reaches them without anybody calling."""
        return self in (By.MAIL, By.SMS, By.LETTER)


def of_visits(actor: Actor, visits: Sequence[UUID]) -> dict[UUID, By]:
    """By visit, at most ``AT_ONCE_MAX``; the transaction stands in the establishment.

    Raises what the gate raises where the actor may open nothing any more (``AccessFrozen``,
    ``TooManyFiles``); a file that is closed keeps nothing from the others.
    """
    files = gate.files_behind_openable(actor, Purpose.BOOKING, visits[:AT_ONCE_MAX])
    rows = registry.people(set(files.values()))
    opened = gate.reveal_openable(actor, Purpose.BOOKING, list(rows.values()), _FIELDS)
    texts = rendering.has_sms(post.MOVE) and chosen.provider() is not None
    refused = receipts.stopped({_number(values) for values in opened.values()}) if texts else set()
    ways = {
        file: _way(rows[file], values, texts=texts and _number(values) not in refused)
        for file, values in opened.items()
    }
    return {one: ways.get(files.get(one, one), By.CLOSED) for one in visits[:AT_ONCE_MAX]}


def _number(opened: dict[str, str]) -> str:
    """To which a text would go: that of whoever said STOP gets none."""
    return contact.read(opened[contact.FIELD]).number or opened["phone"]


def _way(row: Any, opened: dict[str, str], *, texts: bool) -> By:
    """As ``outbox.addressing`` chooses. Where a letter is all there is, a call is sooner."""
    said, usual = opened[contact.FIELD], opened["phone"]
    wishes = contact.read(said)
    asked = Asked(email=row.email is not None, phone=texts and bool(usual), texts=texts)
    chosen_way = registry.way_of(said, asked).channel
    if chosen_way == By.MAIL or (chosen_way == By.SMS and registry.is_mobile(_number(opened))):
        return By(chosen_way)
    if contact.calling(wishes, usual).number:
        return By.PHONE
    return By.LETTER if contact.postal(wishes, opened["address"]) else By.NOBODY
