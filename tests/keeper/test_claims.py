"""Whoever claims to be the system or the operator, with nothing to prove it, does little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import rights, wire, words
from serment.keeper.house import House, enter
from serment.keeper.made import Made
from serment.keeper.rights import ASKS, Reach
from serment.keeper.server import ACTS, Desk
from tests.apart import apart
from tests.keeper.inside import end

HERE, SECRETARY, SYSTEM = b"e" * 16, b"s" * 16, bytes(16)
MADE_BY_DESK, MADE_BY_SYSTEM, ACCOUNT = b"d" * 16, b"m" * 16, b"a" * 16


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = enter(tmp_path / "keeper")
    yield opened
    end(opened)


def sealing(record: bytes, kind: str = "patient", **more: Any) -> wire.SealAsk:
    value = wire.SealValue("family_name", "identity", "Quatrevaux")
    return wire.SealAsk([wire.SealItem(record, kind, more.get("subject", record), [value])])


async def asked(
    desk: Desk, kind: str, op: str, body: msgspec.Struct, capability: bytes = b""
) -> wire.Reply:
    staff = kind == "staff"
    who = SECRETARY if staff else words.FIXED_IDS.get(kind, SYSTEM)
    actor = wire.ActorWire(kind, who, "secretary" if staff else "", HERE if staff else None)
    return await desk.answer(
        wire.Request(
            id=new_id().bytes, op=op, actor=actor, capability=capability, purpose="message",
            tenant=HERE, body=wire.raw(body),
        ),
        1,
    )  # fmt: skip


async def furnished(house: House) -> Desk:
    """A file the desk made, and one that the system made."""
    desk = Desk(house)
    minted = await asked(desk, "staff", "open_session", wire.OpenSession(1))
    capability = msgspec.msgpack.decode(minted.body, type=wire.Token32).token
    for kind, record in (("staff", MADE_BY_DESK), ("system", MADE_BY_SYSTEM)):
        held = capability if kind == "staff" else b""
        assert (await asked(desk, kind, "seal", sealing(record), held)).error == ""
    return desk


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("what", ["seal", "delete", "link"])
def test_the_system_changes_only_what_it_made(
    house: House, monkeypatch: pytest.MonkeyPatch, what: str, guarded: bool
) -> None:
    """Negative control: were every record its own, it would rewrite, forget and hand over all."""
    if not guarded:
        monkeypatch.setattr(Reach, "creates_for", lambda *_: True)
        monkeypatch.setattr(rights, "is_untouched", lambda *_: True)
        monkeypatch.setattr(Made, "by", lambda *_: True)

    def body(record: bytes) -> msgspec.Struct:
        return {
            "seal": lambda: sealing(record),
            "delete": lambda: wire.IdAsk(record, "patient"),
            "link": lambda: wire.LinkAsk(ACCOUNT, record),
        }[what]()

    async def told() -> list[str]:
        desk = await furnished(house)
        records = (MADE_BY_DESK, MADE_BY_SYSTEM)
        return [(await asked(desk, "system", what, body(one))).error for one in records]

    assert apart(told()) == ["refused" if guarded else "", ""]


def test_the_system_adds_to_a_file_it_did_not_make(house: House) -> None:
    """As an import does; a new record only, and never as somebody else's."""

    async def told() -> list[str]:
        desk = await furnished(house)
        added = sealing(b"v" * 16, "appointment", subject=MADE_BY_DESK)
        moved = sealing(b"v" * 16, "appointment", subject=MADE_BY_SYSTEM)
        return [(await asked(desk, "system", "seal", one)).error for one in (added, moved)]

    assert apart(told()) == ["", "refused"]


@pytest.mark.parametrize("guarded", [True, False])
def test_the_system_signs_for_no_patient(
    house: House, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: unasked, whoever says it is Serment signs itself a ticket for any file."""
    if not guarded:
        monkeypatch.setattr(Reach, "signs", lambda *_: True)

    async def told() -> list[str]:
        desk = await furnished(house)
        assert (await asked(desk, "system", "seal", sealing(b"n" * 16, "staff"))).error == ""
        window = house.now(), house.now() + words.DAY
        return [
            (
                await asked(
                    desk, "system", "errand",
                    wire.MintErrand(record, ["family_name"], purpose, *window),
                )
            ).error
            for record, purpose in (
                (MADE_BY_DESK, "message"), (MADE_BY_SYSTEM, "message"),
                (MADE_BY_SYSTEM, "transparency"), (b"n" * 16, "message"),
                (b"n" * 16, "transparency"),
            )
        ]  # fmt: skip

    assert apart(told()) == ["refused" if guarded else ""] * 4 + [""]


def test_what_is_not_a_kinds_is_refused(house: House) -> None:
    """Every operation, by every kind that may not ask it, and by kinds nobody knows."""
    nothing = wire.Nothing()

    async def told(kind: str, op: str) -> str:
        return (await asked(Desk(house), kind, op, nothing)).error

    refused = [
        (kind, op) for kind in (*words.ACTOR_KINDS, "root", "") for op in ACTS
        if op not in ASKS.get(kind, ())
    ]  # fmt: skip
    assert len(refused) > 60
    assert {apart(told(kind, op)) for kind, op in refused} == {"refused"}
    assert set(ASKS) == set(words.ACTOR_KINDS)
    assert set().union(*ASKS.values()) == set(ACTS)
    assert house.segment.size == 0
