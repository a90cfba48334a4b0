"""The dates of a series on the booking form: proposed, each with others to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.scheduling import holding, refusals, series, wall_clock
from serment.scheduling.series_dates import Session
from serment.web import hours
from serment.web.patient.booking_form import Form


@dataclass(frozen=True, slots=True)
class Shown:
    """One visit after the first: its place in the series, and the times to choose from."""

    number: int
    options: list[tuple[str, str, bool]]
    """Instant, words, and whether it is the one proposed."""
    unlike: bool
    """Another weekday or hour than the first."""
    gone: bool
    """What was chosen cannot be had any more."""


def starts(actor: Actor, filled: Form, now: datetime) -> list[datetime]:
    """When the visits after the first are, as chosen where that is free. Raises ``NoSeries``."""
    return [wall_clock.instant_of(one.at) for one in _proposed(actor, filled, now)]


def hold(actor: Actor, filled: Form, now: datetime) -> holding.Hold:
    """Keep all of them. Raises as ``holding.hold``."""
    dates = [filled.starts_at, *starts(actor, filled, now)]
    return series.hold(actor, filled.reason.role_id, filled.reason.id, dates, now)


def context(
    actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """What the form shows of a series; nothing of any other reason. Raises ``NoSeries``."""
    if filled.reason.sessions == 1:
        return {}
    site = ZoneInfo(role.site.timezone)
    found = _proposed(actor, filled, now)
    return {
        "series": [_shown(number, one, filled, site, reader) for number, one in enumerate(found, 2)]
    }


def look_again() -> str:
    """What is said where a chosen date went."""
    return _("Voici d’autres dates pour les séances qui ont changé : vérifiez-les, puis confirmez.")


def standing(
    actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """The same, and nothing where no series can be had any more."""
    try:
        return context(actor, filled, role, reader, now)
    except refusals.NotOffered:
        return {}


def _proposed(actor: Actor, filled: Form, now: datetime) -> list[Session]:
    asked = (actor, filled.reason.role_id, filled.reason.id, filled.starts_at, now)
    return series.propose(*asked, filled.later)


def _shown(number: int, one: Session, filled: Form, site: ZoneInfo, reader: ZoneInfo) -> Shown:
    options = []
    for minute in sorted((one.at, *one.others)):
        at = wall_clock.instant_of(minute)
        words = hours.told(at, site, reader, filled.mode)
        options.append((at.isoformat(), words, minute == one.at))
    asked_for = number - 2 < len(filled.later)
    return Shown(number, options, not one.like_the_first, asked_for and not one.picked)
