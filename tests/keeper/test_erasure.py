"""Erased: at once here, in every copy by the date that was told."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from serment.keeper import wire
from serment.keeper.keys import AUDIT
from serment.keeper.policy import deciding
from serment.keeper.policy.asks import FreezeAsk, FreezeList, UnfreezeAsk
from serment.keeper.unlocking import StoreTooOld
from tests.keeper.stepping import every_step
from tests.keeper.tended import DAY, HERE, NAME, OPERATOR, SYSTEM, Kept, copied


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Kept]:
    opened = Kept(tmp_path / "k").open()
    yield opened
    if opened.house is not None:
        opened.close()


def person(keeper: Kept, text: str = NAME) -> tuple[bytes, bytes]:
    subject = os.urandom(16)
    sealed = keeper.seal(subject, text)
    assert sealed is not None
    return subject, sealed


def found(keeper: Kept) -> int:
    assert keeper.house is not None
    return len(keeper.house.search.find(b"e" * 16, "patient", NAME.lower()).records)


def test_an_erased_person_opens_no_more_and_the_others_do(keeper: Kept) -> None:
    gone, stays = person(keeper), person(keeper)
    assert keeper.opened(*gone) == NAME
    assert found(keeper) == 2
    started = time.monotonic()
    told = keeper.erase(gone[0])
    assert time.monotonic() - started < 1
    assert told.gone >= told.asked > 0
    assert not told.final
    assert keeper.opened(*gone) is None
    assert keeper.opened(*stays) == NAME
    assert found(keeper) == 1
    assert keeper.seal(gone[0]) is None  # nothing new begins under the same number
    assert keeper.erase(gone[0]) == told
    keeper.close()
    keeper.open()
    assert keeper.opened(*gone) is None
    assert found(keeper) == 1


def test_no_key_of_an_erased_person_stays_in_memory_or_among_former_answers(keeper: Kept) -> None:
    subject, sealed = person(keeper)
    house = keeper.house
    assert house is not None
    secretary = wire.ActorWire("staff", b"s" * 16, "secretary", b"e" * 16)
    assert keeper.opened(subject, sealed) == NAME
    tag = house.store.subject_tag(subject)
    kept = [one for one in keeper.desk._replays._kept.values() if one.opened]
    assert (tag, "identity") in house.keys._zones
    assert kept
    keeper.erase(subject)
    assert not any(name[0] == tag and name[1] != AUDIT for name in house.keys._zones)
    assert not [one for one in keeper.desk._replays._kept.values() if one.opened]
    assert secretary.kind == "staff"


def test_only_the_operator_erases(keeper: Kept) -> None:
    subject, sealed = person(keeper)
    patient = wire.ActorWire("patient", subject)
    assert keeper.ask("erase", wire.IdAsk(subject), actor=patient).error
    assert keeper.ask("erase", wire.IdAsk(os.urandom(16)), actor=OPERATOR).error == "refused"
    assert keeper.ask("erase", wire.IdAsk(subject), actor=SYSTEM).error == "refused"
    assert keeper.opened(subject, sealed) == NAME


def test_the_record_of_an_erasure_stands_and_so_do_those_before(keeper: Kept) -> None:
    subject, sealed = person(keeper)
    keeper.opened(subject, sealed)
    keeper.erase(subject)
    house = keeper.house
    assert house is not None
    tag = house.store.subject_tag(subject)
    told = [
        house.recorder.leaves.parts(body) for _seq, body in house.index.of_subjects([tag], None, 9)
    ]
    assert [actor.kind for actor, _patient in told] == ["write", "read", "write"]
    assert told[0][1].items[0].fields == ["erased"]


def test_final_is_a_date_and_it_is_true(keeper: Kept, tmp_path: Path) -> None:
    """Copies of before the erasure, with the vault of each later day: what they open."""
    subject, sealed = person(keeper)
    other = person(keeper)
    keeper.close()
    stolen = copied(tmp_path / "k", tmp_path / "stolen")
    keeper.open()
    asked = keeper.erase(subject)
    assert asked.final_on == keeper.house.vault.epoch.since + 38 * DAY  # type: ignore[union-attr]

    def an_older_copy_opens() -> tuple[str | None, str | None] | None:
        """The copied store and ledger, with what the root key's folder holds today."""
        tried = copied(stolen, tmp_path / "tried")
        (tried / "keys.vault").write_bytes((tmp_path / "k" / "keys.vault").read_bytes())
        attacker = Kept(tried, now=keeper.now)
        forget_nothing(attacker)
        try:
            attacker.open()
        except StoreTooOld:
            return None
        try:
            return attacker.opened(subject, sealed), attacker.opened(*other)
        finally:
            attacker.close()

    for days in (0, 7, 14, 15):
        keeper.pass_days(days)
        keeper.tend()
        told = keeper.erasure(subject)
        assert not told.final
        assert told.final_on == asked.final_on
        # Until then an older copy, with the vault, opens everything: the documentation says so.
        assert an_older_copy_opens() == (NAME, NAME)
    keeper.pass_days(1.5)
    keeper.tend()
    told = keeper.erasure(subject)
    assert told.final
    assert told.final_on <= asked.final_on
    assert an_older_copy_opens() is None
    assert keeper.opened(*other) == NAME


def forget_nothing(keeper: Kept) -> None:
    """Somebody who holds copies does not run our code: the list of erasures is ignored."""
    import serment.keeper.house as houses
    import serment.keeper.unlocking as unlocking

    plain = keeper.open

    def opened() -> Kept:
        held = unlocking._forget_again, houses._must_be_known
        unlocking._forget_again = lambda *_given: None
        houses._must_be_known = lambda *_given, **_more: None
        try:
            return plain()
        finally:
            unlocking._forget_again, houses._must_be_known = held

    keeper.open = opened  # type: ignore[method-assign]


def test_a_restored_older_store_loses_the_erased_again(keeper: Kept, tmp_path: Path) -> None:
    subject, sealed = person(keeper)
    other = person(keeper)
    keeper.close()
    before = copied(tmp_path / "k", tmp_path / "before")
    keeper.open()
    keeper.erase(subject)
    keeper.close()
    vault = (tmp_path / "k" / "keys.vault").read_bytes()
    for ignored in (True, False):
        restored = Kept(copied(before, tmp_path / "tried"), now=keeper.now)
        (tmp_path / "tried" / "keys.vault").write_bytes(vault)
        if ignored:
            forget_nothing(restored)  # negative control: without the vault's list it opens
        restored.open()
        assert restored.opened(subject, sealed) == (NAME if ignored else None)
        assert found(restored) == (2 if ignored else 1)
        assert restored.opened(*other) == NAME
        if not ignored:
            assert restored.erasure(subject).gone
        restored.close()


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.torture)])
def test_killed_at_every_step_of_an_erasure_it_is_done_or_not_begun(
    tmp_path: Path, stride: int
) -> None:
    keeper = Kept(tmp_path / "k").open()
    subject, sealed = person(keeper)
    keeper.close()
    done = steps = 0
    for folder in every_step(
        lambda folder: Kept(folder).open().erase(subject),
        lambda: copied(tmp_path / "k", tmp_path / "tried"),
        stride,
    ):
        steps += 1
        after = Kept(folder).open()
        house = after.house
        assert house is not None
        after.tend()
        tag = house.store.subject_tag(subject)
        erased = house.store.is_erased(tag)
        recorded = [
            patient.items[0].fields
            for _actor, patient in (
                house.recorder.leaves.parts(body)
                for _seq, body in house.index.of_subjects([tag], None, 9)
            )
        ]
        assert (["erased"] in recorded) == erased
        assert after.opened(subject, sealed) == (None if erased else NAME)
        done += erased
        after.close()
    assert 0 < done < steps


def test_the_audit_key_stays_as_long_as_the_record_is_owed_and_evidence_is_held(
    keeper: Kept,
) -> None:
    subject, sealed = person(keeper)
    keeper.opened(subject, sealed)
    told = keeper.erase(subject)
    house = keeper.house
    assert house is not None
    tag = house.store.subject_tag(subject)
    assert (told.waiting, told.audit_until) == ("retention", told.asked + 1_095 * DAY)
    keeper.hold(b"i" * 16)
    assert keeper.erasure(subject).waiting == "incident"
    keeper.hold(b"v" * 16, why="evidence")
    keeper.pass_days(1_096)
    keeper.tend()
    assert house.store.subject_key(tag, AUDIT) is not None
    keeper.hold(b"i" * 16, held=False)
    assert keeper.erasure(subject).waiting == "evidence"
    keeper.tend()
    assert house.store.subject_key(tag, AUDIT) is not None
    keeper.hold(b"v" * 16, held=False)
    keeper.tend()
    told = keeper.erasure(subject)
    assert told.audit_gone
    assert told.waiting == ""
    assert house.store.subject_key(tag, AUDIT) is None
    assert list(house.index.of_subjects([tag], None, 9)) == []
    keeper.close()
    for path in keeper.folder.glob("index.sqlite*"):
        path.unlink()
    keeper.open()  # the index is made anew from openings of which one part is dead
    assert keeper.house is not None
    assert keeper.house.index.size == keeper.house.segment.size


@pytest.mark.parametrize("guarded", [True, False])
def test_evidence_is_frozen_by_the_operator_for_one_establishment_or_all(
    keeper: Kept, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: were it an officer's too, who is looked into lifts what keeps the proof."""
    if not guarded:
        monkeypatch.setattr(deciding, "_OPERATORS_ONLY", frozenset())
    subject, _sealed = person(keeper)
    keeper.erase(subject)
    for establishment, waits in ((b"f" * 16, "retention"), (HERE, "incident")):
        name = str(UUID(bytes=os.urandom(16)))
        ask = FreezeAsk("incident", name, "essai", establishment=establishment)
        assert keeper.ask("freeze", ask).error == ""
        assert keeper.erasure(subject).waiting == waits
    manager = wire.ActorWire("staff", b"m" * 16, "manager", HERE)
    token = keeper.ask("open_session", wire.OpenSession(1), actor=manager)
    capability = msgspec.msgpack.decode(token.body, type=wire.Token32).token
    lifted = keeper.ask(
        "unfreeze", UnfreezeAsk("incident", name, "fini"), actor=manager, capability=capability
    )
    assert lifted.error == ("refused" if guarded else "")
    assert keeper.erasure(subject).waiting == ("incident" if guarded else "retention")


def test_evidence_frozen_until_a_day_is_free_after_it_and_unknown_names_are_refused(
    keeper: Kept,
) -> None:
    subject, _sealed = person(keeper)
    keeper.erase(subject)
    name = str(UUID(bytes=b"u" * 16))
    ask = FreezeAsk("evidence", name, "essai", keeper.now + DAY)
    assert keeper.ask("freeze", ask).error == ""
    told = keeper.ask("freezes", wire.Nothing(), purpose="incident")
    [row] = msgspec.msgpack.decode(told.body, type=FreezeList).rows
    assert (row.what, row.value, row.human, row.why) == ("evidence", name, True, "essai")
    assert keeper.erasure(subject).waiting == "evidence"
    keeper.pass_days(1.1)
    assert keeper.erasure(subject).waiting == "retention"
    for what, value, word in (
        ("evidence", str(UUID(bytes=b"x" * 16)), "refused"), ("evidence", "web", "unusable"),
        ("mood", name, "unusable"),
    ):  # fmt: skip
        assert keeper.ask("unfreeze", UnfreezeAsk(what, value, "fini")).error == word
    mine = FreezeAsk("session", "s-1", "essai", establishment=HERE)
    assert keeper.ask("freeze", mine).error == "unusable"


def test_evidence_held_before_it_was_a_freeze_stays_held(keeper: Kept) -> None:
    """A row of the former shape, told without its name, and lifted by it."""
    subject, _sealed = person(keeper)
    keeper.erase(subject)
    assert keeper.house is not None
    former = Hold("evidence", None, keeper.now)
    with keeper.house.store.transaction():
        keeper.house.store.put_hold(b"v" * 16, former)
    assert keeper.erasure(subject).waiting == "evidence"
    keeper.hold(b"v" * 16, why="evidence", held=False)
    assert keeper.erasure(subject).waiting == "retention"


class Hold(msgspec.Struct, array_like=True):
    """As it was kept: why, whose, since when."""

    why: str
    establishment: bytes | None
    since: int
