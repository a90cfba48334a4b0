"""The hourly sheets of real bookings: what the worker handles, what lies on disk, what stays."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from serment import clock, ids
from serment.custody import continuity, sheet_file
from serment.directory import tenancy
from serment.directory.models import Site
from serment.disclosure import SYSTEM, Purpose, gate, line
from serment.disclosure.actors import Actor
from serment.disclosure.oversight import OPERATOR
from serment.keeper import wire
from serment.keeper.continuity.asks import SheetAnswer, SiteKeyAsk
from serment.scheduling.models import Appointment
from tests import cheap_age
from tests.scheduling.practice import Practice, make_file, make_practice

pytestmark = pytest.mark.django_db
PLANTED = ("Quatrevaux", "Philom", "1957-02-03", "612345678")
VALUES = {
    "family_name": "Quatrevaux", "given_name": "Philomène",
    "birth_date": "1957-02-03", "phone": "+33612345678",
}  # fmt: skip


@pytest.fixture
def practice(settings: Any, tmp_path: Path) -> Practice:
    settings.STATE = tmp_path
    return make_practice()


@pytest.fixture
def secret(practice: Practice) -> str:
    made = sheet_file.new_key()
    register(practice, made.recipient)
    return made.secret


def register(practice: Practice, recipient: str) -> None:
    asked = SiteKeyAsk(practice.establishment.bytes, practice.site.bytes, recipient)
    line.ask("continuity_key", OPERATOR, wire.Nothing, asked)


def visit(practice: Practice, hours: float, **changed: Any) -> Appointment:
    """A real row, sealed as booking seals it, of a file of its own."""
    file = ids.new_id()
    make_file(practice.establishment, file, **VALUES)
    starts = clock.now() + timedelta(hours=hours)
    with tenancy.inside(tenant=practice.establishment):
        row = Appointment(
            id=ids.new_id(), establishment_id=practice.establishment, role_id=practice.role,
            starts_at=starts, ends_at=starts + timedelta(minutes=20),
            request_key=ids.new_id().bytes, **changed,
        )  # fmt: skip
        gate.seal(
            SYSTEM, Purpose.BOOKING, row, {"details": "{}"}, subject=file,
            tenant=practice.establishment,
        )  # fmt: skip
        row.save(force_insert=True)
    return row


def newest(practice: Practice, secret: str) -> Any:
    kept = continuity.newest(practice.site)
    assert kept is not None
    return sheet_file.opened(kept.path.read_bytes(), secret)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every frame between this process, the worker here, and the keeper."""
    seen: list[bytes] = []
    send = line.client._exchange

    def listen(ask: wire.Request) -> wire.Reply:
        reply = send(ask)
        seen.extend((wire.frame(ask), wire.frame(reply)))
        return reply

    monkeypatch.setattr(line.client, "_exchange", listen)
    return seen


def test_the_worker_and_the_disk_hold_no_name(
    practice: Practice, secret: str, messages: list[bytes]
) -> None:
    visit(practice, 3)
    messages.clear()
    assert continuity.issue_all(clock.now()) == 1
    (told,) = newest(practice, secret)["lines"]
    assert (told["family_name"], told["phone"]) == ("Quatrevaux", "+33612345678")
    lying = [
        path.read_bytes() for path in continuity._folder(practice.site).iterdir()
    ]  # fmt: skip
    assert messages
    assert lying
    for one in (*messages, *lying):
        assert not any(text.encode() in one for text in PLANTED)


def test_the_scan_would_find_a_name(practice: Practice, messages: list[bytes]) -> None:
    """Negative control: sealing sends the name to the keeper, and the scan sees it there."""
    visit(practice, 3)
    assert any(text.encode() in one for text in PLANTED for one in messages)


def test_the_next_36_hours_that_stand(practice: Practice, secret: str) -> None:
    visit(practice, 1)
    visit(practice, 35)
    visit(practice, 37)
    visit(practice, 2, status=Appointment.Status.CANCELLED)
    visit(practice, 4, status=Appointment.Status.NOSHOW)
    continuity.issue_all(clock.now())
    told = newest(practice, secret)["lines"]
    assert [row["state"] for row in told] == ["named", "named"]


def test_a_site_overseas_has_its_own_day(practice: Practice, secret: str) -> None:
    with tenancy.inside(tenant=practice.establishment):
        Site.objects.filter(pk=practice.site).update(timezone="Pacific/Noumea")
    row = visit(practice, 5)
    continuity.issue_all(clock.now())
    told = newest(practice, secret)
    assert told["lines"][0]["starts"].endswith("+11:00")
    wall = (row.starts_at + timedelta(hours=11)).strftime("%Y-%m-%dT%H:%M")
    assert told["lines"][0]["starts"].startswith(wall)


def test_a_site_without_key_has_no_sheet(practice: Practice) -> None:
    visit(practice, 3)
    assert continuity.issue_all(clock.now()) == 0
    assert continuity.newest(practice.site) is None


def test_the_keeper_is_down_and_the_former_sheet_stays(
    practice: Practice, secret: str, settings: Any
) -> None:
    visit(practice, 3)
    continuity.issue_all(clock.now())
    before = continuity.newest(practice.site)
    there = settings.KEEPER_SOCKET
    line.client.hang_up()
    settings.KEEPER_SOCKET = "/nowhere/keeper.sock"
    with pytest.raises(line.KeeperUnavailable):
        continuity.issue_all(clock.now())
    settings.KEEPER_SOCKET = there
    assert continuity.newest(practice.site) == before
    assert newest(practice, secret)["lines"]


def test_two_days_of_sheets_are_kept(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    for hour in range(50):
        sheet = continuity.continuity.Sheet(b"x", "age1", now + timedelta(hours=hour), 0, 0)
        continuity._keep(practice.site, sheet)
    kept = continuity._sheets(continuity._folder(practice.site))
    assert len(kept) == continuity.KEPT
    found = continuity.newest(practice.site)
    assert found is not None
    assert found.issued == (now + timedelta(hours=49)).replace(microsecond=0)
    assert not found.is_late(now + timedelta(hours=50))
    assert found.is_late(now + timedelta(hours=52))


def test_the_patient_reads_it_once(practice: Practice, secret: str) -> None:
    visit(practice, 3)
    continuity.issue_all(clock.now())
    continuity.issue_all(clock.now())
    with tenancy.inside(tenant=practice.establishment):
        officer = practice.secretary()
        found = gate.find(
            officer, Purpose.SEARCH, "patient", "Quatrevaux", tenant=practice.establishment
        )
        told = gate.history(officer, found[0])
    on_sheet = [row for row in told if row.purpose == Purpose.CONTINUITY]
    assert [row.fields for row in on_sheet] == [
        ("birth_date", "family_name", "given_name", "listed", "phone")
    ]
    assert on_sheet[0].actor_kind == "worker"


def test_key_file_and_recovery_line_open_the_same_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyrage.passphrase, "encrypt", cheap_age.encrypt)
    made, path = sheet_file.new_key(), tmp_path / "quai.key"
    sheet_file.write_key(made, path, "un cheval gris")
    assert made.secret.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert sheet_file.secret_of(path.read_bytes(), "un cheval gris") == made.secret
    assert sheet_file.secret_of(f" {made.secret.lower()}\n".encode(), "") == made.secret
    with pytest.raises(sheet_file.KeyUnusable):
        sheet_file.secret_of(path.read_bytes(), "un cheval noir")
    with pytest.raises(FileExistsError):
        sheet_file.write_key(made, path, "un cheval gris")
    with pytest.raises(sheet_file.PassphraseShort):
        sheet_file.write_key(made, tmp_path / "other.key", "court")


def test_altered_foreign_and_other_sheets_are_refused() -> None:
    made, other = sheet_file.new_key(), sheet_file.new_key()
    recipient = pyrage.x25519.Recipient.from_str(made.recipient)
    sealed = pyrage.encrypt(
        json.dumps({"text": ["a"], "format": sheet_file.FORMAT}).encode() + b"\n\n", [recipient]
    )
    assert sheet_file.in_lines(sheet_file.opened(sealed, made.secret)) == "a"
    with pytest.raises(sheet_file.SheetUnusable):
        sheet_file.opened(sealed, other.secret)
    for place in range(0, len(sealed), 7):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(sheet_file.SheetUnusable):
            sheet_file.opened(bytes(altered), made.secret)
    with pytest.raises(sheet_file.SheetUnusable):
        sheet_file.opened(sealed[:-1], made.secret)
    with pytest.raises(sheet_file.SheetUnusable):
        sheet_file.opened(pyrage.encrypt(b"[]", [recipient]), made.secret)
    with pytest.raises(sheet_file.KeyUnusable):
        sheet_file.opened(sealed, "AGE-SECRET-KEY-1NONE")


def test_only_the_worker_asks_for_sheets(practice: Practice, secret: str) -> None:
    """Somebody signed in at the desk gets none made, whatever they hold."""
    who: Actor = practice.secretary()
    from serment.keeper.continuity.asks import SheetAsk

    asked = SheetAsk(practice.site.bytes, "", "", "Europe/Paris", [])
    with pytest.raises(line.NotYours):
        line.ask(
            "continuity_sheet", who, SheetAnswer, asked,
            purpose=Purpose.CONTINUITY, tenant=practice.establishment,
        )  # fmt: skip
