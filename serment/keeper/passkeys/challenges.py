"""Challenges that wait to be signed: each for one use, one kind of process and a few minutes.

They lie in memory: a keeper that starts anew asks anew. Who floods one lane pushes out the oldest
of that lane; a flood of sign-ins takes nothing from those who are signed in.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from serment.keeper.passkeys.asks import joined

LIVE_US: Final = 180_000_000
LANE_MAX: Final = 4_096
AN_ACTOR_MAX: Final = 8


class What(StrEnum):
    """What a challenge is signed for."""

    SIGN_IN = "sign_in"
    ENROL = "enrol"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What one challenge is good for: nothing else is done with what was signed over it."""

    what: What
    kin: str
    """The kind of process that asked, as the keeper's entrance told it: its forks share it."""
    actor: bytes = b""
    digest: bytes = b""


def challenge_of(what: str, nonce: bytes, digest: bytes) -> bytes:
    """What is signed: it names what it was for, and of an act exactly which."""
    head = joined(b"serment challenge 1", what.encode(), nonce, digest)
    return hashlib.sha256(head).digest()


@dataclass(slots=True)
class Challenges:
    """Those under way, oldest first."""

    _lanes: dict[bool, OrderedDict[bytes, tuple[Purpose, int]]] = field(
        default_factory=lambda: {False: OrderedDict(), True: OrderedDict()}
    )

    def issue(self, purpose: Purpose, now: int) -> bytes:
        """A fresh challenge; it says by itself what it was for, to whoever knows its nonce."""
        lane = self._lanes[bool(purpose.actor)]
        own = [name for name, (other, _) in lane.items() if purpose.actor == other.actor != b""]
        for name in own[: max(0, len(own) + 1 - AN_ACTOR_MAX)]:
            del lane[name]
        while lane and (len(lane) >= LANE_MAX or next(iter(lane.values()))[1] < now):
            lane.popitem(last=False)
        challenge = challenge_of(purpose.what, os.urandom(32), purpose.digest)
        lane[challenge] = purpose, now + LIVE_US
        return challenge

    def take(self, challenge: bytes, purpose: Purpose, now: int) -> bool:
        """Was this asked for exactly this, and not over? Whatever it was, it is spent now."""
        for lane in self._lanes.values():
            found = lane.pop(challenge, None)
            if found is not None:
                return found[0] == purpose and now <= found[1]
        return False

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))
