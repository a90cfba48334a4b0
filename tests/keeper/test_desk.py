"""The keeper without its socket: group commit, and the last look before anything leaves."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import reading, wire, words
from serment.keeper.house import House, enter
from serment.keeper.server import Desk
from serment.ledger import segment
from tests.apart import apart
from tests.keeper.inside import end

HERE, SECRETARY = b"e" * 16, b"s" * 16


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    end(opened)


def asking(op: str, body: msgspec.Struct, **more: object) -> wire.Request:
    actor = wire.ActorWire("staff", SECRETARY, "secretary", HERE)
    return wire.Request(id=new_id().bytes, op=op, actor=actor, body=wire.raw(body), **more)


async def signed_in(desk: Desk) -> bytes:
    reply = await desk.answer(asking("open_session", wire.OpenSession(1)), 1)
    return msgspec.msgpack.decode(reply.body, type=wire.Token32).token


async def sealed(desk: Desk, capability: bytes, record: bytes) -> wire.RevealAsk:
    value = wire.SealValue("family_name", "identity", "Quatrevaux")
    item = wire.SealItem(record, "patient", record, [value])
    reply = await desk.answer(
        asking("seal", wire.SealAsk([item]), capability=capability, tenant=HERE), 1
    )
    [[made]] = msgspec.msgpack.decode(reply.body, type=wire.SealAnswer).sealed
    assert made is not None
    field = wire.RevealField("family_name", "identity", made[1:17])
    return wire.RevealAsk([wire.RevealItem(record, "patient", [field])])


def test_those_who_wait_share_one_sync(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    real = os.fdatasync

    async def crowd() -> None:
        desk = Desk(house)
        capability = await signed_in(desk)
        asks = [await sealed(desk, capability, bytes([n]) * 16) for n in range(50)]
        monkeypatch.setattr(segment.os, "fdatasync", lambda file: (syncs.append(file), real(file)))
        replies = await asyncio.gather(
            *(
                desk.answer(asking("reveal", ask, capability=capability, purpose="care"), 1)
                for ask in asks
            )
        )
        assert {reply.error for reply in replies} == {""}

    before = house.segment.size
    apart(crowd())
    assert house.segment.size == before + 101  # a sign-in, fifty sealed, fifty opened
    assert len(syncs) <= 5


@pytest.mark.parametrize("guarded", [True, False])
def test_a_session_closed_during_the_sync_gets_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: without the second look the keys leave after the session was closed."""
    if not guarded:
        monkeypatch.setattr(reading, "_check_again", lambda *asked: None)

    async def race() -> str:
        desk = Desk(house)
        capability = await signed_in(desk)
        ask = await sealed(desk, capability, b"r" * 16)
        opening = asyncio.create_task(
            desk.answer(asking("reveal", ask, capability=capability, purpose="care"), 1)
        )
        await asyncio.sleep(0)  # the leaf is on its way to the disk
        await desk.answer(asking("close_session", wire.Token32(capability)), 1)
        return (await opening).error

    before = house.segment.size
    assert apart(race()) == ("session" if guarded else "")
    assert house.segment.size == before + 3  # recorded all the same: never too little


def test_what_is_not_in_the_closed_lists_is_unusable(house: House) -> None:
    async def tries() -> set[str]:
        desk = Desk(house)
        capability = await signed_in(desk)
        ask = await sealed(desk, capability, b"r" * 16)
        wrong_zone = wire.RevealAsk(
            [wire.RevealItem(b"r" * 16, "patient",
                             [wire.RevealField("family_name", "attic", bytes(16))])]
        )  # fmt: skip
        replies = [
            await desk.answer(asking("reveal", ask, capability=capability), 1),
            await desk.answer(asking("reveal", ask, capability=capability, purpose="fun"), 1),
            await desk.answer(
                asking("reveal", wrong_zone, capability=capability, purpose="care"), 1
            ),
            await desk.answer(asking("dance", wire.Nothing()), 1),
        ]
        return {reply.error for reply in replies}

    assert apart(tries()) == {"unusable"}


def test_a_batch_is_one_sync_of_store_and_ledger(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealing a new record and signing an errand for it, as a booking does."""
    syncs: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(segment.os, "fdatasync", lambda file: (syncs.append(file), real(file)))
    answers: list[wire.Reply] = []

    async def book() -> None:
        desk = Desk(house)
        capability = await signed_in(desk)
        record = new_id().bytes
        value = wire.SealValue("details", "administrative", "{}")
        items = [wire.SealItem(record, "appointment", new_id().bytes, [value])]
        window = house.now(), house.now() + words.DAY
        errand = wire.MintErrand(record, ["patient.email"], "message", *window)
        seal = wire.Part("seal", "reception", HERE, wire.raw(wire.SealAsk(items)))
        sign = wire.Part("errand", body=wire.raw(errand))
        for parts in ([seal, sign], [sign, seal][:1], [wire.Part("reveal")], []):
            ask = asking("batch", wire.BatchAsk(parts), capability=capability)
            answers.append(await desk.answer(ask, 1))
        # Negative control: an errand for a record that nothing sealed refuses the whole.
        unknown = wire.MintErrand(new_id().bytes, ["patient.email"], "message", *window)
        lost = [wire.Part("errand", body=wire.raw(unknown)), sign]
        ask = asking("batch", wire.BatchAsk(lost), capability=capability)
        answers.append(await desk.answer(ask, 1))

    apart(book())
    assert [answer.error for answer in answers] == ["", "", "unusable", "unusable", "refused"]
    assert len(syncs) == 4
    assert house.segment.size == 5
    assert not house.store.database.in_transaction


def test_what_sqlite_rolled_back_meanwhile_is_never_settled(house: House) -> None:
    """Gathered rows that vanished (a full disk) must end the keeper, not be answered for."""
    with house.store.gathered():
        house.store.put_token("errand", b"t" * 32, 1 << 60, wire.Nothing())
    house.store.settle()
    assert house.store.count("errand") == 1
    with suppress(ZeroDivisionError), house.store.gathered():
        house.store.put_token("errand", b"u" * 32, 1 << 60, wire.Nothing())
        raise ZeroDivisionError
    assert house.store.count("errand") == 1
    with house.store.gathered():
        house.store.put_token("errand", b"v" * 32, 1 << 60, wire.Nothing())
    house.store.database.execute("ROLLBACK")
    ended: list[bool] = []
    house.store.on_fatal = lambda: ended.append(True)
    with pytest.raises(sqlite3.OperationalError):
        house.store.settle()
    assert ended
