"""A day on which nobody receives: the rule behind it in words, and the next open day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.directory.holidays import is_public_holiday
from serment.scheduling import agenda
from serment.scheduling.closing import Because, Days
from serment.web.practice.team import Member


@dataclass(frozen=True, slots=True)
class Closed:
    """Why one practitioner receives nobody on a day."""

    sentence: str
    next_day: date | None
    """The next day on which this practitioner receives, where it is known."""


def of(days: Days, member: Member, column: agenda.Column) -> Closed | None:
    """Why a column is closed; None when it is open at some time."""
    because = days.because(member.id, column.day)
    if because is None:
        return None
    following = days.next_open([member.id]) if column.day == days.day else None
    return Closed(_sentence(because, member, column, days), following)


def holiday(members: Sequence[Member], day: date) -> str:
    """The public holiday of a day where the practitioners shown work, or nothing."""
    language = get_language() or "fr"
    regions = {one.role.site.holiday_region for one in members}
    names = {is_public_holiday(day, region, language) for region in regions}
    return next((name for name in sorted(filter(None, names))), "")


def _sentence(because: Because, member: Member, column: agenda.Column, days: Days) -> str:
    if because is Because.HOUSE:
        notes = [entry.note for entry in column.entries if entry.kind == "absence" and entry.note]
        return _("Fermeture : %(note)s") % {"note": notes[0]} if notes else _("Fermeture")
    if because is Because.ABSENCE:
        notes = [entry.note for entry in column.entries if entry.kind == "absence" and entry.note]
        return _("Absence : %(note)s") % {"note": notes[0]} if notes else _("Absence")
    if because is Because.CLOSED_DATE:
        return _("Fermé ce jour-là par exception")
    if because is Because.HOLIDAY:
        return _("Jour férié : %(name)s") % {"name": holiday([member], column.day)}
    if days.without_hours(member.id):
        return _("Aucune heure d’ouverture prévue")
    return _("Ne reçoit pas le %(weekday)s") % {"weekday": WEEKDAYS[column.day.weekday()]}
