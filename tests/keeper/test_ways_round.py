"""Ways round the budgets that whoever holds the pages' process tries, and round a deletion."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from serment.ids import new_id
from serment.keeper import listing, reading, rights, server, tokens, wire, words, writing
from serment.keeper.house import NOBODY
from serment.keeper.policy import admitting, asks, deciding
from serment.keeper.policy.budgets import HOUR_US, SLOWED_PER_SECOND, Limit, Scope
from tests.keeper.inside import (
    HERE,
    OPERATOR,
    SYSTEM,
    THERE,
    Inside,
    Person,
    Refused,
    record_of,
    word,
)
from tests.keeper.waited import Waited

WORKER = Person(wire.ActorWire("worker", words.WORKER_ID))
LIMITS = {
    Scope.ACTOR: (Limit(2, HOUR_US),),
    Scope.PROCESS: (Limit(6, HOUR_US),),
    Scope.ESTABLISHMENT: (Limit(20, HOUR_US),),
    Scope.SIGN_IN: (Limit(2, HOUR_US),),
}


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper", limits=LIMITS)
    yield keeper
    keeper.crash()


def patient(inside: Inside, account: bytes | None = None) -> Person:
    """Somebody said to be signed in to this account."""
    who = Person(wire.ActorWire("patient", account or new_id().bytes), session=new_id().hex)
    who.capability = inside.ask(who, "open_session", wire.OpenSession(1), wire.Token32).token
    return who


def alarms(inside: Inside) -> list[str]:
    answer = inside.ask(OPERATOR, "alarms", asks.AlarmsAsk(), wire.Disclosures, purpose="incident")
    return [name for row in answer.rows for item in row.items for name in item.fields]


async def _everybody(*_asked: Any) -> tuple[frozenset[bytes], list[Any]]:
    return frozenset(), []


async def _nobody_counts(*_asked: Any) -> admitting.Admitted:
    return admitting.Admitted()


async def _waits_first(*asked: Any) -> admitting.Admitted:
    """As once was: the turn comes before anything is stored."""
    admitted = await admitting.admit_first(*asked)
    await admitted.turn()
    return admitting.Admitted(admitted.counted, admitted.alarms)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_slowed_booking_is_slow_and_not_refused(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """A desk books by telephone while somebody empties the house: sealing and ticket in one batch.

    Negative control: waiting before anything is stored, the ticket comes first and finds nothing.
    """
    if not guarded:
        monkeypatch.setattr(writing, "admit_first", _waits_first)
    for _ in range(3):
        inside.reveal(inside.staff(), inside.patient(), inside.patient())
    secretary, now, record = inside.staff(), inside.house.now(), new_id().bytes
    subject = record_of(inside.patient())
    visit = wire.SealItem(record, "appointment", subject, [], related_until=now + words.DAY)
    ticket = wire.MintErrand(record, ["patient.email"], "message", now, now + words.DAY)
    parts = [
        wire.Part("seal", "booking", HERE, wire.raw(wire.SealAsk([visit]))),
        wire.Part("errand", body=wire.raw(ticket)),
    ]
    started = time.monotonic()
    told = word(inside, secretary, "batch", wire.BatchAsk(parts), tenant=HERE)
    assert told == ("" if guarded else "refused")
    assert time.monotonic() - started >= 1 / SLOWED_PER_SECOND
    assert alarms(inside) == ["budget.process.hour"]


@pytest.mark.parametrize("guarded", [True, False])
def test_signing_tickets_for_strangers_is_no_way_round(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: uncounted, one session signs for everybody and opens them by ticket."""
    if not guarded:
        monkeypatch.setattr(tokens, "admit_first", _nobody_counts)
    secretary, now = inside.staff(), inside.house.now()
    told = []
    for file in [inside.patient() for _ in range(3)]:
        ticket = wire.MintErrand(record_of(file), ["family_name"], "message", now, now + words.DAY)
        told.append(word(inside, secretary, "errand", ticket))
    assert told == ["", "", "budget" if guarded else ""]


def test_a_ticket_for_who_is_cared_for_counts_nowhere(inside: Inside) -> None:
    secretary, now = inside.staff(), inside.house.now()
    for file in [inside.patient() for _ in range(4)]:
        related = asks.RelateAsk(record_of(file), now, now + words.DAY)
        inside.ask(SYSTEM, "relate", related, wire.Token32)
        ticket = wire.MintErrand(record_of(file), ["family_name"], "message", now, now + words.DAY)
        assert word(inside, secretary, "errand", ticket) == ""


@pytest.mark.parametrize("guarded", [True, False])
def test_handing_strangers_to_an_account_is_no_way_round(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: uncounted, staff link everybody to an account, which opens its own."""
    if not guarded:
        monkeypatch.setattr(listing, "admit", _everybody)
    secretary, thief = inside.staff(), patient(inside)
    told = []
    for file in [inside.patient() for _ in range(3)]:
        asked = wire.LinkAsk(thief.actor.id, record_of(file))
        told.append(word(inside, secretary, "link", asked))
        if not told[-1]:
            inside.reveal(thief, file, purpose="self")
    assert told == ["", "", "budget" if guarded else ""]


@pytest.mark.parametrize("op", ["files_behind", "records_of"])
@pytest.mark.parametrize("guarded", [True, False])
def test_joining_strangers_with_their_records_counts(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, op: str, guarded: bool
) -> None:
    """Negative control: uncounted, who has the database learns which visits are one person's."""
    if not guarded:
        monkeypatch.setattr(listing, "admit", _everybody)
        monkeypatch.setattr(reading, "admit", _everybody)
    secretary = inside.staff()
    told = []
    for file in [inside.patient() for _ in range(3)]:
        record = record_of(file)
        body = wire.IdsAsk([record]) if op == "files_behind" else wire.IdAsk(record, "patient")
        told.append(word(inside, secretary, op, body, purpose="reception"))
    assert told == ["", "", "budget" if guarded else ""]


@pytest.mark.parametrize("guarded", [True, False])
def test_a_grant_that_is_none_does_not_make_a_search_free(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: carried along, it takes what is found off one's own budget."""
    if not guarded:
        monkeypatch.setattr(server, "TAKE_GRANTS", frozenset(server.ACTS))
    for number in range(3):
        record, value = new_id().bytes, f"Quatrevaux{number}"
        values = [wire.SealValue("family_name", "identity", value, "name")]
        sealed = wire.SealAsk([wire.SealItem(record, "patient", record, values)])
        inside.ask(SYSTEM, "seal", sealed, wire.SealAnswer, tenant=HERE)
    secretary = inside.staff()
    told = [
        word(
            inside, secretary, "find", wire.FindAsk("patient", f"quatrevaux{number}"),
            purpose="search", tenant=HERE, grant=b"x",
        )
        for number in range(3)
    ]  # fmt: skip
    assert told == (["unusable"] * 3 if guarded else ["", "", ""])


def account(inside: Inside) -> wire.RevealAsk:
    """Somebody's account with a sealed value."""
    return inside.patient(NOBODY)


@pytest.mark.parametrize("guarded", [True, False])
def test_claiming_to_be_one_patient_after_the_other_is_slowed_and_told(
    inside: Inside, waited: Waited, guarded: bool
) -> None:
    """Negative control: unlimited, the pages' process opens every account as its own person."""
    if not guarded:
        inside.house.standing.budgets.limits = {}
    accounts = [record_of(account(inside)) for _ in range(4)]
    for one in accounts[:2]:
        patient(inside, one)
    before = waited.seconds
    patient(inside, accounts[2])
    patient(inside, accounts[0])  # whoever was counted signs in as often as they like
    slow = waited.seconds - before >= 1 / SLOWED_PER_SECOND
    assert (slow, alarms(inside)) == (guarded, ["budget.sign_in.hour"] if guarded else [])
    if guarded:
        inside.crash()
        inside.open()  # a restart gives no new budget
        before = waited.seconds
        patient(inside, accounts[3])
        assert waited.seconds - before >= 1 / SLOWED_PER_SECOND


def test_signing_up_is_never_slowed(inside: Inside, waited: Waited) -> None:
    """A new account has nothing to open; so nobody stops sign-ins by signing up."""
    for _ in range(8):
        patient(inside)
    assert waited.seconds == 0
    assert alarms(inside) == []


@pytest.mark.parametrize("guarded", [True, False])
def test_sign_ins_refused_in_nobodys_name_freeze_nobody(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: counted under an empty name, all who have none are frozen."""
    standing, ask = inside.house.standing, _request(session="" if guarded else "s-1")
    assert [standing.refused(ask, inside.house.now()) for _ in range(20)][-1] == (not guarded)


def _request(**more: Any) -> wire.Request:
    who = wire.ActorWire("staff", new_id().bytes, "secretary", HERE)
    return wire.Request(id=new_id().bytes, op="reveal", actor=who, **more)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_grant_that_invented_officers_approved_is_slowed_and_told(
    inside: Inside, waited: Waited, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: taken for known, two claimed officers open a whole establishment."""
    if not guarded:
        monkeypatch.setattr(reading, "knew_approvers", lambda *_: True)
    files = [inside.patient() for _ in range(7)]
    token = granted(inside, files)
    clerk = inside.staff()
    inside.reveal(clerk, *files[:6], grant=token, purpose="export")  # past the actor's two
    before = waited.seconds
    inside.reveal(clerk, files[6], grant=token, purpose="export")
    slow = waited.seconds - before >= 1 / SLOWED_PER_SECOND
    assert (slow, alarms(inside)) == (guarded, ["budget.process.hour"] if guarded else [])
    inside.crash()
    inside.open()
    inside.reveal(clerk, inside.patient())  # what was granted is on nobody's own budget


def granted(inside: Inside, files: list[wire.RevealAsk]) -> bytes:
    """The token of a grant that two officers approved, as the pages say."""
    officers = inside.staff("manager"), inside.staff("privacy_officer")
    until = inside.house.now() + words.DAY
    terms = asks.ProposeAsk("bulk", "export", ["patient.family_name"], until)
    token = inside.ask(officers[0], "grant_propose", terms, wire.Token32).token
    added = asks.AddAsk(token, [record_of(file) for file in files])
    inside.ask(officers[0], "grant_add", added, wire.Nothing)
    digest = inside.ask(officers[0], "grant_close", asks.GrantAsk(token), wire.Token32).token
    for officer in officers:
        inside.ask(officer, "grant_approve", asks.DigestAsk(digest), asks.GrantRow)
    return token


@pytest.mark.parametrize("guarded", [True, False])
def test_serment_itself_signs_no_ticket_beside_a_relation(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: unasked whether it may sign, who claims to be it opens any file."""
    if not guarded:
        monkeypatch.setattr(deciding, "_must_sign", lambda *_: None)
    file, now = inside.patient(), inside.house.now()
    related = asks.RelateAsk(record_of(file), now, now + words.DAY, ["family_name"])
    assert word(inside, SYSTEM, "relate", related) == ("refused" if guarded else "")
    secretary = inside.staff()
    ticket = inside.ask(secretary, "relate", related, wire.Token32).token
    inside.reveal(WORKER, file, errand=ticket, purpose="continuity")
    long = asks.RelateAsk(record_of(file), now, now + 300 * words.DAY, ["family_name"])
    assert word(inside, secretary, "relate", long) == ("unusable" if guarded else "")


@pytest.mark.parametrize("thief", ["patient", "staff"])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_forgotten_record_is_nobodys_to_take(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, thief: str, guarded: bool
) -> None:
    """Negative control: taken for a new number, its keys open what lies in an older backup."""
    if not guarded:
        monkeypatch.setattr(rights.Reach, "_is_free", lambda *_: True)
    file = inside.patient()
    record = record_of(file)
    inside.ask(SYSTEM, "delete", wire.IdAsk(record), wire.Nothing)
    who = patient(inside) if thief == "patient" else inside.staff(establishment=THERE)
    tenant = HERE if thief == "patient" else THERE
    told = "refused" if guarded else ""
    taken = wire.SealAsk([wire.SealItem(record, "patient", record, [])])
    assert word(inside, who, "seal", taken, tenant=tenant) == told
    if thief == "patient":
        asked = wire.LinkAsk(who.actor.id, record)
        assert word(inside, who, "link", asked) == told
        fresh = wire.LinkAsk(who.actor.id, new_id().bytes)
        assert word(inside, who, "link", fresh) == ""
    assert word(inside, who, "reveal", file, purpose="self") == told


@pytest.mark.parametrize("op", ["find", "files_behind", "records_of"])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_frozen_file_is_not_found_either(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, op: str, guarded: bool
) -> None:
    """Negative control: unasked, whoever searches learns that there is such a person."""
    if not guarded:
        monkeypatch.setattr(type(inside.house.standing), "subject_frozen", lambda *_: False)
    manager, record = inside.staff("manager"), new_id().bytes
    value = wire.SealValue("family_name", "identity", "Quatrevaux", "name")
    sealed = wire.SealAsk([wire.SealItem(record, "patient", record, [value])])
    inside.ask(SYSTEM, "seal", sealed, wire.SealAnswer, tenant=HERE)
    frozen = asks.FreezeAsk("subject", str(UUID(bytes=record)), "essai")
    inside.ask(manager, "freeze", frozen, wire.Nothing)
    body = {
        "find": wire.FindAsk("patient", "quatrevaux"),
        "files_behind": wire.IdsAsk([record]),
        "records_of": wire.IdAsk(record, "patient"),
    }[op]
    try:
        found = inside.ask(
            inside.staff(), op, body, wire.Found, purpose="reception", tenant=HERE
        ).ids
    except Refused:
        found = []
    assert found == ([] if guarded else [record])


def freeze(inside: Inside, who: Person, what: str, value: str, until: int | None = None) -> str:
    return word(inside, who, "freeze", asks.FreezeAsk(what, value, "essai", until))


@pytest.mark.parametrize("what", ["session", "actor", "exports", "subject"])
@pytest.mark.parametrize("guarded", [True, False])
def test_nobody_freezes_over_anothers_freeze(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, what: str, guarded: bool
) -> None:
    """Negative control: with one place for all, a freeze that is over takes that of others away."""
    if not guarded:
        one_place = lambda standing, what, value, _by: standing.tag(what, value)  # noqa: E731
        monkeypatch.setattr(type(inside.house.standing), "frozen_tag", one_place)
    thief, file = inside.staff(), inside.patient()
    token = granted(inside, [file])
    value = {
        "session": thief.session,
        "actor": str(UUID(bytes=thief.actor.id)),
        "exports": str(UUID(bytes=HERE)),
        "subject": str(UUID(bytes=record_of(file))),
    }[what]
    more = {"grant": token, "purpose": "export"} if what == "exports" else {}
    inside.reveal(thief, file, **more)
    assert freeze(inside, OPERATOR, what, value) == ""
    others = [inside.staff("manager"), inside.staff("manager", THERE)]
    for officer in others:
        freeze(inside, officer, what, value, until=1)
        word(inside, officer, "unfreeze", asks.UnfreezeAsk(what, value, "fini"))
    told = ""
    try:
        inside.reveal(thief, file, **more)
    except Refused as refused:
        told = str(refused)
    assert told in ({"frozen", "refused"} if guarded else {""})
    stranger = freeze(inside, others[1], "exports", str(UUID(bytes=HERE)))
    assert stranger == "refused"
    if guarded:
        unfrozen = asks.UnfreezeAsk(what, value, "fini")
        assert word(inside, OPERATOR, "unfreeze", unfrozen) == ""
        inside.reveal(thief, file, **more)
