"""Files that are one person: proposed, joined, parted, said to be two. Errors as of the gate.

The keeper alone knows which files are one; joined, it answers about either as about both.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from serment.disclosure.actors import Actor
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.keeper import joining, wire

_WHY = Purpose.IDENTITY


@dataclass(frozen=True, slots=True)
class Alike:
    """Two files that may be one person; ``reasons`` as ``keeper.resemblance`` names them."""

    one: UUID
    other: UUID
    reasons: tuple[str, ...]


def join(actor: Actor, gone: UUID, kept: UUID) -> None:
    """From now on both are one person, the file ``kept``; again changes nothing."""
    _act(actor, "join", gone, kept)


def part(actor: Actor, gone: UUID, kept: UUID) -> None:
    """Two again, each with what was made in it."""
    _act(actor, "part", gone, kept)


def tell_apart(actor: Actor, one: UUID, other: UUID) -> None:
    """Two persons that resemble each other: not proposed any more."""
    _act(actor, "apart", one, other)


def alike(actor: Actor) -> tuple[list[Alike], bool]:
    """Pairs of the actor's establishment, the most alike first, and whether there are others."""
    answer = ask("alike", actor, joining.AlikePairs, wire.Nothing(), purpose=_WHY)
    found = [
        Alike(UUID(bytes=pair.one), UUID(bytes=pair.other), tuple(pair.reasons))
        for pair in answer.pairs
    ]
    return found, answer.more


@dataclass(frozen=True, slots=True)
class Holders:
    """Who reads files as their person's own, as numbers, and whether all of them reach all.

    ``all_reached``: nobody would learn anything of one file by what is put into the other.
    ``people``: those who sign in as that person; the others act for somebody made up.
    """

    accounts: tuple[int, ...]
    all_reached: bool
    people: tuple[int, ...] = (0,)


def holders(actor: Actor, *files: UUID) -> Holders:
    """Of one file of the actor's establishment, or of two; recorded as listed."""
    asked = joining.HoldersAsk([file.bytes for file in files])
    answer = ask("holders", actor, joining.Holders, asked, purpose=_WHY)
    return Holders(tuple(answer.accounts), answer.all_reached, tuple(answer.people))


def marked(actor: Actor, mark: str) -> list[UUID]:
    """Files of the actor's establishment whose identity carries a mark."""
    answer = ask("marked", actor, wire.Ids, joining.MarkAsk(mark), purpose=_WHY)
    return [UUID(bytes=one) for one in answer.ids]


def _act(actor: Actor, act: str, file: UUID, other: UUID) -> None:
    asked = joining.JoinAsk(file.bytes, other.bytes, act)
    op = "tell_apart" if act == "apart" else "join"
    ask(op, actor, wire.Nothing, asked, purpose=_WHY)
