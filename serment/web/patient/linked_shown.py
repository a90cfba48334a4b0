"""The steps of one booking on its form: proposed, each with other ways to have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.scheduling import holding, linked_booking, refusals, wall_clock
from serment.scheduling.linked_booking import Later
from serment.scheduling.linked_times import At, Found
from serment.scheduling.models import VisitReason
from serment.web import hours, wording
from serment.web.patient.booking_form import Form


@dataclass(frozen=True, slots=True)
class Shown:
    """One step after the first: its place, what it is, and the ways to choose from."""

    number: int
    options: list[tuple[str, str, bool]]
    """Value, words, and whether it is the one proposed."""
    what: str
    gone: bool
    """What was chosen cannot be had any more."""


def later(actor: Actor, filled: Form, now: datetime) -> list[Later]:
    """The steps after the first, as chosen where that is free. Raises ``StepClosed``."""
    return [_later(one.at) for one in _proposed(actor, filled, now)]


def hold(actor: Actor, filled: Form, now: datetime) -> holding.Hold:
    """Keep all of them. Raises as ``holding.hold``."""
    first = Later(filled.reason.role_id, filled.reason.id, filled.starts_at)
    return linked_booking.hold(actor, first, later(actor, filled, now), now)


def context(
    actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """What the form shows of them. Raises ``StepClosed``."""
    return {"steps": shown(_proposed(actor, filled, now), filled, reader)}


def look_again() -> str:
    """What is said where a chosen time went."""
    return _("Voici d’autres heures pour les étapes qui ont changé : vérifiez-les, puis confirmez.")


def standing(
    actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """The same, and nothing where they cannot be had any more."""
    try:
        return context(actor, filled, role, reader, now)
    except refusals.NotOffered:
        return {}


def _proposed(actor: Actor, filled: Form, now: datetime) -> list[Found]:
    asked = (actor, filled.reason.role_id, filled.reason.id, filled.starts_at, now)
    return linked_booking.propose(*asked, filled.steps)


def shown(found: list[Found], filled: Form, reader: ZoneInfo) -> list[Shown]:
    """As the page lists them."""
    ways = [at.way for one in found for at in (one.at, *one.others)]
    rows = PractitionerRole.objects.select_related("practitioner", "site")
    roles = rows.in_bulk({way.role for way in ways})
    reasons = VisitReason.objects.in_bulk({way.reason for way in ways})
    language = get_language() or "fr"
    listed = []
    for number, one in enumerate(found, 2):
        choices = sorted((one.at, *one.others), key=lambda at: at.minute)
        options = [
            (value_of(_later(at)), _words(at, roles, filled, reader), at == one.at)
            for at in choices
        ]
        asked_for = number - 2 < len(filled.steps)
        what = reasons[one.at.way.reason].name(language)
        listed.append(Shown(number, options, what, asked_for and not one.picked))
    return listed


def _words(at: At, roles: dict[UUID, PractitionerRole], filled: Form, reader: ZoneInfo) -> str:
    role, instant = roles[at.way.role], wall_clock.instant_of(at.minute)
    site = ZoneInfo(role.site.timezone)
    clock = hours.clock_of(filled.mode, site, reader)
    same_day = instant.astimezone(clock).date() == filled.starts_at.astimezone(clock).date()
    when = wording.hour(instant, clock) if same_day else hours.told(
        instant, site, reader, filled.mode
    )  # fmt: skip
    told = {"when": when, "who": role.practitioner.display_name, "where": role.site.name}
    if role.site_id != filled.reason.role.site_id:
        return _("%(when)s, %(who)s, à %(where)s") % told
    return _("%(when)s, %(who)s") % told


def _later(at: At) -> Later:
    return Later(at.way.role, at.way.reason, wall_clock.instant_of(at.minute))


def value_of(one: Later) -> str:
    """A step as the form carries it."""
    return f"{one.role_id} {one.reason_id} {one.starts_at.isoformat()}"
