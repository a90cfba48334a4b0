"""Rules as sentences: hours, weeks, absences, in the words of whoever reads the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from serment.directory.spoken import clock
from serment.scheduling.models import (
    Absence,
    Closure,
    RecurringAbsence,
    Substitution,
    WeeklyOpening,
)
from serment.scheduling.recurrence import Public
from serment.web import wording


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of a list: what it says, what more there is to say, and its name in a form."""

    id: UUID
    sort: str
    what: str
    more: tuple[str, ...] = ()
    day: date | None = None


def between(starts: time, ends: time) -> str:
    """ "9 h 00 – 12 h 00"; the midnight that ends a day is said so."""
    last = _("minuit") if ends == time(0) else clock(ends)
    return f"{clock(starts)} – {last}"


def weeks(every: int, anchor: date | None) -> str:
    """Which weeks, where it is not each."""
    if every == 1:
        return ""
    told = ngettext(
        "toutes les %(count)d semaines, en comptant de celle du %(day)s",
        "toutes les %(count)d semaines, en comptant de celle du %(day)s",
        every,
    )
    return told % {"count": every, "day": wording.day(anchor, year=True) if anchor else ""}


def dates(first: date | None, last: date | None) -> str:
    """From and until, as far as there is one."""
    told = {
        "first": wording.day(first, year=True) if first else "",
        "last": wording.day(last, year=True) if last else "",
    }
    if first and first == last:
        return _("le %(first)s seulement") % told
    if first and last:
        return _("du %(first)s au %(last)s") % told
    if first:
        return _("à partir du %(first)s") % told
    return _("jusqu’au %(last)s") % told if last else ""


def opening(row: WeeklyOpening, names: Mapping[UUID, str], today: date) -> Line:
    """Hours of a weekday; a date over long ago is not told."""
    kept = [names[one] for one in row.reasons if one in names]
    skipped = [wording.day(day) for day in row.skipped if day >= today]
    more = (
        weeks(row.every_weeks, row.anchor),
        dates(row.valid_from, row.valid_until),
        _("seulement : %(what)s") % {"what": ", ".join(kept)} if row.reasons else "",
        str(row.get_public_display()) if row.public != Public.EVERYONE else "",
        _late(row.late_release_minutes),
        "" if row.closed_on_holidays else _("aussi les jours fériés"),
        _("sauf le %(days)s") % {"days": ", ".join(skipped)} if skipped else "",
    )
    return Line(row.id, "hours", between(row.starts, row.ends), tuple(filter(None, more)))


def _late(minutes: int | None) -> str:
    if minutes is None:
        return ""
    return ngettext(
        "gardé pour l’urgence jusqu’à %(count)d minute avant",
        "gardé pour l’urgence jusqu’à %(count)d minutes avant",
        minutes,
    ) % {"count": minutes}


def absence(row: Absence, zone: ZoneInfo) -> Line:
    """A time away; one without an end lasts."""
    what = _spell(row.span.lower, row.span.upper, zone)
    return Line(row.id, "absence", what, tuple(filter(None, (row.public_note,))))


def closure(row: Closure, zone: ZoneInfo) -> Line:
    """A time at which the house or one site is closed."""
    place = row.site.name if row.site else _("toute la maison")
    what = _spell(row.span.lower, row.span.upper, zone)
    return Line(row.id, "closure", what, tuple(filter(None, (place, row.public_note))))


def _spell(first: datetime | None, last: datetime | None, zone: ZoneInfo) -> str:
    """Whole days as days, the last of them the last one away; hours of one day under that day."""
    start = first.astimezone(zone) if first else None
    end = last.astimezone(zone) if last else None
    until = (end - timedelta(minutes=1)).date() if end else None
    ends_at_midnight = end is None or end.time() == time(0)
    if (start is None or start.time() == time(0)) and ends_at_midnight:
        return _days(start.date() if start else None, until)
    if start and end and start.date() == until:
        told = {"day": wording.day(until, year=True), "hours": between(start.time(), end.time())}
        return _("le %(day)s, %(hours)s") % told
    from_then = _to_the_hour(start) if start else ""
    if end is None:
        return _("à partir du %(first)s") % {"first": from_then}
    told = {"first": from_then, "last": _to_the_hour(end)}
    return _("du %(first)s au %(last)s") % told if start else _("jusqu’au %(last)s") % told


def _to_the_hour(at: datetime) -> str:
    """The midnight that ends a day is that day's."""
    on = (at - timedelta(minutes=1)).date() if at.time() == time(0) else at.date()
    told = {"day": wording.day(on, year=True), "time": clock(at.time())}
    return _("%(day)s à %(time)s") % (told | ({"time": _("minuit")} if on != at.date() else {}))


def _days(first: date | None, last: date | None) -> str:
    if first and first == last:
        return _("le %(day)s, toute la journée") % {"day": wording.day(first, year=True)}
    return dates(first, last) or _("sans fin prévue")


def recurring(row: RecurringAbsence, today: date) -> Line:
    """A time away that comes back."""
    place = row.site.name if row.site else _("toute la maison")
    skipped = [wording.day(day) for day in row.skipped if day >= today]
    more = (
        weeks(row.every_weeks, row.anchor),
        dates(row.valid_from, row.valid_until),
        "" if row.role_id else place,
        row.public_note,
        _("sauf le %(days)s") % {"days": ", ".join(skipped)} if skipped else "",
    )
    what = _("chaque %(weekday)s, %(hours)s") % {
        "weekday": WEEKDAYS[row.weekday],
        "hours": between(row.starts, row.ends),
    }
    return Line(row.id, "recurring", what, tuple(filter(None, more)))


def substitution(row: Substitution) -> Line:
    """Who stands in, and when."""
    what = _("%(who)s, du %(first)s au %(last)s") % {
        "who": row.substitute.practitioner,
        "first": wording.day(row.first_day, year=True),
        "last": wording.day(row.last_day, year=True),
    }
    return Line(row.id, "substitution", what)
