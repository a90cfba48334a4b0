"""Hours that open nothing, because others of the same practitioner open all of them already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from serment.directory import spoken
from serment.scheduling.editing import Hours
from serment.scheduling.models import WeeklyOpening
from serment.scheduling.recurrence import Opening

LOOK_DAYS: Final = 400
"""More than a year: a season's hours come round once."""


def already(role: UUID, wanted: Sequence[Hours], today: date, besides: UUID | None) -> list[str]:
    """For each of these hours that changes nothing, the sentence that says so.

    ``besides``: the rule that is being changed, which does not stand against itself.
    """
    rows = WeeklyOpening.objects.filter(role_id=role)
    standing = [Hours.of(row).opening for row in rows if row.id != besides]
    said = []
    for one in wanted:
        if _covered(one.opening, standing, today):
            told = {
                "day": WEEKDAYS[one.weekday],
                "from": spoken.clock(one.starts),
                "to": spoken.clock(one.ends),
            }
            said.append(_("Ces heures sont déjà ouvertes : %(day)s, %(from)s – %(to)s.") % told)
    return said


def _covered(one: Opening, standing: Sequence[Opening], today: date) -> bool:
    """Whether every date of the rule, as far as one looks, is within another's hours."""
    wider = [other for other in standing if _within(one, other)]
    days = [today + timedelta(days=ahead) for ahead in range(LOOK_DAYS)]
    falling = [day for day in days if one.falls_on(day)]
    return bool(falling) and all(any(other.falls_on(day) for other in wider) for day in falling)


def _within(one: Opening, other: Opening) -> bool:
    """Whether the other opens the same times to at least the same people and reasons."""
    for_all = not other.reasons or bool(one.reasons and one.reasons <= other.reasons)
    as_early = other.late_release is None or (
        one.late_release is not None and one.late_release <= other.late_release
    )
    return (
        other.weekday == one.weekday
        and other.starts <= one.starts
        and one.ends <= other.ends
        and other.public <= one.public
        and (one.closed_on_holidays or not other.closed_on_holidays)
        and for_all
        and as_early
    )
