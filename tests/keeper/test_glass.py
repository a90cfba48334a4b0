"""A broken glass is told to the person and the officers, and has to be justified afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import erasure, wire
from serment.keeper.policy import asks, glass
from serment.keeper.policy.budgets import HOUR_US
from tests.apart import apart
from tests.keeper.enrolled import asserted, opened, registered, settled
from tests.keeper.inside import OPERATOR, THERE, Inside, Person, Refused, record_of, word
from tests.keeper.test_not_ones_own import child_of, patient, seal
from tests.keeper.test_policy import alarms, freeze, uuid_text

WHY = "Malaise à l’accueil, allergies inconnues"


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


def broken(
    inside: Inside, who: Person, file: wire.RevealAsk, *tell: bytes, reason: str = "life"
) -> asks.GlassAnswer:
    wanted = asks.GlassAsk(record_of(file), WHY, reason, list(tell))
    return inside.ask(who, "break_glass", wanted, asks.GlassAnswer)


def listed(inside: Inside, who: Person) -> list[asks.GlassRow]:
    return inside.ask(who, "glasses", wire.Nothing(), asks.GlassList, purpose="incident").rows


def justify(inside: Inside, who: Person, name: bytes) -> None:
    wanted = asks.JustifyAsk(name, "Relevé d’allergies donné au médecin du SAMU")
    inside.ask(who, "glass_justify", wanted, wire.Nothing)


def review(inside: Inside, who: Person, name: bytes, outcome: str) -> None:
    wanted = asks.ReviewAsk(name, outcome, "vu avec l’équipe")
    inside.ask(who, "glass_review", wanted, wire.Nothing)


def test_the_person_reads_that_it_was_an_emergency_and_which(inside: Inside) -> None:
    clerk, file = inside.staff(), inside.patient()
    broken(inside, clerk, file)
    history = inside.ask(
        clerk, "history", wire.HistoryAsk(record_of(file), 5, None), wire.Disclosures,
        purpose="transparency",
    )  # fmt: skip
    told = [row for row in history.rows if any("break_glass" in one.fields for one in row.items)]
    assert [row.actor for row in told] == [clerk.actor.id]
    assert told[0].items[0].fields == ["break_glass", "break_glass.life", "errand"]
    with pytest.raises(Refused, match="unusable"):
        broken(inside, clerk, file, reason="curiosity")


def test_its_tickets_open_an_address_and_nothing_else(inside: Inside) -> None:
    clerk, officer = inside.staff(), registered(inside, "privacy_officer")
    file = inside.patient()
    to_person, to_officer = broken(inside, clerk, file, officer.actor.id).tickets
    worker = Person(wire.ActorWire("worker", bytes(15) + b"\x01"))
    for ticket, whose in ((to_person, record_of(file)), (to_officer, officer.actor.id)):
        behind = inside.ask(
            worker, "files_behind", wire.IdsAsk([whose]), wire.Ids, purpose="message",
            errand=ticket,
        )  # fmt: skip
        assert behind.ids == [whose]
    with pytest.raises(Refused, match="refused"):
        inside.reveal(worker, file, purpose="message", errand=to_person)  # the name
    elsewhere = registered(inside, "privacy_officer", THERE)
    with pytest.raises(Refused, match="refused"):
        broken(inside, clerk, file, elsewhere.actor.id)


def test_a_file_that_a_person_froze_stays_closed(inside: Inside) -> None:
    clerk, officer, file = inside.staff(), inside.staff("privacy_officer"), inside.patient()
    freeze(inside, officer, "subject", uuid_text(record_of(file)))
    with pytest.raises(Refused, match="refused"):
        broken(inside, clerk, file)
    assert listed(inside, officer) == []


def test_who_broke_it_says_why_and_an_officer_who_did_not_decides(inside: Inside) -> None:
    clerk, other, officer = inside.staff(), inside.staff(), inside.staff("privacy_officer")
    name = broken(inside, clerk, inside.patient()).glass
    assert [row.why for row in listed(inside, officer)] == [WHY]
    assert listed(inside, other) == [] == listed(inside, inside.staff("manager", THERE))
    with pytest.raises(Refused, match="refused"):
        justify(inside, other, name)
    with pytest.raises(Refused, match="unusable"):
        review(inside, officer, name, "accepted")  # nothing was said yet
    justify(inside, clerk, name)
    for who in (clerk, other):
        with pytest.raises(Refused, match="refused"):
            review(inside, who, name, "accepted")
    review(inside, officer, name, "asked")
    assert listed(inside, clerk)[0].justified_at == 0
    justify(inside, clerk, name)
    review(inside, officer, name, "accepted")
    with pytest.raises(Refused, match="refused"):
        justify(inside, clerk, name)
    with pytest.raises(Refused, match="refused"):
        broken(inside, officer, inside.patient())  # officers open nobody, in no emergency either


@pytest.mark.parametrize("guarded", [True, False])
def test_what_nobody_justifies_within_three_days_is_an_alarm_once(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with a deadline that never comes, silence is the end of it."""
    if not guarded:
        monkeypatch.setattr(glass, "JUSTIFIED_WITHIN_US", 10**15)
    clerk = inside.staff()
    said = broken(inside, clerk, inside.patient()).glass
    broken(inside, clerk, inside.patient())
    justify(inside, clerk, said)
    inside.later(71 * HOUR_US)
    apart(glass.tell_overdue(inside.house))
    assert "glass_overdue" not in alarms(inside)
    inside.later(2 * HOUR_US)
    for _ in range(2):
        apart(glass.tell_overdue(inside.house))
    assert alarms(inside).count("glass_overdue") == guarded
    inside.crash()
    inside.open()
    apart(glass.tell_overdue(inside.house))
    assert alarms(inside).count("glass_overdue") == guarded


def test_an_abuse_is_an_alarm_and_what_was_typed_goes_with_its_person(inside: Inside) -> None:
    clerk, officer, file = inside.staff(), inside.staff("security_officer"), inside.patient()
    review(inside, officer, broken(inside, clerk, file).glass, "abusive")
    assert "glass_abusive" in alarms(inside)
    inside.ask(OPERATOR, "erase", wire.IdAsk(record_of(file)), erasure.ErasureState)
    assert [(row.why, row.outcome) for row in listed(inside, officer)] == [("", "abusive")]
    apart(glass.tell_overdue(inside.house))
    assert listed(inside, officer) == []


@pytest.mark.parametrize("guarded", [True, False])
def test_no_emergency_is_said_of_what_lies_in_no_house(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: of who acts for somebody, which a house with that person's file may read,
    the glass was broken for an hour and the house's officers were told nothing."""
    if not guarded:
        monkeypatch.setattr(glass, "_must_be_of_house", lambda *_: None)
    parent, clerk, officer = patient(inside), inside.staff(), inside.staff("privacy_officer")
    child = child_of(inside, parent)
    seal(inside, parent, "relation", child.person, None, child.relation)
    wanted = asks.GlassAsk(child.relation, WHY, "life", [])
    assert word(inside, clerk, "break_glass", wanted) == ("refused" if guarded else "")
    assert listed(inside, officer) == []


def test_what_is_put_to_rest_is_signed_where_an_officer_has_a_key(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that lie accept nothing in an officer's name; whoever worries needs no key."""
    officer = settled(opened(inside), "privacy_officer")
    clerk = inside.staff()
    name = broken(inside, clerk, inside.patient()).glass
    justify(inside, clerk, name)
    with pytest.raises(Refused, match="assertion"):
        review(inside, officer.who, name, "accepted")
    review(inside, officer.who, name, "abusive")
    with pytest.raises(Refused, match="assertion"):
        review(inside, officer.who, name, "asked")
    wanted = asks.ReviewAsk(name, "accepted", "vu avec l’équipe")
    asserted(inside, officer, "glass_review", wanted, wire.Nothing)
    assert listed(inside, officer.who)[0].outcome == "accepted"

    other = broken(inside, clerk, inside.patient()).glass
    justify(inside, clerk, other)
    monkeypatch.setattr(glass, "puts_to_rest", lambda *_: False)
    review(inside, officer.who, other, "accepted")  # the fault, with nothing in its way
    assert {one.outcome for one in listed(inside, officer.who)} == {"accepted"}
