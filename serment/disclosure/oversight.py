"""What officers and the operator ask the keeper: raw rows of a window, health, a backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from serment.disclosure.actors import SYSTEM, Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.disclosure.told import Disclosure, disclosure_of, microseconds
from serment.keeper import wire
from serment.keeper.measured import Measured

__all__ = [
    "OPERATOR", "Health", "Measured", "Selection", "Window", "backup", "drive_clock", "health",
    "measure", "window",
]  # fmt: skip

OPERATOR = Actor(kind="operator", id=UUID(int=2), client="command")


@dataclass(frozen=True, slots=True)
class Health:
    """How the keeper is. ``isolated``: it runs as another system user than who asks."""

    origin: str
    size: int
    index_lag_seconds: float
    isolated: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which disclosures: start ≤ at < end, and whatever selectors are given, all together."""

    start: datetime
    end: datetime
    actor: UUID | None = None
    client: str = ""
    session: str = ""
    process: str = ""
    establishment: UUID | None = None
    recipient: str = ""
    """Whom data was handed to: a provider, by the name the records give it."""
    export: str = ""
    """Digest, in hexadecimal, of the grant on which data was opened."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of a selection, widened back by ``widened_seconds``: the time an answer may be
    given again and then used for a lease. ``held`` counts persons by the window's end."""

    rows: tuple[Disclosure, ...]
    held: int
    lease_seconds: int
    isolated: bool
    widened_seconds: int = 0


def health() -> Health:
    """Is the keeper there, and how far is its index? KeeperUnavailable when it is not."""
    told = ask("hello", SYSTEM, wire.Figures, wire.Nothing())
    return Health(told.origin, told.size, told.index_lag_seconds, told.isolated)


def window(actor: Actor, selection: Selection) -> Window:
    """All disclosures of a selection, oldest first. The asking is recorded, not counted."""
    rows: list[Disclosure] = []
    answer = wire.Disclosures([])
    for answer in _pages(actor, selection):
        rows.extend(disclosure_of(row) for row in answer.rows)
    return Window(tuple(rows), answer.held, answer.lease, answer.isolated, answer.widened)


def measure(actor: Actor, selection: Selection) -> Measured:
    """A selection's figures, counted inside the keeper. The asking is recorded, not counted."""
    return ask("measure", actor, Measured, _asked(selection, -1), purpose=Purpose.INCIDENT)


def _asked(selection: Selection, after: int) -> wire.PerimeterAsk:
    return wire.PerimeterAsk(
        start=microseconds(selection.start),
        end=microseconds(selection.end),
        actor=_raw(selection.actor),
        client=selection.client,
        session=selection.session,
        process=selection.process,
        establishment=_raw(selection.establishment),
        after=after,
        recipient=selection.recipient,
        export=selection.export,
    )


def _pages(actor: Actor, selection: Selection) -> Iterator[wire.Disclosures]:
    after = -1
    while True:
        answer = ask(
            "perimeter", actor, wire.Disclosures, _asked(selection, after), purpose=Purpose.INCIDENT
        )
        yield answer
        if not answer.rows:
            return
        after = answer.rows[-1].seq


def _raw(identifier: UUID | None) -> bytes | None:
    return None if identifier is None else identifier.bytes


def backup(folder: Path) -> int:
    """Have the keeper copy its store and ledger into a folder; the leaves it holds.

    Without the root key: whoever holds the copy alone reads nothing.
    """
    answer = ask("backup", OPERATOR, wire.Text, wire.FolderAsk(str(folder.absolute())))
    return int(answer.text)


def drive_clock(instant: datetime | None) -> None:
    """Set the instant of a throw-away keeper (``--drill``), None: let its clock go again.

    NotYours from any other keeper, and for an instant before the last recorded one.
    """
    ask(
        "drive_clock", SYSTEM, wire.Nothing,
        wire.ClockAsk(0 if instant is None else microseconds(instant)),
    )  # fmt: skip
