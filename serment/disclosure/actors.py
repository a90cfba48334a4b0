"""Who asks: the actor every act of the gate names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

ActorKind = Literal["patient", "staff", "worker", "operator", "partner", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or some part of Serment, that asks the keeper for something.

    ``capability`` is what ``gate.open_session`` gave at sign-in; without it patients and staff
    open nothing. ``session`` names the sign-in in the record, ``client`` the door used.
    """

    kind: ActorKind
    id: UUID
    role: str = ""
    establishment: UUID | None = None
    session: str = ""
    client: str = "web"
    capability: bytes = b""

    def __repr__(self) -> str:
        return f"Actor({self.kind}, {self.id})"


SYSTEM = Actor(kind="system", id=UUID(int=0), client="system")
"""Serment itself: seals and registers, opens nothing."""
