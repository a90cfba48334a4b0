"""``serment import``: patients (CSV) and agendas (iCalendar) of a practice that arrives."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from django.conf import settings
from django.db import transaction
from django.utils import translation

from serment import clock
from serment.custody import arrival
from serment.custody.reports import AgendaReport, PatientsReport
from serment.directory.models import Establishment, PractitionerRole
from serment.errors import Unusable

SHOWN_MAX = 50
NEAREST_MAX = 5
LISTED_MAX = 40
CALENDARS = (".ics", ".ical", ".ifb", ".vcs")

Report = PatientsReport | AgendaReport


class NoEstablishment(Unusable):
    """No establishment has this slug."""


class WhichEstablishment(Unusable):
    """Say where it goes: --establishment and one of these slugs."""


class WhichRole(Unusable):
    """Say whose agenda it is: --role and one of these slugs."""


class NoSuchFile(Unusable):
    """A file could not be read."""


HELP_END = """\b
Example: serment import patients.csv --establishment cabinet --dry-run

\b
Exit status:
  0  every line was accepted
  1  some lines were refused, and are told
  2  a file or an option cannot be used; nothing was brought in
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "import", epilog=HELP_END, short_help="Bring in patients (CSV) and agendas (.ics)."
    )(bring_in)


def bring_in(
    files: Annotated[list[Path], typer.Argument(help="CSV files of patients, .ics agendas.")],
    establishment: Annotated[
        str, typer.Option(help="Slug of the establishment; without it all are listed.")
    ] = "",
    role: Annotated[
        str, typer.Option(help="Practitioner's slug, for an agenda; without it all are listed.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> int:
    """Bring in what a practice had elsewhere, with a report of every line that is refused.

    Refused lines are told, the accepted ones come in: those of all files or, where anything
    fails, none. Of an agenda only busy time is kept, no word of it; the same file again brings it
    up to date. The columns of a patient list: docs/reference/csv-columns.md.
    """
    with translation.override(settings.LANGUAGE_CODE):
        tenant = _establishment(establishment)
        reports = [_read(file, tenant, role) for file in files]
        with transaction.atomic():
            told = [_carry_out(report, tenant, role, dry_run) for report in reports]
    if as_json:
        typer.echo(json.dumps({"files": told, "dry_run": dry_run}, ensure_ascii=False))
    else:
        for one in told:
            _show(one)
    return 1 if any(report.refused for report in reports) else 0


def _establishment(slug: str) -> UUID:
    rows = list(Establishment.objects.order_by("slug").values_list("slug", "name", "pk"))
    for known, _name, found in rows:
        if known == slug:
            return found
    listed = [(known, name) for known, name, _pk in rows]
    if not slug:
        _list(listed, [known for known, _name in listed])
        raise WhichEstablishment
    _list(listed, _nearest(slug, listed))
    raise NoEstablishment(f"No establishment has the slug “{slug}”; the nearest are above.")


def _role(tenant: UUID, slug: str) -> PractitionerRole:
    roles = PractitionerRole.objects.filter(establishment_id=tenant, active=True)
    known = list(roles.select_related("site", "practitioner").order_by("practitioner__slug"))
    found = [role for role in known if role.practitioner.slug == slug]
    if len(found) == 1:
        return found[0]
    listed = [
        (one.practitioner.slug, f"{one.practitioner.given_name} {one.practitioner.family_name}")
        for one in known
    ]
    _list(listed, _nearest(slug, listed) if slug else [known for known, _name in listed])
    raise WhichRole


def _nearest(slug: str, listed: Sequence[tuple[str, str]]) -> list[str]:
    """Slugs like the one typed, or whose name holds it; all where none does."""
    typed = slug.casefold()
    holding = [known for known, name in listed if typed in known or typed in name.casefold()]
    like = difflib.get_close_matches(typed, [known for known, _name in listed], NEAREST_MAX, 0.4)
    found = list(dict.fromkeys([*holding, *like]))[:NEAREST_MAX]
    return found or [known for known, _name in listed]


def _list(listed: Sequence[tuple[str, str]], wanted: Sequence[str]) -> None:
    """Slugs and public names, in two columns, where messages go."""
    names = dict(listed)
    width = max((len(slug) for slug in wanted), default=0)
    for slug in wanted[:LISTED_MAX]:
        typer.echo(f"  {slug:<{width}}  {names[slug]}", err=True)
    if len(wanted) > LISTED_MAX:
        more = len(wanted) - LISTED_MAX
        typer.echo(f"  … and {more} more: type a part of a name to find one.", err=True)


def _read(file: Path, tenant: UUID, role: str) -> Report:
    try:
        data = file.read_bytes()
    except OSError as unreadable:
        raise NoSuchFile(f"{file.name}: {unreadable.strerror}.") from unreadable
    try:
        if file.suffix.lower() not in CALENDARS and b"BEGIN:VCALENDAR" not in data[:200]:
            return arrival.read_patients(data, file.name)
        zone = ZoneInfo(_role(tenant, role).site.timezone)
        return arrival.read_agenda(data, file.name, zone, arrival.usual_window(clock.now()))
    except arrival.FileUnusable as unusable:
        raise Unusable(f"{file.name}: {unusable.sentence}") from unusable


def _carry_out(report: Report, tenant: UUID, role: str, dry_run: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "file": report.filename,
        "kind": "patients" if isinstance(report, PatientsReport) else "agenda",
        "accepted": report.accepted,
        "refused": [
            {"line": line, "field": field, "reason": sentence}
            for line, field, sentence in report.refused
        ],
        "added": None,
        "already": None,
    }
    if not dry_run:
        if isinstance(report, PatientsReport):
            brought = arrival.bring_in_patients(arrival.COMMAND, tenant, report)
        else:
            brought = arrival.bring_in_agenda(arrival.COMMAND, _role(tenant, role).pk, report)
        told |= {"added": brought.added, "already": brought.already}
    return told


def _show(told: dict[str, Any]) -> None:
    refused = told["refused"]
    lines = len({one["line"] for one in refused})
    typer.echo(f"{told['file']}: {told['accepted']} accepted, {lines} refused")
    for one in refused[:SHOWN_MAX]:
        field = f" [{one['field']}]" if one["field"] else ""
        typer.echo(f"  line {one['line']}{field} {one['reason']}")
    if len(refused) > SHOWN_MAX:
        typer.echo(f"  … and {len(refused) - SHOWN_MAX} more; all of them with --json")
    if told["added"] is None:
        typer.echo("  Nothing was changed (--dry-run).")
    else:
        typer.echo(f"  {told['added']} brought in, {told['already']} stood here already.")
