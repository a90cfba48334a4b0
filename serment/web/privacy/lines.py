"""Each line of the record that an officer asked for, with its receipt; all of them as a file.

The lines name who opened, never whose data it was. Page and file are each asked of the keeper, so
each is itself a line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from serment import clock
from serment.disclosure import Actor
from serment.disclosure.told import NOT_FIELDS, Disclosure
from serment.identity import accounts, policy, rights, staff
from serment.interchange import text_tables
from serment.web import asked, field_words, wording
from serment.web.privacy import asking
from serment.web.privacy.asking import ZONE, Question

SHOWN: Final = 25
"""On a telephone a line is as tall as a thumb is wide, four times: a page one still reads."""
PAGES_MAX: Final = 10**6
COLUMNS: Final = (
    "leaf", "at", "actor_kind", "actor", "name", "role", "kind", "purpose", "fields", "records",
    "whose", "evidence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    seq: int
    when: str
    who: str
    role: str
    evidence: str
    why: str
    what: list[str]
    whose: str


@policy.staff_may(rights.Act.COUNT_DISCLOSURES)
@require_GET
def lines(request: HttpRequest) -> HttpResponse:
    """Newest first, a few a page."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    wanted = asking.question(request, now)
    rows = asking.answer(actor, wanted, now).rows[::-1]
    at = asked.number(asked.query(request).get("page", ""), PAGES_MAX) or 0
    shown = rows[at * SHOWN : (at + 1) * SHOWN]
    context = {
        "lines": _told(actor, shown),
        "count": len(rows),
        "first": at * SHOWN + 1,
        "last": at * SHOWN + len(shown),
        "wanted": wanted,
        "query": wanted.as_query(),
        "since": wording.day(wanted.first),
        "until": wording.day(wanted.last),
        "kind": asking.KINDS.get(wanted.kind, ""),
        "whose": asking.WHOSE.get(wanted.whose, ""),
        "newer": at - 1 if at else None,
        "older": at + 1 if len(rows) > (at + 1) * SHOWN else None,
    }
    return render(request, "privacy/lines.html", context)


@policy.staff_may(rights.Act.COUNT_DISCLOSURES)
@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """The whole answer for a spreadsheet: semicolons, and no cell that one would run."""
    _wanted, rows = _all(request)
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = {
            name: " ".join(of) if isinstance(of, list) else str(of) for name, of in row.items()
        }
        writer.writerow([text_tables.inert(cells[name]) for name in COLUMNS])
    return _file("\ufeff" + table.getvalue(), "text/csv; charset=utf-8", "acces-serment.csv")


@policy.staff_may(rights.Act.COUNT_DISCLOSURES)
@require_GET
def as_json(request: HttpRequest) -> HttpResponse:
    """The whole answer for a program; keys are only ever added."""
    wanted, rows = _all(request)
    told = {
        "question": {
            "first": wanted.first.isoformat(), "last": wanted.last.isoformat(),
            "actor_kind": wanted.kind or None, "whose": wanted.whose or None,
            "actor": str(wanted.actor) if wanted.actor else None,
        },
        "count": len(rows),
        "lines": rows,
    }  # fmt: skip
    return _file(json.dumps(told, ensure_ascii=False), "application/json", "acces-serment.json")


def _all(request: HttpRequest) -> tuple[Question, list[dict[str, Any]]]:
    actor, now = accounts.staff_actor_for(request), clock.now()
    wanted = asking.question(request, now)
    rows = asking.answer(actor, wanted, now).rows
    names = _names(actor, rows)
    return wanted, [_plain(row, names) for row in rows]


def _plain(row: Disclosure, names: dict[Any, staff.DisplayName]) -> dict[str, Any]:
    known = names.get(row.actor_id)
    return {
        "leaf": row.seq,
        "at": row.at.astimezone(UTC).isoformat(),
        "actor_kind": row.actor_kind,
        "actor": str(row.actor_id),
        "name": known.name if known else "",
        "role": row.role,
        "kind": row.kind,
        "purpose": row.purpose,
        "fields": [name for name in row.fields if name not in NOT_FIELDS],
        "records": len(row.records),
        "whose": row.person_kind,
        "evidence": row.evidence,
    }


def _told(actor: Actor, rows: Sequence[Disclosure]) -> list[Line]:
    names = _names(actor, rows)
    today = clock.now().astimezone(ZONE).date()
    return [
        Line(
            seq=row.seq,
            when=wording.moment(row.at, ZONE, today),
            who=_who(row, names),
            role=names[row.actor_id].role if row.actor_id in names else "",
            evidence=field_words.evidence(row),
            why=field_words.purpose(row.purpose, of_others=True),
            what=[*field_words.acts(row), *(label for label, _medical in field_words.chips(row))],
            whose=_("équipe") if row.person_kind == "staff" else "",
        )
        for row in rows
    ]


def _names(actor: Actor, rows: Iterable[Disclosure]) -> dict[Any, staff.DisplayName]:
    return staff.display_names(actor, {row.actor_id for row in rows if row.actor_kind == "staff"})


def _who(row: Disclosure, names: dict[Any, staff.DisplayName]) -> str:
    if row.actor_kind == "staff":
        known = names.get(row.actor_id)
        return known.name if known and known.name else _("Un membre de l’équipe")
    return asking.program(row)


def _file(contents: str, kind: str, name: str) -> HttpResponse:
    given = HttpResponse(contents.encode(), content_type=kind)
    given["Content-Disposition"] = f'attachment; filename="{name}"'
    given["Cache-Control"] = "private, no-store"
    return given
