"""Alarms of an establishment: what passed a limit, what was opened in an emergency, what changed.

The keeper tells a budget that is passed once an hour; here what says the same of the same person
on the same day is one line with a count, so that a bad day is a page and not a flood.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from serment import clock
from serment.disclosure import Actor, containment
from serment.disclosure.told import Disclosure
from serment.identity import accounts, policy, rights, staff
from serment.identity.rights import Act
from serment.web import asked, wording
from serment.web.privacy import alarm_words, doors
from serment.web.privacy.asking import ZONE

ROWS_A_CALL: Final = 500
CALLS_MAX: Final = 4
DAYS: Final[dict[str, int]] = {"1": 1, "7": 7, "30": 30}
USUAL_DAYS: Final = "7"


@dataclass(slots=True)
class Line:
    """Alarms of one day that say the same of the same person."""

    word: str
    family: str
    on: date
    actor: UUID | None
    title: str = ""
    means: str = ""
    who: str = ""
    role: str = ""
    evidence: str = ""
    times: list[datetime] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)

    @property
    def often(self) -> int:
        """How many."""
        return len(self.times)

    @property
    def when(self) -> str:
        """The day, and the hour or from when to when."""
        first, last = min(self.times), max(self.times)
        day = wording.day(self.on)
        if wording.hour(first, ZONE) == wording.hour(last, ZONE):
            return _("%(day)s à %(hour)s") % {"day": day, "hour": wording.hour(last, ZONE)}
        return _("%(day)s, de %(first)s à %(last)s") % {
            "day": day, "first": wording.hour(first, ZONE), "last": wording.hour(last, ZONE),
        }  # fmt: skip

    @property
    def session(self) -> str:
        """The one sign-in it came from; empty where it was several."""
        return next(iter(self.sessions)) if len(self.sessions) == 1 else ""


@policy.staff_may(Act.CONTAIN)
@never_cache
@require_GET
def alarms(request: HttpRequest) -> HttpResponse:
    """Newest first, of the days and the family asked for."""
    actor, now = accounts.staff_actor_for(request), clock.now()
    given = asked.query(request)
    days = given.get("jours", "") if given.get("jours", "") in DAYS else USUAL_DAYS
    family = given.get("quoi", "") if given.get("quoi", "") in alarm_words.FAMILIES else ""
    since = now - timedelta(days=DAYS[days])
    rows, more = _rows(actor, since)
    lines = _lines(rows)
    counts = {one: sum(line.family == one for line in lines) for one in alarm_words.FAMILIES}
    shown = [line for line in lines if family in ("", line.family)]
    _name(actor, shown)
    context = {
        "section": "alarms",
        "lines": shown,
        "grave": [line for line in shown if line.word in alarm_words.GRAVE],
        "quiet": [line for line in shown if line.word not in alarm_words.GRAVE],
        "more": more,
        "refused": [] if actor.establishment is None else doors.refused(actor.establishment, since),
        "days": days,
        "choices": DAYS,
        "family": family,
        "families": [
            (code, label, counts[code]) for code, label in alarm_words.FAMILIES.items()
            if counts[code] or code == family
        ],
        "sees_lines": rights.may(actor, Act.COUNT_DISCLOSURES),
    }  # fmt: skip
    return render(request, "privacy/alarms.html", context)


def _rows(actor: Actor, since: datetime) -> tuple[list[Disclosure], bool]:
    """All since then, at most two thousand; and whether there are more."""
    found: list[Disclosure] = []
    before: int | None = None
    for _call in range(CALLS_MAX):
        page = containment.alarms(actor, ROWS_A_CALL, before)
        found += [row for row in page if row.at >= since]
        if len(page) < ROWS_A_CALL or page[-1].at < since:
            return found, False
        before = page[-1].seq
    return found, True


def _lines(rows: Iterable[Disclosure]) -> list[Line]:
    found: dict[tuple[str, date, UUID], Line] = {}
    for row in rows:
        for word in row.fields:
            on = row.at.astimezone(ZONE).date()
            key = (word, on, row.actor_id)
            if key not in found:
                own = row.actor_id if row.actor_kind == "staff" else None
                found[key] = _line(word, on, own)
                found[key].evidence = row.evidence
            found[key].times.append(row.at)
            if row.session:
                found[key].sessions.add(row.session)
    return sorted(found.values(), key=lambda line: max(line.times), reverse=True)


def _line(word: str, on: date, actor: UUID | None) -> Line:
    title, means, family = alarm_words.of(word)
    return Line(word, family, on, actor, title, means)


def _name(actor: Actor, lines: Iterable[Line]) -> None:
    of_staff = [line for line in lines if line.actor is not None]
    names = staff.display_names(actor, {line.actor for line in of_staff if line.actor})
    for line in of_staff:
        known = names.get(line.actor) if line.actor else None
        line.who = known.name if known and known.name else _("Un membre de l’équipe")
        line.role = known.role if known else ""
