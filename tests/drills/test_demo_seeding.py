"""Seeding: once, whole or not at all, and only named people get a password."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor, gate
from serment.drills.demo import building, clearing, houses, named, past_days, seeding, staffing
from serment.identity import registration

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
ROLES = (
    "patient", "relative", "secretary", "practitioner", "manager", "privacy_officer",
    "security_officer", "secretary", "partner_developer",
)  # fmt: skip


SMALL = (named.QUAIS, named.HOSPITAL)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Two houses with few patients and doctors; passwords hashed in no time."""
    told = [
        {**entry, "patients": 8, "cast": entry["cast"][:1], "team": entry.get("team", [])[:2]}
        for entry in houses.described()
        if entry["slug"] in SMALL
    ]
    monkeypatch.setattr(houses, "described", lambda _patients=None: told)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.django_db
def test_it_is_seeded_once_and_the_accounts_are_private_and_sign_in(
    small: None, tmp_path: Path
) -> None:
    # The wall clock's own day: capabilities and tickets are the keeper's to date.
    now = datetime.now(UTC)
    done = seeding.seed(now, tmp_path, "http://localhost:8000")
    assert done.fresh
    assert not seeding.seed(now, tmp_path, "http://localhost:8000").fresh
    _reads_who_opened()
    file = tmp_path / staffing.FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert tuple(one["role"] for one in told) == ROLES
    assert all(set(one) == {"role", "login", "password", "totp_secret", "url"} for one in told)
    assert len({one["password"] for one in told}) == len(told)
    for one in staffing.read(tmp_path)[:3]:
        answer = Client().post("/compte/connexion/", {"login": one.login, "password": one.password})
        assert answer.status_code == 302


def _reads_who_opened() -> None:
    account = registration.by_address("aurore.lemoine@example.fr")
    assert account is not None
    capability = gate.open_session("patient", account, "", None, 1)
    aurore = Actor("patient", account, capability=capability)
    openings = [one for one in gate.history(aurore, account) if one.kind == "read"]
    assert {one.role for one in openings} >= {"secretary", "practitioner"}
    planned, booked_online = 4, 1
    assert len(gate.records_of(aurore, account)) == planned + booked_online
    assert len(gate.files_of(aurore, account)) == len(SMALL)


@pytest.mark.django_db
def test_a_seeding_that_fails_leaves_nothing(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        assert Establishment.objects.count() == len(SMALL)  # the control: it stood
        raise OSError("disk full")

    monkeypatch.setattr(past_days, "happen", fails)
    with pytest.raises(OSError, match="disk full"):
        seeding.seed(datetime.now(UTC), tmp_path, "http://localhost:8000")
    assert seeding.is_empty()
    assert staffing.read(tmp_path) == []


@pytest.mark.django_db
def test_identifiers_do_not_follow_from_the_plan(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    from serment.scheduling.models import Appointment

    monkeypatch.setattr(past_days, "happen", lambda *_: None)

    def keys() -> set[bytes]:
        seeding.seed(NOW, tmp_path, "http://localhost:8000")
        found: set[bytes] = set()
        for house in Establishment.objects.all():
            with tenancy.inside(house.pk):
                rows = Appointment.objects.values_list("request_key", "id")
                found |= {bytes(key) for key, _id in rows} | {row.bytes for _key, row in rows}
        transaction.set_rollback(True)
        return found

    with transaction.atomic():
        first = keys()
    with transaction.atomic():
        second = keys()
    assert first
    assert not first & second
    assert building.build(NOW) == building.build(NOW)  # the control: the plan itself repeats


def test_only_the_folder_of_a_stopped_demo_is_emptied(tmp_path: Path) -> None:
    import fcntl

    state = tmp_path / "state"
    assert not clearing.empty(state)
    (state / "postgres").mkdir(parents=True)
    with pytest.raises(clearing.HoldsNoDemo):
        clearing.empty(state)
    (state / staffing.FILE_NAME).write_text("[]")
    with (state / clearing.LOCK).open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        with pytest.raises(clearing.StillRunning):
            clearing.empty(state)
    assert clearing.empty(state)
    assert list(state.iterdir()) == []
