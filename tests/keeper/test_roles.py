"""What a role may ask, held against pages that lie and against the pages' own table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from serment.identity.models import Role
from serment.identity.rights import ACTS_OF, Act
from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.policy import asks, officers_reading, roles
from serment.keeper.policy.budgets import HOUR_US
from serment.keeper.policy.standing import Standing
from serment.keeper.rights import ASKS
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, Inside, Person, Refused, record_of
from tests.keeper.test_policy import alarms, freeze, grant, uuid_text

NEEDS: Final[dict[Act, set[str]]] = {
    Act.FIND_PATIENT: {"records_of", "history"},
    Act.OPEN_AGENDA_NAMES: {"files_behind"},
    Act.BREAK_GLASS: {"break_glass", "glass_justify"},
    Act.BOOK: {"relate"},
    Act.MERGE_FILES: {"join"},
    Act.CONTAIN: {
        "freeze", "unfreeze", "freezes", "alarms", "grant_erase", "glass_review",
    },
    Act.SEE_STAFF: {"end_staff", "staff_role"},
    Act.SEE_DISCLOSURES: {"receipt", "perimeter", "measure"},
    Act.OWN_PASSKEYS: {"challenge", "enrol", "passkeys", "asserted", "vouch", "revoke"},
}  # fmt: skip
"""An act of the pages, and what the keeper is asked for it and for nothing else."""

OFFICERS_HISTORY: Final = {"history"}
"""Their own names' history is theirs to read; the keeper opens no patient's fields for it."""


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


def differences() -> list[str]:
    """Where the two tables say otherwise about a role."""
    found = []
    for role in Role:
        for act, ops in NEEDS.items():
            for op in ops - OFFICERS_HISTORY:
                if (act in ACTS_OF[role]) != roles.may_ask(role.value, op):
                    found.append(f"{role.value}: {act.value} / {op}")
        care = roles.may_read(role.value, "appointment", {"medical"})
        whole = roles.may_read(role.value, "patient", {"contact", "administrative"})
        names = roles.may_read(role.value, "patient", {"identity"})
        if (care, whole, names) != (
            Act.READ_ANSWERS in ACTS_OF[role],
            Act.OPEN_PATIENT in ACTS_OF[role],
            Act.OPEN_AGENDA_NAMES in ACTS_OF[role],
        ):
            found.append(f"{role.value}: zones")
        decides = bool({Act.CONTAIN, Act.SECOND} & ACTS_OF[role])
        if decides != roles.may_ask(role.value, "grant_approve"):
            found.append(f"{role.value}: approves")
        writes = {Act.WRITE_PATIENT, Act.IMPORT} & ACTS_OF[role]
        if bool(writes) != roles.may_write(role.value, ["patient"]):
            found.append(f"{role.value}: writes")
    return found


def test_the_keepers_table_and_the_pages_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert differences() == []
    assert {role.value for role in Role} == set(roles.ROLES)
    assert set().union(*(role.asks for role in roles.ROLES.values())) == ASKS["staff"]
    monkeypatch.setitem(ACTS_OF, Role.TRAINEE, ACTS_OF[Role.TRAINEE] | {Act.BREAK_GLASS})
    assert len(differences()) == len(NEEDS[Act.BREAK_GLASS])


def named(file: wire.RevealAsk, zone: str) -> wire.RevealAsk:
    """The same file, another field of it."""
    field = wire.RevealField("phone", zone, b"v" * 16)
    return wire.RevealAsk([wire.RevealItem(record_of(file), "patient", [field])])


@pytest.mark.parametrize("guarded", [True, False])
def test_pages_that_lie_get_no_more_from_a_trainees_session_than_names(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the table one trainee's session empties the house."""
    if not guarded:
        monkeypatch.setattr(roles, "of", lambda _role: roles.ROLES["secretary"])
    trainee, file = inside.staff("trainee"), inside.patient()
    contact(inside, file)
    inside.reveal(trainee, file)
    asked = [
        lambda: inside.reveal(trainee, named(file, "contact")),
        lambda: find(inside, trainee),
        lambda: write(inside, trainee),
        lambda: inside.ask(trainee, "records_of", wire.IdAsk(record_of(file), "appointment"),
                           wire.Ids, purpose="reception"),
    ]  # fmt: skip
    for act in asked:
        if not guarded:
            act()
            continue
        with pytest.raises(Refused, match="refused"):
            act()


@pytest.mark.parametrize("guarded", [True, False])
def test_a_receptions_session_opens_nothing_medical(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with a practitioner's line in the table the same session opens it."""
    if not guarded:
        monkeypatch.setattr(roles, "of", lambda _role: roles.ROLES["practitioner"])
    clerk, file = inside.staff(), inside.patient()
    value = wire.SealValue("phone", "medical", "une allergie")
    item = wire.SealItem(record_of(file), "patient", record_of(file), [value])
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    inside.reveal(clerk, file)
    if not guarded:
        inside.reveal(clerk, named(file, "medical"))
        return
    with pytest.raises(Refused, match="refused"):
        inside.reveal(clerk, named(file, "medical"))


def contact(inside: Inside, file: wire.RevealAsk) -> None:
    """The file has a telephone number too."""
    value = wire.SealValue("phone", "contact", "+33639980000")
    item = wire.SealItem(record_of(file), "patient", record_of(file), [value])
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)


def find(inside: Inside, who: Person) -> None:
    wanted = wire.FindAsk("patient", "quatrevaux")
    inside.ask(who, "find", wanted, wire.Found, purpose="search", tenant=HERE)


def write(inside: Inside, who: Person, kind: str = "patient") -> None:
    record = new_id().bytes
    value = wire.SealValue("family_name", "identity", "Delattre")
    item = wire.SealItem(record, kind, record, [value])
    inside.ask(who, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)


def test_an_officer_opens_nobody_but_whose_erasure_waits_for_two(inside: Inside) -> None:
    officer, clerk = inside.staff("privacy_officer"), inside.staff()
    asked_for, other = inside.patient(), inside.patient()
    for file in (asked_for, other):
        with pytest.raises(Refused, match="refused"):
            inside.reveal(officer, file)
    _token, digest = grant(inside, clerk, asked_for, kind="erase", fields=[], purpose="")
    inside.reveal(officer, asked_for)
    for file in (other, named(asked_for, "contact")):
        with pytest.raises(Refused, match="refused"):
            inside.reveal(officer, file)
    inside.ask(clerk, "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
    with pytest.raises(Refused, match="refused"):
        inside.reveal(officer, asked_for)
    write(inside, officer, "staff")
    with pytest.raises(Refused, match="refused"):
        write(inside, officer)


def test_a_desks_session_contains_nobody_and_an_unknown_role_does_nothing(inside: Inside) -> None:
    clerk, file = inside.staff(), inside.patient()
    for op in ("alarms", "freezes", "perimeter", "grant_approve", "glass_review", "end_staff"):
        assert not roles.may_ask("secretary", op)
    with pytest.raises(Refused, match="refused"):
        freeze(inside, clerk, "actor", uuid_text(clerk.actor.id))
    with pytest.raises(Refused, match="refused"):
        inside.reveal(inside.staff("superuser"), file)


@pytest.mark.parametrize("guarded", [True, False])
def test_an_officer_who_asks_the_record_all_day_is_an_alarm_and_ends(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: uncounted, as it was, nobody ever hears of it."""
    monkeypatch.setattr(officers_reading, "USUAL_AN_HOUR", 3)
    monkeypatch.setattr(officers_reading, "MAX_AN_HOUR", 5)
    if not guarded:
        monkeypatch.setattr(Standing, "count_reading", lambda *_: 0)
    officer = inside.staff("privacy_officer")
    wanted = wire.PerimeterAsk(0, inside.house.now())

    def read(who: Person) -> None:
        inside.ask(who, "perimeter", wanted, wire.Disclosures, purpose="incident")

    for _ in range(3):
        read(officer)
    assert "officer_read" not in alarms(inside)
    for _ in range(2):
        read(officer)
    assert alarms(inside).count("officer_read") == guarded
    if guarded:
        with monkeypatch.context() as forgetful:  # the control: counted in memory alone
            forgetful.setattr(Standing, "read_readings", lambda _: None)
            inside.crash()
            inside.open()
            read(officer)
        inside.crash()
        inside.open()  # nobody begins anew with the keeper
        with pytest.raises(Refused, match="budget"):
            read(officer)
        inside.later(HOUR_US + 1)
    read(officer)
    for _ in range(7):
        read(OPERATOR)
