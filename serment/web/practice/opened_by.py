""" "Opened by": who of the house opened a patient's file, in a few lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.disclosure import Actor, Purpose, gate
from serment.disclosure.told import NOT_FIELDS, Disclosure
from serment.identity import staff
from serment.web import field_words, wording

LINES = 8
ROWS_READ = 120
# Openings by one person within this time are told as one.
TOGETHER_SECONDS = 900


@dataclass(slots=True)
class Line:
    """Openings of one person, close together in time."""

    actor_id: UUID
    actor_kind: str
    at: datetime
    who: str = ""
    when: str = ""
    why: str = ""
    own: bool = False
    fields: set[str] = field(default_factory=set)

    @property
    def what(self) -> str:
        """ "nom, prénom, téléphone"."""
        ordered = sorted(self.fields, key=_order)
        return ", ".join(dict.fromkeys(field_words.word(name)[0].lower() for name in ordered))


def lines(
    actor: Actor, file_id: UUID, now: datetime, zone: ZoneInfo, limit: int = LINES
) -> list[Line]:
    """Newest first; searches and lists that opened no field are left out. Recorded itself."""
    rows = gate.history(actor, file_id, ROWS_READ)
    found = _together(row for row in rows if row.purpose != Purpose.TRANSPARENCY)[:limit]
    others = {one.actor_id for one in found if one.actor_kind == "staff"} - {actor.id}
    names = staff.display_names(actor, others) if others else {}
    today = now.astimezone(zone).date()
    for one in found:
        one.own = one.actor_id == actor.id
        one.who = _("Vous") if one.own else _who(one, names)
        one.when = wording.moment(one.at, zone, today)
    return found


def _together(rows: Iterable[Disclosure]) -> list[Line]:
    found: list[Line] = []
    latest: dict[UUID, Line] = {}
    for row in rows:
        fields = {name.rpartition(".")[2] for name in row.fields if name not in NOT_FIELDS}
        if row.kind != "read" or not fields:
            continue
        line = latest.get(row.actor_id)
        if line is None or (line.at - row.at).total_seconds() > TOGETHER_SECONDS:
            line = Line(
                row.actor_id,
                row.actor_kind,
                row.at,
                why=field_words.purpose(row.purpose, of_others=True),
            )
            latest[row.actor_id] = line
            found.append(line)
        line.fields |= fields
    return found


def _who(line: Line, names: dict[UUID, staff.DisplayName]) -> str:
    if line.actor_kind == "staff":
        known = names.get(line.actor_id)
        return known.name if known and known.name else _("Un membre de l’équipe")
    if line.actor_kind == "patient":
        return _("La personne elle-même, ou un proche")
    return str(_PROGRAMS.get(line.actor_kind) or _("Serment"))


_PROGRAMS = {
    "partner": gettext_lazy("Un logiciel partenaire"),
    "worker": gettext_lazy("Envoi automatique"),
    "operator": gettext_lazy("L’hébergeur"),
}


def _order(name: str) -> tuple[int, str]:
    order = wording.FIELD_ORDER
    return (order.index(name) if name in order else len(order), name)
