"""``serment demo``: fill an instance with people who do not exist, and say how to sign in."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from django.conf import settings

from serment import clock
from serment.errors import Unusable


class NoDemo(Unusable):
    """This instance holds no demo; fill it with: serment demo seed."""


class NotEmpty(Unusable):
    """This instance holds real establishments; demo data is only put into an empty one."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    demo = typer.Typer(no_args_is_help=True, help="Demo data: seed it, list its accounts.")
    demo.command(
        short_help="Who can sign in, and with which password.",
        epilog="Example: serment demo accounts --json",
    )(accounts)
    demo.command(
        short_help="Fill an empty instance with demo data.", epilog="Example: serment demo seed"
    )(seed)
    demo.command(
        short_help="Throw a stopped demo's data away.", epilog="Example: serment demo reset"
    )(reset)
    app.add_typer(demo, name="demo")


def accounts(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List who can sign in at the demo, with passwords drawn when it was seeded."""
    from serment.drills.demo import staffing

    logins = staffing.read(settings.STATE)
    if not logins:
        raise NoDemo
    if as_json:
        typer.echo(json.dumps([_shown(login) for login in logins], ensure_ascii=False))
        return
    rows = [
        ("role", "login", "password"),
        *((one.role.replace("_", " "), one.login, one.password) for one in logins),
    ]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    for role, login, password in rows:
        typer.echo(f"{role:{widths[0]}}  {login:{widths[1]}}  {password}")
    # Of the port that it was filled on: this command need not be told it again.
    base = logins[0].url.partition("/compte/")[0]
    typer.echo(f"\nSign in at {logins[0].url} or by one click at {base}/demo")


def _shown(login: object) -> dict[str, str | None]:
    keys = ("role", "login", "password", "totp_secret", "url")
    return {key: getattr(login, key) for key in keys}


def seed(
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing where any data stands.")
    ] = False,
    patients: Annotated[
        int | None,
        typer.Option(
            help="About how many patients, for a smaller demo.",
            envvar="SERMENT_DEMO_PATIENTS",
            min=60,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Fill an empty instance with demo data; where it stands already nothing changes."""
    from serment.drills.demo import seeding

    if not seeding.is_seeded() and not seeding.is_empty():
        if if_empty:
            _say({}, "This instance holds data already; no demo data added.", as_json)
            return
        raise NotEmpty

    def hear(name: str) -> None:
        if not as_json:
            typer.echo(f"  {name}")

    done = seeding.seed(clock.now(), settings.STATE, settings.PUBLIC_URL, hear, patients=patients)
    if not done.fresh:
        _say({}, "The demo data stands already; nothing changed.", as_json)
        return
    spoken = ", ".join(f"{count} {what}" for what, count in done.counts.items())
    _say(done.counts, f"Demo data: {spoken}.", as_json)


def reset() -> None:
    """Throw a stopped demo's data away; an instance that holds no demo is left alone."""
    from serment.drills.demo import clearing

    folder = settings.STATE
    typer.echo(f"Emptied {folder}." if clearing.empty(folder) else f"Nothing to empty in {folder}.")


def _say(counts: dict[str, int], sentence: str, as_json: bool) -> None:
    typer.echo(json.dumps({"seeded": counts}) if as_json else sentence)
