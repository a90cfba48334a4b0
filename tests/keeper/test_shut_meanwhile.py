"""Who is shut out while they accept: the later word, which is the house's, holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.acting import acts, asks
from serment.keeper.recorder import Recorder
from serment.keeper.store import LinkRow
from tests.keeper.inside import Inside, Refused
from tests.keeper.test_joined import DAY, SECOND, account_of


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    """A keeper whose clock the test drives."""
    found = Inside(tmp_path / "keeper")
    found.house.recorder.clock.driven = 1_800_000_000 * SECOND
    yield found
    found.crash()


@pytest.mark.parametrize("guarded", [True, False])
def test_whom_a_house_shuts_out_while_they_accept_is_not_let_in(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The house's word falls between the record and the link. Negative control: without the second
    look, both stand and the person acts."""
    monique, jeanne = account_of(inside), account_of(inside)
    now, house = inside.house.now(), inside.house
    offer = asks.ActForAsk(
        monique.actor.id, "helper", ["appointments"], new_id().bytes, now + 40 * DAY, now + DAY
    )
    token = inside.ask(monique, "act_for", offer, wire.Token32, purpose="administration")
    record = Recorder.record

    async def shut_meanwhile(*asked: Any, **more: Any) -> Any:
        found = await record(*asked, **more)
        shut = LinkRow(
            jeanne.actor.id, monique.actor.id, now, "helper", state="ended", by=b"h" * 16
        )
        with house.store.transaction():
            house.store.put_link(shut)
        return found

    if not guarded:
        write = acts.write

        async def unguarded(*asked: Any, **more: Any) -> None:
            await write(*asked, **(more | {"unless": None}))

        monkeypatch.setattr(acts, "write", unguarded)
    monkeypatch.setattr(Recorder, "record", shut_meanwhile)

    def accept() -> msgspec.Struct:
        return inside.ask(jeanne, "act_accept", token, asks.ActingRows, purpose="administration")

    if guarded:
        with pytest.raises(Refused):
            accept()
    else:
        accept()
    stands = [one for one in house.store.links(account=jeanne.actor.id) if not one.state]
    assert bool(stands) is not guarded
