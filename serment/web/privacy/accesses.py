"""Who opened what in one establishment, counted by actor and by day, for its officers.

The rows come from the keeper, which records that they were asked for. Counts and the actors'
names only: whose data it was opens elsewhere, for an incident.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from serment import clock
from serment.disclosure import Actor, gate
from serment.disclosure.told import Disclosure
from serment.identity import accounts, policy, rights, staff
from serment.web import field_words, wording
from serment.web.privacy import asking, frozen
from serment.web.privacy.asking import ZONE

BAR_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of an actor, as it is drawn."""

    x: int
    y: float
    height: float
    day: str
    count: int


@dataclass(slots=True)
class Line:
    """What one actor opened: accesses, distinct persons, fields in words, by day."""

    who: str
    role: str = ""
    actor: UUID | None = None
    accesses: int = 0
    persons: set[UUID] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    by_day: dict[date, int] = field(default_factory=dict)
    last: datetime | None = None
    bars: list[Bar] = field(default_factory=list)

    @property
    def last_words(self) -> str:
        """When last, as people say it."""
        return (
            wording.moment(self.last, ZONE, clock.now().astimezone(ZONE).date())
            if self.last
            else ""
        )

    @property
    def field_words(self) -> list[str]:
        """The fields opened, identity first."""
        return [field_words.word(name)[0] for name in sorted(self.fields, key=_as_written)]

    def add(self, row: Disclosure) -> None:
        """Count one access."""
        on = row.at.astimezone(ZONE).date()
        self.accesses += 1
        self.by_day[on] = self.by_day.get(on, 0) + 1
        self.fields |= set(row.fields) - field_words.UNSAID
        if row.person is not None and row.person_kind != "staff":
            self.persons.add(row.person)
        self.last = max(self.last or row.at, row.at)


def _as_written(name: str) -> tuple[int, str]:
    order = wording.FIELD_ORDER
    return (order.index(name) if name in order else len(order)), name


@policy.staff_may(rights.Act.COUNT_DISCLOSURES)
@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """Counts by actor and day over the days asked for."""
    actor = accounts.staff_actor_for(request)
    now = clock.now()
    wanted = asking.question(request, now)
    told = asking.answer(actor, wanted, now)
    lines = _lines(actor, told.rows, wanted.days)
    today = now.astimezone(ZONE).date()
    context = {
        "section": "accesses",
        "lines": lines,
        "accesses": len(told.rows),
        "persons": len(set().union(*(line.persons for line in lines))),
        "held": told.held,
        "isolated": told.isolated,
        "wanted": wanted,
        "query": wanted.as_query(),
        "kinds": asking.KINDS.items(),
        "whose": asking.WHOSE.items(),
        "choices": asking.DAYS_CHOICES,
        "chosen": len(wanted.days) if wanted.last == today else 0,
        "since": wording.day(wanted.first),
        "until": "" if wanted.last == today else wording.day(wanted.last),
        "today": today.isoformat(),
        "last_is_today": wanted.last == today,
        "health": gate.health(),
        "frozen": frozen.standing(actor, now),
        "security": actor.role == "security_officer",
        "establishment": actor.establishment,
        "start": wanted.first.isoformat(),
        "end": (wanted.last + timedelta(days=1)).isoformat(),
        "width": len(wanted.days) * 10,
        "height": BAR_HEIGHT,
    }
    return render(request, "privacy/accesses.html", context)


def _lines(actor: Actor, rows: Iterable[Disclosure], shown: list[date]) -> list[Line]:
    """One line an actor of staff, one for each other kind; who opened most comes first."""
    found: dict[UUID | str, Line] = {}
    for row in rows:
        key = row.actor_id if row.actor_kind == "staff" else asking.program(row)
        if key not in found:
            found[key] = Line(asking.program(row))
            if row.actor_kind == "staff":
                found[key].actor = row.actor_id
        found[key].add(row)
    name(actor, found.values())
    lines = sorted(found.values(), key=lambda line: -line.accesses)
    most = max((count for line in lines for count in line.by_day.values()), default=1)
    for line in lines:
        line.bars = _bars(line, shown, most)
    return lines


def name(actor: Actor, lines: Iterable[Line]) -> None:
    """Names of staff, each opened on record; whoever's name does not open stays a number."""
    of_staff = {line.actor: line for line in lines if line.actor is not None}
    names = staff.display_names(actor, of_staff)
    for member, line in of_staff.items():
        known = names.get(member)
        line.who = known.name if known and known.name else _("Un membre de l’équipe")
        line.role = known.role if known else ""


def _bars(line: Line, shown: list[date], most: int) -> list[Bar]:
    bars = []
    for at, on in enumerate(shown):
        count = line.by_day.get(on, 0)
        height = round(max(2.0, BAR_HEIGHT * count / most), 1) if count else 1.0
        bars.append(Bar(at * 10, BAR_HEIGHT - height, height, wording.day(on), count))
    return bars
