"""The statement behind a leaf: for whom it concerns, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import receipts as under_test
from serment.keeper import wire
from serment.keeper.index import ActorPart, PatientPart
from serment.ledger.statement import Statement
from tests.keeper.inside import SYSTEM, THERE, Inside, Person, Refused, record_of


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "k")
    yield keeper
    keeper.crash()


def account(inside: Inside, *files: wire.RevealAsk) -> Person:
    """Somebody who acts for these files."""
    name = new_id().bytes
    value = wire.SealValue("email", "contact", "p@example.fr")
    inside.ask(
        SYSTEM, "seal", wire.SealAsk([wire.SealItem(name, "account", name, [value])]),
        wire.SealAnswer,
    )  # fmt: skip
    for file in files:
        inside.ask(SYSTEM, "link", wire.LinkAsk(name, record_of(file)), wire.Nothing)
    who = Person(wire.ActorWire("patient", name), session="p-1")
    who.capability = inside.ask(who, "open_session", wire.OpenSession(12), wire.Token32).token
    return who


def receipt(inside: Inside, who: Person, seq: int, purpose: str = "transparency") -> Statement:
    answer = inside.ask(
        who, "receipt", wire.ReceiptAsk(seq), wire.ReceiptAnswer, purpose=purpose
    )  # fmt: skip
    assert answer.seq == seq
    return Statement.parse(answer.statement)


def opened(inside: Inside, file: wire.RevealAsk) -> tuple[Person, int]:
    """A secretary opens the file; the leaf's number."""
    secretary = inside.staff()
    before = inside.house.segment.size
    inside.reveal(secretary, file)
    assert inside.house.segment.size == before + 1
    return secretary, before


def test_the_patient_gets_both_parts_and_they_lead_to_the_leaf(inside: Inside) -> None:
    file = inside.patient()
    secretary, seq = opened(inside, file)
    told = receipt(inside, account(inside, file), seq)
    frame = inside.house.segment.frame(seq)
    assert frame is not None
    assert told.entry() == frame.leaf
    assert told.actor.contents is not None
    assert told.patient.contents is not None
    actor = msgspec.msgpack.decode(told.actor.contents, type=ActorPart)
    patient = msgspec.msgpack.decode(told.patient.contents, type=PatientPart)
    assert (actor.actor, actor.fields) == (secretary.actor.id, ["family_name"])
    assert patient.subject == record_of(file)


def test_each_asking_is_recorded_about_the_same_person_and_not_told_again(inside: Inside) -> None:
    file = inside.patient()
    _secretary, seq = opened(inside, file)
    patient = account(inside, file)
    size = inside.house.segment.size
    receipt(inside, patient, seq)
    assert inside.house.segment.size == size + 1
    officer = inside.staff("privacy_officer")
    asked = receipt(inside, officer, size)
    assert asked.actor.contents is not None
    assert msgspec.msgpack.decode(asked.actor.contents, type=ActorPart).kind == "query"
    with pytest.raises(Refused, match="refused"):
        receipt(inside, patient, size)


@pytest.mark.parametrize("role", ["manager", "privacy_officer", "security_officer"])
def test_officers_of_the_establishment_get_it_those_of_another_do_not(
    inside: Inside, role: str
) -> None:
    _secretary, seq = opened(inside, inside.patient())
    assert receipt(inside, inside.staff(role), seq).patient.salted is not None
    with pytest.raises(Refused, match="refused"):
        receipt(inside, inside.staff(role, THERE), seq)


def test_nobody_else_gets_it_and_all_refusals_look_alike(inside: Inside) -> None:
    file = inside.patient()
    secretary, seq = opened(inside, file)
    others = [secretary, inside.staff("practitioner"), account(inside, inside.patient()), SYSTEM]
    for who in others:
        size = inside.house.segment.size
        for number in (seq, 10**9):
            with pytest.raises(Refused, match="refused"):
                receipt(inside, who, number)
        assert inside.house.segment.size == size
    stranger = account(inside)
    stranger.capability = b"x" * 32
    with pytest.raises(Refused, match="session"):
        receipt(inside, stranger, seq)


def test_without_the_check_a_stranger_would_get_it(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    file = inside.patient()
    _secretary, seq = opened(inside, file)
    stranger = account(inside)
    with pytest.raises(Refused, match="refused"):
        receipt(inside, stranger, seq)
    monkeypatch.setattr(under_test, "_concerned", lambda _house, _opening, who: who)
    told = receipt(inside, stranger, seq)
    assert told.patient.contents is not None
    assert record_of(file) in told.patient.contents


def test_a_session_closed_while_the_disk_wrote_gets_nothing(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = inside.patient()
    _secretary, seq = opened(inside, file)
    patient = account(inside, file)
    record = type(inside.house.recorder).record

    async def slow(self, ask, peer, accesses):
        number = await record(self, ask, peer, accesses)
        with self.store.transaction():
            self.store.drop_links_of(patient.actor.id)
        return number

    monkeypatch.setattr(type(inside.house.recorder), "record", slow)
    with pytest.raises(Refused, match="refused"):
        receipt(inside, patient, seq)


def test_of_an_erased_person_only_the_hash_is_shown_but_for_an_incident(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    _secretary, seq = opened(inside, inside.patient())
    officer = inside.staff("privacy_officer")
    whole = receipt(inside, officer, seq)
    monkeypatch.setattr(type(inside.house.store), "is_erased", lambda _self, _tag: True)
    told = receipt(inside, officer, seq)
    assert told.patient.salted is None
    assert told.entry() == whole.entry()
    assert receipt(inside, officer, seq, "incident") == whole


def test_after_the_end_of_the_audit_key_there_is_no_receipt(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    _secretary, seq = opened(inside, inside.patient())
    officer = inside.staff("privacy_officer")
    monkeypatch.setattr(
        type(inside.house.keys), "zone_key",
        lambda self, subject, zone, tenant: None if tenant is None else bytes(32),
    )  # fmt: skip
    with pytest.raises(Refused, match="refused"):
        receipt(inside, officer, seq)
