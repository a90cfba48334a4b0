"""Serment itself changes and forgets nothing that a person has used since it was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.ids import new_id
from serment.keeper import rights, wire, words
from serment.keeper.policy import asks
from serment.keeper.policy.budgets import Scope
from tests.keeper.inside import HERE, SYSTEM, Inside, Person, record_of, word

WORKER = Person(wire.ActorWire("worker", words.WORKER_ID))


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper", limits=dict.fromkeys(Scope, ()))
    yield opened
    opened.crash()


def sealing(record: bytes, kind: str, subject: bytes | None = None) -> wire.SealAsk:
    value = wire.SealValue("family_name", "identity", "Quatrevaux", "name")
    return wire.SealAsk([wire.SealItem(record, kind, subject or record, [value])])


def opening(record: bytes, kind: str) -> wire.RevealAsk:
    """What is asked to open it; of which version does not matter to the record."""
    field = wire.RevealField("family_name", "identity", bytes(16))
    return wire.RevealAsk([wire.RevealItem(record, kind, [field])])


def signed_up(inside: Inside) -> Person:
    """An account as the pages' sign-up makes it, acting for itself."""
    who = Person(wire.ActorWire("patient", new_id().bytes))
    who.capability = inside.ask(who, "open_session", wire.OpenSession(1), wire.Token32).token
    assert word(inside, who, "seal", sealing(who.actor.id, "account"), purpose="self") == ""
    return who


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("what", ["seal", "delete"])
def test_a_file_that_somebody_opened_is_not_serments_any_more(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, what: str, guarded: bool
) -> None:
    """Negative control: made by an import once, it could be overwritten or forgotten for ever, by
    any process that says it is Serment. Nobody having seen it but in a search, an import goes on.
    """
    if not guarded:
        monkeypatch.setattr(rights, "is_untouched", lambda *_: True)
    secretary, seen, opened = inside.staff(), new_id().bytes, new_id().bytes
    for record in (seen, opened):
        assert word(inside, SYSTEM, "seal", sealing(record, "patient"), tenant=HERE) == ""
    find = wire.FindAsk("patient", "quatrevaux")
    assert word(inside, secretary, "find", find, purpose="search", tenant=HERE) == ""
    ask = opening(opened, "patient")
    assert word(inside, secretary, "reveal", ask, purpose="care") == ""

    def changed(record: bytes) -> str:
        if what == "delete":
            return word(inside, SYSTEM, "delete", wire.IdAsk(record, "patient"), purpose="import")
        return word(inside, SYSTEM, "seal", sealing(record, "patient"), tenant=HERE)

    assert changed(seen) == ""
    assert changed(opened) == ("refused" if guarded else "")


def test_what_serment_says_later_washes_no_use_off(inside: Inside) -> None:
    """A relation or a further record, made as Serment, hides nobody's use before it."""
    secretary, file = inside.staff(), inside.patient()
    record = record_of(file)
    inside.reveal(secretary, file)
    now = inside.house.now()
    related = asks.RelateAsk(record, now, now + words.DAY)
    assert word(inside, SYSTEM, "relate", related) == ""
    add = sealing(new_id().bytes, "appointment", record)
    assert word(inside, SYSTEM, "seal", add, tenant=HERE) == ""  # a new record, as ever
    assert word(inside, SYSTEM, "seal", sealing(record, "patient"), tenant=HERE) == "refused"


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("what", ["signed in", "file", "made by staff"])
def test_only_a_sign_up_that_nobody_confirmed_is_forgotten(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, what: str, guarded: bool
) -> None:
    """Negative control: as it was, every account of every person could be forgotten."""
    if not guarded:
        monkeypatch.setattr(rights, "is_unconfirmed", lambda *_: True)
    waiting, other = signed_up(inside), signed_up(inside)
    account = other.actor.id
    for who in (waiting, other):  # the message with the code
        ask = opening(who.actor.id, "account")
        assert word(inside, who, "reveal", ask, purpose="sign_in") == ""
    if what == "signed in":
        ask = opening(account, "account")
        assert word(inside, other, "reveal", ask, purpose="self") == ""
    elif what == "file":
        own = inside.patient()
        link = wire.LinkAsk(account, record_of(own))
        assert word(inside, SYSTEM, "link", link) == ""
    else:
        account = new_id().bytes
        manager = inside.staff("manager")
        made = sealing(account, "account")
        assert word(inside, manager, "seal", made, purpose="administration", tenant=HERE) == ""
    forget = [wire.IdAsk(one, "account") for one in (waiting.actor.id, account)]
    told = [word(inside, SYSTEM, "delete", one, purpose="sign_in") for one in forget]
    assert told == ["", "refused" if guarded else ""]


def test_a_message_of_sign_in_is_sealed_opened_and_forgotten_again(inside: Inside) -> None:
    """Made by Serment for an account in use, opened by the worker with the account's ticket."""
    who = signed_up(inside)
    ask = opening(who.actor.id, "account")
    assert word(inside, who, "reveal", ask, purpose="self") == ""
    envelope, now = new_id().bytes, inside.house.now()
    made = sealing(envelope, "envelope", who.actor.id)
    assert word(inside, SYSTEM, "seal", made, purpose="sign_in") == ""
    errand = wire.MintErrand(envelope, ["family_name"], "sign_in", now, now + words.DAY)
    ticket = inside.ask(who, "errand", errand, wire.Token32).token
    ask = opening(envelope, "envelope")
    assert word(inside, WORKER, "reveal", ask, purpose="sign_in", errand=ticket) == ""
    gone = wire.IdAsk(envelope, "envelope")
    assert word(inside, SYSTEM, "delete", gone, purpose="sign_in") == ""


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("process", ["web-7", "worker-7"])
def test_the_pages_forget_no_import_that_nobody_has_seen_yet(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, process: str, guarded: bool
) -> None:
    """Negative control: whoever holds the pages has a practice's import of last night forgotten
    file by file, in Serment's name, before anybody opened one."""
    if not guarded:
        monkeypatch.setattr(rights, "_PROGRAMS", frozenset())
    ask = wire.IdAsk(record_of(inside.patient()), "patient")
    told = word(inside, SYSTEM, "delete", ask, purpose="sign_in", process=process)
    assert told == ("refused" if guarded else "")
    if guarded:
        assert word(inside, SYSTEM, "delete", ask, purpose="import", process="operator-7") == ""
