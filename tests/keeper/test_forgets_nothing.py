"""What people decided comes back from the key backup alone: a freeze as well as a key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import durable, joining, key_backup, tables, tending, wire
from serment.keeper.continuity.asks import SiteKeyAsk
from serment.keeper.continuity.rows import site_key
from serment.keeper.passkeys import rows as members
from serment.keeper.passkeys.asks import StaffAsk
from serment.keeper.policy import asks, grants
from serment.keeper.unlocking import KeyPlaces
from tests.keeper.enrolled import registered
from tests.keeper.inside import HERE, OPERATOR, Inside, Person, record_of, word
from tests.keeper.tended import copied
from tests.keeper.test_policy import approve, freeze, grant, relate, uuid_text

SITE = b"s" * 16
OF_BEFORE = frozenset(
    {"establishment_key", "subject_key", "record", "link", "joined", "apart", "search", "erasure",
     "evidence_hold", "passkey", "staff_known"}
)  # fmt: skip


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    (tmp_path / "disk").mkdir()
    keeper = Inside(tmp_path / "k", places=KeyPlaces(backup=tmp_path / "disk"))
    yield keeper
    keeper.crash()


def recovered(inside: Inside, tmp_path: Path) -> Inside:
    """What comes back where the store is lost: root key, ledger, and the key backup's folder."""
    folder = copied(inside.folder, tmp_path / "rebuilt")
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    key_backup.rebuild(tmp_path / "disk", folder / "store.sqlite")
    back = Inside(folder)
    back.house.recorder.clock.driven = inside.house.recorder.clock.driven
    return back


def tend(inside: Inside) -> None:
    """A base is made; what follows lies in the journal only."""
    inside.ask(OPERATOR, "tend", tending.TendAsk(), tending.KeysState)


@pytest.mark.parametrize("guarded", [True, False])
def test_what_was_decided_since_the_base_stands_after_a_recovery(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: with the tables that were kept before, a frozen file opens again, nobody
    owes a reason, a revoked grant is good, and a practice of one needs no three days."""
    if not guarded:
        monkeypatch.setattr(durable, "KEPT", OF_BEFORE)
    clerk, officer = registered(inside), inside.staff("privacy_officer")
    frozen, urgent, cared = (inside.patient() for _ in range(3))
    for file in (frozen, urgent, cared):
        inside.reveal(clerk, file)
    _token, digest = grant(inside, officer, cared)
    approve(inside, officer, digest)
    assert approve(inside, inside.staff("manager"), digest)
    tend(inside)

    freeze(inside, officer, "subject", uuid_text(record_of(frozen)))
    asked = asks.GlassAsk(record_of(urgent), "malaise", "life", [])
    inside.ask(clerk, "break_glass", asked, asks.GlassAnswer)
    relate(inside, clerk, cared)
    inside.ask(officer, "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
    inside.ask(OPERATOR, "solo", asks.SoloAsk(HERE), wire.Nothing)
    inside.ask(OPERATOR, "continuity_key", SiteKeyAsk(HERE, SITE, RECIPIENT), wire.Nothing)

    back = recovered(inside, tmp_path)
    assert word(back, clerk, "reveal", cared, purpose="care") == "session"
    clerk, officer = again(back, clerk), again(back, officer)
    said = word(back, clerk, "reveal", frozen, purpose="care")
    owed = back.ask(clerk, "glasses", wire.Nothing(), asks.GlassList, purpose="incident").rows
    [waiting] = back.house.standing.rows.all("bulk_grant", grants.Grant)
    tag = back.house.store.subject_tag
    cares = back.house.standing.relations.holds(tag(HERE), tag(record_of(cared)), back.house.now())
    named = site_key(back.house.store, SITE) is not None
    found = (
        said == "refused", len(owed), waiting[1].revoked, cares,
        back.house.standing.is_solo(HERE), named,
    )  # fmt: skip
    back.crash()
    assert found == ((True, 1, True, True, True, True) if guarded else (False, 0, *4 * [False]))


RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def again(inside: Inside, who: Person) -> Person:
    token = inside.ask(who, "open_session", wire.OpenSession(12), wire.Token32)
    who.capability = token.token
    return who


def test_joins_roles_and_who_left_come_back_too(inside: Inside, tmp_path: Path) -> None:
    doctor, leaver = inside.staff("practitioner"), registered(inside)
    one, other = (record_of(inside.patient()) for _ in range(2))
    tend(inside)
    joined = joining.JoinAsk(one, other, "join")
    inside.ask(doctor, "join", joined, wire.Nothing, purpose="identity")
    inside.ask(OPERATOR, "end_staff", StaffAsk(leaver.actor.id), wire.Nothing)
    back = recovered(inside, tmp_path)
    assert back.house.joined.holds(one, other)
    gone = members.member(back.house.store, leaver.actor.id)
    assert gone is not None
    assert gone.ended_at
    back.crash()


def test_every_table_is_kept_or_says_why_not(inside: Inside) -> None:
    found = inside.house.store.database.execute("SELECT name FROM sqlite_master WHERE type='table'")
    names = {name for (name,) in found} - {"sqlite_sequence"}
    assert names == tables.KEPT | tables.LOST.keys()
    assert not tables.KEPT & tables.LOST.keys()
    told = Path("docs/operate/keys.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in tables.LOST)


def test_a_base_of_before_a_table_takes_what_lies_in_the_journal(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without its table the row is damage."""
    tend(inside)
    [base] = (tmp_path / "disk").glob("base-*")
    older = sqlite3.connect(base)
    older.execute("DROP TABLE freeze")
    older.commit()
    older.close()
    freeze(inside, OPERATOR, "session", "s-1")
    store = tmp_path / "store.sqlite"
    assert key_backup.rebuild(tmp_path / "disk", store)
    monkeypatch.setattr(key_backup, "SCHEMA", "")
    with pytest.raises(key_backup.KeyBackupUnusable):
        key_backup.rebuild(tmp_path / "disk", store)
