"""The door asks the kernel who is there; a drill's clock is driven, a real one's never."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serment.disclosure import NotYours, Purpose, gate, opening
from serment.disclosure.line import client
from serment.ids import new_id
from serment.keeper import server, wire
from serment.keeper.house import House, enter
from serment.keeper.server import Door
from serment.keeper.tending import OWN_USER_ONLY, TendAsk
from serment.keeper.words import OPERATOR_ID
from tests.apart import apart
from tests.keeper.running import Running, make_file, staff_of


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    opened.segment.close()


@pytest.mark.parametrize(("stranger", "answered"), [(True, False), (False, True)])
def test_another_user_is_not_answered(
    house: House, tmp_path: Path, stranger: bool, answered: bool
) -> None:
    """Negative control: the same connection of an allowed user is."""
    hello = wire.frame(wire.Request(new_id().bytes, "hello", wire.ActorWire("system", bytes(16))))

    async def knock() -> bytes:
        door = Door(house, frozenset({os.getuid() + stranger}))
        server = await door.listen(tmp_path / "k.sock")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "k.sock")
        writer.write(hello)
        try:
            return await reader.read(wire.HEAD_BYTES)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            await door.close()
            server.close()

    assert bool(apart(knock())) == answered


@pytest.mark.parametrize(("other", "error"), [(True, "refused"), (False, "")])
def test_another_system_user_tends_no_keys_and_erases_nobody(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: bool, error: str
) -> None:
    """The pages' process may claim to be the operator; the kernel says which user it is.

    Negative control: the same request of the keeper's own user is done.
    """
    asked = wire.Request(
        new_id().bytes, "tend", wire.ActorWire("operator", OPERATOR_ID), body=wire.raw(TendAsk())
    )
    pages = os.getuid() + other
    monkeypatch.setattr(server, "_peer", lambda _writer: (os.getpid(), pages))

    async def knock() -> str:
        door = Door(house, frozenset({pages}))
        listening = await door.listen(tmp_path / "k.sock")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "k.sock")
        writer.write(wire.frame(asked))
        try:
            head = await reader.readexactly(wire.HEAD_BYTES)
            return wire.reply_from(await reader.readexactly(wire.body_length(head))).error
        finally:
            writer.close()
            await door.close()
            listening.close()

    assert apart(knock()) == error
    assert {"erase", "hold", "tend"} <= OWN_USER_ONLY


@pytest.fixture
def drill(tmp_path: Path, settings: Any) -> Iterator[Running]:
    running = Running(tmp_path / "s", tmp_path / "k.sock", arguments=("--drill",)).start()
    settings.KEEPER_SOCKET = str(running.socket)
    opening.leases.clear()
    yield running
    client.hang_up()
    running.kill()


def test_a_drill_drives_its_clock_forward_and_says_that_it_is_one(drill: Running) -> None:
    assert re.fullmatch(r"serment/[0-9a-f]{12}/drill", gate.health().origin)
    here, then = new_id(), datetime.now(UTC) + timedelta(days=3)
    gate.drive_clock(then)
    file, actor = make_file(here), staff_of(here)
    gate.reveal(actor, Purpose.CARE, [file], ["family_name"])
    assert gate.history(actor, file.pk)[0].at - then < timedelta(seconds=1)
    with pytest.raises(NotYours):
        gate.drive_clock(then - timedelta(days=1))


def test_a_real_keepers_clock_is_nobodys(own_keeper: Running) -> None:
    with pytest.raises(NotYours):
        gate.drive_clock(datetime.now(UTC) + timedelta(days=3))


def test_a_session_ends_at_its_hour(drill: Running) -> None:
    from serment.disclosure import SessionEnded

    here = new_id()
    file, actor = make_file(here), staff_of(here)
    assert gate.reveal(actor, Purpose.CARE, [file], ["family_name"])
    gate.drive_clock(datetime.now(UTC) + timedelta(hours=2))
    with pytest.raises(SessionEnded):
        gate.reveal(actor, Purpose.CARE, [file], ["given_name"])
