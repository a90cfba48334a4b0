"""``serment backup`` and ``serment restore``."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from serment.config import environment
from serment.config.commands import exit_status

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        short_help="Copy database and keeper's store, verified.",
        epilog=exit_status.epilog(
            "serment backup /mnt/backup/2026-11-22",
            done="the backup is there, and was read back whole",
            negative="it could not be made; nothing is left of it",
            unusable="the folder is in use, or there is no instance to back up",
        ),
    )(backup)
    app.command(
        short_help="Put a backup in the place of a stopped instance.",
        epilog=exit_status.epilog(
            "serment restore /mnt/backup/2026-11-22 --root-key /media/usb/root.key",
            done="restored",
            negative="the backup is damaged, or an instance is there already",
            unusable="no backup, no root key or another one, or Serment still runs",
        ),
    )(restore)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")], as_json: AsJson = False
) -> None:
    """Copy database and keeper, consistent and verified, while Serment runs or is stopped.

    The state folder is the one SERMENT_STATE names. The root key is not in the copy: beside it,
    it would open it. Copy the root key once, to another place; its path is printed.
    """
    from serment.config.backup import taking

    _stop_tidily()
    env = environment.read()
    manifest = taking.take(env, folder)
    told = {"folder": str(folder), "files": len(manifest.files), "bytes": manifest.size}
    typer.echo(
        json.dumps(told)
        if as_json
        else f"{folder}: {manifest.size:,} bytes in {len(manifest.files)} files, verified.\n"
        f"Keep root key and vault apart, no restore works without them: {env.keys}"
    )


def restore(  # noqa: PLR0913, PLR0917 -- a command's options
    folder: Annotated[Path, typer.Argument(help="What serment backup made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move the instance that is there aside first.")
    ] = False,
    root_key: Annotated[
        Path | None,
        typer.Option(help="The keeper's root key; without it the one in the state folder."),
    ] = None,
    key_backup: Annotated[
        Path | None, typer.Option(help="The keeper's key backup: keys newer than the backup.")
    ] = None,
    recover: Annotated[
        bool, typer.Option("--recover", help="Go on from an older ledger; the log tells of it.")
    ] = False,
    approved_by: Annotated[
        list[str] | None, typer.Option(help="Who approves --recover; two persons, one a use.")
    ] = None,
    trial: Annotated[
        bool,
        typer.Option("--trial", help="A copy to try the backup with: sends no mail, says so."),
    ] = False,
    unmarked: Annotated[
        bool,
        typer.Option("--unmarked", help="Believe a backup that this instance did not mark."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of a stopped instance, in the folder that SERMENT_STATE names.

    Backup and root key are proved before anything changes. What stood there is moved aside, never
    deleted. Stopped half-way: run it again; serment up does not start on half a restore.
    """
    from serment.config.backup import restoring

    _stop_tidily()
    env = environment.read()
    approved = (approved_by or [""]) if recover else ()
    given = restoring.Given(root_key, key_backup, approved, unmarked=unmarked, trial=trial)
    done = restoring.restore(env, folder, force=force, given=given)
    aside = [str(path) for path in done.aside]
    if as_json:
        files = len(done.manifest.files)
        told = {"restored": str(folder), "files": files, "aside": aside}
        typer.echo(json.dumps(told | {"recovered": done.recovered}))
        return
    typer.echo(
        f"Restored into {env.state}: the state of {done.manifest.taken_at:%Y-%m-%d %H:%M} UTC."
    )
    for path in aside:
        typer.echo(f"What was there before: {path}")
    typer.echo(f"Start it: SERMENT_STATE={env.state} serment up")
    if trial:
        typer.echo("A trial: its ledger's name ends in /trial/drill, and it sends no mail.")
    else:
        typer.echo(
            "Only one instance may go on from a backup: two of them sign two histories under one"
            " name. To try a backup beside a living one: --trial."
        )


def _stop_tidily() -> None:
    """SIGTERM like Ctrl-C, so that what was begun is put away."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
