"""Nobody invited is signed in, nor has an account, before one whole way to sign in stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, passkeys
from serment.errors import Refused
from serment.identity import joining, registration, staff
from serment.identity.models import Account, Role, StaffMember
from serment.identity.staff_models import Invitation
from tests import factors
from tests.web_practice.house import PASSWORD, House, make_house
from tests.web_practice.test_team import NEW, comes_in, here, invite, last_link, text, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db: None) -> House:
    return make_house(role="manager")


@pytest.fixture
def path(house: House) -> str:
    invite(house.enter())
    return last_link()


def _stands(house: House) -> bool:
    """Whether the invited person has an account already."""
    with here(house):
        return Invitation.objects.select_related("member").get().member.account_id is not None


@pytest.mark.parametrize("half", [{"sans_mot_de_passe": "1"}, {"password1": NEW}])
def test_who_leaves_half_way_is_nobody_and_comes_again_by_the_same_link(
    house: House, path: str, half: dict[str, str]
) -> None:
    guest = visitor(path)
    began = guest.post("/compte/invitation/", half)
    shown = text(guest.get(began.url))
    assert "_auth_user_id" not in guest.session
    assert not _stands(house)
    assert 'href="/compte/invitation/"' in shown  # the other way is offered here too
    assert guest.get("/cabinet/").url.startswith("/compte/connexion/")
    later = visitor(path)
    offered = text(later.get("/compte/invitation/"))
    assert "Créer mon accès" in offered
    assert "Créer une clé d’accès" in offered
    comes_in(later)
    assert later.get("/cabinet/").status_code == 200
    assert visitor(path).get("/compte/invitation/").status_code == 404  # now it is spent


def test_a_first_key_is_whole_when_the_keeper_took_it_and_not_before(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same with a keeper that takes the key; refused, nothing stands."""

    def refuse(*_: object) -> None:
        raise Refused

    guest = visitor(path)
    guest.post("/compte/invitation/", {"sans_mot_de_passe": "1"})
    monkeypatch.setattr(passkeys, "finish_enrolment", refuse)
    again = guest.post("/compte/invitation/cle/faite/", {"made": "{}"})
    assert again.url == "/compte/invitation/cle/"
    assert not _stands(house)
    assert "_auth_user_id" not in guest.session
    taken: list[object] = []
    monkeypatch.setattr(passkeys, "finish_enrolment", lambda actor, *_: taken.append(actor))
    came = guest.post("/compte/invitation/cle/faite/", {"made": "{}"})
    assert came.url == "/cabinet/"
    assert "Bienvenue dans l’équipe." in text(guest.get("/cabinet/"))
    with here(house):
        member = StaffMember.objects.get(account_id=UUID(guest.session["_auth_user_id"]))
    assert [one.id for one in taken] == [member.pk]  # type: ignore[attr-defined]


def test_a_password_chosen_for_one_invitation_makes_no_access_by_another(
    house: House, path: str
) -> None:
    guest = visitor(path)
    guest.post("/compte/invitation/", {"password1": NEW})
    assert guest.get("/compte/invitation/application/").status_code == 200  # the control
    invite(house.enter())
    guest.get(last_link())
    assert guest.get("/compte/invitation/application/").url == "/compte/invitation/"


def test_an_address_that_has_an_account_is_said_before_anything_is_made(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "by_address", lambda _address: ids.new_id())
    guest = visitor(path)
    assert guest.post("/compte/invitation/", {"password1": NEW}).url == "/compte/invitation/"
    assert "a déjà un compte" in text(guest.get("/compte/invitation/"))
    assert joining._CHOSEN not in guest.session


def test_an_account_accepts_once_it_has_a_second_factor(house: House, path: str) -> None:
    email = f"{ids.new_id().hex}@exemple.fr"
    account = registration.create(SYSTEM, email, {"given_name": "Odile"}, password=PASSWORD).pk
    guest: Any = Client(headers={"accept-language": "fr"})
    factors.sign_in(guest, email, PASSWORD)
    guest.get(path)
    assert "Accepter avec ce compte" not in text(guest.get("/compte/invitation/"))
    led = guest.post("/compte/invitation/accepter/")
    assert "Protégez d’abord votre compte" in text(guest.get(led.url))
    assert not _stands(house)
    guest = Client(headers={"accept-language": "fr"})
    factors.sign_in(guest, email, PASSWORD, factors.plant(account))
    guest.get(path)
    assert guest.post("/compte/invitation/accepter/").url == "/cabinet/"


def _colleague(house: House) -> tuple[UUID, Any]:
    """With a password and nothing else: an application they took away."""
    email = f"{ids.new_id().hex}@exemple.fr"
    who: dict[str, str | None] = {"given_name": "Maud", "family_name": "Arnoux", "email": email}
    account = registration.create(SYSTEM, email, dict(who), password=PASSWORD).pk
    staff.create(SYSTEM, house.practice.establishment, Role.SECRETARY, who, account=account)
    browser: Any = Client(headers={"accept-language": "fr"})
    factors.sign_in(browser, email, PASSWORD)
    return account, browser


def test_a_colleague_with_a_password_alone_is_offered_a_key_and_an_application(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, browser = _colleague(house)
    shown = text(browser.get(browser.get("/cabinet/").url))
    assert "Protégez d’abord votre compte" in shown
    assert "Créer une clé professionnelle" in shown
    assert "Ajouter une application" in shown
    assert browser.get("/compte/cle-professionnelle/premiere/?next=/cabinet/").status_code == 200
    monkeypatch.setattr(passkeys, "finish_enrolment", lambda *_: None)
    made = {"made": "{}", "next": "/cabinet/"}
    assert browser.post("/compte/cle-professionnelle/premiere/faite/", made).url == "/cabinet/"
    assert browser.get("/cabinet/").status_code == 200
    with tenancy.inside(account=account):
        assert Account.objects.get(pk=account).check_password(PASSWORD)


def test_who_has_a_second_factor_makes_no_first_key_by_a_password(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control is above: without any, the door is open. With the keeper's key it is shown."""
    _account, browser = _colleague(house)
    one: Any = type("Key", (), {"revoked_at": None})()
    monkeypatch.setattr(passkeys, "passkeys", lambda _actor: [one])
    assert browser.get("/compte/cle-professionnelle/premiere/").status_code == 404
    shown = text(browser.get(browser.get("/cabinet/").url))
    assert "Confirmer avec ma clé professionnelle" in shown
    assert "Protégez d’abord" not in shown
