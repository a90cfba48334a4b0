"""The keeper without its socket: group commit, and the last look before anything leaves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import reading, wire
from serment.keeper.house import House, enter
from serment.keeper.server import Desk
from serment.ledger import segment

HERE, SECRETARY = b"e" * 16, b"s" * 16


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    opened.segment.close()


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
    asyncio.run(crowd())
    assert house.segment.size == before + 100  # fifty sealed, fifty opened, a leaf each
    assert len(syncs) <= 5


@pytest.mark.parametrize("guarded", [True, False])
def test_a_session_closed_during_the_sync_gets_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: without the second look the keys leave after the session was closed."""
    if not guarded:
        monkeypatch.setattr(reading, "_check_again", lambda house, ask: None)

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
    assert asyncio.run(race()) == ("session" if guarded else "")
    assert house.segment.size == before + 2  # recorded all the same: never too little


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

    assert asyncio.run(tries()) == {"unusable"}
