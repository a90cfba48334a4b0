"""What a file's page and a visit's panel say of who acts for the person."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import template
from django.http import HttpRequest

from serment import clock
from serment.identity import accounts
from serment.identity.relatives import desk
from serment.identity.relatives.desk import AtDesk
from serment.identity.relatives.terms import is_minor
from serment.web.practice import relatives_shown

register = template.Library()

_ASKED = "serment_who_acts"


@register.filter
def minor(birth_date: str) -> bool:
    """Is somebody born then not of age yet? Unknown is no."""
    return bool(birth_date) and is_minor(date.fromisoformat(birth_date), clock.now())


@register.inclusion_tag("practice/_measures.html", takes_context=True)
def measures(context: template.Context, file_id: UUID) -> dict[str, Any]:
    """Measures that protect the person, each with its end, and those to be renewed."""
    now, rows = clock.now(), _of_file(context["request"], file_id)
    found = desk.measures(rows, now)
    values = context.get("values") or {}
    return {
        "file_id": file_id,
        "measures": [relatives_shown.row(one, now) for one in found],
        "left_behind": bool(values.get("email") or values.get("phone"))
        and any(one.left_behind(now) for one in rows),
    }


@register.inclusion_tag("practice/_who_acts.html", takes_context=True)
def who_acts(context: template.Context, file_id: UUID) -> dict[str, Any]:
    """Who acts for a file now, or was invited to."""
    now = clock.now()
    rows = [relatives_shown.row(one, now) for one in _of_file(context["request"], file_id)]
    shown = [one for one in rows if one.standing or one.waits]
    return {"file_id": file_id, "rows": shown}


def _of_file(request: HttpRequest, file_id: UUID) -> list[AtDesk]:
    """Asked once a page."""
    known: list[AtDesk] | None = getattr(request, _ASKED, None)
    if known is None:
        known = desk.of_file(accounts.actor_for(request), file_id)
        setattr(request, _ASKED, known)
    return known
