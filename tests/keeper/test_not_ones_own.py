"""Who acts for somebody stays somebody else: neither a mandate nor a join makes it one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import joining, listing, rights, wire
from serment.keeper.acting import acts, asks
from serment.keeper.policy import admitting
from serment.keeper.policy.budgets import HOUR_US, Limit, Scope
from serment.keeper.words import DAY
from tests.keeper.inside import HERE, Inside, Person, record_of, word
from tests.keeper.test_policy import alarms, freeze, uuid_text

ALL = ["appointments", "opened"]
GUARDED = pytest.mark.parametrize("guarded", [True, False])


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper")
    yield keeper
    keeper.crash()


def patient(inside: Inside) -> Person:
    who = Person(wire.ActorWire("patient", new_id().bytes), session=new_id().hex)
    who.capability = inside.ask(who, "open_session", wire.OpenSession(12), wire.Token32).token
    return who


def seal(
    inside: Inside, who: Person, kind: str, subject: bytes, tenant: bytes | None = HERE,
    record: bytes = b"", family: str = "Lemoine",
) -> wire.RevealAsk:  # fmt: skip
    """A record of this subject, sealed by somebody; what to ask to open it."""
    record = record or (new_id().bytes if kind == "appointment" else subject)
    name, search = ("details", "") if kind == "appointment" else ("family_name", "name")
    value = wire.SealValue(name, "identity", family, search)
    asked = wire.SealAsk([wire.SealItem(record, kind, subject, [value])])
    [[made]] = inside.ask(who, "seal", asked, wire.SealAnswer, tenant=tenant, purpose="self").sealed
    assert made is not None
    field = wire.RevealField(value.field, "identity", made[1:17])
    return wire.RevealAsk([wire.RevealItem(record, kind, [field])])


@dataclass
class Child:
    """Made up by a parent, who made its file and two visits; the desk keeps one of them."""

    parent: Person
    person: bytes
    relation: bytes
    file: bytes
    secret: wire.RevealAsk
    open_: wire.RevealAsk


def child_of(inside: Inside, parent: Person, until: int = 0) -> Child:
    person, relation, file = (new_id().bytes for _ in range(3))
    seal(inside, parent, "dependant", person, None)
    inside.ask(
        parent, "act_for", asks.ActForAsk(person, "parent", ALL, relation, until), wire.Token32
    )
    seal(inside, parent, "patient", file)
    inside.ask(parent, "link", wire.LinkAsk(person, file), wire.Nothing)
    secret, open_ = (seal(inside, parent, "appointment", file) for _ in range(2))
    kept = asks.KeepAsk(record_of(secret))
    inside.ask(inside.staff(), "keep", kept, wire.Nothing, purpose="reception")
    return Child(parent, person, relation, file, secret, open_)


def reads(inside: Inside, who: Person, what: wire.RevealAsk, **more: Any) -> bool:
    return not word(inside, who, "reveal", what, **({"purpose": "self"} | more))


@GUARDED
def test_who_made_the_childs_file_does_not_make_it_their_own(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: as it was, one's own by having made it, kept visits and the end of the
    mandate counted for nothing; before the file is there too."""
    if not guarded:
        monkeypatch.setattr(rights.Reach, "_is_nobody_elses", lambda *_: True)
    parent = patient(inside)
    child = child_of(inside, parent, inside.house.now() + HOUR_US)
    told = word(inside, parent, "link", wire.LinkAsk(parent.actor.id, child.file))
    assert told == ("refused" if guarded else "")
    assert reads(inside, parent, child.secret) is not guarded
    later = new_id().bytes
    mine, theirs = (wire.LinkAsk(one, later) for one in (parent.actor.id, child.person))
    assert word(inside, parent, "link", mine) == ""
    assert word(inside, parent, "link", theirs) == ("refused" if guarded else "")
    inside.later(2 * HOUR_US)
    assert reads(inside, parent, child.open_) is not guarded


@GUARDED
def test_an_end_a_scope_and_a_bar_are_not_taken_back_by_who_made_the_person_up(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: asked once more, a mandate of eighteen years has no end."""
    if not guarded:
        monkeypatch.setattr(acts, "_is_made_up", lambda *_: True)
    parent = patient(inside)
    child = child_of(inside, parent, inside.house.now() + HOUR_US)
    again = asks.ActForAsk(child.person, "parent", ALL, new_id().bytes)
    assert word(inside, parent, "act_for", again) == ("refused" if guarded else "")
    inside.later(2 * HOUR_US)
    assert reads(inside, parent, child.open_) is not guarded


@GUARDED
def test_a_ticket_outlasts_no_mandate_and_hands_no_file_on(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: signed for by who acts, what a visit says opens a month after the end."""
    if not guarded:
        monkeypatch.setattr(rights.Reach, "_signs_plainly", lambda *_: True)
    parent, other = patient(inside), patient(inside)
    child, now = child_of(inside, parent), inside.house.now()
    wanted = wire.MintErrand(record_of(child.open_), ["details"], "self", now, now + 20 * DAY)
    ticket = wire.Token32(b"none")
    if word(inside, parent, "errand", wanted) == "":
        ticket = inside.ask(parent, "errand", wanted, wire.Token32)
    ended = asks.EndActingAsk(child.person, child.relation)
    inside.ask(parent, "act_end", ended, wire.Nothing)
    assert not reads(inside, parent, child.open_)
    assert reads(inside, parent, child.open_, errand=ticket.token) is not guarded
    mine = seal(inside, other, "patient", new_id().bytes)
    inside.ask(other, "link", wire.LinkAsk(other.actor.id, record_of(mine)), wire.Nothing)
    hands = wire.MintErrand(record_of(mine), ["link"], "administration", now, now + DAY)
    assert word(inside, other, "errand", hands) == ("refused" if guarded else "")
    letter = wire.MintErrand(record_of(mine), ["patient.email"], "message", now, now + DAY)
    assert word(inside, other, "errand", letter) == ""


@GUARDED
def test_a_record_stays_what_it_is(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: sealed as a visit, a file's name is found no more at its desk."""
    if not guarded:
        monkeypatch.setattr(rights, "_is_still", lambda *_: True)
    parent, desk = patient(inside), inside.staff()
    child = child_of(inside, parent)
    value = wire.SealValue("family_name", "identity", "Personne", "name")
    asked = wire.SealAsk([wire.SealItem(child.file, "appointment", child.file, [value])])
    told = word(inside, parent, "seal", asked, tenant=HERE, purpose="self")
    assert told == ("refused" if guarded else "")
    found = wire.FindAsk("patient", "lemoine")
    ids = inside.ask(desk, "find", found, wire.Found, purpose="search", tenant=HERE).ids
    assert (child.file in ids) is guarded


def two_files(inside: Inside) -> tuple[Person, bytes, wire.RevealAsk]:
    """Somebody with a file of their own, and another's file with a visit."""
    owner = patient(inside)
    mine = record_of(seal(inside, owner, "patient", new_id().bytes))
    inside.ask(owner, "link", wire.LinkAsk(owner.actor.id, mine), wire.Nothing)
    other = record_of(inside.patient())
    return owner, mine, seal(inside, inside.staff(), "appointment", other)


def join(inside: Inside, gone: bytes, kept: bytes, act: str = "join") -> str:
    inside.later(1_000_000)
    doctor, asked = inside.staff("practitioner"), joining.JoinAsk(gone, kept, act)
    return word(inside, doctor, "join", asked, purpose="identity")


def vouched(inside: Inside, who: Person) -> None:
    """As if a code of the desk had been entered since: own files reach what is joined to them."""
    inside.later(1_000_000)
    store = inside.house.store
    with store.transaction():
        for link in store.links(account=who.actor.id):
            if link.relation == "self":
                store.put_link(msgspec.structs.replace(link, proved=inside.house.now()))


@GUARDED
def test_a_file_joined_by_mistake_is_not_handed_on_before_it_is_parted(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: linked while it was joined, it stays open to the wrong person for good."""
    if not guarded:
        monkeypatch.setattr(rights.Reach, "_signs_plainly", lambda *_: True)
    owner, mine, visit = two_files(inside)
    other = inside.house.store.record(record_of(visit)).subject  # type: ignore[union-attr]
    assert join(inside, other, mine) == ""
    assert not reads(inside, owner, visit)
    vouched(inside, owner)
    assert reads(inside, owner, visit)
    now = inside.house.now()
    wanted = wire.MintErrand(other, ["link"], "administration", now, now + DAY)
    told = word(inside, owner, "errand", wanted)
    assert told == ("refused" if guarded else "")
    if not told:
        ticket = inside.ask(owner, "errand", wanted, wire.Token32).token
        inside.ask(owner, "link", wire.LinkAsk(owner.actor.id, other), wire.Nothing, errand=ticket,
                   purpose="administration")  # fmt: skip
    assert join(inside, other, mine, "part") == ""
    assert reads(inside, owner, visit) is not guarded


@GUARDED
def test_two_accounts_never_read_each_other_whatever_came_first(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: joined first and linked then, what a join refuses is done all the same."""
    if not guarded:
        monkeypatch.setattr(listing, "_must_be_its_owners", lambda *_: None)
    owner, mine, visit = two_files(inside)
    other = inside.house.store.record(record_of(visit)).subject  # type: ignore[union-attr]
    secret, second = seal(inside, owner, "appointment", mine), patient(inside)
    assert join(inside, other, mine) == ""
    told = word(inside, inside.staff(), "link", wire.LinkAsk(second.actor.id, other))
    assert told == ("refused" if guarded else "")
    vouched(inside, second)
    assert reads(inside, second, secret) is not guarded
    as_parent = wire.LinkAsk(second.actor.id, record_of(inside.patient()), "parent")
    told = word(inside, inside.staff(), "link", as_parent)  # no scope, no end, on no list
    assert told == ("refused" if guarded else "")


@GUARDED
def test_a_parents_file_is_never_one_with_the_childs(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: joined, what the child keeps is among the parent's own."""
    if not guarded:
        monkeypatch.setattr(joining, "_acting", lambda *_: set())
    parent, mine, visit = two_files(inside)
    child = inside.house.store.record(record_of(visit)).subject  # type: ignore[union-attr]
    desk = inside.staff()
    offer = asks.ActForAsk(child, "parent", ALL, new_id().bytes, 0, inside.house.now() + DAY)
    token = inside.ask(desk, "act_for", offer, wire.Token32)
    inside.ask(parent, "act_accept", token, asks.ActingRows)
    inside.ask(desk, "keep", asks.KeepAsk(record_of(visit)), wire.Nothing)
    assert not reads(inside, parent, visit)
    assert join(inside, child, mine) == ("unusable" if guarded else "")
    vouched(inside, parent)
    assert reads(inside, parent, visit) is not guarded


@GUARDED
def test_a_frozen_file_is_not_parted_to_open_the_other(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: an officer froze the person; parted, half of them is open again."""
    if not guarded:
        monkeypatch.setattr(joining, "_must_be_open", lambda *_: None)
    officer, desk = inside.staff("privacy_officer"), inside.staff()
    kept, gone = inside.patient(), inside.patient()
    assert join(inside, record_of(gone), record_of(kept)) == ""
    freeze(inside, officer, "subject", uuid_text(record_of(kept)))
    assert not reads(inside, desk, gone, purpose="reception")
    told = join(inside, record_of(gone), record_of(kept), "part")
    assert told == ("refused" if guarded else "")
    assert reads(inside, desk, gone, purpose="reception") is not guarded


@GUARDED
def test_the_alarm_of_a_budget_passed_by_an_invitation_stands(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: dropped, the one alarm of the hour is the one nobody hears."""
    inside.house.standing.budgets.limits = {Scope.PROCESS: (Limit(1, HOUR_US),)}
    if not guarded:
        real = admitting.admit

        async def silent(*asked: Any) -> tuple[frozenset[bytes], list[Any]]:
            return (await real(*asked))[0], []

        monkeypatch.setattr(acts, "admit", silent)
    desk = inside.staff()
    for file in [inside.patient() for _ in range(2)]:
        until = inside.house.now() + DAY
        offer = asks.ActForAsk(record_of(file), "parent", ALL, new_id().bytes, 0, until)
        inside.ask(desk, "act_for", offer, wire.Token32)
    assert alarms(inside).count("budget.process.hour") == guarded
