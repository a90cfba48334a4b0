"""Seeding: once, whole or not at all, and only named people get a password."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client as Browser

from serment.custody import continuity, sheet_file
from serment.directory import tenancy
from serment.directory.models import Establishment, Site
from serment.disclosure import Actor, KeeperUnavailable, gate, line, patience
from serment.disclosure.oversight import OPERATOR, Selection
from serment.drills.demo import (
    building,
    clearing,
    equipping,
    houses,
    named,
    past_days,
    pending,
    seeding,
    staffing,
)
from serment.identity import registration
from serment.keeper.client import Client
from serment.outbox import letters as waiting
from serment.outbox import pile
from serment.outbox.models import Channel
from serment.scheduling import calls
from serment.scheduling.models import (
    BookingInvitation,
    GroupSession,
    Resource,
    Seat,
    VisitReason,
)
from tests import cheap_age

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
ROLES = (
    "patient", "relative", "secretary", "practitioner", "manager", "privacy_officer",
    "security_officer", "secretary", "substitute", "trainee", "partner_developer",
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
    monkeypatch.setattr(pyrage.passphrase, "encrypt", cheap_age.encrypt)


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
    _a_letter_is_sent_and_comes_back()
    _calls_and_an_invitation_wait()
    _a_group_and_a_device_are_there()
    file = tmp_path / staffing.FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = json.loads(file.read_text())
    assert tuple(one["role"] for one in told) == ROLES
    kept = {"role", "login", "password", "totp_secret", "url", "house"}
    assert all(set(one) == kept for one in told)
    assert len({one["password"] for one in told}) == len(told)
    for one in staffing.read(tmp_path)[:3]:
        answer = Browser().post(
            "/compte/connexion/", {"login": one.login, "password": one.password}
        )
        assert answer.status_code == 302


def continuity_made() -> bool:
    """The demo's own site has a sheet, which its key, left in the state folder, opens."""
    site = Site.objects.get(establishment__slug=named.QUAIS, slug="sallanches")
    kept, key = continuity.newest(site.pk), continuity.demo_key(site.pk)
    if kept is None:
        return False
    held = sheet_file.held_in(key.read_bytes(), continuity.DEMO_PASSPHRASE)
    return bool(sheet_file.opened(kept.path.read_bytes(), held.secret)["lines"] is not None)


def _a_letter_is_sent_and_comes_back() -> None:
    """The pile of the desk, as its page does it; the call is nobody's letter."""
    here = Establishment.objects.get(slug=named.QUAIS).pk
    first, *others = waiting.waiting(here)
    assert [one.pk for one in waiting.waiting(here, Channel.CALL)]
    assert "confirmé" in waiting.text_of(here, first.pk).body
    waiting.printed(here, first.pk)
    assert [one.pk for one in waiting.waiting(here)] == [one.pk for one in others]
    pile.put_back(here, [first.pk])
    assert first.pk in {one.pk for one in waiting.waiting(here)}


def _calls_and_an_invitation_wait() -> None:
    here = Establishment.objects.get(slug=named.QUAIS).pk
    with tenancy.inside(here):
        listed = calls.of_house(here)
        assert len(listed) == len(pending.CALLS)
        assert sum(one.taken_by is not None for one in listed) == 1
        assert BookingInvitation.objects.filter(establishment_id=here).count() == 1
    assert calls.how_many_due(here, listed[0].due_on) == 2


def _a_group_and_a_device_are_there() -> None:
    here = Establishment.objects.get(slug=named.QUAIS).pk
    with tenancy.inside(here):
        assert GroupSession.objects.count() == 1
        assert Seat.objects.count() == equipping.SEATED
        needed = VisitReason.objects.filter(establishment_id=here).exclude(needs=[])
        assert {*needed.values_list("role__site_id", flat=True)} == {
            *Resource.objects.filter(establishment_id=here).values_list("site_id", flat=True)
        }
        assert needed.exists()


def _reads_who_opened() -> None:
    account = registration.by_address("aurore.lemoine@example.fr")
    assert account is not None
    capability = gate.open_session("patient", account, "", None, 1)
    aurore = Actor("patient", account, capability=capability)
    openings = [one for one in gate.history(aurore, account) if one.kind == "read"]
    assert {one.role for one in openings} >= {"secretary", "practitioner"}
    assert continuity_made()
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


@pytest.fixture
def silent_for(
    keeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[float], None]]:
    """Stops the keeper for so many seconds; clients lose patience with it after a moment."""
    hurried = Client(lambda: str(django_settings.KEEPER_SOCKET), seconds_max=0.4)
    monkeypatch.setattr(line, "client", hurried)
    monkeypatch.setattr(patience, "_PAUSE_SECONDS", 0.1)
    timers: list[threading.Timer] = []

    def silence(seconds: float) -> None:
        keeper.send_signal(signal.SIGSTOP)
        timers.append(threading.Timer(seconds, lambda: keeper.send_signal(signal.SIGCONT)))
        timers[-1].start()

    yield silence
    for timer in timers:
        timer.join()


def _recorded(seeding_now: Callable[[], object]) -> Counter[str]:
    """What a seeding, taken back again, left with the keeper: how many records of which kind."""
    start = datetime.now(UTC)
    with transaction.atomic():
        seeding_now()
        transaction.set_rollback(True)
    rows = gate.window(OPERATOR, Selection(start, datetime.now(UTC))).rows
    return Counter(row.kind for row in rows if row.at >= start and row.kind in {"write", "read"})


@pytest.mark.django_db
def test_a_silent_keeper_is_waited_for_and_nothing_is_written_twice(
    small: None, tmp_path: Path, silent_for: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(past_days, "happen", lambda *_: None)  # written in the same way, only more
    now, told = datetime.now(UTC), list[str]()

    def hear(line_told: str) -> None:
        told.append(line_told)
        if len(told) == 1:
            silent_for(1.5)

    undisturbed = _recorded(lambda: seeding.seed(now, tmp_path, "http://localhost"))
    assert undisturbed["write"] > 50
    assert _recorded(lambda: seeding.seed(now, tmp_path, "http://localhost", hear)) == undisturbed
    assert told.count(seeding.SILENT) >= 2
    monkeypatch.setattr(patience, "SECONDS_MAX", 0)  # the control: without patience it gives up
    told.clear()
    with pytest.raises(KeeperUnavailable), transaction.atomic():
        seeding.seed(now, tmp_path, "http://localhost", hear)
    assert seeding.SILENT not in told


@pytest.mark.django_db
def test_identifiers_do_not_follow_from_the_plan(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
