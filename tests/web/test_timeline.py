"""“Who opened my data” for somebody opened hundreds of times: all counted, all reachable."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment import clock
from serment.disclosure import Actor, gate
from serment.disclosure.told import Disclosure, OpenedRecord
from serment.ids import new_id
from serment.web.patient import opened, opened_told
from tests.web.test_booking_pages import sign_in_surely, someone

ME = Actor("patient", new_id())
DESK, DOCTOR = new_id(), new_id()


def access(seq: int, days_ago: float, actor: UUID = DESK, **more: Any) -> Disclosure:
    told: dict[str, Any] = {
        "kind": "read", "actor_kind": "staff", "role": "secretary", "establishment": new_id(),
        "purpose": "reception", "fields": ("phone",), "session": f"s{seq}", "records": (),
    }  # fmt: skip
    told |= more
    return Disclosure(
        seq, clock.now() - timedelta(days=days_ago), actor_id=actor, client="web", process="web-1",
        evidence="claimed", subject=ME.id, person=ME.id, person_kind="patient", **told,
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """A keeper that holds 300 openings of one person: a tenth by the doctor, over 50 days."""
    house = new_id()
    rows = [
        access(
            900 - at, at / 6, DOCTOR if at % 10 == 0 else DESK, establishment=house,
            purpose="care" if at % 10 == 0 else "reception",
        )
        for at in range(300)
    ]  # fmt: skip
    pages: list[int | None] = []

    def history(
        _actor: Actor, _subject: UUID, limit: int = 50, before: int | None = None
    ) -> list[Disclosure]:
        pages.append(before)
        return [row for row in rows if before is None or row.seq < before][:limit]

    monkeypatch.setattr(gate, "history", history)
    return pages


@pytest.mark.parametrize("whole", [True, False])
def test_all_of_thirty_days_are_counted(
    asked: list[int | None], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: counted from the one page that is shown, as before, most are missing."""
    if not whole:
        monkeypatch.setattr(opened, "READ_MAX", opened.SHOWN)
    page = opened._page(ME, None, None)
    assert (len(page.recent), page.counts_all) == ((180, True) if whole else (61, False))


def test_every_opening_is_on_some_page_once(
    asked: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "READ_AT_ONCE", 37)  # pages of the keeper end anywhere
    seen: list[int] = []
    before: int | None = None
    for pages in range(1, 20):  # noqa: B007 -- how many there were is asked below
        page = opened._page(ME, before, None)
        seen += [seq for moment in page.moments for seq in moment.seqs]
        before = page.older
        if before is None:
            break
    assert seen == list(range(900, 600, -1))
    assert pages == 5  # sixty and the rest of the day


def test_one_persons_openings_alone(asked: list[int | None]) -> None:
    page = opened._page(ME, None, DOCTOR)
    assert len(page.moments) == 30
    assert {moment.row.actor_id for moment in page.moments} == {DOCTOR}
    assert len(page.recent) == 180


@pytest.mark.parametrize("counted", [True, False])
def test_a_day_of_ones_own_hides_nobody(counted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: counted like others', one's own hundred push the desk off the page."""
    own = {"actor_kind": "patient", "role": "", "purpose": "self"}
    rows = [access(900 - at, at / 200, ME.id, **own) for at in range(100)]
    rows.append(access(700, 3))
    monkeypatch.setattr(gate, "history", lambda *_asked: rows)
    if counted:
        monkeypatch.setattr(opened, "FOLDED_MAX", opened.SHOWN)
    page = opened._page(ME, None, None)
    assert (DESK in {moment.row.actor_id for moment in page.moments}) is not counted


def test_a_day_says_the_same_once_with_every_hour_and_receipt() -> None:
    house = new_id()
    noon = clock.now().replace(hour=12)
    rows = [access(seq, 0, establishment=house) for seq in range(9, 4, -1)]
    rows = [
        Disclosure(**{name: getattr(row, name) for name in Disclosure.__slots__} | {"at": at})
        for row, at in zip(rows, (noon - timedelta(minutes=one) for one in range(5)), strict=True)
    ]
    known = opened_told.Known({}, {house: "Cabinet"})
    (day,) = opened_told.days(opened_told.together(rows), known, ME.id, clock.now())
    (entry,) = day.entries
    assert (entry.often, [seq for seq, _time in entry.receipts]) == (5, [9, 8, 7, 6, 5])
    assert entry.time.startswith("de ")


@pytest.mark.django_db
def test_the_page_of_three_hundred_openings(asked: list[int | None], settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    browser: Client = sign_in_surely(someone())
    page = browser.get("/qui-a-ouvert-mes-donnees/").content.decode()
    assert "<strong>180</strong>" in page
    assert "Pourquoi\u00a0:" in page
    assert page.count("/recu/") >= 60
    (older,) = re.findall(r"\?avant=(\d+)", page)
    second = browser.get(f"/qui-a-ouvert-mes-donnees/?avant={older}").content.decode()
    assert "<strong>180</strong>" not in second
    assert "Revenir aux accès les plus récents" in second
    only = browser.get(f"/qui-a-ouvert-mes-donnees/?qui={DOCTOR}").content.decode()
    assert "la consultation" in only
    assert "l’accueil" not in only.partition("opened-day")[2]
    assert browser.get("/qui-a-ouvert-mes-donnees/?qui=zzz&avant=x").status_code == 200


def test_what_was_done_to_a_file_is_not_told_as_if_it_were_a_visit() -> None:
    """A code of the desk is no message of a booking, a check for duplicates no list of visits. The
    control: the same acts on a visit."""
    known = opened_told.Known({}, {})

    def verb(act: str, kind: str) -> str:
        of = OpenedRecord(new_id(), kind, (act,))
        row = access(1, 0, kind="search", fields=(act,), records=(of,))
        return opened_told.said_of(row, known, ME.id).verb

    assert verb("listed", "appointment") == "a vu la liste des rendez-vous"
    assert verb("errand", "appointment") == "a préparé un message autorisé par une réservation"
    for kind in ("patient", "account"):
        assert "rendez-vous" not in verb("listed", kind)
        assert "réservation" not in verb("errand", kind)
    joined = access(1, 0, kind="write", fields=("joined", "merging"))
    assert opened_told.said_of(joined, known, ME.id).verb == "a réuni deux dossiers à votre nom"
    assert not opened_told.said_of(joined, known, ME.id).chips
    here = {"establishment": None, "session": "s"}
    visits = (OpenedRecord(new_id(), "appointment", ("listed",)),)
    name = access(1, 0, fields=("family_name",), **here)
    listed = access(2, 0, kind="search", fields=("listed",), records=visits, **here)
    (one,) = opened_told.together([name, listed])
    assert one.row.records == visits
