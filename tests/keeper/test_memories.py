"""What the keeper remembers to be quick is forgotten in time, and it syncs as before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import leaves, recorder, wire
from serment.keeper.policy.budgets import Budgets, Key, Limit, Scope
from serment.keeper.policy.relations import Window
from serment.keeper.sessions import Sessions
from tests.apart import apart
from tests.keeper.inside import HERE, Inside, Refused, record_of


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = Inside(tmp_path / "keeper")
    yield made
    made.crash()


@pytest.mark.parametrize("guarded", [True, False])
def test_a_relation_of_an_act_that_failed_is_not_remembered(inside: Inside, guarded: bool) -> None:
    """Negative control: told of no failure, the memory holds what no row says."""
    relations, store = inside.house.standing.relations, inside.house.store
    if not guarded:
        store.on_undone.clear()
    pair = store.subject_tag(HERE), store.subject_tag(b"p" * 16)
    assert not relations.holds(*pair, 5)
    with suppress(InterruptedError), store.gathered():
        relations.make(*pair, Window(1, 10))
        assert relations.holds(*pair, 5), "what was written is not what was remembered"
        raise InterruptedError
    assert relations.holds(*pair, 5) is not guarded
    with store.transaction():
        relations.make(*pair, Window(1, 10))
    assert relations.holds(*pair, 5)
    assert not relations.holds(*pair, 11)
    with store.transaction():
        relations.drop(pair[1])
    assert not relations.holds(*pair, 5)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_session_that_ended_is_not_remembered(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: a memory that hears of no end opens on."""
    who, file = inside.staff(), inside.patient()
    inside.reveal(who, file)
    if not guarded:
        monkeypatch.setattr(Sessions, "end", lambda *_given: None)
    inside.ask(who, "close_session", wire.Token32(who.capability), wire.Token32)
    if guarded:
        with pytest.raises(Refused, match="session"):
            inside.reveal(who, file)
    else:
        inside.reveal(who, file)


@pytest.mark.parametrize("quick", [True, False])
def test_nothing_leaves_before_its_group_is_synced(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    """Here or in a thread. Negative control: the same requests are answered by a whole disk."""
    who, files = inside.staff(), [inside.patient() for _ in range(3)]
    monkeypatch.setattr(recorder, "QUICK_SECONDS", 1e9 if quick else 0)
    ended: list[bool] = []
    inside.house.recorder.on_fatal = lambda: ended.append(True)
    before = inside.house.segment.size
    assert opened_at_once(inside, who, files) == ["", "", ""]
    assert inside.house.segment.size == before + 3

    def broken(_file: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fdatasync", broken)
    assert opened_at_once(inside, who, files) == ["broken"] * 3
    assert ended
    monkeypatch.undo()
    assert opened_at_once(inside, who, files) == ["broken"] * 3, "after a failed sync none counts"


def opened_at_once(inside: Inside, who: Any, files: list[wire.RevealAsk]) -> list[str]:
    """What each of several requests is told that come together."""

    async def all_of_them() -> list[str]:
        asks = [
            wire.Request(
                id=new_id().bytes, op="reveal", actor=msgspec.structs.replace(who.actor),
                capability=who.capability, session=who.session, purpose="reception", client="web",
                body=wire.raw(file),
            )
            for file in files
        ]  # fmt: skip
        answers = [inside.desk.answer(ask, inside.peer) for ask in asks]
        return [reply.error for reply in await asyncio.gather(*answers)]

    return apart(all_of_them())


def test_salts_and_nonces_of_one_request_are_all_different(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are cut out of one draw. Negative control: of a draw that repeats, they repeat."""
    files = [inside.patient() for _ in range(4)]
    who = inside.staff()

    def randomness() -> list[bytes]:
        first = inside.house.segment.size
        inside.reveal(who, *files)
        found = []
        for _end, frame in inside.house.segment.frames(first):
            opening = msgspec.msgpack.decode(frame.opening, type=leaves.Opening)
            found += [opening.actor[:12], opening.patient[:12]]
            tag = inside.house.store.subject_tag(HERE)
            box = inside.house.keys.box(tag, "audit", None)
            assert box is not None
            found.append(box.open(opening.actor, frame.leaf)[:32])
        return found

    drawn = randomness()
    assert len(set(drawn)) == len(drawn) == 12
    monkeypatch.setattr(os, "urandom", bytes)
    again = randomness()
    assert len(set(again)) < len(again)


def test_limits_that_change_keep_what_was_counted() -> None:
    key, hour = Key(Scope.ACTOR, b"a"), 3_600_000_000
    budgets = Budgets({Scope.ACTOR: (Limit(5, hour),)})
    persons = frozenset(bytes([n]) for n in range(4))
    assert budgets.charge([key], persons, 1).allowed
    budgets.limits = {Scope.ACTOR: (Limit(4, hour),)}
    assert not budgets.charge([key], frozenset({b"new"}), 2).allowed
    assert budgets.charge([key], frozenset({b"new"}), 2 + hour).allowed


def test_each_request_names_who_asks_it(inside: Inside) -> None:
    """What the leaves of one request share is remembered by everything it is made of."""
    file, one, other = inside.patient(), inside.staff(), inside.staff()
    tag = inside.house.store.tag
    for who in (one, other, one):
        inside.reveal(who, file)
    rows = inside.house.index.database.execute(
        "SELECT actor FROM disclosure WHERE subject = ? AND kind = 'read' ORDER BY seq",
        (inside.house.store.subject_tag(record_of(file)),),
    ).fetchall()
    assert [row[0] for row in rows] == [tag("actor", who.actor.id) for who in (one, other, one)]
