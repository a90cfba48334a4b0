"""The door asks the kernel who is there; a drill's clock is driven, a real one's never."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serment.disclosure import NotYours, Purpose, gate, opening
from serment.disclosure.line import client
from serment.ids import new_id
from serment.keeper import door as doors
from serment.keeper import wire
from serment.keeper.door import Door
from serment.keeper.entrances import Entrance, Place
from serment.keeper.house import House, enter
from tests.apart import apart
from tests.keeper.inside import end
from tests.keeper.running import Running, make_file, staff_of


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    end(opened)


def hello() -> bytes:
    return wire.frame(wire.Request(new_id().bytes, "hello", wire.ActorWire("system", bytes(16))))


@pytest.mark.parametrize(("stranger", "answered"), [(True, False), (False, True)])
def test_another_user_is_not_answered(
    house: House, tmp_path: Path, stranger: bool, answered: bool
) -> None:
    """Negative control: the same connection of an allowed user is."""
    at = tmp_path / "k.sock"
    place = Place(Entrance.OPERATOR, at, frozenset({os.getuid() + stranger}))

    async def knock() -> bytes:
        door = Door(house, [place])
        await door.listen()
        reader, writer = await asyncio.open_unix_connection(at)
        writer.write(hello())
        try:
            return await reader.read(wire.HEAD_BYTES)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            await door.close()

    assert bool(apart(knock())) == answered


@pytest.mark.parametrize("guarded", [True, False])
def test_a_line_that_says_nothing_or_half_a_request_is_hung_up(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: with the patience the guard is made of taken away, both stay for ever."""
    patience = 0.2 if guarded else 3_600
    monkeypatch.setattr(doors, "HEAD_SECONDS_MAX", patience)
    monkeypatch.setattr(doors, "FRAME_SECONDS_MAX", patience)
    at = tmp_path / "k.sock"

    async def hung_up(sent: bytes) -> bool:
        reader, writer = await asyncio.open_unix_connection(at)
        writer.write(sent)
        try:
            async with asyncio.timeout(1.0):
                return await reader.read() == b""
        except TimeoutError:
            return False
        finally:
            writer.close()

    async def story() -> list[bool]:
        door = Door(house, [Place(Entrance.OPERATOR, at, frozenset({os.getuid()}))])
        await door.listen()
        try:
            return list(await asyncio.gather(hung_up(b""), hung_up(hello()[:-3])))
        finally:
            await door.close()

    assert apart(story()) == [guarded, guarded]


@pytest.mark.parametrize("guarded", [True, False])
def test_half_requests_take_so_much_memory_and_no_more(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Of one entrance; the others go on. Negative control: without the bound all of it is held."""
    monkeypatch.setattr(doors, "HALF_BYTES_MAX", 8 << 20 if guarded else 1 << 40)
    places = [Place(one, tmp_path / one, frozenset({os.getuid()})) for one in Entrance]
    half = wire.HEAD.pack(4 << 20, wire.VERSION, wire.SUITE_MSGPACK) + bytes(3 << 20)

    async def half_sent(at: Path) -> asyncio.StreamWriter:
        _reader, writer = await asyncio.open_unix_connection(at)
        writer.write(half)
        with suppress(ConnectionError):
            await writer.drain()
        return writer

    async def story() -> tuple[int, bool]:
        door = Door(house, places)
        await door.listen()
        held = [await half_sent(tmp_path / Entrance.WEB) for _ in range(6)]
        reader, writer = await asyncio.open_unix_connection(tmp_path / Entrance.OPERATOR)
        writer.write(hello())
        try:
            answered = bool(await reader.read(wire.HEAD_BYTES))
            return sum(line.half_bytes for line in door._open), answered
        finally:
            for one in (*held, writer):
                one.close()
            await door.close()

    held, answered = apart(story())
    assert answered
    assert (held <= 8 << 20) == guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_who_does_not_read_the_answers_is_hung_up(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: waited for without end, a process holds its lines as long as it likes."""
    monkeypatch.setattr(doors, "FRAME_SECONDS_MAX", 0.2 if guarded else 3_600)
    at = tmp_path / "k.sock"

    async def story() -> int:
        door = Door(house, [Place(Entrance.OPERATOR, at, frozenset({os.getuid()}))])
        await door.listen()
        told = hello() * 20_000
        line = socket.socket(socket.AF_UNIX)
        line.setblocking(False)
        line.connect(str(at))
        try:
            for _ in range(80):
                with suppress(BlockingIOError, ConnectionError):
                    told = told[line.send(told) :]
                await asyncio.sleep(0.02)
            return len(door._open)
        finally:
            line.close()
            await door.close()

    assert apart(story()) == (0 if guarded else 1)


def test_a_sweep_that_fails_is_not_the_last(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full for a minute must not let sessions and counts grow for ever."""
    swept: list[int] = []

    def sweep(_house: House) -> None:
        swept.append(1)
        if len(swept) < 3:
            raise sqlite3.OperationalError

    monkeypatch.setattr(House, "sweep", sweep)
    monkeypatch.setattr(doors, "SWEEP_SECONDS", 0.01)

    async def story() -> None:
        door = Door(house, [Place(Entrance.OPERATOR, tmp_path / "k", frozenset({os.getuid()}))])
        await door.listen()
        await asyncio.sleep(0.2)
        await door.close()

    apart(story())
    assert len(swept) > 3


@pytest.fixture(params=["--drill"])
def drill(tmp_path: Path, settings: Any, request: pytest.FixtureRequest) -> Iterator[Running]:
    running = Running(tmp_path / "s", tmp_path / "k.sock", arguments=(request.param,)).start()
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


@pytest.mark.parametrize("drill", ["--trial"], indirect=True)
def test_a_trial_is_a_drill_by_name_and_its_clock_is_nobodys(drill: Running) -> None:
    assert gate.health().origin.endswith("/trial/drill")
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
