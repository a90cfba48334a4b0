"""``serment perimeter``: whose data was opened, through whom, when; from the keeper's records."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import django
import typer
from django.apps import apps
from rich.console import Console
from rich.table import Table

from serment.errors import SermentError, Unusable
from serment.incidents import perimeter as arithmetic

EXIT_UNUSABLE = 2


def perimeter(
    from_: Annotated[str, typer.Option("--from", help="Start, ISO 8601; UTC unless it says.")],
    to: Annotated[str, typer.Option("--to", help="End (not included), ISO 8601.")],
    actor: Annotated[str, typer.Option(help="Who opened: UUID or sign-in e-mail.")] = "",
    client: Annotated[str, typer.Option(help="Door used: web, worker, …")] = "",
    session: Annotated[str, typer.Option(help="One sign-in.")] = "",
    process: Annotated[str, typer.Option(help="One process, as web-1234.")] = "",
    establishment: Annotated[str, typer.Option(help="UUID of an establishment.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Whose data was opened: persons, appointments, records and fields, from the records.

    Example: serment perimeter --process web-4711 --from 2026-11-20 --to 2026-11-21 --json
    """
    try:
        start, end = _instant(from_), _instant(to)
        if end <= start:
            raise Unusable("The window ends before it starts.")
        answer = answer_of(
            start, end, actor=_actor(actor), client=client, session=session, process=process,
            establishment=_uuid(establishment),
        )  # fmt: skip
    except SermentError as refusal:
        sys.stderr.write(f"{refusal.sentence}\n")
        raise typer.Exit(EXIT_UNUSABLE) from refusal
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        _print(answer)


def answer_of(
    start: datetime,
    end: datetime,
    *,
    actor: UUID | None = None,
    client: str = "",
    session: str = "",
    process: str = "",
    establishment: UUID | None = None,
) -> dict[str, Any]:
    """The perimeter as plain values; KeeperUnavailable when the keeper does not answer."""
    if not apps.ready:
        django.setup()
    # Only now: models and the gate exist once Django is set up.
    from serment.disclosure import oversight
    from serment.disclosure.fields import all_sealed
    from serment.disclosure.opening import kind_of

    selection = oversight.Selection(
        start, end, actor=actor, client=client, session=session, process=process,
        establishment=establishment,
    )  # fmt: skip
    window = oversight.window(oversight.OPERATOR, selection)
    question = {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "actor": str(actor) if actor else None,
        "client": client or None,
        "session": session or None,
        "process": process or None,
        "establishment": str(establishment) if establishment else None,
    }
    known = {f"{kind_of(model)}.{field.name}": field.zone for model, field in all_sealed()}
    found = arithmetic.compute(
        question, start, window.rows, held=window.held, lease_seconds=window.lease_seconds,
        known_fields=known,
    )  # fmt: skip
    ended = end <= datetime.now(UTC)
    return found.as_json() | {"question": question, "ended": ended, "isolated": window.isolated}


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Unusable("--from and --to take a date or instant like 2026-11-22T08:00Z.") from wrong
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _actor(text: str) -> UUID | None:
    """A UUID as it stands, or the account or staff member who signs in with an address."""
    if "@" not in text:
        return _uuid(text)
    if not apps.ready:
        django.setup()
    from serment.identity import lookup

    found = lookup.actor_id_of(text)
    if found is None:
        raise Unusable("Nobody signs in with this address.")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as wrong:
        raise Unusable("--actor and --establishment take a UUID.") from wrong


def _print(answer: dict[str, Any]) -> None:
    table = Table(title="Perimeter", show_header=False)
    for name in ("persons", "staff", "appointments", "records", "first", "last", "digest"):
        table.add_row(name, str(answer[name]))
    for tier, count in answer["tiers"].items():
        table.add_row(tier, str(count))
    for name, count in answer["fields"].items():
        table.add_row(name, str(count))
    for zone, names in answer["not_opened"].items():
        table.add_row(f"not opened: {zone}", ", ".join(names))
    if not answer["isolated"]:
        table.add_row("not isolated", "the keeper runs as the same system user as its clients")
    Console().print(table)


def register(app: typer.Typer) -> None:
    """Bring this package's command to ``serment``."""
    app.command("perimeter")(perimeter)
