"""Hours of one practitioner at two places that fall together: told before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from serment.directory import spoken
from serment.directory.models import PractitionerRole
from serment.scheduling import rules, wall_clock
from serment.scheduling.availability import Opening

LOOK_DAYS: Final = 400
"""A rule every n weeks and one of a season meet within a year, if they do."""


def overlap(role_id: UUID, opening: Opening, now: datetime) -> str:
    """Where the same person receives at these hours already, by a date; nothing where nowhere."""
    own = PractitionerRole.objects.select_related("site").get(id=role_id)
    others = PractitionerRole.objects.filter(practitioner_id=own.practitioner_id, active=True)
    known = {one.id: one for one in others.exclude(id=role_id).select_related("site")}
    if not known:
        return ""
    today = now.astimezone(ZoneInfo(own.site.timezone)).date()
    start = wall_clock.midnight(today)
    window = (start, start + LOOK_DAYS * wall_clock.DAY_MINUTES)
    plans = rules.plans(list(known), window, using="default")
    for ahead in range(LOOK_DAYS):
        day = today + timedelta(days=ahead)
        other = _receiving(plans, opening, day)
        if other is not None:
            told = {"place": known[other].site.name, "day": spoken.day(day, year=True)}
            return (
                _(
                    "Ce soignant reçoit déjà à ces heures à un autre endroit (%(place)s, par"
                    " exemple le %(day)s) : les deux seraient proposés."
                )
                % told
            )
    return ""


def _receiving(plans: Mapping[UUID, rules.Plan], opening: Opening, day: date) -> UUID | None:
    """At which other place the hours of that date meet others."""
    if not opening.falls_on(day):
        return None
    for other, plan in plans.items():
        for one in plan.calendar.openings:
            if one.falls_on(day) and one.starts < opening.ends and opening.starts < one.ends:
                return other
    return None
