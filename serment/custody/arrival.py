"""Bringing data in from elsewhere: patients as files, an agenda as busy time. All or nothing.

``read_patients`` and ``read_agenda`` change nothing and give a report; ``bring_in_patients`` and
``bring_in_agenda`` carry one out in one transaction. The same file twice changes nothing the
second time. Of an agenda only busy blocks are taken: its words name patients, and nobody has been
asked whether they may come along.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import DatabaseError, transaction

from serment.custody import entry
from serment.custody.agendas import (
    AgendaBrought,
    AgendaMoved,
    Preview,
    bring_in_agenda,
    look_at_agenda,
    recent,
    take_back,
    usual_window,
)
from serment.custody.entry import COMMAND, Brought, read_alone
from serment.custody.reports import (
    AgendaReport,
    FileUnusable,
    PatientsReport,
    read_agenda,
    read_patients,
    recognised_columns,
    refused_csv,
)
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere, SermentError
from serment.identity import files
from serment.identity.models import PatientFile
from serment.interchange import patients_csv

LOOKED_UP_MAX = 500
"""People of one file who are looked for among the files of the house."""

__all__ = [
    "COMMAND", "AgendaBrought", "AgendaMoved", "AgendaReport", "Brought", "FileUnusable",
    "PatientsReport", "Preview", "alike_here", "already_here", "bring_in_agenda",
    "bring_in_patients", "look_at_agenda", "read_agenda", "read_alone", "read_patients",
    "recent",
    "recognised_columns", "refused_csv", "take_back", "usual_window",
]  # fmt: skip


def already_here(actor: Actor, establishment_id: UUID, report: PatientsReport) -> list[int]:
    """Lines of persons whom an earlier arrival brought; nothing is opened to tell."""
    entry.require(actor, establishment_id)
    ids = _file_ids(establishment_id, report)
    with tenancy.inside(establishment_id):
        known = set(PatientFile.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [line for line, file in zip(report.lines, ids, strict=True) if file in known]


def alike_here(
    actor: Actor, establishment_id: UUID, report: PatientsReport, known: Collection[int]
) -> tuple[dict[int, UUID], int]:
    """Line → a file of the house that is probably the same person; and how many were looked up.

    Asked as the desk asks when it searches, so each search is recorded and the files it finds are
    told so; no field is opened. Lines in ``known`` need no asking. Staff only: the command line
    may not search.
    """
    entry.require(actor, establishment_id)
    found: dict[int, UUID] = {}
    asked = 0
    for line, values in zip(report.lines, report.people, strict=True):
        if line in known or not values.get("birth_date") or asked >= LOOKED_UP_MAX:
            continue
        asked += 1
        hits = files.find(actor, establishment_id, _words(values))
        if hits:
            found[line] = hits[0]
    return found, asked


def _words(values: Mapping[str, str | None]) -> str:
    return " ".join(values[name] or "" for name in ("given_name", "family_name", "birth_date"))


def bring_in_patients(actor: Actor, establishment_id: UUID, report: PatientsReport) -> Brought:
    """Make a sealed file of each accepted person, or of none.

    Staff need the right to import at this establishment; the command line acts as Serment itself.
    Raises ``KeeperUnavailable`` or a database error with nothing brought in: records the keeper
    made for rows that do not stand are deleted there, and said to be deleted.
    """
    entry.require(actor, establishment_id)
    people = dict(zip(_file_ids(establishment_id, report), report.people, strict=True))
    with transaction.atomic():
        entry.one_at_a_time(establishment_id)
        return _bring_in(actor, establishment_id, people)


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
            PatientFile.objects.bulk_create(rows, batch_size=entry.ROWS_A_STATEMENT)
    except (DatabaseError, SermentError):
        _take_back(actor, rows)
        raise
    return Brought(added=len(rows), already=len(known))


def _file_ids(establishment_id: UUID, report: PatientsReport) -> list[UUID]:
    """The same person arriving again meets the same file: a hash of who they are, keyed."""
    key = entry.marking_key("patients", establishment_id)
    found: list[UUID] = []
    for values in report.people:
        who = patients_csv.person_key(values).encode()
        found.append(UUID(bytes=hmac.digest(key, who, "sha256")[:16], version=4))
    return found


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
