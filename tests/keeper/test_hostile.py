"""What whoever speaks on the socket tries: ending the keeper, listing unseen, passing as others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import door as doors
from serment.keeper import leaves, listing, recorder, rights, tokens, wire, words, writing
from serment.keeper.entrances import Entrance, Place
from serment.keeper.house import NOBODY
from serment.keeper.made import Made
from serment.keeper.policy.budgets import Scope
from serment.keeper.search import SearchIndex
from tests.apart import apart
from tests.keeper.inside import HERE, SYSTEM, Inside, Person, Refused, record_of

LONG = "k" * 64
DAY_US = words.DAY


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper", limits={})
    yield keeper
    keeper.crash()


def patient(inside: Inside, account: bytes | None = None) -> Person:
    """An account, signed in."""
    who = Person(wire.ActorWire("patient", account or new_id().bytes), session="p-1")
    minted = inside.ask(who, "open_session", wire.OpenSession(1), wire.Token32)
    who.capability = minted.token
    return who


def errors(inside: Inside, who: Person, op: str, body: msgspec.Struct, **more: object) -> str:
    """The keeper's word; empty where it did what was asked."""
    try:
        inside.ask(who, op, body, wire.Nothing if op in ("link", "delete") else dict, **more)  # type: ignore[type-var]
    except Refused as refused:
        return str(refused)
    return ""


def crowd(subject: bytes, many: int) -> wire.SealAsk:
    """Very many records of one person, each with long words."""
    values = [wire.SealValue(f"f{n:063}", "medical", "x", "", b"b" * 32) for n in range(many)]
    return wire.SealAsk([wire.SealItem(new_id().bytes, LONG, subject, [value]) for value in values])


@pytest.mark.parametrize("guarded", [True, False])
def test_too_many_records_of_one_person_are_refused_and_nothing_is_kept(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: unlimited, one leaf tells of more records than a page of a record holds."""
    if not guarded:
        monkeypatch.setattr(writing, "RECORDS_A_LEAF", 4_000)
    subject = new_id().bytes
    size, held = inside.house.segment.size, inside.house.store.count("record")
    told = errors(inside, SYSTEM, "seal", crowd(subject, 1_001), purpose="import")
    assert told == ("unusable" if guarded else "")
    kept = inside.house.segment.size - size, inside.house.store.count("record") - held
    assert kept == ((0, 0) if guarded else (1, 1_001))
    assert errors(inside, SYSTEM, "seal", crowd(subject, 1_000), purpose="import") == ""
    assert inside.house.segment.size == size + kept[0] + 1


@pytest.mark.parametrize("guarded", [True, False])
def test_a_leaf_too_large_ends_nothing(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: without the look at its size, what a client sent ends the keeper."""
    ended: list[bool] = []
    inside.house.recorder.on_fatal = lambda: ended.append(True)
    monkeypatch.setattr(writing, "RECORDS_A_LEAF", 10_000)
    if not guarded:
        monkeypatch.setattr(leaves, "OPENING_BYTES_MAX", 1 << 30)
    held = inside.house.store.count("record")
    told = errors(inside, SYSTEM, "seal", crowd(new_id().bytes, 4_000), purpose="import")
    if guarded:
        assert (told, ended) == ("unusable", [])
        assert inside.house.store.count("record") == held, "no row without its leaf"
        assert not inside.house.store.database.in_transaction
        inside.patient()
    else:
        assert ended


@pytest.mark.parametrize("guarded", [True, False])
def test_an_act_that_cannot_be_recorded_leaves_no_row(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: prepared after the rows are gathered, a ticket stands without a leaf."""
    secretary, file = inside.staff(), inside.patient()
    if not guarded:
        monkeypatch.setattr(type(inside.house.recorder), "together", _kept)
    monkeypatch.setattr(leaves, "OPENING_BYTES_MAX", 10)
    now = inside.house.now()
    ticket = wire.MintErrand(record_of(file), ["email"], "message", now, now + DAY_US)
    assert errors(inside, secretary, "errand", ticket) == "unusable"
    assert inside.house.store.count("errand") == (0 if guarded else 1)


@contextmanager
def _kept(of: recorder.Recorder) -> Iterator[None]:
    """As if each row were gathered by itself."""
    of.store.database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        of.store.database.execute("COMMIT")


def listed(inside: Inside, who: Person, op: str) -> int:
    """The leaves that one listing makes."""
    before = inside.house.segment.size
    body = wire.IdAsk(who.actor.id, "patient" if op == "records_of" else "")
    inside.ask(who, op, body, wire.Ids, purpose="self")
    return inside.house.segment.size - before


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("op", ["records_of", "files_of"])
def test_a_patients_own_list_is_on_record_once_a_session(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, op: str, guarded: bool
) -> None:
    """Negative control: unrecorded, whoever claims a sign-in learns who is whose without trace."""
    if not guarded:

        async def unrecorded(*_asked: object) -> None:
            return None

        monkeypatch.setattr(listing, "record_listing", unrecorded)
    me, file = patient(inside), inside.patient()
    inside.ask(SYSTEM, "link", wire.LinkAsk(me.actor.id, record_of(file)), wire.Nothing)
    once = 1 if guarded else 0
    assert [listed(inside, me, op), listed(inside, me, op)] == [once, 0]
    again = patient(inside, me.actor.id)
    assert listed(inside, again, op) == once, "another session has a leaf of its own"
    inside.later(words.LEASE_SECONDS * 1_000_000 + 1)
    assert listed(inside, me, op) == once, "a perimeter widened by the lease holds it"
    asked = wire.HistoryAsk(me.actor.id, 50)
    rows = inside.ask(me, "history", asked, wire.Disclosures, purpose="transparency").rows
    told = [row for row in rows if row.items and row.items[0].fields == ["listed"]]
    assert len(told) == 3 * once
    assert all(row.purpose == "self" and row.actor == me.actor.id for row in told)


def test_a_list_needs_a_reason_and_an_empty_one_is_told_too(inside: Inside) -> None:
    me = patient(inside)
    ask = wire.IdAsk(me.actor.id, "appointment")
    assert errors(inside, me, "records_of", ask) == "unusable"
    assert errors(inside, me, "files_of", ask) == "unusable"
    assert listed(inside, me, "files_of") == 1


def test_signing_in_is_in_perimeters_and_in_nobodys_list(inside: Inside) -> None:
    before = inside.house.segment.size
    me = patient(inside)
    assert inside.house.segment.size == before + 1
    asked = wire.PerimeterAsk(0, inside.house.now(), session="p-1")
    operator = Person(wire.ActorWire("operator", words.OPERATOR_ID))
    [row] = inside.ask(operator, "perimeter", asked, wire.Disclosures).rows
    assert (row.kind, row.actor, row.evidence) == ("session", me.actor.id, "claimed")
    history = wire.HistoryAsk(me.actor.id, 50)
    rows = inside.ask(me, "history", history, wire.Disclosures, purpose="transparency").rows
    assert rows == []


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("kind", ["system", "operator", "worker"])
def test_nobody_in_particular_has_no_persons_id(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str, guarded: bool
) -> None:
    """Negative control: with no ids of their own, what they make passes for a person's, and a
    person who is given such an id for them."""
    if not guarded:
        monkeypatch.setattr(rights, "FIXED_IDS", {})
        monkeypatch.setattr(tokens, "FIXED_IDS", {})
    op = {"system": "hello", "operator": "stats", "worker": "reveal"}[kind]
    fixed = Person(wire.ActorWire(kind, words.FIXED_IDS[kind]))
    body = inside.patient() if op == "reveal" else wire.Nothing()
    claimed = Person(wire.ActorWire(kind, new_id().bytes))
    told = "refused" if guarded or kind == "worker" else ""
    assert errors(inside, claimed, op, body, purpose="message") == told
    assert errors(inside, fixed, op, body, purpose="message") == (
        "refused" if kind == "worker" else ""
    )
    staff = Person(wire.ActorWire("staff", words.FIXED_IDS[kind], "", HERE))
    told = "unusable" if guarded else ""
    assert errors(inside, staff, "open_session", wire.OpenSession(1)) == told


@pytest.mark.parametrize("guarded", [True, False])
def test_the_same_id_of_another_kind_made_nothing(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: compared by id alone, an account named like a secretary takes files."""
    if not guarded:
        monkeypatch.setattr(
            rights.Reach, "creates_for", lambda self, row: row.creator == self._ask.actor.id
        )
    secretary = inside.staff()
    record = new_id().bytes
    value = wire.SealValue("family_name", "identity", "Quatrevaux")
    item = wire.SealItem(record, "patient", record, [value])
    inside.ask(secretary, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    thief = patient(inside, secretary.actor.id)
    told = errors(inside, thief, "link", wire.LinkAsk(thief.actor.id, record))
    assert told == ("refused" if guarded else "")


@pytest.mark.parametrize("guarded", [True, False])
def test_the_system_links_only_what_the_same_process_just_made(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: what an import made long ago is handed to any account."""
    if not guarded:
        monkeypatch.setattr(Made, "by", lambda *_: True)
    imported, planted = inside.patient(), inside.patient()
    account = new_id().bytes
    assert errors(inside, SYSTEM, "link", wire.LinkAsk(account, record_of(planted))) == ""
    inside.peer += 1
    told = errors(inside, SYSTEM, "link", wire.LinkAsk(account, record_of(imported)))
    assert told == ("refused" if guarded else "")
    inside.peer -= 1
    inside.later((words.LINK_SECONDS + 1) * 1_000_000)
    told = errors(inside, SYSTEM, "link", wire.LinkAsk(account, record_of(imported)))
    assert told == ("refused" if guarded else "")
    assert errors(inside, SYSTEM, "link", wire.LinkAsk(account, new_id().bytes)) == "refused"


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("kind", "told"), [("patient", "session"), ("staff", "session"), ("worker", "")]
)
def test_a_ticket_opens_in_nobody_elses_name(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, kind: str, told: str, guarded: bool
) -> None:
    """Negative control: unasked for a session, the record names whomever the thief invents."""
    secretary, file = inside.staff(), inside.patient()
    now = inside.house.now()
    ticket = wire.MintErrand(record_of(file), ["family_name"], "message", now, now + DAY_US)
    token = inside.ask(secretary, "errand", ticket, wire.Token32).token
    who = words.WORKER_ID if kind == "worker" else new_id().bytes
    other = Person(wire.ActorWire(kind, who, *(("secretary", HERE) if kind == "staff" else ())))
    if not guarded:
        monkeypatch.setattr(rights, "capability_of", lambda *_: True)
        told = ""
    assert errors(inside, other, "reveal", file, purpose="message", errand=token) == told
    assert errors(inside, secretary, "reveal", file, purpose="message", errand=token) == ""


@pytest.mark.parametrize("guarded", [True, False])
def test_staff_of_no_establishment_open_no_accounts(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Accounts lie under zeros. Negative control: signed in for zeros, staff open everybody's."""
    if not guarded:
        monkeypatch.setattr(tokens, "NOBODY", b"x" * 16)
        monkeypatch.setattr(rights, "NOBODY", b"x" * 16)
    inside.house.standing.budgets.limits = dict.fromkeys(Scope, ())
    account = inside.patient(NOBODY)
    staff = Person(wire.ActorWire("staff", new_id().bytes, "secretary", NOBODY))
    told = errors(inside, staff, "open_session", wire.OpenSession(1))
    assert told == ("unusable" if guarded else "")
    if not guarded:
        staff = inside.staff(establishment=NOBODY)
    told = errors(inside, staff, "reveal", account, purpose="care")
    assert told == ("session" if guarded else "")


def test_staff_find_nothing_among_accounts(inside: Inside) -> None:
    staff = inside.staff()
    find = wire.FindAsk("account", "a@exemple.fr")
    assert errors(inside, staff, "find", find, purpose="search", tenant=NOBODY) == "refused"


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("fields", "told"), [(["family_name"], ""), (["phone"], "refused")])
def test_a_name_ticket_opens_names(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, fields: list[str], told: str, guarded: bool
) -> None:
    """Negative control: a name being whatever is asked, ten years of telephones are signed for."""
    if not guarded:
        monkeypatch.setattr(rights, "STAFF_NAME_FIELDS", frozenset({"family_name", "phone"}))
        told = ""
    record = new_id().bytes
    item = wire.SealItem(record, "staff", record, [wire.SealValue("phone", "contact", "06")])
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    now = inside.house.now()
    ticket = wire.MintErrand(record, fields, "transparency", now, now + DAY_US)
    assert errors(inside, SYSTEM, "errand", ticket) == told


@pytest.mark.parametrize("guarded", [True, False])
def test_one_person_has_so_many_sessions(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: without the ceiling they are minted without end."""
    monkeypatch.setattr(tokens, "SESSIONS_AN_ACTOR_MAX", 3 if guarded else 1_000)
    first = patient(inside)
    sessions = [patient(inside, first.actor.id) for _ in range(3)]
    assert inside.house.store.count("capability") == (3 if guarded else 4)
    ask = wire.IdAsk(first.actor.id)
    told = errors(inside, first, "files_of", ask, purpose="self")
    assert told == ("session" if guarded else "")
    assert errors(inside, sessions[0], "files_of", ask, purpose="self") == ""
    inside.later(2 * 3_600_000_000)
    inside.house.sweep()
    assert inside.house.store.count("capability") == 0
    assert inside.house.store.count("session_of") == 0


def test_many_changes_of_a_shelf_find_the_same_as_single_ones() -> None:
    """Taken off and put on together or one by one, two fields with one token included."""
    shelf = (HERE, "patient")
    for ahead in (0, 3_000):  # the few of a small shelf go together, of a large one by one
        index = SearchIndex()
        for number in range(ahead):
            index.put(number.to_bytes(16, "big"), "n", shelf, {f"nzz{number:05}"})
        one = b"o" * 16
        index.put_many([(one, "a", shelf, {"nanna"}), (one, "b", shelf, {"nanna", "nberta"})])
        assert index.find(HERE, "patient", "anna").records == [one]
        index.put_many([(one, "b", shelf, {"nclara"}), (one, "b", shelf, {"ndora"})])
        assert [index.find(HERE, "patient", name).records for name in ("berta", "clara")] == [
            [],
            [],
        ]
        assert index.find(HERE, "patient", "anna dora").records == [one]
        index.drop(one)
        assert index.find(HERE, "patient", "anna").records == []


@pytest.mark.parametrize("guarded", [True, False])
def test_silent_lines_make_room(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: where none is hung up, idle lines make the keeper deaf to all others."""
    monkeypatch.setattr(doors, "CONNECTIONS_A_PROCESS", 3)
    if not guarded:
        monkeypatch.setattr(doors.Door, "_hang_up_one", lambda *_: False)
    hello = wire.frame(wire.Request(new_id().bytes, "hello", SYSTEM.actor))

    async def knock() -> bytes:
        here = Place(Entrance.OPERATOR, tmp_path / "k.sock", frozenset({os.getuid()}))
        door = doors.Door(inside.house, [here])
        await door.listen()
        idle = [await asyncio.open_unix_connection(tmp_path / "k.sock") for _ in range(3)]
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "k.sock")
        try:
            writer.write(hello)
            return await reader.read(wire.HEAD_BYTES)
        except ConnectionError:
            return b""
        finally:
            for _reader, other in [*idle, (reader, writer)]:
                other.close()
            await door.close()

    assert bool(apart(knock())) == guarded
