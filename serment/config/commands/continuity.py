"""``serment continuity``: a site's key, and a sheet opened offline."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from serment import clock
from serment.config import environment, keeper_probe
from serment.config.commands import exit_status
from serment.custody import sheet_file
from serment.errors import Refused, Unusable
from serment.keeper.continuity.asks import SiteKeyAsk

KeyFile = Annotated[Path | None, typer.Option("--key", help="The site's key file.")]
Site = Annotated[
    str,
    typer.Option("--site", help="The site's slug, HOUSE/SITE, or their two numbers: UUID/UUID."),
]


class NoSuchSite(Unusable):
    """There is no such site here, or several: say HOUSE/SITE."""


class KeyIsThere(Refused):
    """This file exists; a key is not overwritten."""


class NotRepeated(Unusable):
    """The two passphrases are not the same."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    continuity = typer.Typer(
        no_args_is_help=True, help="Sheets of who comes, readable when all is down."
    )
    continuity.command("open", epilog=_epilog("open 20261122T070500Z.age --key quai.key"))(
        open_sheet
    )
    continuity.command(epilog=_epilog("key --site cabinet-du-port/quai quai.key"))(key)
    app.add_typer(continuity, name="continuity")


def _epilog(example: str) -> str:
    return exit_status.epilog(
        f"serment continuity {example}", done="done", negative="refused",
        unusable="the file, key, passphrase or site cannot be used",
    )  # fmt: skip


def open_sheet(
    sheet: Annotated[Path, typer.Argument(help="The sheet, an .age file.")],
    key: KeyFile = None,
    keeper: Annotated[
        str,
        typer.Option(
            help="The keeper's public key, name+id+base64, where the key file does not name it."
        ),
    ] = "",
    old: Annotated[
        bool, typer.Option("--old", help="Read a sheet that reaches no longer until now.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole document, for machines.")
    ] = False,
) -> None:
    """Print a site's continuity sheet. Needs neither network nor keeper nor database.

    Without --key it asks for the recovery line that was printed with the key. A sheet that the
    keeper did not sign is refused; so is one too old to reach until now, saying how old it is.
    """
    if key is None:
        held = sheet_file.held_in(_hidden("Recovery line (AGE-SECRET-KEY-1…)").encode(), "")
    else:
        held = sheet_file.held_in(key.read_bytes(), _hidden("Passphrase of the key"))
    document = sheet_file.opened(sheet.read_bytes(), held.secret, keeper or held.keeper)
    now = clock.now()
    if not old:
        sheet_file.must_still_tell(document, now)
    sys.stderr.write(f"{sheet_file.told_of(document, now)}\n")
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        typer.echo(sheet_file.in_lines(document))


def key(
    site: Site,
    file: Annotated[
        Path | None, typer.Argument(help="Where to write the key; keep it on the site.")
    ] = None,
    recipient: Annotated[
        str, typer.Option(help="A key made on the site already: its public half, age1…")
    ] = "",
    stop: Annotated[bool, typer.Option("--stop", help="No more sheets for this site.")] = False,
) -> None:
    """Make the key of a site; the keeper learns its public half only, on record.

    A new key takes the place of the former one: sheets made from now on open with it alone.
    """
    establishment, place = _site(site)
    if file is not None and not (recipient or stop):
        recipient = _made(file)
    elif not (recipient or stop):
        raise Unusable("Say where to write the key, or --recipient, or --stop.")
    ask = SiteKeyAsk(establishment.bytes, place.bytes, "" if stop else recipient)
    keeper_probe.answer(environment.read().keeper_socket, "continuity_key", ask)
    typer.echo("No more sheets for this site." if stop else f"Sheets are sealed to {recipient}.")


def _made(path: Path) -> str:
    if path.exists():
        raise KeyIsThere
    passphrase = _hidden("Passphrase for the key")
    if passphrase != _hidden("Once more"):
        raise NotRepeated
    made = sheet_file.new_key()
    sheet_file.write_key(made, path, passphrase, _keeper())
    typer.echo(f"The key: {path}. Copy it to the site (two USB sticks), then delete it here.")
    if sys.stdout.isatty():
        typer.echo(
            "Its recovery line, shown this once. Print it, seal it in an envelope, put it into"
            f" the site's safe:\n\n{made.secret}\n"
        )
    return made.recipient


def _keeper() -> str:
    """The keeper's public key as it was published; empty where nothing is yet."""
    path = environment.read().ledger_public / "key"
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _hidden(prompt: str) -> str:
    return str(typer.prompt(prompt, hide_input=sys.stdin.isatty(), err=True))


def _site(text: str) -> tuple[UUID, UUID]:
    """Establishment and site; two numbers need no database."""
    house, _, place = text.rpartition("/")
    try:
        return UUID(house), UUID(place)
    except ValueError:
        return _known_site(house, place)


def _known_site(house: str, place: str) -> tuple[UUID, UUID]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serment.config.settings")
    import django

    django.setup()
    from serment.directory.models import Site as SiteRow

    found = SiteRow.objects.filter(slug=place)
    if house:
        found = found.filter(establishment__slug=house)
    rows = list(found.values_list("establishment_id", "pk")[:2])
    if len(rows) != 1:
        raise NoSuchSite
    return rows[0]
