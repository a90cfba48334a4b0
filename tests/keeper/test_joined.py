"""Two files of one person: joined and parted without moving anything, counted as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import joining, wire
from serment.keeper.erasure import ErasureState
from serment.keeper.joined import Joined
from serment.keeper.measured import Measured
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, THERE, Inside, Person, Refused

SECOND = 1_000_000
DAY = 86_400 * SECOND


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    """A keeper whose clock the test drives."""
    found = Inside(tmp_path / "keeper")
    found.house.recorder.clock.driven = 1_800_000_000 * SECOND
    yield found
    found.crash()


def seal(
    inside: Inside, kind: str, subject: bytes, tenant: bytes | None = HERE, **values: str
) -> bytes:
    """A record of this subject; its id. A file or an account where it is its own subject."""
    record = subject if kind in ("patient", "account") else new_id().bytes
    searches = {"family_name": "name", "given_name": "name"}
    sealed = [
        wire.SealValue(
            name,
            "identity",
            value,
            searches.get(name, name if name in ("phone", "birth_date") else ""),
        )
        for name, value in values.items()
    ]
    item = wire.SealItem(record, kind, subject, sealed)
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=tenant)
    return record


def file(
    inside: Inside, family: str, given: str, born: str, phone: str = "", tenant: bytes = HERE
) -> bytes:
    """A patient file that can be found."""
    return seal(inside, "patient", new_id().bytes, tenant, family_name=family, given_name=given,
                birth_date=born, phone=phone)  # fmt: skip


def do(inside: Inside, who: Person, act: str, gone: bytes, kept: bytes) -> None:
    """One act of the identity watch."""
    inside.later(SECOND)
    asked = joining.JoinAsk(gone, kept, act)
    op = "tell_apart" if act == "apart" else "join"
    inside.ask(who, op, asked, wire.Nothing, purpose="identity")


def ids(inside: Inside, who: Person, op: str, body: object, **more: object) -> list[bytes]:
    """What was listed."""
    return inside.ask(who, op, body, wire.Found, **more).ids  # type: ignore[arg-type]


def account_of(inside: Inside, *files: bytes) -> Person:
    """A signed-in patient whose own files these are."""
    account = new_id().bytes
    seal(inside, "account", account, None, family_name="Roche")
    who = Person(wire.ActorWire("patient", account), session="own")
    token = inside.ask(who, "open_session", wire.OpenSession(12), wire.Token32)
    who.capability = token.token
    for one in files:
        inside.ask(SYSTEM, "link", wire.LinkAsk(account, one), wire.Nothing)
    return who


def vouch(inside: Inside, desk: Person, owner: Person, one: bytes) -> None:
    """A code of the desk for this file, used by this account."""
    use(inside, owner, one, signed(inside, desk, one))


def signed(inside: Inside, desk: Person, one: bytes) -> bytes:
    """The ticket in a code of the desk."""
    inside.later(SECOND)
    now = inside.house.now()
    terms = wire.MintErrand(one, ["link"], "administration", now - SECOND, now + DAY)
    return inside.ask(desk, "errand", terms, wire.Token32).token


def use(inside: Inside, owner: Person, one: bytes, ticket: bytes) -> None:
    """The code, typed by who is signed in."""
    inside.later(SECOND)
    asked = wire.LinkAsk(owner.actor.id, one)
    inside.ask(owner, "link", asked, wire.Nothing, purpose="administration", errand=ticket)


def seen(inside: Inside, owner: Person) -> set[bytes]:
    """The visits an account lists as its own."""
    own = wire.IdAsk(owner.actor.id, "appointment")
    return set(ids(inside, owner, "records_of", own, purpose="self"))


def held(inside: Inside, desk: Person, *files: bytes) -> tuple[list[int], bool]:
    """How many accounts read these files' persons, and whether all read all."""
    asked = joining.HoldersAsk(list(files))
    told = inside.ask(desk, "holders", asked, joining.Holders, purpose="identity")
    return told.accounts, told.all_reached


def persons(inside: Inside, start: int, end: int) -> tuple[int, int]:
    """Opened, and held, in a window of the establishment."""
    asked = wire.PerimeterAsk(start, end, establishment=HERE)
    told = inside.ask(OPERATOR, "measure", asked, Measured)
    return told.persons, told.held


@pytest.mark.parametrize("guarded", [True, False])
def test_parting_names_the_two_in_any_order_and_records_no_more_than_it_did(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: named the other way round, they stay joined and the record says parted."""
    if not guarded:
        monkeypatch.setattr(joining, "_is_parted", lambda *_: False)
        monkeypatch.setattr(Joined, "part", _part_of_before)
    doctor = inside.staff("practitioner")
    kept = file(inside, "Roche", "Béatrice", "1961-03-04")
    gone = file(inside, "Rochee", "Beatrice", "1961-03-04")
    do(inside, doctor, "join", gone, kept)
    do(inside, doctor, "part", kept, gone)
    assert inside.house.joined.holds(gone, kept) is not guarded
    leaves = inside.house.segment.size
    do(inside, doctor, "part", gone, kept)
    do(inside, doctor, "part", kept, gone)
    assert (inside.house.segment.size == leaves) is guarded


def _part_of_before(joined: Joined, gone: bytes, _other: bytes, at: int) -> None:
    join = joined._held().get(gone)
    if join is not None:
        joined._put(msgspec.structs.replace(join, until=at))


def test_two_files_are_one_person_until_they_are_parted(inside: Inside) -> None:
    """Appointments, search, history and perimeter of both; parted, each is as it was, and what was
    made meanwhile stays in the file it was made in. Windows that ended keep their figures."""
    doctor = inside.staff("practitioner")
    kept = file(inside, "Roche", "Béatrice", "1961-03-04", "+33611111111")
    gone = file(inside, "Rochee", "Beatrice", "1961-03-04")
    before = [
        seal(inside, "appointment", kept, details="a"),
        seal(inside, "appointment", gone, details="b"),
    ]
    owner = account_of(inside, kept)
    own = wire.IdAsk(owner.actor.id, "appointment")
    began = inside.house.now()
    listed = wire.IdAsk(kept, "appointment")
    assert ids(inside, doctor, "records_of", listed, purpose="reception") == before[:1]
    assert ids(inside, owner, "records_of", own, purpose="self") == before[:1]
    behind = wire.IdsAsk([before[1]])
    assert ids(inside, doctor, "files_behind", behind, purpose="agenda") == [gone]
    inside.later(SECOND)
    unjoined = inside.house.now()
    assert persons(inside, began, unjoined) == (2, 2)

    do(inside, doctor, "join", gone, kept)
    do(inside, doctor, "join", gone, kept)  # twice is once
    assert set(ids(inside, doctor, "records_of", listed, purpose="reception")) == set(before)
    vouch(inside, doctor, owner, kept)
    assert set(ids(inside, owner, "records_of", own, purpose="self")) == set(before)
    assert ids(inside, doctor, "files_behind", behind, purpose="agenda") == [kept]
    found = wire.FindAsk("patient", "rochee")
    assert ids(inside, doctor, "find", found, purpose="search", tenant=HERE) == [kept]
    meanwhile = [
        seal(inside, "appointment", gone, details="c"),
        seal(inside, "appointment", kept, details="d"),
    ]
    asked = wire.HistoryAsk(owner.actor.id, 50, None)
    rows = inside.ask(owner, "history", asked, wire.Disclosures, purpose="transparency").rows
    assert {row.subject for row in rows} >= {gone, kept}, "the person reads both histories"
    theirs = next(row.seq for row in rows if row.subject == gone)
    receipt = inside.ask(
        owner, "receipt", wire.ReceiptAsk(theirs), wire.ReceiptAnswer, purpose="transparency"
    )
    assert receipt.seq == theirs
    inside.later(SECOND)
    joined = inside.house.now()
    assert persons(inside, began, joined) == (1, 1), (
        "one person, with what was opened before as well"
    )
    inside.crash()
    inside.open()
    assert persons(inside, began, joined) == (1, 1)

    do(inside, doctor, "part", gone, kept)
    assert set(ids(inside, doctor, "records_of", listed, purpose="reception")) == {
        before[0],
        meanwhile[1],
    }
    theirs_again = wire.IdAsk(gone, "appointment")
    assert set(ids(inside, doctor, "records_of", theirs_again, purpose="reception")) == {
        before[1],
        meanwhile[0],
    }
    assert set(ids(inside, owner, "records_of", own, purpose="self")) == {before[0], meanwhile[1]}
    inside.later(SECOND)
    assert persons(inside, began, inside.house.now()) == (2, 2)
    assert persons(inside, began, joined) == (1, 1), "a window that ended stays as it was"
    assert persons(inside, began, unjoined) == (2, 2)


def test_who_may_join_and_what_is_never_joined(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the secretary, nor across houses, nor where two people sign in for the two files: with
    that guard away, the one would read the other's appointments."""
    doctor, desk = inside.staff("practitioner"), inside.staff()
    one, other = (
        file(inside, "Roche", "Ana", "1961-03-04"),
        file(inside, "Roche", "Ana", "1961-03-04"),
    )
    away = file(inside, "Roche", "Ana", "1961-03-04", tenant=THERE)
    for who, pair in (
        (desk, (one, other)),
        (doctor, (one, away)),
        (inside.staff("practitioner", THERE), (one, other)),
    ):
        with pytest.raises(Refused, match="refused"):
            do(inside, who, "join", *pair)
    first, _second = account_of(inside, one), account_of(inside, other)
    theirs = seal(inside, "appointment", other, details="a")
    with pytest.raises(Refused, match="unusable"):
        do(inside, doctor, "join", other, one)
    with monkeypatch.context() as away_:
        away_.setattr(Joined, "accounts", lambda *_: set())
        do(inside, doctor, "join", other, one)
        vouch(inside, doctor, first, one)
    own = wire.IdAsk(first.actor.id, "appointment")
    assert ids(inside, first, "records_of", own, purpose="self") == [theirs], (
        "the control shows the leak"
    )
    do(inside, doctor, "part", other, one)
    assert ids(inside, first, "records_of", own, purpose="self") == []


def test_a_join_gives_an_account_nothing_until_a_house_says_whose_it_is(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger signed up in a name, and somebody took the two files for one person. Whichever is
    kept, the account has what it had, and messages go where they went. A code handed out since
    opens the rest to whoever was given it, until the two are parted; one from before does not."""
    doctor = inside.staff("practitioner")
    for way in (0, 1):
        pair = [file(inside, "Roche", "Ana", "1961-03-04") for _one in range(2)]
        victim, made = pair
        theirs = seal(inside, "appointment", victim, details="secret")
        own = seal(inside, "appointment", made, details="a")
        account = account_of(inside, made)
        early = signed(inside, doctor, made)
        assert held(inside, doctor, *pair) == ([0, 1], False)
        kept, gone = pair if way else reversed(pair)
        do(inside, doctor, "join", gone, kept)
        assert seen(inside, account) == {own}
        history = wire.HistoryAsk(account.actor.id, 50, None)
        rows = inside.ask(account, "history", history, wire.Disclosures, purpose="transparency")
        assert victim not in {row.subject for row in rows.rows}
        joined = inside.house.joined
        assert (joined.written_to(victim), joined.written_to(made)) == (victim, made)
        assert held(inside, doctor, kept) == ([1], False)
        use(inside, account, made, early)
        assert seen(inside, account) == {own}, "that code was for one file"
        with monkeypatch.context() as away:
            away.setattr(Joined, "reached", lambda self, link: self.all_of(link.file))
            assert seen(inside, account) == {own, theirs}, "the control shows the leak"
        vouch(inside, doctor, account, kept)
        assert seen(inside, account) == {own, theirs}
        assert held(inside, doctor, kept) == ([1], True)
        assert joined.written_to(gone) == kept
        do(inside, doctor, "part", gone, kept)
        assert seen(inside, account) == ({own, theirs} if way else {own}), (
            "the file the house vouched for, and its own"
        )


def test_alike_is_proposed_with_its_reasons_and_two_persons_are_asked_once(inside: Inside) -> None:
    """A slip, a swap, a marriage; never twins, nor another house, nor what was answered before."""
    desk = inside.staff()
    slip = {
        file(inside, "Durand", "Zoé", "1990-01-02"),
        file(inside, "Durant", "Zoe", "1990-01-02"),
    }
    swap = {file(inside, "Ali", "Omar", "1970-05-06"), file(inside, "Omar", "Ali", "1970-05-06")}
    phone = "+33622222222"
    married = {
        file(inside, "Petit", "Lea", "1985-05-05", phone),
        file(inside, "Grand", "Léa", "1985-05-05", phone),
    }
    file(inside, "Martin", "Paul", "2001-01-01"), file(inside, "Martin", "Anna", "2001-01-01")
    file(inside, "Durand", "Zoé", "1990-01-02", tenant=THERE)

    def proposed() -> dict[frozenset[bytes], list[str]]:
        answer = inside.ask(desk, "alike", wire.Nothing(), joining.AlikePairs, purpose="identity")
        return {frozenset((pair.one, pair.other)): pair.reasons for pair in answer.pairs}

    found = proposed()
    assert set(found) == {frozenset(slip), frozenset(swap), frozenset(married)}
    assert found[frozenset(slip)] == ["birth_date", "family_near", "given_same"]
    assert "names_swapped" in found[frozenset(swap)]
    assert found[frozenset(married)] == ["birth_date", "phone", "given_same"]
    do(inside, desk, "apart", *swap)
    assert set(proposed()) == {frozenset(slip), frozenset(married)}
    inside.crash()
    inside.open()
    assert set(proposed()) == {frozenset(slip), frozenset(married)}


def test_erased_as_one_person(inside: Inside) -> None:
    """Who asks for erasure is erased in every file that was theirs."""
    doctor = inside.staff("practitioner")
    kept, gone = (
        file(inside, "Roche", "Ana", "1961-03-04"),
        file(inside, "Roche", "Ana", "1961-03-04"),
    )
    do(inside, doctor, "join", gone, kept)
    inside.ask(OPERATOR, "erase", wire.IdAsk(kept), ErasureState)
    tag = inside.house.store.subject_tag
    assert inside.house.store.is_erased(tag(kept))
    assert inside.house.store.is_erased(tag(gone))
