"""A lost access that two give back: a first who has left, or may no longer ask, is no first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from serment.identity import registration, returns, staff
from serment.identity.models import Role, StaffMember

pytestmark = pytest.mark.django_db


def _member(establishment: UUID, role: Role) -> tuple[StaffMember, Actor]:
    email = f"{ids.new_id().hex}@exemple.fr"
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux", "email": email}
    account = registration.create(SYSTEM, email, dict(who)).pk
    member = staff.create(SYSTEM, establishment, role, who, account=account)
    capability = gate.open_session("staff", member.pk, role, establishment, 1)
    return member, Actor("staff", member.pk, role, establishment, capability=capability)


@pytest.mark.parametrize(
    ("since", "confirmed"),
    [
        ({}, True),  # the control: nothing happened to who asked
        ({"active": False}, False),
        ({"ends_at": clock.now() - timedelta(minutes=1)}, False),
        ({"role": Role.SECRETARY}, False),
    ],
)
def test_what_somebody_asked_who_ended_since_is_not_confirmed(
    establishment: UUID, since: dict[str, Any], confirmed: bool
) -> None:
    first, asks = _member(establishment, Role.SECURITY_OFFICER)
    lost, _lost = _member(establishment, Role.SECRETARY)
    _second, confirms = _member(establishment, Role.SECRETARY)
    returns.ask(asks, lost.pk, clock.now())
    (asked,) = returns.waiting(confirms, clock.now())
    with tenancy.inside(tenant=establishment):
        StaffMember.objects.filter(pk=first.pk).update(**{"active": True, **since})
    assert bool(returns.waiting(confirms, clock.now())) is confirmed
    if confirmed:
        returns.confirm(confirms, asked.pk, clock.now())
        return
    with pytest.raises(returns.AskerLeft):
        returns.confirm(confirms, asked.pk, clock.now())
