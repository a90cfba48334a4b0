"""Breaking the glass: a file opens at once for an hour, is told, and justified afterwards.

The keeper records it, for the person and the officers, before anything opens. Errors as of the
gate: ``TooManyFiles`` past the cap of an hour, ``AccessFrozen`` where a person froze who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from serment.disclosure.actors import Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import instant_of
from serment.keeper import wire
from serment.keeper.policy import asks
from serment.keeper.words import GLASS_REASONS

Outcome = Literal["accepted", "asked", "abusive"]
REASONS: Final = GLASS_REASONS
WHY_LETTERS_MAX: Final = 500
TEXT_LETTERS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Opened:
    """What breaking it gave: until when, and tickets for messages to the person and to others."""

    until: datetime
    to_person: bytes
    to_staff: dict[UUID, bytes]


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken glass; None is not yet. An erased person's texts are empty."""

    name: UUID
    file: UUID
    by: UUID
    role: str
    evidence: str
    at: datetime
    reason: str
    why: str
    justification: str
    justified_at: datetime | None
    outcome: str
    remark: str
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    due: datetime

    @property
    def owed(self) -> bool:
        """Has whoever broke it still to say why?"""
        return self.justified_at is None and self.outcome != "abusive"

    @property
    def to_review(self) -> bool:
        """Does a justification wait for an officer?"""
        return self.justified_at is not None and self.outcome == ""


def break_glass(
    actor: Actor, record: UUID, reason: str, why: str, tell: Sequence[UUID] = ()
) -> Opened:
    """Open a file to the own establishment for an hour; ``tell``: colleagues to write to."""
    wanted = asks.GlassAsk(
        record.bytes, why.strip()[:WHY_LETTERS_MAX], reason, [one.bytes for one in tell]
    )
    told = ask("break_glass", actor, asks.GlassAnswer, wanted)
    person, *others = told.tickets
    return Opened(instant_of(told.until), person, dict(zip(tell, others, strict=True)))


def justify(actor: Actor, name: UUID, text: str) -> None:
    """Say afterwards why it was needed; by who broke it."""
    wanted = asks.JustifyAsk(name.bytes, text.strip()[:TEXT_LETTERS_MAX])
    ask("glass_justify", actor, wire.Nothing, wanted)


def review(actor: Actor, name: UUID, outcome: Outcome, remark: str = "") -> None:
    """Accept, ask for more, or call it an abuse; by an officer who did not break it."""
    wanted = asks.ReviewAsk(name.bytes, outcome, remark.strip()[:WHY_LETTERS_MAX])
    ask("glass_review", actor, wire.Nothing, wanted)


def broken(actor: Actor) -> list[Broken]:
    """One's own, or the establishment's for its officers; the latest first. Recorded."""
    answer = ask("glasses", actor, asks.GlassList, wire.Nothing(), purpose=Purpose.INCIDENT)
    return [_broken(row) for row in answer.rows]


def _broken(row: asks.GlassRow) -> Broken:
    return Broken(
        UUID(bytes=row.glass), UUID(bytes=row.file), UUID(bytes=row.by), row.role, row.evidence,
        instant_of(row.at), row.reason, row.why, row.justification, _instant(row.justified_at),
        row.outcome, row.remark, wire.uuid_of(row.reviewed_by), _instant(row.reviewed_at),
        instant_of(row.due),
    )  # fmt: skip


def _instant(at: int) -> datetime | None:
    return instant_of(at) if at else None
