"""``serment up`` and ``serment migrate``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from serment.config import environment


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(epilog="Example: serment up --port 8100")
    def up(
        demo: Annotated[
            bool, typer.Option("--demo", help="Fill an empty instance with demo data.")
        ] = False,
        anew: Annotated[
            bool, typer.Option("--anew", help="Throw the demo's data away first.")
        ] = False,
        port: Annotated[int | None, typer.Option(help="Public port (also: PORT=).")] = None,
    ) -> None:
        """Start and watch all processes; Ctrl-C stops them."""
        from serment.config.supervisor.up import up as run

        if demo:
            os.environ["SERMENT_DEMO"] = "1"
        if port is not None:
            os.environ["PORT"] = str(port)
        os.environ.setdefault("PORT", "8000")  # not the port of an instance that ran here before
        run(environment.read(), anew=anew)

    @app.command(
        short_help="Bring a running database up to this version.",
        epilog="Example: serment migrate",
    )
    def migrate() -> None:
        """Bring a running database up to this version (serment up does it by itself)."""
        from serment.config.database import migration

        migration.migrate()
        typer.echo("The database is up to date.")
