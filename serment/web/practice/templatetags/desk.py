"""What every page of the desk shows in its menu."""

from __future__ import annotations

from django import template
from django.http import HttpRequest

from serment.identity import accounts, rights
from serment.identity.rights import Act
from serment.outbox import pile

register = template.Library()


@register.simple_tag(takes_context=True)
def letters_waiting(context: template.Context) -> int | None:
    """How many letters wait to be printed; None for those who print none."""
    request: HttpRequest = context["request"]
    if not accounts.is_staff(request):
        return None
    actor = accounts.actor_for(request)
    if actor.establishment is None or not rights.may(actor, Act.PRINT_CARD):
        return None
    return pile.height(actor.establishment)
