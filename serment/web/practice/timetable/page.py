"""One practitioner's rules about time on one page, each with what can be done about it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from serment import clock
from serment.identity import accounts, policy, rights
from serment.identity.rights import Act
from serment.scheduling.models import (
    Absence,
    Closure,
    OpeningException,
    RecurringAbsence,
    Substitution,
    VisitReason,
    WeeklyOpening,
)
from serment.web import asked, wording
from serment.web.practice import team
from serment.web.practice.desk import Desk
from serment.web.practice.timetable import steps, told


def chosen(request: HttpRequest, everybody: list[team.Member]) -> team.Member | None:
    """The practitioner asked for, else the one the desk looks at, else the first."""
    wanted = asked.given(request).get("agenda", "")
    known = {str(one.id): one for one in everybody}
    if wanted in known or not everybody:
        return known.get(wanted)
    return team.shown(request, Desk(request, clock.now()), everybody, ())[0]


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def hours(request: HttpRequest) -> HttpResponse:
    """The week, the dates that differ, times away, and the reasons."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    member = chosen(request, everybody)
    context: dict[str, Any] = {"section": "hours", "everybody": everybody, "member": member}
    if member is not None:
        context |= _rules(member) | {"may_set": rights.may(actor, Act.SET_OPENINGS)}
    return render(request, "practice/hours.html", context)


def _rules(member: team.Member) -> dict[str, Any]:
    today = clock.now().astimezone(member.zone).date()
    reasons = list(member.role.reasons.order_by("position", "name_fr"))
    language = get_language() or "fr"
    names = {one.id: one.name(language) for one in reasons}
    rows = list(WeeklyOpening.objects.filter(role_id=member.id).order_by("starts", "valid_from"))
    lasting = [row for row in rows if row.valid_until is None or row.valid_until >= today]
    one_day = [row for row in lasting if row.valid_from and row.valid_from == row.valid_until]
    return {
        "week": [
            (
                str(WEEKDAYS[weekday]),
                [
                    told.opening(row, names, today)
                    for row in lasting
                    if row.weekday == weekday and row not in one_day
                ],
            )
            for weekday in range(7)
        ],
        "dated": _dated(member, one_day, names, today),
        "away": _away(member, today),
        "stand_ins": [
            told.substitution(row)
            for row in Substitution.objects.filter(role_id=member.id, last_day__gte=today)
            .select_related("substitute__practitioner")
            .order_by("first_day")
        ],
        "reasons": [(one, names[one.id], _limits(one)) for one in reasons],
        "today": today,
    }


def _dated(
    member: team.Member, one_day: list[WeeklyOpening], names: dict[UUID, str], today: date
) -> list[told.Line]:
    """Dates that differ from the week: hours of one date, and dates opened or closed."""
    found = []
    for row in one_day:
        line = told.opening(row, names, today)
        # That it is for this date only, its heading says already.
        only = told.dates(row.valid_from, row.valid_until)
        more = (line.what, *(one for one in line.more if one != only))
        on = row.valid_from or today
        found.append(told.Line(row.id, "hours", wording.day(on, year=True), more, on))
    for dated in OpeningException.objects.filter(role_id=member.id, day__gte=today):
        what = (str(dated.get_kind_display()), told.between(dated.starts, dated.ends))
        head = wording.day(dated.day, year=True)
        found.append(told.Line(dated.id, "date", head, what, dated.day))
    return sorted(found, key=lambda line: (line.day or today, line.what))


def _away(member: team.Member, today: date) -> list[told.Line]:
    zone, now, role = member.zone, clock.now(), member.role
    here = Q(site_id=None) | Q(site_id=role.site_id)
    mine = Absence.objects.filter(role_id=role.id, span__endswith__gt=now)
    endless = Absence.objects.filter(role_id=role.id, span__upper_inf=True)
    shut = Closure.objects.filter(here, establishment_id=role.establishment_id)
    back = RecurringAbsence.objects.filter(
        Q(role_id=role.id) | (Q(role_id=None) & here), establishment_id=role.establishment_id
    )
    lasting = back.filter(Q(valid_until=None) | Q(valid_until__gte=today))
    return [
        *(told.absence(row, zone) for row in (mine | endless).order_by("span")),
        *(
            told.closure(row, zone)
            for row in shut.filter(span__endswith__gt=now).select_related("site").order_by("span")
        ),
        *(
            told.recurring(row, today)
            for row in lasting.select_related("site").order_by("weekday", "starts")
        ),
    ]


def _series(reason: VisitReason) -> str:
    if reason.sessions == 1:
        return ""
    told = {
        "count": reason.sessions,
        "least": reason.apart_least_days,
        "most": reason.apart_most_days,
    }
    if reason.apart_least_days == reason.apart_most_days:
        return _("%(count)d séances, tous les %(least)d jours") % told
    return _("%(count)d séances, tous les %(least)d à %(most)d jours") % told


def _limits(reason: VisitReason) -> list[str]:
    """What of a reason narrows when it is offered."""
    minutes = _("%(minutes)d min") % {"minutes": reason.duration_minutes}
    before, after = reason.buffer_before_minutes, reason.buffer_after_minutes
    more = (
        minutes,
        _("battements %(before)d + %(after)d min") % {"before": before, "after": after}
        if before or after
        else "",
        _("%(count)d par jour au plus") % {"count": reason.daily_cap} if reason.daily_cap else "",
        _("préavis %(minutes)d min") % {"minutes": reason.notice_minutes}
        if reason.notice_minutes
        else "",
        _("ouvert %(days)d jours à l’avance") % {"days": reason.horizon_days},
        _series(reason),
        steps.told(reason),
        _("sur invitation") if reason.by_invitation else "",
        _("avec salle ou appareil") if reason.needs else "",
        "" if reason.active else _("n’est pas proposé en ligne"),
    )
    return [one for one in more if one]
