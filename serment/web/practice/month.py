"""A month of those shown: how many come each day, and how much time is left. No name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from serment import clock
from serment.directory.holidays import is_public_holiday
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import agenda
from serment.web import asked
from serment.web.practice import load, team, urgent
from serment.web.practice.desk import Desk
from serment.web.practice.load import Load
from serment.web.practice.team import Member

WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Day:
    """One day over all agendas shown."""

    on: date
    load: Load
    this_month: bool
    holiday: str


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
@urgent.closed_when_frozen
def month(request: HttpRequest) -> HttpResponse:
    """The weeks around a month, day by day."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    now = clock.now()
    desk = Desk(request, now)
    chosen = team.shown(request, desk, everybody, asked.query(request).getlist("agenda"))
    today = now.astimezone(everybody[0].zone).date() if everybody else now.date()
    on = asked.day(asked.query(request).get("jour", "")) or today
    first = on.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    context = {
        "section": "agenda",
        "view": "month",
        "on": on,
        "first": first,
        "today": today,
        "is_today": first == today.replace(day=1),
        "previous": (first - timedelta(days=1)).replace(day=1),
        "next": following,
        "everybody": everybody,
        "groups": team.by_trade(everybody),
        "shown_max": team.SHOWN_MAX,
        "chosen": chosen,
        "chosen_ids": {one.id for one in chosen},
        "weeks": _weeks(chosen, first, following, now),
        "here": request.get_full_path(),
    }
    return render(request, "practice/month.html", context)


def _weeks(
    chosen: Sequence[Member], first: date, following: date, now: datetime
) -> list[list[Day]]:
    if not chosen:
        return []
    monday = first - timedelta(days=first.weekday())
    weeks = []
    while monday < following:
        found = agenda.week(
            chosen[0].role.establishment_id, [one.id for one in chosen], monday, chosen[0].zone
        )
        days = [monday + timedelta(days=n) for n in range(WEEK_DAYS)]
        weeks.append([_day(on, found.get(on, []), chosen, first, now) for on in days])
        monday += timedelta(days=WEEK_DAYS)
    return weeks


def _day(
    on: date, columns: Sequence[agenda.Column], chosen: Sequence[Member], first: date, now: datetime
) -> Day:
    regions = {one.role.site.holiday_region for one in chosen}
    language = get_language() or "fr"
    names = sorted(filter(None, (is_public_holiday(on, region, language) for region in regions)))
    return Day(
        on=on,
        load=load.of(columns, now),
        this_month=on.month == first.month,
        holiday=names[0] if names else "",
    )
