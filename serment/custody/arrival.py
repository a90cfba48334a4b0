"""Bringing data in from elsewhere: patients as files, an agenda as busy time. All or nothing.

``read_patients`` and ``read_agenda`` change nothing and give a report; ``bring_in_patients`` and
``bring_in_agenda`` carry one out in one transaction. The same file twice changes nothing the
second time. Of an agenda only busy blocks are taken: its words name patients, and nobody has been
asked whether they may come along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from serment.custody.reports import (
    AgendaReport,
    FileUnusable,
    PatientsReport,
    read_agenda,
    read_patients,
)
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.errors import Conflict, NotThere, SermentError
from serment.identity import rights
from serment.identity.models import PatientFile
from serment.interchange import patients_csv
from serment.interchange.calendars import Span
from serment.scheduling.models import Occupancy

__all__ = [
    "AgendaReport", "Brought", "FileUnusable", "PatientsReport", "bring_in_agenda",
    "bring_in_patients", "read_agenda", "read_patients", "usual_window",
]  # fmt: skip

ROWS_A_STATEMENT = 500
WINDOW_DAYS = (7, 366)
"""Of an agenda, a week back and a year ahead."""


class AgendaMoved(Conflict):
    """L’agenda a changé pendant la reprise. Rien n’a été repris ; recommencez."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What an arrival did: rows that are new, and those that stood here already."""

    added: int
    already: int


def usual_window(now: datetime) -> tuple[datetime, datetime]:
    """The time of an agenda that is worth bringing in."""
    before, after = WINDOW_DAYS
    return now - timedelta(days=before), now + timedelta(days=after)


def bring_in_patients(actor: Actor, establishment_id: UUID, report: PatientsReport) -> Brought:
    """Make a sealed file of each accepted person, or of none.

    Staff need the right to import at this establishment; the command line acts as Serment itself.
    Raises ``KeeperUnavailable`` or a database error with nothing brought in: records the keeper
    made for rows that do not stand are deleted there, and said to be deleted.
    """
    _require(actor, establishment_id)
    people = {_file_id(establishment_id, values): values for values in report.people}
    with transaction.atomic():
        _one_at_a_time(establishment_id)
        return _bring_in(actor, establishment_id, people)


def _one_at_a_time(establishment_id: UUID) -> None:
    """Until the transaction ends: what one arrival takes back is never what another just made."""
    said = hashlib.sha256(b"arrival" + establishment_id.bytes).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(said[:8], "big", signed=True)]
        )


def _bring_in(
    actor: Actor, establishment_id: UUID, people: Mapping[UUID, Mapping[str, str | None]]
) -> Brought:
    rows: list[PatientFile] = []
    try:
        with tenancy.inside(establishment_id):
            found = PatientFile.objects.filter(pk__in=list(people))
            known = set(found.values_list("pk", flat=True))
            rows = [
                PatientFile(id=file, establishment_id=establishment_id)
                for file in people
                if file not in known
            ]
            gate.seal_many(
                actor,
                Purpose.IMPORT,
                [(row, dict(people[row.pk]), row.pk) for row in rows],
                tenant=establishment_id,
            )
            PatientFile.objects.bulk_create(rows, batch_size=ROWS_A_STATEMENT)
    except (DatabaseError, SermentError):
        _take_back(actor, rows)
        raise
    return Brought(added=len(rows), already=len(known))


def _require(actor: Actor, establishment_id: UUID) -> None:
    if actor.kind == "staff":
        rights.require(actor, rights.Act.IMPORT)
        if actor.establishment != establishment_id:
            raise NotThere
    elif actor.kind != "system":
        raise NotThere


def _file_id(establishment_id: UUID, values: Mapping[str, str | None]) -> UUID:
    """The same person arriving again meets the same file.

    The id is a hash under a key that never leaves the keeper, so that the rows of a stolen
    database cannot be compared with a list of names.
    """
    said = f"{establishment_id}|{patients_csv.person_key(values)}"
    digest = hashlib.sha256(said.encode()).hexdigest()
    keyed = hashlib.sha256(gate.alias(f"arrival {digest}").encode()).digest()
    return UUID(bytes=keyed[:16], version=4)


def _take_back(actor: Actor, sealed: list[PatientFile]) -> None:
    """Let the keeper forget what it sealed for rows that were rolled back.

    What the keeper never got, or cannot be told now, stays: a record without a row opens nothing,
    and the next arrival of the same person takes it over.
    """
    for row in sealed:
        try:
            gate.delete(actor, Purpose.IMPORT, row)
        except NotThere:
            continue
        except SermentError:
            return


def bring_in_agenda(actor: Actor, role: UUID, report: AgendaReport) -> Brought:
    """Take the report's busy time in a practitioner's agenda, where it is not taken yet.

    Blocks hold no word: their kind is ``import`` and that is all. ``Brought`` counts blocks.
    Raises ``AgendaMoved`` when somebody books the same time meanwhile, with nothing brought in.
    """
    tenant = (
        PractitionerRole.objects.filter(pk=role).values_list("establishment_id", flat=True).first()
    )
    if tenant is None:
        raise NotThere
    _require(actor, tenant)
    try:
        with tenancy.inside(tenant):
            taken = _taken(tenant, role, report.window)
            new = [piece for span in report.spans for piece in _without(span, taken)]
            Occupancy.objects.bulk_create(
                [_block(tenant, role, span) for span in new], batch_size=ROWS_A_STATEMENT
            )
    except IntegrityError as moved:
        raise AgendaMoved(
            _("L’agenda a changé pendant la reprise. Rien n’a été repris ; recommencez.")
        ) from moved
    whole = set(new)
    return Brought(
        added=len(new), already=sum(1 for span in report.spans if _covered(span, whole, taken))
    )


def _taken(tenant: UUID, role: UUID, window: Span) -> list[Span]:
    """Exclusive time that stands already, in order; PostgreSQL keeps it free of overlaps."""
    spans = Occupancy.objects.filter(
        establishment_id=tenant,
        claimant_id=role,
        exclusive=True,
        span__overlap=DateTimeTZRange(*window),
    ).values_list("span", flat=True)
    return sorted((span.lower, span.upper) for span in spans)


def _without(span: Span, taken: list[Span]) -> list[Span]:
    pieces: list[Span] = []
    at, end = span
    for low, high in taken:
        if high <= at or low >= end:
            continue
        if low > at:
            pieces.append((at, low))
        at = max(at, high)
    if at < end:
        pieces.append((at, end))
    return pieces


def _covered(span: Span, new: set[Span], taken: list[Span]) -> bool:
    return span not in new and not _without(span, taken)


def _block(tenant: UUID, role: UUID, span: Span) -> Occupancy:
    return Occupancy(
        establishment_id=tenant,
        claimant_id=role,
        span=DateTimeTZRange(*span),
        kind=Occupancy.Kind.IMPORT,
        exclusive=True,
    )


COMMAND = Actor(kind="system", id=SYSTEM.id, client="command")
"""The operator's shell: brings in, opens nothing."""
