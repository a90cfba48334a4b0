"""What every page of the desk shows in its menu."""

from __future__ import annotations

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import template
from django.http import HttpRequest
from django.utils.translation import get_language

from serment import clock
from serment.identity import accounts, returns, rights, staff
from serment.identity.rights import Act
from serment.outbox import pile
from serment.scheduling import attending, calls, missed, outside_calendars
from serment.web.practice import sending
from serment.web.practice.house import first_steps as first_steps_of

PARIS: Final = ZoneInfo("Europe/Paris")

register = template.Library()


@register.filter
def whole_hour(hour: int) -> str:
    """ "14 h" in French, "2 pm" in English, beside the agenda's columns."""
    if (get_language() or "fr").startswith("en"):
        return f"{(hour - 1) % 12 + 1}\u00a0{'am' if hour < 12 else 'pm'}"
    return f"{hour}\u00a0h"


@register.simple_tag(takes_context=True)
def allowed(context: template.Context) -> dict[str, bool]:
    """What whoever is signed in may do, by the act's word: nothing else is offered."""
    request: HttpRequest = context["request"]
    if not accounts.is_staff(request):
        return {}
    actor = accounts.actor_for(request)
    return {act.value: rights.may(actor, act) for act in Act}


def _house_of(context: template.Context, act: Act | None = None) -> UUID | None:
    """The house of whoever is signed in to work there and may do the act; None for anybody else."""
    request: HttpRequest = context["request"]
    if not accounts.is_staff(request):
        return None
    actor = accounts.actor_for(request)
    return actor.establishment if act is None or rights.may(actor, act) else None


@register.simple_tag(takes_context=True)
def letters_waiting(context: template.Context) -> int | None:
    """How many letters wait to be printed; None for those who print none."""
    here = _house_of(context, Act.PRINT_CARD)
    return None if here is None else pile.height(here)


@register.simple_tag(takes_context=True)
def first_steps(context: template.Context) -> list[first_steps_of.Step]:
    """What lacks before anybody can book here; empty for whoever may not do it."""
    here = _house_of(context, Act.MANAGE_STAFF)
    return [] if here is None else first_steps_of.of(here)


@register.simple_tag(takes_context=True)
def here_now(context: template.Context) -> int:
    """How many wait today, in the whole house."""
    here = _house_of(context)
    return 0 if here is None else attending.how_many_wait(here, clock.now())


@register.simple_tag(takes_context=True)
def calls_due(context: template.Context) -> int:
    """How many are to be called by today, or should have been."""
    here = _house_of(context)
    return 0 if here is None else calls.how_many_due(here, clock.now().astimezone(PARIS).date())


@register.simple_tag(takes_context=True)
def cannot_come(context: template.Context) -> int:
    """How many wrote that they cannot come and are still in the agenda; 0 for who ends no visit."""
    here = _house_of(context, Act.CANCEL)
    return 0 if here is None else sending.how_many_cannot_come(here)


@register.simple_tag(takes_context=True)
def contested(context: template.Context) -> int:
    """How many say that a visit was not missed, and wait for an answer; 0 for who gives none."""
    here = _house_of(context, Act.CANCEL)
    return 0 if here is None else missed.how_many_contested(here)


@register.simple_tag(takes_context=True)
def to_decide(context: template.Context) -> int:
    """How many of a practitioner's own appointments an outside calendar overlaps."""
    request: HttpRequest = context["request"]
    member = staff.of_request(request) if accounts.is_staff(request) else None
    if member is None or member.practitioner_role_id is None:
        return 0
    agendas = outside_calendars.agendas_of(member.practitioner_role_id)
    return len(outside_calendars.clashes(member.establishment_id, agendas, clock.now()))


@register.simple_tag(takes_context=True)
def access_to_give_back(context: template.Context) -> int:
    """How many colleagues wait for a second person, whom this one could be."""
    request: HttpRequest = context["request"]
    if not accounts.is_staff(request):
        return 0
    actor = accounts.actor_for(request)
    if not rights.may(actor, Act.GIVE_BACK):
        return 0
    return sum(returns.may_confirm(actor, one) for one in returns.waiting(actor, clock.now()))
