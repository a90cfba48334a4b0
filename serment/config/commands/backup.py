"""``serment backup`` and ``serment restore``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from serment.config import environment

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(epilog="Example: serment backup /mnt/backup/2026-11-22")
    def backup(
        folder: Annotated[Path, typer.Argument(help="A new folder.")], as_json: AsJson = False
    ) -> None:
        """Copy database and keeper, consistent and verified. The root key is not in the copy."""
        from serment.config.backup import taking

        manifest = taking.take(environment.read(), folder)
        told = {"folder": str(folder), "files": len(manifest.files), "bytes": manifest.size}
        typer.echo(
            json.dumps(told)
            if as_json
            else f"{folder}: {manifest.size:,} bytes in {len(manifest.files)} files, verified."
            f" Keep the root key apart: {environment.state_folder() / 'keeper' / 'root.key'}"
        )

    @app.command(epilog="Example: serment restore /mnt/backup/2026-11-22")
    def restore(
        folder: Annotated[Path, typer.Argument(help="What serment backup made.")],
        force: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
        root_key: Annotated[
            Path | None, typer.Option(help="The keeper's root key, kept apart from backups.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Put a backup in the place of a stopped instance."""
        from serment.config.backup import restoring

        manifest = restoring.restore(environment.read(), folder, force=force, root_key=root_key)
        told = {"restored": str(folder), "files": len(manifest.files)}
        typer.echo(json.dumps(told) if as_json else f"Restored from {folder}. Start it: serment up")
