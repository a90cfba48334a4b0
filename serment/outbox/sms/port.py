"""What every provider of SMS does for the outbox, and how it may fail.

A provider is told one number, one text and our reference, never a name. Four endings are told
apart, for on them hangs whether somebody reads a message twice: taken; not taken, for now or for
good; and unknown, where the answer was lost behind the hand-over. What is unknown is asked again by
the reference (``knows``) before anything is sent a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from serment.errors import Broken, Refused

SENDER_LETTERS_MAX = 11
"""Of a name as a sender: what the networks carry (GSM 03.40), and both providers say."""


class NotTaken(Broken):
    """Le fournisseur n’a pas pris le message ; il peut le prendre plus tard."""


class TakesNone(Refused):
    """Le fournisseur ne prend pas ce message : le numéro ou le texte ne convient pas."""


class Unsure(Broken):
    """Le fournisseur n’a pas répondu après la remise : le message est peut-être parti."""


class Fate(StrEnum):
    """What became of a message the provider took."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    STOPPED = "stopped"
    """Its reader wants no more."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One message. ``told_at``: where its fate may be told, a door of this site."""

    number: str = field(repr=False)
    """E.164, ``+33612345678``."""
    text: str = field(repr=False)
    reference: str
    told_at: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a call-back says, once it was believed. ``numbers``: whose wish to be left alone it is,
    where the provider names them."""

    reference: str = ""
    fate: Fate | None = None
    numbers: tuple[str, ...] = field(default=(), repr=False)


class Provider(Protocol):
    """One provider."""

    name: str
    """By which its disclosures are found: ``serment perimeter --recipient NAME``."""
    callback_token: str
    """In the address of the account's call-backs, the operator's secret; empty: there is none."""

    def send(self, sms: Sms) -> None:
        """Hand it over. Raises ``NotTaken``, ``TakesNone`` or ``Unsure``."""

    def knows(self, sms: Sms) -> bool:
        """Whether it took this one earlier. Raises ``NotTaken`` where it does not answer."""

    def told(self, query: Mapping[str, str], body: bytes, reference: str) -> Sequence[Told]:
        """What a call-back that reached us by its secret address says; what is not a message of
        ours is no ``Told``. ``reference``: of the message whose own address it came to."""
