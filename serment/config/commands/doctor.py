"""``serment doctor``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from serment.config import environment


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: serment doctor --json")
    def doctor(
        as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    ) -> None:
        """Check settings, rights, clock, disk and keys; say the mend of each finding."""
        from serment.config.doctor import examination

        found = examination.examine(environment.read())
        if as_json:
            typer.echo(json.dumps({"findings": [finding.as_json() for finding in found]}))
        else:
            for finding in found:
                typer.echo(f"{finding.weight}: {finding.sentence} {finding.mend}")
            if not found:
                typer.echo("All is well.")
        raise typer.Exit(1 if any(finding.weight == "fault" for finding in found) else 0)
