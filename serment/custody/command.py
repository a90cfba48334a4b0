"""``serment import``: patients (CSV) and agendas (iCalendar) of a practice that arrives."""

from __future__ import annotations

import json
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
CALENDARS = (".ics", ".ical", ".ifb", ".vcs")

Report = PatientsReport | AgendaReport


class NoEstablishment(Unusable):
    """No establishment has this slug; see the end of its public address."""


class WhichRole(Unusable):
    """Say whose agenda it is: --role and the practitioner's slug at this establishment."""


class NoSuchFile(Unusable):
    """A file could not be read."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "import", epilog="Example: serment import patients.csv --establishment cabinet --dry-run"
    )(bring_in)


def bring_in(
    files: Annotated[list[Path], typer.Argument(help="CSV files of patients, .ics agendas.")],
    establishment: Annotated[str, typer.Option(help="Slug of the establishment.")],
    role: Annotated[str, typer.Option(help="Practitioner's slug, for an agenda.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> int:
    """Bring in what a practice had elsewhere, with a report of every line that is refused.

    Refused lines are told, the accepted ones come in: those of all files or, where anything
    fails, none. Of an agenda only busy time is kept, no word of it. Exit status 0: all
    lines accepted; 1: some refused; 2: a file or a setting is unusable, nothing was brought in.
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
    found = Establishment.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise NoEstablishment
    return found


def _role(tenant: UUID, slug: str) -> PractitionerRole:
    roles = PractitionerRole.objects.filter(establishment_id=tenant).select_related("site")
    found = list(roles.filter(practitioner__slug=slug)) if slug else []
    if len(found) != 1:
        raise WhichRole
    return found[0]


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
    typer.echo(f"{told['file']}: {told['accepted']} accepted, {len(refused)} refused")
    for one in refused[:SHOWN_MAX]:
        field = f" [{one['field']}]" if one["field"] else ""
        typer.echo(f"  line {one['line']}{field} {one['reason']}")
    if len(refused) > SHOWN_MAX:
        typer.echo(f"  … and {len(refused) - SHOWN_MAX} more; all of them with --json")
    if told["added"] is None:
        typer.echo("  Nothing was changed (--dry-run).")
    else:
        typer.echo(f"  {told['added']} brought in, {told['already']} stood here already.")
