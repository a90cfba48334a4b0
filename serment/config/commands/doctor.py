"""``serment doctor``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

import typer

from serment.config import environment
from serment.config.commands import exit_status
from serment.config.doctor.finding import Finding


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        short_help="What is wrong here, and the mend of each.",
        epilog=exit_status.epilog(
            "serment doctor --json",
            done="no fault; notices may be there, and are said",
            negative="at least one fault: Serment would not start, or must not be trusted",
            unusable="the question itself cannot be understood",
        ),
    )(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Check settings, rights, clock, disk, keys and isolation; say the mend of each finding.

    A fault keeps Serment from starting or from being trusted. A notice is to be known and changes
    nothing: a demo whose processes share one user, for example.
    """
    from serment.config.doctor import examination

    found = examination.examine(environment.read())
    if as_json:
        typer.echo(json.dumps({"findings": [finding.as_json() for finding in found]}))
    else:
        for finding in found:
            typer.echo(f"{finding.weight}: {finding.sentence} {finding.mend}")
        typer.echo(_summary(found))
    raise typer.Exit(1 if any(finding.weight == "fault" for finding in found) else 0)


def _summary(found: list[Finding]) -> str:
    if not found:
        return "All is well."
    count = Counter(finding.weight for finding in found)
    told = [_counted(count[weight], weight) for weight in ("fault", "notice") if count[weight]]
    return f"{', '.join(told)}." if count["fault"] else f"No fault; {', '.join(told)}."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
