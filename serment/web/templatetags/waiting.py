"""The slot to which somebody comes back after signing in, said on the sign-in page."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django import template
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from serment import clock
from serment.directory.models import PractitionerRole
from serment.web import asked

register = template.Library()


class Waiting(NamedTuple):
    """What anybody may read about a slot: whose agenda, and when."""

    role: PractitionerRole
    starts_at: datetime


@register.simple_tag(takes_context=True)
def waiting_slot(context: template.Context) -> Waiting | None:
    """The slot named by ``next``, if that is the address of a booking form of this site.

    A page reached later on the way says ``onward`` where its address says no ``next``.
    """
    request: HttpRequest = context["request"]
    onward = asked.sent(request).get("next") or asked.query(request).get("next")
    found = _slot_of(onward or context.get("onward") or "")
    if found is None:
        return None
    role_id, starts_at = found
    role = (
        PractitionerRole.objects.select_related("practitioner", "site")
        .filter(id=role_id, active=True)
        .first()
    )
    return Waiting(role, starts_at) if role else None


def _slot_of(address: str) -> tuple[UUID, datetime] | None:
    try:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return None
        found = resolve(parts.path)
        hours = parse_qs(parts.query).get("heure", [""])
    except (Resolver404, ValueError):
        return None
    starts_at = asked.instant(hours[-1])
    if found.view_name != "patient:book" or starts_at is None or starts_at <= clock.now():
        return None
    return found.kwargs["role_id"], starts_at
