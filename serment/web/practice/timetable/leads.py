"""From the rule that closes a time to the page on which that rule is read or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy

from serment.disclosure import Actor
from serment.identity import rights
from serment.identity.rights import Act
from serment.scheduling import explain
from serment.scheduling.diagnosis import Rule
from serment.scheduling.models import VisitReason
from serment.web.practice import team

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Lead = tuple[str, str]
"""What the link says, and where it goes."""


@dataclass(frozen=True, slots=True)
class _Page:
    said: _StrPromise
    view: str
    part: str = ""
    needs: Act = Act.SEE_AGENDA


_HOURS: Final = _Page(gettext_lazy("Les heures"), "practice:hours", "#semaine")
_AWAY: Final = _Page(gettext_lazy("Les absences"), "practice:hours", "#absences")
_REASON: Final = _Page(gettext_lazy("Le motif"), "practice:reason_rules", needs=Act.SET_OPENINGS)
_SESSIONS: Final = _Page(gettext_lazy("Séances de groupe"), "practice:sessions")
_BOOK: Final = _Page(gettext_lazy("Réserver"), "practice:book", needs=Act.BOOK)
_DAY: Final = _Page(gettext_lazy("L’agenda de ce jour"), "practice:agenda")
_PAGES: Final[Mapping[str, _Page]] = {
    Rule.OFFERED: _BOOK,
    Rule.TAKEN: _DAY,
    Rule.HOUSE_CLOSED: _AWAY,
    Rule.ABSENCE: _AWAY,
    Rule.RECURRING_ABSENCE: _AWAY,
    Rule.SUBSTITUTE_BUSY: _AWAY,
    Rule.NOTICE: _REASON,
    Rule.HORIZON: _REASON,
    Rule.DAY_FULL: _REASON,
    explain.REASON_CLOSED: _REASON,
    explain.STEP_CLOSED: _REASON,
    explain.NO_SESSION: _SESSIONS,
    explain.SESSION_FULL: _SESSIONS,
    Rule.ELSEWHERE: _Page(gettext_lazy("Agendas reliés"), "practice:calendars"),
    Rule.NO_ROOM: _Page(
        gettext_lazy("Salles et appareils"), "practice:rooms", needs=Act.SET_OPENINGS
    ),
}
"""Of every other rule, the week's hours decide."""


def lead(
    actor: Actor,
    rule: str,
    member: team.Member,
    reason: VisitReason,
    at: tuple[date, datetime | None],
) -> Lead | None:
    """Where to go about a rule; nothing where this person could do nothing there.

    ``at``: the day by the site's calendar, and where one is told, the instant.
    """
    page = _PAGES.get(rule, _HOURS)
    nothing_to_do = rule == Rule.PAST or (page is _BOOK and reason.in_groups)
    if nothing_to_do or not rights.may(actor, page.needs):
        return None
    if page is _REASON:
        return str(page.said), reverse(page.view, args=[reason.id])
    query = {"agenda": str(member.id)}
    if page is _DAY:
        query = {"jour": at[0].isoformat()}
    if page is _BOOK:
        query |= {"motif": str(reason.id), "jour": at[0].isoformat()}
        query |= {"heure": at[1].isoformat()} if at[1] else {}
    return str(page.said), f"{reverse(page.view)}?{urlencode(query)}{page.part}"
