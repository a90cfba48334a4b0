""" "Why is this time not offered?": the rule, as patients meet it and as the desk does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory import spoken
from serment.disclosure import Actor
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import availability, explain, wall_clock
from serment.scheduling.diagnosis import Rule
from serment.scheduling.models import VisitReason
from serment.scheduling.recurrence import Public
from serment.web import asked, wording
from serment.web.practice import team
from serment.web.practice.timetable import leads, page
from serment.web.practice.timetable.hours import time_of

STEP = timedelta(minutes=availability.GRID_MINUTES)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a day with one answer: its hours, its sentence, and where to go about it."""

    hours: str
    sentence: str
    offered: bool
    lead: leads.Lead | None


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def why(request: HttpRequest) -> HttpResponse:
    """One time of one practitioner for one reason, and the rules of that whole day beside it."""
    everybody = team.members(team.establishment_of(accounts.actor_for(request)))
    member = page.chosen(request, everybody)
    context: dict[str, Any] = {"section": "hours", "everybody": everybody, "member": member}
    if member is not None:
        context |= _told(request, accounts.actor_for(request), member)
    return render(request, "practice/why.html", context)


def _told(request: HttpRequest, actor: Actor, member: team.Member) -> dict[str, Any]:
    query, now = asked.query(request), clock.now()
    reasons = list(member.role.reasons.filter(active=True).order_by("position", "id"))
    wanted = query.get("motif", "")
    reason = next((one for one in reasons if str(one.id) == wanted), next(iter(reasons), None))
    day = asked.day(query.get("jour", "")) or now.astimezone(member.zone).date()
    at = time_of(query.get("heure", ""))
    said, error, lead = "", "", None
    if at is not None and reason is not None:
        try:
            instant = wall_clock.instant(day, at, member.zone, second_pass=False)
            public = _public(reason)
            found = explain.why_not(
                member.id, reason.id, instant, now, using="default", audience=public, inside=True
            )
            said = found.sentence
            lead = leads.lead(actor, found.rule, member, reason, (day, instant))
        except wall_clock.NonexistentTime as missing:
            error = str(_(missing.sentence))
    language = get_language() or "fr"
    return {
        "reasons": [(one, one.name(language)) for one in reasons],
        "reason": reason,
        "day": day,
        "at": at,
        "at_told": spoken.clock(at) if at else "",
        "said": said,
        "lead": lead,
        "error": error,
        "lines": _day(actor, member, reason, day, now) if reason else (),
    }


def _public(reason: VisitReason) -> Public:
    """As those meet it who may book it."""
    return Public.INVITED if reason.by_invitation else Public.EVERYONE


def _day(
    actor: Actor, member: team.Member, reason: VisitReason, day: date, now: datetime
) -> list[Stretch]:
    """The day in stretches of one answer."""
    zone = member.zone
    start, end = (
        datetime.combine(on, time(0), zone).astimezone(UTC) for on in (day, day + timedelta(days=1))
    )
    found: list[tuple[datetime, datetime, explain.Explanation]] = []
    window, public = (start, end), _public(reason)
    for instant, one in explain.day(member.id, reason.id, window, STEP, now, public, inside=True):
        # Between two starts of slots there is no other answer than theirs.
        if found and (one.rule == Rule.OFF_GRID or found[-1][2] == one):
            found[-1] = (found[-1][0], instant + STEP, found[-1][2])
        else:
            found.append((instant, instant + STEP, one))
    return [
        Stretch(
            f"{wording.hour(a, zone)} – {wording.hour(b, zone)}",
            one.sentence,
            one.offered,
            leads.lead(actor, one.rule, member, reason, (day, None)),
        )
        for a, b, one in found
    ]
