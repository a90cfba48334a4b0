"""What an officer asks of the record: which days, which kind of actor, which one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from serment.disclosure import Actor, Purpose, gate, oversight
from serment.disclosure.told import Disclosure
from serment.web import asked

ZONE: Final = ZoneInfo("Europe/Paris")
DAYS_CHOICES: Final = (7, 30)
DAYS_MAX: Final = 400
COUNTED: Final = ("read", "search")
KINDS: Final = {
    "staff": gettext_lazy("L’équipe"),
    "patient": gettext_lazy("Les patients eux-mêmes"),
    "worker": gettext_lazy("Envois automatiques"),
    "system": gettext_lazy("Serment"),
    "partner": gettext_lazy("Logiciels partenaires"),
    "operator": gettext_lazy("L’hébergeur"),
}
WHOSE: Final = {
    "patient": gettext_lazy("Des patients"),
    "staff": gettext_lazy("De l’équipe"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """First and last day, both included; an empty ``kind`` or ``whose`` means all."""

    first: date
    last: date
    kind: str = ""
    whose: str = ""
    actor: UUID | None = None

    @property
    def days(self) -> list[date]:
        """Each day of it."""
        return [self.first + timedelta(days=at) for at in range((self.last - self.first).days + 1)]

    def within(self, now: datetime) -> tuple[datetime, datetime]:
        """From the first midnight to the one after the last day, or now."""
        start = datetime.combine(self.first, datetime.min.time(), ZONE)
        end = datetime.combine(self.last + timedelta(days=1), datetime.min.time(), ZONE)
        return start, max(start + timedelta(seconds=1), min(end, now))

    def as_query(self) -> str:
        """The same question as the end of an address; ids only, never a name."""
        told = {
            "du": self.first.isoformat(), "au": self.last.isoformat(), "qui": self.kind,
            "de": self.whose, "acteur": str(self.actor or ""),
        }  # fmt: skip
        return urlencode({name: value for name, value in told.items() if value})

    def holds(self, row: Disclosure) -> bool:
        """Is this access one that was asked for?"""
        return (
            row.kind in COUNTED
            and self.kind in ("", row.actor_kind)
            and (not self.whose or (row.person_kind == "staff") == (self.whose == "staff"))
        )


def question(request: HttpRequest, now: datetime) -> Question:
    """The form's fields; whatever is unreadable or missing is the last week."""
    given = asked.query(request)
    today = now.astimezone(ZONE).date()
    last = min(asked.day(given.get("au", "")) or today, today)
    back = 30 if given.get("jours") == "30" else 7
    first = asked.day(given.get("du", "")) or last - timedelta(days=back - 1)
    first = max(min(first, last), last - timedelta(days=DAYS_MAX - 1))
    kind, whose = given.get("qui", ""), given.get("de", "")
    return Question(
        first, last, kind if kind in KINDS else "", whose if whose in WHOSE else "",
        asked.uuid(given.get("acteur", "")),
    )  # fmt: skip


def program(row: Disclosure) -> str:
    """Who opened, where it was no member of the team."""
    words = _PROGRAMS.get(row.purpose) if row.actor_kind == "worker" else None
    if words is not None:
        return str(words)
    return str(KINDS.get(row.actor_kind, row.actor_kind))


_PROGRAMS: Final[Mapping[str, object]] = {
    Purpose.CONTINUITY: gettext_lazy("Fiches de continuité"),
    Purpose.TRANSPARENCY: gettext_lazy("Noms de l’équipe, lus au registre"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows asked for, oldest first; persons held, and whether the keeper stands apart."""

    rows: list[Disclosure]
    held: int
    isolated: bool


def answer(actor: Actor, wanted: Question, now: datetime) -> Answer:
    """From the keeper, which records that it was asked."""
    start, end = wanted.within(now)
    selection = oversight.Selection(
        start, end, actor=wanted.actor, establishment=actor.establishment
    )
    told = gate.window(actor, selection)
    rows = [row for row in told.rows if row.at >= start and wanted.holds(row)]
    return Answer(rows, told.held, told.isolated)
