"""A desk that locks is locked by the server; its people change places and see their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM
from serment.identity import registration, staff
from serment.identity.means import keeping, listed
from serment.identity.models import Role
from serment.web.practice import kiosk_guard, kiosk_state
from tests import factors
from tests.web_practice.house import PASSWORD, House, make_house

pytestmark = pytest.mark.django_db

LOCK, PAGE, REOPEN = "/cabinet/verrou/fermer", "/cabinet/verrou/", "/cabinet/verrou/rouvrir"
SESSION = settings.SESSION_COOKIE_NAME
SECOND_PASSWORD = "une oie blanche sur le toit"


def lock(desk: Client, *pages: dict[str, Any]) -> Any:
    """As the page's script does."""
    return desk.post(LOCK, {"pages": json.dumps(pages)}, headers={"sec-fetch-dest": "empty"})


def colleague(house: House) -> tuple[str, str]:
    """Somebody else of the desk: address and secret of their digits."""
    email = f"collegue-{ids.new_id().hex[:10]}@exemple.fr"
    who = {"given_name": "Jean", "family_name": "Petit"}
    account = registration.create(SYSTEM, email, dict(who), password=SECOND_PASSWORD)
    with tenancy.inside(tenant=house.practice.establishment):
        staff.create(SYSTEM, house.practice.establishment, Role.SECRETARY, {**who, "email": email},
                     account=account.pk)  # fmt: skip
    return email, factors.plant(account.pk)


def opens(desk: Client, house: House) -> bool:
    """Whether this browser reads a patient's file."""
    return "Roux" in desk.get(f"/cabinet/patients/{house.files[0]}/").content.decode()


def test_a_locked_session_opens_nothing_by_any_cookie(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the cookie that was in use, nor the one set aside used in its place. The control:
    without the mark the latter would open the file."""
    assert opens(desk, house)
    thief, other = Client(), Client()
    thief.cookies[SESSION] = desk.cookies[SESSION].value
    assert opens(thief, house)
    assert lock(desk).status_code == 204
    for path in ("/cabinet/", f"/cabinet/patients/{house.files[0]}/", house.agenda()):
        told = desk.get(path)
        assert told.status_code == kiosk_guard.LOCKED
        assert "no-store" in told.headers["Cache-Control"]
        text = told.content.decode()
        assert "Poste verrouillé" in text
        assert not any(word in text for word in ("Roux", "Ferrand", house.email))
    part = desk.get("/cabinet/", headers={"hx-request": "true"})
    assert (part.status_code, part.content, part.headers["HX-Redirect"]) == (423, b"", PAGE)
    assert not opens(thief, house)
    aside = desk.cookies[kiosk_state._cookie()]
    assert aside["httponly"]
    other.cookies[SESSION] = aside.value
    told = other.get(f"/cabinet/patients/{house.files[0]}/")
    assert (told.status_code, b"Roux" in told.content) == (423, False)
    with monkeypatch.context() as away:
        away.setattr(kiosk_state, "is_locked", lambda _session: False)
        assert opens(other, house)


def test_two_people_change_places_and_each_finds_their_own(house: House, desk: Client) -> None:
    """What the one was writing comes back to that one, once, and to nobody else."""
    email, secret = colleague(house)
    mine = f"/cabinet/reserver/?patient={house.files[0]}"
    lock(desk, {"path": mine, "typed": [[1, "mot", "rappeler lundi"]]})
    answer = factors.sign_in(desk, email, SECOND_PASSWORD, secret)
    assert answer.status_code == 302
    taken = desk.get(f"{PAGE}?de={mine}")
    assert taken.headers["Location"] == "/cabinet/", "the page of the other is not led to"
    asked = desk.get("/cabinet/verrou/ecrit", {"de": mine})
    assert asked.json() == {"typed": []}
    assert "J. P." in desk.get(PAGE, follow=True).content.decode() or opens(desk, house)
    lock(desk, {"path": "/cabinet/lettres/", "typed": []})
    page = desk.get(PAGE).content.decode()
    assert page.count('name="password"') == len(("S. F.", "J. P."))
    assert "S. F. · Secrétaire" in page.replace("secrétaire", "Secrétaire")
    desk.post(REOPEN, {"place": "0", "password": SECOND_PASSWORD})
    assert desk.get(PAGE).status_code == kiosk_guard.LOCKED, "a colleague's password is not mine"
    desk.post(REOPEN, {"place": "0", "password": PASSWORD})
    assert desk.get(PAGE).headers["Location"] == f"{mine}#repris"
    asked = desk.get("/cabinet/verrou/ecrit", {"de": mine})
    assert asked.json() == {"typed": [[1, "mot", "rappeler lundi"]]}
    assert desk.get("/cabinet/verrou/ecrit", {"de": mine}).json() == {"typed": []}
    assert opens(desk, house)
    lock(desk)
    desk.post(REOPEN, {"place": "0", "password": SECOND_PASSWORD})
    assert desk.get(PAGE).headers["Location"] == "/cabinet/lettres/#repris"


def test_wrong_passwords_end_what_was_set_aside(house: House, desk: Client) -> None:
    """Five within a quarter of an hour; then the right one opens nothing either."""
    lock(desk)
    for _try in range(5):
        desk.post(REOPEN, {"place": "0", "password": "un autre"})
    desk.post(REOPEN, {"place": "0", "password": PASSWORD})
    assert desk.get(PAGE).headers["Location"].startswith("/compte/connexion/")
    assert not opens(desk, house)
    cache.clear()


def test_what_is_set_aside_is_ended_from_elsewhere(house: House, desk: Client) -> None:
    """A stolen desk: its owner ends all sessions, and the one set aside is among them."""
    lock(desk)
    account = registration.by_address(house.email)
    assert account is not None
    with keeping.changing_alone(account) as book:
        listed.end_all(book)
    desk.post(REOPEN, {"place": "0", "password": PASSWORD})
    assert not opens(desk, house)


def test_an_idle_desk_locks_without_script_and_keeps_what_was_sent(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: within the minutes the same request goes through."""
    file = f"/cabinet/patients/{house.files[0]}/corriger"
    assert desk.get(file).status_code == 200
    with monkeypatch.context() as long_after:
        long_after.setattr(kiosk_state, "SPARE_SECONDS", -3600)
        told = desk.post(
            file, {"family_name": "Roux", "address": "3 rue Neuve", "password1": SECOND_PASSWORD}
        )
    assert told.status_code == kiosk_guard.LOCKED
    desk.post(REOPEN, {"place": "0", "password": PASSWORD})
    assert desk.get(PAGE).headers["Location"] == f"{file}#repris"
    typed = desk.get("/cabinet/verrou/ecrit", {"de": file}).json()["typed"]
    assert [0, "address", "3 rue Neuve"] in typed
    assert SECOND_PASSWORD not in str(typed), "no password is kept, whatever its field is called"
    assert "3 rue Neuve" not in desk.get(file).content.decode(), "nothing was written meanwhile"


def test_the_house_chooses_how_soon(db: None) -> None:
    house = make_house(role="manager")
    desk = house.enter()
    assert 'value="5" checked' in desk.get("/cabinet/poste/").content.decode()
    desk.post("/cabinet/poste/", {"minutes": "10"})
    desk.post("/cabinet/poste/", {"minutes": "400"})
    assert kiosk_state.house_minutes(house.practice.establishment) == 10
    assert 'data-lock-minutes="10"' in house.enter().get("/cabinet/", follow=True).content.decode()
