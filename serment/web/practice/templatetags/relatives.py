"""What a file's page and a visit's panel say of who acts for the person."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import template
from django.http import HttpRequest

from serment import clock
from serment.disclosure import Actor
from serment.identity import accounts
from serment.identity.relatives import desk
from serment.identity.relatives.terms import is_minor
from serment.web.practice import relatives_shown

register = template.Library()


@register.filter
def minor(birth_date: str) -> bool:
    """Is somebody born then not of age yet? Unknown is no."""
    return bool(birth_date) and is_minor(date.fromisoformat(birth_date), clock.now())


@register.inclusion_tag("practice/_who_acts.html", takes_context=True)
def who_acts(context: template.Context, file_id: UUID) -> dict[str, Any]:
    """Who acts for a file: measures first, each with its end."""
    request: HttpRequest = context["request"]
    actor, now = accounts.actor_for(request), clock.now()
    found = desk.of_file(actor, file_id) if _opens(actor) else []
    rows = [relatives_shown.row(one, now) for one in found]
    measures = [relatives_shown.row(one, now) for one in desk.measures(found, now)]
    shown = [one for one in rows if one.standing or one.waits]
    return {"file_id": file_id, "measures": measures, "rows": shown}


def _opens(actor: Actor) -> bool:
    return actor.kind == "staff"
