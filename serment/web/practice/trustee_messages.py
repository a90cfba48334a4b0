"""Telling by message what a trusteeship brings: something waits, it was decided, it has ended.

What a message says is made while it is sent: the house, and a link to where the rest stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.urls import reverse

from serment import clock
from serment.disclosure import Actor, Purpose, gate
from serment.identity.models import Role, StaffMember
from serment.identity.rights import OFFICERS
from serment.outbox import post, registry
from serment.web.practice import glass_messages, team

ASKED = "trustee_asked"
APPROVED = "trustee_approved"
REFUSED = "trustee_refused"
ENDED = "trustee_ended"


def register() -> None:
    """Tell the outbox what these messages are about; when the application starts."""
    registry.register(ASKED, lambda member: _of(member, "trustee"))
    registry.register(APPROVED, lambda member: _of(member, "grants"))
    registry.register(REFUSED, lambda member: _of(member, "grants"))
    registry.register(ENDED, lambda member: _of(member, ""))


def tell_asked(actor: Actor) -> None:
    """To the trustee: a second word is asked for. Nobody where the house has none."""
    _post(actor, ASKED, glass_messages.reachable(actor, [Role.TRUSTEE]))


def tell_decided(actor: Actor, *, approved: bool) -> None:
    """To the officers of the house, by the trustee who decided."""
    _post(actor, APPROVED if approved else REFUSED, glass_messages.reachable(actor, OFFICERS))


def tell_ended(actor: Actor, trustee: UUID) -> None:
    """To everybody of the house and to the former trustee: time takes their place again."""
    _post(actor, ENDED, {*glass_messages.reachable(actor), actor.id, trustee})


def _post(actor: Actor, kind: str, members: Iterable[UUID]) -> None:
    now = clock.now()
    for member in members:
        until = now + timedelta(days=post.SENDING_DAYS_MAX)
        ticket = gate.errand(
            actor, member, ["staff.email"], Purpose.MESSAGE, now - timedelta(minutes=5), until
        )
        post.again(kind, member, team.establishment_of(actor), ticket)


def _of(member: UUID, route: str) -> registry.Facts | None:
    found = StaffMember.objects.filter(pk=member).first()
    if found is None:
        return None
    return glass_messages.facts_of_house(found.establishment_id, reverse(route) if route else "")
