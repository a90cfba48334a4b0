"""Rules that can never give anybody a slot, found when they are saved and told in one sentence.

The engine itself is asked, with nobody booked: what it gives for no date and no reason is told with
the rule that stands in the way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from serment.scheduling import availability, explain, groups, linked, rules, wall_clock
from serment.scheduling.availability import DESK_HORIZON_DAYS, Opening, Public, Visit
from serment.scheduling.diagnosis import diagnose

USING = "default"
LOOK_DAYS = 400
"""More than a year: holidays and seasons come round once."""
STEPS_DAYS = 60
"""Whether all steps of a booking can be had is asked of so many."""


def hours(role: UUID, opening: Opening, now: datetime) -> str:
    """Why these hours, by themselves, offer nothing to anybody; nothing where they do."""
    start = wall_clock.minute_of(now)
    zone_day = wall_clock.instant_of(start).date()
    if opening.valid_until is not None and opening.valid_until < zone_day:
        return _("Ces heures ont déjà pris fin : leur dernière date est passée.")
    if opening.valid_from is not None:
        start = max(start, wall_clock.midnight(opening.valid_from) - wall_clock.DAY_MINUTES)
    window = (start, start + LOOK_DAYS * wall_clock.DAY_MINUTES)
    plan = rules.plans([role], window, using=USING).get(role)
    if plan is None:
        return _("Ce soignant n’est pas visible : personne ne peut réserver.")
    fitting = [
        reason
        for reason in plan.reasons.values()
        if not opening.reasons or reason.visit.id in opening.reasons
    ]
    if not fitting:
        return _("Aucun motif proposé ne va avec ces heures : ajoutez un motif, ou ouvrez à tous.")
    alone = replace(plan, calendar=replace(plan.calendar, openings=(opening,), exceptions=()))
    said = [_why_none(alone, reason, opening, window) for reason in fitting]
    return "" if "" in said else said[0]


def reason(role: UUID, reason_id: UUID, now: datetime) -> str:
    """Why a reason, with all hours as they stand, is offered at no time; nothing where it is."""
    start = wall_clock.minute_of(now)
    window = (start, start + LOOK_DAYS * wall_clock.DAY_MINUTES)
    plan = rules.plans([role], window, using=USING).get(role)
    known = plan.reasons.get(reason_id) if plan else None
    if plan is None or known is None:
        return ""  # not offered online, and meant not to be
    if known.in_groups:
        ahead = groups.starts({role: (plan, known)}, window, start, using=USING)[role]
        return "" if ahead else _("Ce motif se fait en groupe : posez une première séance.")
    if (known.sessions - 1) * known.apart[0] > known.visit.horizon_days:
        return _(
            "Cette série dure plus longtemps que le motif n’est ouvert à l’avance : personne ne"
            " pourrait en réserver toutes les séances."
        )
    openings = plan.calendar.openings
    if not openings:
        return _("Ce soignant n’a pas encore d’heures d’ouverture.")
    said = [
        _why_none(
            replace(plan, calendar=replace(plan.calendar, openings=(one,))), known, one, window
        )
        for one in openings
        if not one.reasons or reason_id in one.reasons
    ]
    if not said:
        return _("Aucune plage d’heures n’accepte ce motif.")
    return _why_no_steps(plan, known, window) if "" in said else said[0]


def _why_no_steps(plan: rules.Plan, known: rules.Reason, window: availability.Span) -> str:
    """Of a reason with hours: whether the next weeks leave room for the steps after it."""
    if not known.steps:
        return ""
    asked = replace(known, visit=known.visit.for_desk())
    near = window[0], window[0] + STEPS_DAYS * wall_clock.DAY_MINUTES
    limits = plan.limits(asked, {})
    free = availability.slots(plan.calendar, asked.visit, [], near, near[0] - 1, limits)
    ways = linked.ways_of([asked], near, near[0] - 1, using=USING)
    if next(linked.fitting(plan, asked, free, ways), None) is not None:
        return ""
    return _(
        "Aucune heure ne laisse place à toutes les étapes : vérifiez les délais, et les heures"
        " de chacun."
    )


def _why_none(
    plan: rules.Plan, reason: rules.Reason, opening: Opening, window: availability.Span
) -> str:
    visit = reason.visit
    if visit.notice >= (visit.horizon_days + 1) * wall_clock.DAY_MINUTES:
        return _("Le préavis est plus long que l’ouverture : aucune heure ne peut être réservée.")
    kept = [late for late in (visit.late_release, opening.late_release) if late is not None]
    if kept and max(visit.notice, 1) > min(kept):
        return _(
            "Ces heures sont gardées pour l’urgence jusqu’à %(kept)d minutes avant, et le préavis"
            " est de %(notice)d minutes : personne ne pourrait les prendre."
        ) % {"kept": min(kept), "notice": visit.notice}
    ever = replace(
        visit, notice=0, late_release=None, horizon_days=DESK_HORIZON_DAYS, audience=Public.INVITED
    )
    calendar = replace(
        plan.calendar,
        openings=tuple(replace(one, late_release=None) for one in plan.calendar.openings),
    )
    limits = plan.limits(reason, {})
    before = window[0] - 1
    if next(availability.slots(calendar, ever, [], window, before, limits), None) is not None:
        return ""
    return _first_refusal(replace(plan, calendar=calendar), ever, opening, window, limits)


def _first_refusal(
    plan: rules.Plan,
    visit: Visit,
    opening: Opening,
    window: availability.Span,
    limits: availability.Limits,
) -> str:
    """What stands in the way on the first date of the hours."""
    zone = plan.calendar.zone
    on = first_date(opening, wall_clock.local_date(window[0], zone))
    if on is None:
        return _("Aucune date ne tombe entre la première et la dernière : vérifiez le jour.")
    if visit.block > opening.ends - opening.starts:
        return _(
            "Ces heures durent %(open)d minutes et le motif en prend %(visit)d, battements compris."
        ) % {"open": opening.ends - opening.starts, "visit": visit.block}
    spans = wall_clock.ranges(on, opening.starts, opening.ends, zone)
    if not spans:
        return _("Ces heures n’existent pas ce jour-là : les horloges changent.")
    minute = spans[0][0] + visit.buffer_before
    finding = diagnose(plan.calendar, visit, [], minute, minute - 1, limits)
    return explain.sentence(finding, plan)


def first_date(opening: Opening, since: date) -> date | None:
    """The next date on which hours hold, within ``LOOK_DAYS``."""
    ahead = (since + timedelta(days=n) for n in range(LOOK_DAYS))
    return next((day for day in ahead if opening.falls_on(day)), None)
