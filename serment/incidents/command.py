"""``serment perimeter``: whose data was opened, through whom, when; from the keeper's records."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import django
import typer
from django.apps import apps

from serment.english import english
from serment.errors import SermentError, Unusable
from serment.incidents import telling

EXIT_UNUSABLE = 2
DEFAULT_WINDOW = timedelta(days=1)
COLUMNS_PIPED = 80
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64}")
_ZONE = "For the hours of Paris write 2026-11-22T10:00+01:00 (+02:00 in summer)."
HELP_END = """\b
Example: serment perimeter --actor nadia@example.fr --from 2026-11-20 --to 2026-11-21

\b
Exit status:
  0  answered, also where nothing was opened
  2  an option cannot be used, or the keeper does not answer
"""


def perimeter(  # noqa: PLR0913, PLR0917 -- one argument an option is how typer reads them
    from_: Annotated[
        str,
        typer.Option(
            "--from", help="Start, ISO 8601; UTC unless it says. Default: a day before the end."
        ),
    ] = "",
    to: Annotated[str, typer.Option("--to", help="End (not included). Default: now.")] = "",
    actor: Annotated[str, typer.Option(help="Who opened: UUID or sign-in e-mail.")] = "",
    client: Annotated[str, typer.Option(help="Program used: web, worker, command, …")] = "",
    session: Annotated[str, typer.Option(help="One sign-in, as a receipt tells it.")] = "",
    process: Annotated[
        str, typer.Option(help="One process by the kernel's number: 1234, or web-1234.")
    ] = "",
    establishment: Annotated[str, typer.Option(help="UUID of an establishment.")] = "",
    recipient: Annotated[
        str, typer.Option(help="Whom it was handed to: a provider, as doctor names it.")
    ] = "",
    export: Annotated[
        str, typer.Option(help="Digest of the grant it was opened on, hexadecimal.")
    ] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="Also one line for each person: ids, no names.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Whose data was opened: persons, appointments, records and fields, from the records.

    The selectors count all together. The asking is itself recorded. An ended window asked again
    gives the same digest.
    """
    try:
        start, end, notes = _window(from_, to, datetime.now(UTC))
        answer = answer_of(
            start, end, actor=_actor(actor), client=client, session=session,
            process=_process(process),
            establishment=_uuid(establishment), recipient=recipient, export=_digest(export),
            listed=listed,
        )  # fmt: skip
    except SermentError as refusal:
        sys.stderr.write(f"{english(refusal.sentence)}\n")
        raise typer.Exit(EXIT_UNUSABLE) from refusal
    if as_json:
        sys.stderr.writelines(f"{note}\n" for note in notes)
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        columns = shutil.get_terminal_size((COLUMNS_PIPED, 24)).columns
        sys.stdout.write("\n".join(telling.lines(answer, notes, columns)) + "\n")


def _window(from_: str, to: str, now: datetime) -> tuple[datetime, datetime, list[str]]:
    """Start, end, and what was taken because it was not given."""
    end = _instant(to) if to else now
    start = _instant(from_) if from_ else end - DEFAULT_WINDOW
    if end <= start:
        raise Unusable("The window ends before it starts.")
    if start > now:
        raise Unusable(f"This window lies in the future: it is {now:%Y-%m-%d %H:%M} UTC. {_ZONE}")
    notes = [] if to else [f"--to was not given: until now, {end:%Y-%m-%d %H:%M} UTC."]
    if not from_:
        notes.insert(0, f"--from was not given: a day before the end, {start:%Y-%m-%d %H:%M} UTC.")
    if end > now:
        notes.append("The window is not over: what is opened until its end is not in this answer.")
    if any(_is_local(text) for text in (from_, to)):
        notes.append(f"Hours without a zone were read as UTC. {_ZONE}")
    return start, end, notes


def _is_local(text: str) -> bool:
    """Does it tell an hour and not whose? Days alone are UTC's by the help, which is said there."""
    return len(text) > len("2026-11-22") and datetime.fromisoformat(text).tzinfo is None


def answer_of(
    start: datetime, end: datetime, *, listed: bool = False, **selectors: Any
) -> dict[str, Any]:
    """The perimeter as plain values; KeeperUnavailable when the keeper does not answer.

    ``selectors`` as in ``oversight.Selection``; all count together.
    """
    if not apps.ready:
        django.setup()
    # Only now: models and the gate exist once Django is set up.
    from serment.disclosure import oversight
    from serment.incidents import asking

    return asking.answer(oversight.Selection(start, end, **selectors), listed=listed)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Unusable("--from and --to take a date or instant like 2026-11-22T08:00Z.") from wrong
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _process(text: str) -> str:
    """A process goes by its number; without one nothing could ever be found."""
    if text and not text.rpartition("-")[2].isdigit():
        raise Unusable("--process takes a number, as web-1234 or 1234.")
    return text


def _digest(text: str) -> str:
    """A grant goes by its digest; anything else could never be found."""
    if text and not _HEXADECIMAL.fullmatch(text):
        raise Unusable("--export takes the digest of a grant: 64 letters and digits, hexadecimal.")
    return text.lower()


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


def register(app: typer.Typer) -> None:
    """Bring this package's command to ``serment``."""
    app.command(
        "perimeter", epilog=HELP_END, short_help="Whose data was opened, from the records."
    )(perimeter)
