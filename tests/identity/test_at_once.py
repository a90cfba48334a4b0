"""Two requests of one person at once, and standing that ends with its request."""

from __future__ import annotations

import contextlib
import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from serment.identity import files, registration, staff
from serment.identity.models import Role
from tests import factors
from tests.identity.conftest import PASSWORD, make_establishment

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])

NADIA = {"given_name": "Nadia", "family_name": "Haddad", "birth_date": "1988-05-04"}


def _two_first_bookings(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many files two first bookings at once leave; both have looked before either writes."""
    account = registration.create(SYSTEM, "nadia@exemple.fr", NADIA).pk
    capability = gate.open_session("patient", account, "", None, 1)
    actor = Actor("patient", account, capability=capability)
    establishment = make_establishment("cabinet")
    looked = threading.Barrier(2)
    make = files.create

    def make_slowly(*args: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(0.5)
        return make(*args)

    monkeypatch.setattr(files, "create", make_slowly)

    def book() -> None:
        files.find_or_create_for_account(actor, establishment)
        connections.close_all()

    threads = [threading.Thread(target=book) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(gate.files_of(actor, account))


def test_without_the_lock_two_first_bookings_make_two_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "_lock_pair", lambda account, establishment: None)
    assert _two_first_bookings(monkeypatch) == 2


def test_two_first_bookings_at_once_make_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _two_first_bookings(monkeypatch) == 1


def test_standing_ends_with_its_request(browser: Client) -> None:
    establishment = make_establishment("cabinet")
    account = registration.create(SYSTEM, "nadia@exemple.fr", NADIA, password=PASSWORD)
    staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "N"}, account=account.pk)
    factors.sign_in(browser, "nadia@exemple.fr", PASSWORD, factors.plant(account.pk))
    assert UUID(browser.get("/cabinet/").content.decode()) == establishment
    assert set(tenancy._moved({}, "default").values()) == {""}


def test_one_click_signs_in_by_the_address_and_knows_staff(browser: Client) -> None:
    account = registration.create(SYSTEM, "nadia@exemple.fr", NADIA, password=PASSWORD)
    establishment = make_establishment("cabinet")
    staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "N"}, account=account.pk)
    typed = {"login": "Nadia@exemple.fr", "password": PASSWORD}
    assert browser.get("/entrer/", typed).content == b"staff"
    assert browser.get("/moi/").content.startswith(b"staff")
