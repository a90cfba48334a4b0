"""Another address to sign in with: two factors, the new mailbox's answer, the former one's no."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import contact, reaching, registration, staff
from serment.identity.means import keeping, moving
from serment.identity.models import Account, Role, StaffMember
from tests import factors
from tests.identity.conftest import PASSWORD
from tests.identity.moved import (
    NEW,
    PAGE,
    WAS,
    account,
    asked,
    is_spent,
    late,
    press,
    sent_by,
    signs_in,
)

__all__ = ["account"]
pytestmark = pytest.mark.django_db


def test_the_new_mailbox_s_answer_moves_the_account_and_ends_its_sessions(
    browser: Client, account: UUID
) -> None:
    new, _old = asked(browser)
    assert signs_in(WAS, account)  # nothing has moved yet
    assert not signs_in(NEW, account)
    told = sent_by(lambda: press(new))
    assert set(told) == {WAS}
    assert "jusqu’au" in told[WAS]
    assert browser.get("/moi/").status_code == 302
    assert signs_in(NEW, account)
    assert not signs_in(WAS, account)
    assert is_spent(new)


@pytest.mark.parametrize("done", [False, True])
def test_the_former_mailbox_stops_it_or_takes_it_back(
    browser: Client, account: UUID, done: bool
) -> None:
    new, old = asked(browser)
    if done:
        press(new)
    page = press(old).content.decode()
    assert "choisissez maintenant un autre mot de passe" in page
    assert browser.get("/moi/").status_code == 302  # whoever asked is out
    assert is_spent(new)
    assert is_spent(old)
    assert signs_in(WAS, account)
    assert not signs_in(NEW, account)


@pytest.mark.parametrize(("hours", "may"), [(47, True), (49, False)])
def test_it_is_taken_back_for_two_days_and_then_forgotten(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch, hours: int, may: bool
) -> None:
    new, old = asked(browser)
    press(new)
    late(monkeypatch, timedelta(hours=hours))
    assert is_spent(old) is not may
    assert signs_in(NEW, account)
    with keeping.changing_alone(account) as book:
        moving.forget(book, clock.now())
        assert (book.move is not None) is may


def test_the_new_mailbox_answers_within_a_day(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, _old = asked(browser)
    assert not is_spent(new)  # the control
    late(monkeypatch, moving.CONFIRM + timedelta(minutes=1))
    assert is_spent(new)


def test_an_address_that_has_an_account_is_told_so_and_the_page_says_the_same(
    browser: Client, account: UUID
) -> None:
    other = "deja.la@exemple.fr"
    registration.create(SYSTEM, other, {"given_name": "Ana"}, password=PASSWORD)
    told = sent_by(lambda: browser.post(PAGE, {"email": other}))
    assert set(told) == {other, WAS}
    assert "Elle a déjà un compte" in told[other]
    assert "/compte/adresse/nouvelle/" not in told[other]
    assert f"Un message est parti à {other}" in browser.get(PAGE).content.decode()


def test_an_address_taken_meanwhile_moves_nothing(browser: Client, account: UUID) -> None:
    new, _old = asked(browser)
    registration.create(SYSTEM, NEW, {"given_name": "Ana"}, password="une autre maison verte")
    refused = press(new)
    assert refused.status_code == 404
    assert "a un autre compte" in refused.content.decode()
    assert signs_in(WAS, account)


def test_given_up_both_links_open_nothing(browser: Client, account: UUID) -> None:
    new, old = asked(browser)
    assert NEW in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}retirer/")
    assert is_spent(new)
    assert is_spent(old)


@pytest.mark.parametrize("typed", ["", "pas une adresse", WAS])
def test_what_is_no_other_address_is_refused(browser: Client, account: UUID, typed: str) -> None:
    told = sent_by(lambda: browser.post(PAGE, {"email": typed}))
    assert told == {}
    with keeping.changing_alone(account) as book:
        assert book.move is None


@pytest.mark.parametrize(("role", "follows"), [(Role.SECRETARY, True), (Role.TRAINEE, False)])
def test_a_colleague_s_house_writes_to_the_new_address(
    browser: Client, account: UUID, establishment: UUID, role: Role, follows: bool
) -> None:
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux", "email": WAS}
    ends_at = clock.now() + timedelta(days=9) if role is Role.TRAINEE else None
    member = staff.create(SYSTEM, establishment, role, who, account=account, ends_at=ends_at)
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.totp.last = 0
        secret = book.totp.secret
    cache.clear()
    browser.cookies.clear()
    factors.sign_in(browser, WAS, PASSWORD, secret)
    new, old = asked(browser)
    assert _of_house(member) == WAS
    press(new)
    assert _of_house(member) == (NEW if follows else WAS)
    press(old)
    assert _of_house(member) == WAS


def _of_house(member: StaffMember) -> str:
    here = member.establishment_id
    capability = gate.open_session("staff", member.pk, member.role, here, 1)
    actor = Actor("staff", member.pk, member.role, here, capability=capability)
    with tenancy.inside(tenant=here):
        row = StaffMember.objects.get(pk=member.pk)
        return gate.reveal(actor, Purpose.ADMINISTRATION, [row], ["email"])[row.pk]["email"]


@pytest.mark.parametrize(("said", "also"), [
    ({"email": "chez.ma.soeur@exemple.fr"}, {"chez.ma.soeur@exemple.fr"}), ({"mail": False}, set()),
])  # fmt: skip
def test_who_said_how_to_be_reached_is_told_there_and_not_at_the_usual_address(
    browser: Client, account: UUID, said: dict[str, Any], also: set[str]
) -> None:
    """The control is above: who said nothing is told at the former address."""
    capability = gate.open_session("patient", account, "", None, 1)
    with tenancy.inside(account=account):
        itself = Actor("patient", account, capability=capability)
        reaching.say(itself, contact.Wishes(**said), clock.now(), former_unsafe=True)
    told = sent_by(lambda: browser.post(PAGE, {"email": NEW}))
    assert set(told) == {NEW} | also
    for body in told.values():
        assert WAS not in body


def test_an_account_of_a_card_has_no_address_to_change(browser: Client, account: UUID) -> None:
    assert "Changer d’adresse" in browser.get("/compte/securite/").content.decode()
    with tenancy.inside(account=account):
        Account.objects.filter(pk=account).update(email=None)
    assert "Changer d’adresse" not in browser.get("/compte/securite/").content.decode()
    with pytest.raises(NotThere):
        browser.get(PAGE)
