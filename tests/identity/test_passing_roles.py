"""Roles with an end: from that instant nobody stands anywhere, pages and keeper alike."""

from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, SessionEnded, gate
from serment.errors import NotThere
from serment.identity import policy, registration, staff
from serment.identity.models import Role, StaffMember
from serment.identity.rights import NotAllowed
from tests.identity.conftest import PASSWORD, make_establishment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def surely(monkeypatch: pytest.MonkeyPatch) -> None:
    """How surely somebody is known is not asked here."""
    monkeypatch.setattr(policy, "strength_of", lambda _request: policy.Strength.VERIFIED)


def _signed_in(browser: Client, house: UUID, role: Role, ends_at: datetime | None) -> StaffMember:
    email = f"{ids.new_id().hex}@exemple.fr"
    account = registration.create(SYSTEM, email, {"given_name": "Garance"}, password=PASSWORD)
    named = {"given_name": "Garance"}
    member = staff.create(SYSTEM, house, role, named, account=account.pk, ends_at=ends_at)
    answer = browser.post("/compte/connexion/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    return member


def _later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    at = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(clock, "now", lambda: at)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_substitute_stands_nowhere_from_the_minute_named(
    browser: Client, establishment: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: looked up without its end, the member would still be let in."""
    ends_at = clock.now() + timedelta(hours=1)
    member = _signed_in(browser, establishment, Role.SUBSTITUTE, ends_at)
    assert browser.get("/cabinet/").status_code == 200
    if not guarded:
        monkeypatch.setattr(
            staff, "member_of", lambda one: StaffMember.objects.filter(account_id=one).first()
        )
    _later(monkeypatch, 0.9)
    assert browser.get("/cabinet/").status_code == 200
    _later(monkeypatch, 0.2)
    assert browser.get("/cabinet/").status_code == (404 if guarded else 200)
    with tenancy.inside(tenant=establishment):
        assert StaffMember.objects.get(pk=member.pk).active  # nobody had to do anything


def test_what_the_keeper_minted_for_them_ends_with_them(
    browser: Client, establishment: UUID
) -> None:
    ends_at = clock.now() + timedelta(seconds=1.2)
    member = _signed_in(browser, establishment, Role.SUBSTITUTE, ends_at)
    capability = base64.b64decode(browser.session["serment.capability"])
    actor = Actor("staff", member.pk, "substitute", establishment, capability=capability)
    assert gate.history(actor, member.pk) is not None
    time.sleep(max(0.0, (ends_at - clock.now()).total_seconds()) + 0.05)
    with pytest.raises(SessionEnded):
        gate.history(actor, member.pk)


def test_near_the_end_a_capability_is_not_minted_again_at_each_page(
    browser: Client, establishment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    _signed_in(browser, establishment, Role.TRAINEE, clock.now() + timedelta(minutes=5))
    minted: list[Any] = []
    monkeypatch.setattr(gate, "open_session", lambda *of: minted.append(of) or b"")
    for _page in range(3):
        assert browser.get("/moi/").status_code == 200
    assert minted == []


@pytest.mark.parametrize("role", [Role.SUBSTITUTE, Role.TRAINEE])
def test_whoever_passes_has_an_end(establishment: UUID, role: Role) -> None:
    with pytest.raises(staff.EndNeeded):
        staff.create(SYSTEM, establishment, role, {})
    member = StaffMember(establishment_id=establishment, role=role)
    with (
        pytest.raises(IntegrityError, match="who_passes_has_an_end"),
        tenancy.inside(tenant=establishment),
        transaction.atomic(),
    ):
        member.save(force_insert=True)


def _actor(house: UUID, role: Role) -> Actor:
    who = ids.new_id()
    capability = gate.open_session("staff", who, role.value, house, 1)
    return Actor("staff", who, role.value, house, capability=capability)


def test_a_departure_ends_access_the_same_minute(browser: Client, establishment: UUID) -> None:
    member = _signed_in(browser, establishment, Role.SECRETARY, None)
    manager = _actor(establishment, Role.MANAGER)
    with pytest.raises(NotAllowed):
        staff.end(_actor(establishment, Role.SECRETARY), member.pk, clock.now())
    with pytest.raises(NotThere):
        staff.end(_actor(make_establishment("ailleurs"), Role.MANAGER), member.pk, clock.now())
    with pytest.raises(staff.OwnEnd):
        staff.end(manager, manager.id, clock.now())
    assert browser.get("/cabinet/").status_code == 200
    staff.end(manager, member.pk, clock.now())
    answer: Any = browser.get("/cabinet/")
    assert "/compte/connexion/" in answer.url  # the page it was open on is signed out
