"""Between the second person's word and the link, nobody who knew the password is first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, gate
from serment.identity import means, registration, staff
from serment.identity.means import keeping, listed
from serment.identity.models import Account, Role, StaffMember
from tests import factors
from tests.web_practice.house import PASSWORD, House, make_house
from tests.web_practice.test_team import invite, last_link

pytestmark = pytest.mark.django_db


def _colleague(house: House) -> tuple[UUID, str]:
    email = f"{ids.new_id().hex}@exemple.fr"
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux", "email": email}
    account = registration.create(SYSTEM, email, dict(who), password=PASSWORD).pk
    staff.create(SYSTEM, house.practice.establishment, Role.SECRETARY, who, account=account)
    factors.plant(account)
    return account, email


def _adds_a_factor(email: str) -> bool:
    """Whoever knows the password, and nothing else, signs in and goes to add an application."""
    thief: Any = Client(headers={"accept-language": "fr"})
    thief.post("/compte/connexion/", {"login": email, "password": PASSWORD})
    page = thief.get("/compte/securite/application/")
    return page.status_code == 200 and "serment.totp_offered" in thief.session


def test_the_former_password_adds_no_factor_once_two_gave_the_access_back(house: House) -> None:
    account, email = _colleague(house)
    assert not _adds_a_factor(email)  # a second factor stands in the way
    means.forget_all(account)
    assert not _adds_a_factor(email)
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
    assert not row.has_usable_password()


def test_who_worked_elsewhere_and_is_a_patient_since_comes_in_with_another_account(
    house: House,
) -> None:
    account, email = _colleague(make_house(1, role="manager"))
    desk = make_house(2, role="manager").enter()
    with tenancy.inside(account=account):
        former = StaffMember.objects.get(account_id=account)
    gone = clock.now() - timedelta(days=1)
    with tenancy.inside(tenant=former.establishment_id):
        StaffMember.objects.filter(pk=former.pk).update(active=False, ends_at=gone)
    gate.link(SYSTEM, account=account, patient_file=house.files[0])
    invite(desk)
    browser = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, email, PASSWORD, factors.plant(account))
    browser.get(last_link())
    browser.post("/compte/invitation/accepter/")
    assert "compte de patient" in browser.get("/compte/invitation/").content.decode()
    with tenancy.inside(account=account):
        former.refresh_from_db()
    assert former.account_id == account, "a refusal leaves everything as it was"


def test_with_the_password_left_it_would(house: House) -> None:
    """The negative control: factors and sessions taken, the password not."""
    account, email = _colleague(house)
    with keeping.changing_alone(account) as book:
        book.drop_factors()
        listed.end_all(book)
    assert _adds_a_factor(email)
