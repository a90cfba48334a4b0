"""Budgets, freezes, broken glass, relations and grants, asked as the socket asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.policy import asks
from serment.keeper.policy.budgets import HOUR_US, SLOWED_PER_SECOND, Scope
from serment.keeper.policy.grants import SOLO_DELAY_US
from serment.keeper.policy.standing import GLASS_PER_ACTOR, REFUSALS_MAX, Standing
from serment.keeper.words import WORKER_ID
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, THERE, Inside, Person, Refused, record_of

BOOKED_US = 24 * HOUR_US


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


def refusal(inside: Inside, who: Person, *files: wire.RevealAsk, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        inside.reveal(who, *files, **more)
    return str(refused.value)


def relate(inside: Inside, who: Person, file: wire.RevealAsk) -> None:
    now = inside.house.now()
    wanted = asks.RelateAsk(record_of(file), now, now + BOOKED_US)
    inside.ask(who, "relate", wanted, wire.Token32)


def alarms(inside: Inside, who: Person = OPERATOR) -> list[str]:
    answer = inside.ask(who, "alarms", asks.AlarmsAsk(), wire.Disclosures, purpose="incident")
    return [name for row in answer.rows for item in row.items for name in item.fields]


def freeze(inside: Inside, who: Person, what: str, value: str) -> None:
    inside.ask(who, "freeze", asks.FreezeAsk(what, value, "essai"), wire.Nothing)


def unfreeze(inside: Inside, who: Person, what: str, value: str) -> None:
    inside.ask(who, "unfreeze", asks.UnfreezeAsk(what, value, "fini"), wire.Nothing)


# Budgets


@pytest.mark.parametrize("guarded", [True, False])
def test_strangers_beyond_the_budget_do_not_open(inside: Inside, guarded: bool) -> None:
    """Negative control: without the counting, one session empties the house."""
    if not guarded:
        inside.house.standing.budgets.limits = dict.fromkeys(Scope, ())
    secretary = inside.staff()
    files = [inside.patient() for _ in range(6)]
    for file in files[:5]:
        inside.reveal(secretary, file)
    before = inside.house.segment.size
    if not guarded:
        inside.reveal(secretary, files[5])
        return
    assert refusal(inside, secretary, files[5]) == "budget"
    assert alarms(inside) == ["budget.actor.hour"]
    assert refusal(inside, secretary, files[5]) == "budget"
    assert alarms(inside) == ["budget.actor.hour"]  # told once
    assert inside.house.segment.size == before + 3  # one alarm and two questions; nothing opened
    inside.reveal(secretary, files[0])  # who was opened before stays open
    inside.later(HOUR_US + 1)
    inside.reveal(secretary, files[5])


def test_persons_cared_for_are_counted_nowhere(inside: Inside) -> None:
    secretary = inside.staff()
    files = [inside.patient() for _ in range(30)]
    for file in files:
        relate(inside, SYSTEM, file)
    for file in files:
        inside.reveal(secretary, file)
    assert alarms(inside) == []
    inside.later(BOOKED_US + HOUR_US)
    secretary = inside.staff()
    for file in files[:5]:
        inside.reveal(secretary, file)
    assert refusal(inside, secretary, files[5]) == "budget"


def test_making_relations_at_the_desk_is_no_way_round(inside: Inside) -> None:
    secretary = inside.staff()
    for _ in range(5):
        relate(inside, secretary, inside.patient())
    with pytest.raises(Refused, match="budget"):
        relate(inside, secretary, inside.patient())


def test_a_relation_is_of_one_establishment(inside: Inside) -> None:
    file = inside.patient()
    with pytest.raises(Refused, match="refused"):
        relate(inside, inside.staff(establishment=THERE), file)
    relate(inside, inside.staff(), file)


def test_a_restart_gives_nobody_a_new_budget(inside: Inside) -> None:
    secretary = inside.staff()
    files = [inside.patient() for _ in range(6)]
    for file in files[:5]:
        inside.reveal(secretary, file)
    inside.crash()
    inside.open()
    assert refusal(inside, secretary, files[5]) == "budget"


def test_past_the_process_budget_it_goes_on_slowly_and_an_alarm_stands_at_once(
    inside: Inside,
) -> None:
    people = [inside.staff(establishment=bytes([n]) * 16) for n in range(1, 5)]
    files = [[inside.patient(bytes([n]) * 16) for _ in range(4)] for n in range(1, 5)]
    for who, four in zip(people[:3], files[:3], strict=True):
        inside.reveal(who, *four)
    before = inside.house.segment.size
    started = time.monotonic()
    inside.reveal(people[3], *files[3])
    assert time.monotonic() - started >= 4 / SLOWED_PER_SECOND
    assert inside.house.segment.size == before + 5  # four openings and the alarm, one commit
    assert alarms(inside) == ["budget.process.hour"]


def test_search_hits_count_like_openings(inside: Inside) -> None:
    secretary = inside.staff()
    for _ in range(6):
        record = inside.patient().items[0].record
        value = wire.SealValue("family_name", "identity", "Quatrevaux", "name")
        item = wire.SealItem(record, "patient", record, [value])
        inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    with pytest.raises(Refused, match="budget"):
        inside.ask(
            secretary, "find", wire.FindAsk("patient", "quatre"), wire.Ids,
            purpose="search", tenant=HERE,
        )  # fmt: skip


def test_who_keeps_trying_is_frozen_for_an_hour(inside: Inside) -> None:
    secretary = inside.staff()
    files = [inside.patient() for _ in range(6)]
    inside.reveal(secretary, *files[:5])
    for _ in range(REFUSALS_MAX):
        assert refusal(inside, secretary, files[5]) == "budget"
    assert refusal(inside, secretary, files[0]) == "frozen"
    assert "frozen.session" in alarms(inside)
    inside.later(HOUR_US + 1)
    inside.reveal(secretary, files[0])


# Freezes


def test_a_frozen_session_opens_nothing_until_an_officer_lifts_it(inside: Inside) -> None:
    secretary, officer = inside.staff(), inside.staff("privacy_officer")
    file = inside.patient()
    inside.reveal(secretary, file)
    freeze(inside, officer, "session", secretary.session)
    assert refusal(inside, secretary, file) == "frozen"
    inside.crash()
    inside.open()
    assert refusal(inside, secretary, file) == "frozen"
    with pytest.raises(Refused, match="refused"):
        unfreeze(inside, inside.staff(), "session", secretary.session)
    with pytest.raises(Refused, match="refused"):
        unfreeze(inside, inside.staff("manager", THERE), "session", secretary.session)
    unfreeze(inside, officer, "session", secretary.session)
    inside.reveal(secretary, file)


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_freeze_being_asked_the_session_goes_on(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    secretary, officer = inside.staff(), inside.staff("manager")
    file = inside.patient()
    freeze(inside, officer, "session", secretary.session)
    if not guarded:
        monkeypatch.setattr(Standing, "must_stand", lambda *asked: None)
        inside.reveal(secretary, file)
        return
    assert refusal(inside, secretary, file) == "frozen"


def test_a_process_is_frozen_by_the_number_the_kernel_tells(inside: Inside) -> None:
    secretary, file = inside.staff(), inside.patient()
    freeze(inside, OPERATOR, "process", "web-1")
    assert refusal(inside, secretary, file, process="web-77") == "frozen"
    inside.peer = 2
    inside.reveal(secretary, file, process="web-1")
    with pytest.raises(Refused, match="refused"):
        freeze(inside, inside.staff("manager"), "process", "web-2")


def test_a_frozen_file_looks_like_one_that_is_not_there(inside: Inside) -> None:
    secretary, officer, file = inside.staff(), inside.staff("manager"), inside.patient()
    freeze(inside, officer, "subject", uuid_text(record_of(file)))
    assert refusal(inside, secretary, file) == "refused"
    with pytest.raises(Refused, match="refused"):
        freeze(inside, inside.staff("manager", THERE), "subject", uuid_text(record_of(file)))


def test_nobody_lifts_a_freeze_on_themselves(inside: Inside) -> None:
    officer = inside.staff("manager")
    freeze(inside, officer, "actor", uuid_text(officer.actor.id))
    with pytest.raises(Refused):
        unfreeze(inside, officer, "actor", uuid_text(officer.actor.id))


# Broken glass


def test_broken_glass_passes_budget_and_the_keepers_own_freeze(inside: Inside) -> None:
    secretary, files = inside.staff(), [inside.patient() for _ in range(7)]
    inside.reveal(secretary, *files[:5])
    assert refusal(inside, secretary, files[5]) == "budget"
    break_glass(inside, secretary, files[5])
    inside.reveal(secretary, files[5])
    for _ in range(REFUSALS_MAX):
        if refusal(inside, secretary, files[6]) == "frozen":
            break
    assert refusal(inside, secretary, files[0]) == "frozen"
    break_glass(inside, secretary, files[6])
    inside.reveal(secretary, files[6])
    assert refusal(inside, secretary, files[6], files[0]) == "frozen"
    inside.later(HOUR_US + 1)
    told = [name for name in alarms(inside) if name == "break_glass"]
    assert len(told) == 2


def test_broken_glass_never_passes_a_persons_freeze(inside: Inside) -> None:
    secretary, officer, file = inside.staff(), inside.staff("manager"), inside.patient()
    freeze(inside, officer, "session", secretary.session)
    with pytest.raises(Refused, match="frozen"):
        break_glass(inside, secretary, file)


def test_glass_is_capped_by_the_hour(inside: Inside) -> None:
    secretary = inside.staff()
    for _ in range(GLASS_PER_ACTOR):
        break_glass(inside, secretary, inside.patient())
    with pytest.raises(Refused, match="budget"):
        break_glass(inside, secretary, inside.patient())
    inside.later(HOUR_US + 1)
    break_glass(inside, secretary, inside.patient())


def test_the_reason_stands_in_the_patients_part_of_the_record(inside: Inside) -> None:
    secretary, file = inside.staff(), inside.patient()
    break_glass(inside, secretary, file)
    tags = [inside.house.store.subject_tag(record_of(file))]
    (_seq, body), *_older = inside.house.index.of_subjects(tags, None, 5)
    _actor, patient = inside.house.recorder.leaves.parts(body)
    assert patient.note == "malaise à l’accueil"


def break_glass(inside: Inside, who: Person, file: wire.RevealAsk) -> None:
    wanted = asks.GlassAsk(record_of(file), "malaise à l’accueil")
    inside.ask(who, "break_glass", wanted, asks.GlassAnswer)


# Grants

FIELD = "patient.family_name"


def grant(
    inside: Inside, who: Person, *files: wire.RevealAsk, kind: str = "bulk", **more: Any
) -> tuple[bytes, bytes]:
    terms = {"purpose": "export", "fields": [FIELD], "not_after": inside.house.now() + BOOKED_US}
    token = inside.ask(
        who, "grant_propose", asks.ProposeAsk(kind, **(terms | more)), wire.Token32
    ).token
    if files:
        added = asks.AddAsk(token, [record_of(file) for file in files])
        inside.ask(who, "grant_add", added, wire.Nothing)
    return token, inside.ask(who, "grant_close", asks.GrantAsk(token), wire.Token32).token


def approve(inside: Inside, who: Person, digest: bytes) -> bool:
    return inside.ask(who, "grant_approve", asks.DigestAsk(digest), asks.GrantRow).good


WORKER = Person(wire.ActorWire("worker", WORKER_ID))


def test_a_grant_opens_what_two_officers_approved_and_nothing_else(inside: Inside) -> None:
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    files = [inside.patient() for _ in range(10)]
    other = inside.patient()
    token, digest = grant(inside, manager, *files)
    with pytest.raises(Refused, match="refused"):
        approve(inside, inside.staff("secretary"), digest)
    assert not approve(inside, manager, digest)
    assert not approve(inside, manager, digest)
    assert refusal(inside, WORKER, *files, grant=token, purpose="export") == "refused"
    assert approve(inside, officer, digest)
    inside.reveal(WORKER, *files, grant=token, purpose="export")
    assert refusal(inside, WORKER, other, grant=token, purpose="export") == "refused"
    assert refusal(inside, WORKER, files[0], grant=token, purpose="incident") == "refused"
    assert refusal(inside, WORKER, files[0], grant=b"x" * 32, purpose="export") == "refused"
    freeze(inside, officer, "exports", uuid_text(HERE))
    assert refusal(inside, WORKER, files[0], grant=token, purpose="export") == "refused"
    unfreeze(inside, officer, "exports", uuid_text(HERE))
    inside.reveal(WORKER, files[0], grant=token, purpose="export")
    inside.ask(manager, "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
    assert refusal(inside, WORKER, files[0], grant=token, purpose="export") == "refused"


def test_nothing_is_added_to_a_closed_grant(inside: Inside) -> None:
    manager, file = inside.staff("manager"), inside.patient()
    token, _digest = grant(inside, manager, file)
    added = asks.AddAsk(token, [record_of(inside.patient())])
    with pytest.raises(Refused, match="refused"):
        inside.ask(manager, "grant_add", added, wire.Nothing)


def test_a_grant_covers_no_other_establishments_persons(inside: Inside) -> None:
    with pytest.raises(Refused, match="refused"):
        grant(inside, inside.staff("manager"), inside.patient(THERE))


def test_two_people_raise_a_budget(inside: Inside) -> None:
    manager, officer, secretary = (
        inside.staff("manager"),
        inside.staff("security_officer"),
        inside.staff(),
    )
    files = [inside.patient() for _ in range(8)]
    inside.reveal(secretary, *files[:5])
    assert refusal(inside, secretary, files[5]) == "budget"
    _token, digest = grant(
        inside, manager, kind="budget", target=secretary.actor.id, factor=2, fields=[], purpose=""
    )
    approve(inside, manager, digest)
    assert refusal(inside, secretary, files[5]) == "budget"
    assert approve(inside, officer, digest)
    inside.reveal(secretary, files[5])
    inside.crash()
    inside.open()
    inside.reveal(secretary, files[6])


def test_a_solo_practice_waits_where_others_ask_a_second_person(inside: Inside) -> None:
    doctor, file = inside.staff("manager"), inside.patient()
    inside.house.standing.set_solo(HERE)
    token, digest = grant(inside, doctor, file, not_after=inside.house.now() + 10 * BOOKED_US)
    assert not approve(inside, doctor, digest)
    inside.later(SOLO_DELAY_US)
    doctor_later = inside.staff("manager")
    inside.reveal(WORKER, file, grant=token, purpose="export")
    assert doctor_later.capability


def uuid_text(raw: bytes) -> str:
    return str(UUID(bytes=raw))


# Bookings make relations


def book(inside: Inside, who: Person, file: wire.RevealAsk, until: int) -> None:
    """Seal an appointment of that file, as booking does."""
    value = wire.SealValue("details", "administrative", "{}")
    item = wire.SealItem(new_id().bytes, "appointment", record_of(file), [value], until)
    inside.ask(who, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE, purpose="booking")


def test_a_booked_visit_makes_the_relation_and_its_record_says_so(inside: Inside) -> None:
    secretary, files = inside.staff(), [inside.patient() for _ in range(8)]
    for file in files:
        book(inside, SYSTEM, file, inside.house.now() + BOOKED_US)
    for file in files:
        inside.reveal(secretary, file)
    tags = [inside.house.store.subject_tag(record_of(files[0]))]
    rows = [
        inside.house.recorder.leaves.parts(body)
        for _, body in inside.house.index.of_subjects(tags, None, 9)
    ]
    assert any("relation" in item.fields for _actor, patient in rows for item in patient.items)


def test_visits_staff_book_for_strangers_count_on_their_budget(inside: Inside) -> None:
    secretary = inside.staff()
    for _ in range(5):
        book(inside, secretary, inside.patient(), inside.house.now() + BOOKED_US)
    with pytest.raises(Refused, match="budget"):
        book(inside, secretary, inside.patient(), inside.house.now() + BOOKED_US)


def test_a_visit_long_over_makes_no_relation(inside: Inside) -> None:
    secretary, files = inside.staff(), [inside.patient() for _ in range(6)]
    for file in files:
        book(inside, SYSTEM, file, inside.house.now() - 1)
    for file in files[:5]:
        inside.reveal(secretary, file)
    assert refusal(inside, secretary, files[5]) == "budget"
