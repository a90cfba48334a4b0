"""``serment keeper freeze``, ``unfreeze`` and ``freezes``: what the operator stops or keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from serment.config import environment, keeper_probe
from serment.config.commands import exit_status
from serment.errors import Refused, Unusable
from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.policy import asks

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]
Why = Annotated[str, typer.Option("--why", help="In words, on record for good.")]


class What(StrEnum):
    """What an operator freezes."""

    evidence = "evidence"
    incident = "incident"
    session = "session"
    actor = "actor"
    client = "client"
    process = "process"
    subject = "subject"


_NAMED = frozenset({What.evidence, What.incident})
Kind = Annotated[
    What,
    typer.Argument(
        help="session, actor, client, process or subject open nothing more; of incident and"
        " evidence nothing is forgotten."
    ),
]


class NothingLikeIt(Refused):
    """The keeper refused: nothing of this name is frozen, or it is not yours, or cannot be."""


def register(keeper: typer.Typer) -> None:
    """Add the commands to ``serment keeper``."""
    number = "01932c5e-8a00-7000-8000-000000000000"
    for command, short, example in (
        (freeze, "Stop a session, a person, a program; keep evidence.", "freeze evidence --why …"),
        (unfreeze, "Lift what the operator froze.", f"unfreeze evidence {number} --why …"),
        (freezes, "What stands frozen now.", "freezes --json"),
    ):
        epilog = exit_status.epilog(
            f"serment keeper {example}", done="done", negative="refused",
            unusable="the value cannot be frozen, or the keeper does not answer",
        )  # fmt: skip
        keeper.command(short_help=short, epilog=epilog)(command)


def freeze(
    what: Kind,
    why: Why,
    value: Annotated[
        str,
        typer.Argument(
            help="A UUID; a session's name; web or web-4711. Of evidence and incident a new"
            " number is made where none is given."
        ),
    ] = "",
    establishment: Annotated[
        UUID | None, typer.Option(help="incident, evidence: of this one alone; else of all.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="UTC; without it until it is lifted.")
    ] = None,
) -> None:
    """Freeze at once, on record; officers read it on their page.

    A frozen session, person, client, process or file opens nothing more. While an incident or
    evidence stands frozen, no record it reaches is forgotten, and a perimeter names the erased.
    """
    if not value:
        if what not in _NAMED:
            raise Unusable("Say what to freeze: its number, or a process as web-4711.")
        value = str(new_id())
    end = None if until is None else int(until.replace(tzinfo=UTC).timestamp() * 1_000_000)
    of = None if establishment is None else establishment.bytes
    ask("freeze", asks.FreezeAsk(what.value, value, why, end, of))
    typer.echo(f"Frozen: {what.value} {value}.")


def unfreeze(
    what: Kind,
    value: Annotated[str, typer.Argument(help="As serment keeper freezes tells it.")],
    why: Why,
) -> None:
    """Lift a freeze of the operator's, on record; an officer's is the officer's to lift."""
    ask("unfreeze", asks.UnfreezeAsk(what.value, value, why))
    typer.echo(f"Lifted: {what.value} {value}.")


def freezes(as_json: AsJson = False) -> None:
    """List what stands frozen, in every establishment, the latest first. The asking is recorded."""
    reply = ask("freezes", wire.Nothing())
    rows = msgspec.msgpack.decode(reply.body, type=asks.FreezeList).rows
    told = [
        {
            "what": row.what, "value": row.value, "since": _at(row.at),
            "until": _at(row.until), "by_person": row.human, "why": row.why,
            "establishment": str(UUID(bytes=row.establishment)) if row.establishment else None,
        }
        for row in rows
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps({"freezes": told}, ensure_ascii=False))
        return
    for one in told:
        end = f"until {one['until']}" if one["until"] else "until it is lifted"
        typer.echo(f"{one['what']} {one['value']} since {one['since']} {end}: {one['why']}")
    if not told:
        typer.echo("Nothing stands frozen.")


def ask(op: str, wanted: msgspec.Struct) -> wire.Reply:
    """What the keeper answers the operator. NothingLikeIt where it refuses."""
    try:
        return keeper_probe.answer(environment.read().keeper_socket, op, wanted)
    except keeper_probe.KeeperRefused as refused:
        raise NothingLikeIt from refused


def _at(instant: int | None) -> str | None:
    if instant is None:
        return None
    return f"{datetime.fromtimestamp(instant / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"
