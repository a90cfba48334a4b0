"""Sealed fields, purposes and the gate: the one way personal data opens."""

from serment.disclosure import gate
from serment.disclosure.actors import SYSTEM, Actor
from serment.disclosure.fields import Sealed, SealedValue, all_sealed
from serment.disclosure.line import (
    AccessFrozen,
    AssertionNeeded,
    KeeperUnavailable,
    NotYours,
    OpeningSlowed,
    SessionEnded,
    TooManyFiles,
    TwoNeeded,
)
from serment.disclosure.purposes import Purpose
from serment.keeper.sealing import SealBroken

__all__ = [
    "SYSTEM",
    "AccessFrozen",
    "Actor",
    "AssertionNeeded",
    "KeeperUnavailable",
    "NotYours",
    "OpeningSlowed",
    "Purpose",
    "SealBroken",
    "Sealed",
    "SealedValue",
    "SessionEnded",
    "TooManyFiles",
    "TwoNeeded",
    "all_sealed",
    "gate",
]
