"""A socket for each kind of process: who comes in, what is asked there, what is written of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.keeper import __main__ as program
from serment.keeper import door as doors
from serment.keeper import server, wire
from serment.keeper.entrances import PASSES, Entrance, Place, isolated
from serment.keeper.house import House, enter
from serment.keeper.rights import ASKS
from serment.keeper.server import ACTS
from serment.keeper.tending import TendAsk
from tests.apart import apart
from tests.keeper.inside import end
from tests.keeper.knocking import (
    ANOTHER,
    HUNG_UP,
    NO_WAY_IN,
    SOMEBODY,
    asking,
    knock,
    knocks,
)

OWN = os.getuid()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where another user gets through: pytest's own folders are for their owner only."""
    with tempfile.TemporaryDirectory(prefix="entrances-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    end(opened)


def place(folder: Path, entrance: Entrance, *users: int) -> Place:
    return Place(entrance, folder / f"{entrance}.sock", frozenset(users))


def sealing() -> wire.SealAsk:
    value = wire.SealValue("family_name", "identity", "Quatrevaux")
    return wire.SealAsk([wire.SealItem(b"r" * 16, "patient", b"r" * 16, [value])])


def opening() -> wire.RevealAsk:
    return wire.RevealAsk([wire.RevealItem(b"r" * 16, "patient", [])])


AT_WEB = [
    (asking("system", "hello"), ""),
    (asking("operator", "stats"), ""),
    (asking("staff", "open_session", wire.OpenSession(1)), ""),
    (asking("patient", "open_session", wire.OpenSession(1)), ""),
    (asking("system", "seal", sealing(), tenant=b"e" * 16), "refused"),
    (asking("operator", "perimeter", wire.PerimeterAsk(0, 1 << 50)), "refused"),
    (asking("operator", "tend", TendAsk()), "refused"),
]
AT_WORKER = [
    (asking("system", "hello"), ""),
    (asking("operator", "stats"), ""),
    (asking("staff", "open_session", wire.OpenSession(1)), "refused"),
    (asking("patient", "open_session", wire.OpenSession(1)), "refused"),
    (asking("system", "seal", sealing(), tenant=b"e" * 16), "refused"),
    (asking("operator", "perimeter", wire.PerimeterAsk(0, 1 << 50)), "refused"),
]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("entrance", [Entrance.WEB, Entrance.WORKER])
def test_at_its_entrance_a_process_is_what_the_entrance_is_for(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, entrance: Entrance, guarded: bool
) -> None:
    """Negative control: believed about its kind, it makes files as Serment and reads all logs."""
    if not guarded:
        monkeypatch.setattr(doors, "may_pass", lambda *_: None)
    here = place(folder, entrance, SOMEBODY)
    table = AT_WEB if entrance is Entrance.WEB else AT_WORKER
    told, _pid = knock(house, [here], here.path, [ask for ask, _word in table])
    assert told == [word if guarded else "" for _ask, word in table]


@pytest.mark.parametrize("guarded", [True, False])
def test_the_pages_open_nothing_as_the_worker(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Tickets for messages lie in the pages' database; names are opened by whoever reads them.

    Negative control: passed on, the worker's request reaches the tickets.
    """
    reached: list[str] = []

    async def act(_house: House, ask: wire.Request, _peer: int) -> wire.Body:
        reached.append(ask.purpose)
        return wire.Nothing()

    monkeypatch.setitem(ACTS, "reveal", act)
    if not guarded:
        monkeypatch.setattr(doors, "may_pass", lambda *_: None)
    here = place(folder, Entrance.WEB, SOMEBODY)
    asks = [
        asking("worker", "reveal", opening(), purpose=purpose)
        for purpose in ("transparency", "message", "continuity")
    ]
    knock(house, [here], here.path, asks)
    assert reached == ([] if guarded else ["transparency", "message", "continuity"])


@pytest.mark.parametrize(
    ("users", "told"), [((ANOTHER,), HUNG_UP), ((SOMEBODY,), ""), ((ANOTHER, SOMEBODY), "")]
)
def test_only_the_user_an_entrance_names_comes_in(
    house: House, folder: Path, users: tuple[int, ...], told: str
) -> None:
    """A process of the pages' user at the worker's entrance; control: its user is named there."""
    here = place(folder, Entrance.WORKER, *users)
    places = [place(folder, Entrance.OPERATOR, OWN), here]
    assert knock(house, places, here.path, [asking("system", "hello")])[0] == [told]


@pytest.mark.parametrize(
    ("given", "told"),
    [((), NO_WAY_IN if OWN != SOMEBODY else ""), (("--operator-uid", str(SOMEBODY)), "")],
)
def test_who_acts_as_the_operator_is_told_at_the_start(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], told: str
) -> None:
    """Without the word another user does not even connect; with it, it tends keys.

    An ordinary user's peer is the keeper's own user, who is always the operator.
    """
    at = folder / "k.sock"
    arguments = ["keeper", "--state", str(house.folder), "--socket", str(at), *given]
    monkeypatch.setattr(sys, "argv", arguments)
    places = program._entrances(program._arguments())
    assert places == [Place(Entrance.OPERATOR, at, frozenset({OWN, *map(int, given[1:])}))]
    assert knock(house, places, at, [asking("operator", "tend", TendAsk())])[0] == [told]


@pytest.mark.parametrize("guarded", [True, False])
def test_an_operator_who_was_not_named_is_hung_up_on(
    house: House, folder: Path, guarded: bool
) -> None:
    """The file's mode aside: negative control, with the user named the same process is served."""
    here = place(folder, Entrance.OPERATOR, ANOTHER, *(() if guarded else (SOMEBODY,)))
    told, _pid = knock(house, [here], here.path, [asking("operator", "tend", TendAsk())])
    assert told == [HUNG_UP if guarded else ""]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(
    ("claimed", "written"),
    [("worker", "web"), ("command", "web"), ("keeper", "web"), ("", "web"), ("partner-7",) * 2],
)
def test_the_record_names_the_entrance_and_the_kernels_number(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, claimed: str, written: str,
    guarded: bool,
) -> None:  # fmt: skip
    """Negative control: unsigned, the pages' process passes as another. A partner stays named."""
    if not guarded:
        monkeypatch.setattr(doors, "sign", lambda *_: None)
    here = place(folder, Entrance.WEB, SOMEBODY)
    ask = asking(
        "staff", "open_session", wire.OpenSession(1), client=claimed, process="worker-1"
    )  # fmt: skip
    told, pid = knock(house, [here], here.path, [ask])
    assert told == [""]
    [(_seq, body)] = house.index.window(0, 1 << 60, -1, 5, {})
    actor = house.recorder.leaves.parts(body)[0]
    assert actor.peer == pid
    said = (written, f"web-{pid}") if guarded else (claimed, "worker-1")
    assert (actor.client, actor.process) == said


@pytest.mark.parametrize("guarded", [True, False])
def test_the_same_bytes_of_another_process_are_another_act(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Three processes that call themselves alike, each sending it twice: a leaf for each process.

    Negative control: bound to the claimed name, one leaf stands for all of them.
    """
    if not guarded:
        monkeypatch.setattr(server, "asker_of", lambda ask, *_: (ask.id, ask.capability))
        monkeypatch.setattr(doors, "sign", lambda *_: None)
    here = place(folder, Entrance.WEB, SOMEBODY)
    ask = asking("staff", "open_session", wire.OpenSession(1), process="web-1")
    told = knocks(house, [here], here.path, [ask, ask], 3)
    assert [words for words, _pid in told] == [["", ""]] * 3
    assert house.segment.size == (3 if guarded else 1)


def test_every_entrance_lets_pass_a_part_of_what_a_kind_may_ask() -> None:
    for kinds in PASSES.values():
        assert all(ops <= ASKS[kind] or kind == "operator" for kind, ops in kinds.items())
    assert set(PASSES[Entrance.OPERATOR]) == set(ASKS)
    opens = {"reveal", "find", "records_of", "files_behind", "files_of", "history", "perimeter"}
    for entrance in (Entrance.WEB, Entrance.WORKER):
        assert not opens & (PASSES[entrance]["system"] | PASSES[entrance]["operator"])


@pytest.mark.parametrize(
    ("operators", "web", "worker", "told"),
    [
        ({1}, {2}, {3}, True),
        (set(), {2}, {3}, True),
        (set(), {OWN}, {3}, False),
        (set(), {2}, {OWN}, False),
        (set(), {2}, {2}, False),
        ({2}, {2}, {3}, False),
        (set(), None, {3}, False),
        (set(), None, None, False),
    ],
)
def test_isolated_is_said_where_no_two_kinds_share_a_user(
    operators: set[int], web: set[int] | None, worker: set[int] | None, told: bool
) -> None:
    far = {1: OWN + 101, 2: OWN + 102, 3: OWN + 103, OWN: OWN}
    places = [
        place(Path(), entrance, *(far[one] for one in users))
        for entrance, users in (
            (Entrance.OPERATOR, operators), (Entrance.WEB, web), (Entrance.WORKER, worker)
        )
        if users is not None
    ]  # fmt: skip
    assert isolated(places) is told


def test_a_file_lets_connect_no_more_than_it_must(house: House, folder: Path) -> None:
    inner = folder / "made"
    own, others = place(folder, Entrance.OPERATOR, OWN), place(inner, Entrance.WEB, OWN + 1)

    async def modes() -> list[int]:
        door = doors.Door(house, [own, others])
        await door.listen()
        try:
            return [one.stat().st_mode & 0o777 for one in (own.path, others.path, inner)]
        finally:
            await door.close()

    assert apart(modes()) == [0o600, 0o666, 0o711]
    assert not own.path.exists()


@pytest.mark.parametrize("guarded", [True, False])
def test_however_many_lines_the_pages_hold_the_worker_gets_through(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Lines that are half-way through a request, which nobody hangs up on.

    Negative control: counted together only, the pages' lines are all there are.
    """
    monkeypatch.setattr(doors, "CONNECTIONS_MAX", 4)
    monkeypatch.setattr(doors, "CONNECTIONS_AN_ENTRANCE", 3 if guarded else 100)
    web, worker = place(folder, Entrance.WEB, OWN), place(folder, Entrance.WORKER, OWN)
    hello = wire.frame(asking("system", "hello"))

    async def story() -> bytes:
        door = doors.Door(house, [web, worker])
        await door.listen()
        held = [await asyncio.open_unix_connection(web.path) for _ in range(5)]
        try:
            for _reader, writer in held:
                writer.write(hello[:-1])
            await asyncio.sleep(0.1)
            reader, writer = await asyncio.open_unix_connection(worker.path)
            held.append((reader, writer))
            writer.write(hello)
            return await reader.read(wire.HEAD_BYTES)
        except ConnectionError:
            return b""
        finally:
            for _reader, writer in held:
                writer.close()
            await door.close()

    assert bool(apart(story())) == guarded
