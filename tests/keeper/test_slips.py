"""One person takes back a file they made by mistake today, and no other off the desk's lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serment.ids import new_id
from serment.keeper import rights, wire
from serment.keeper.words import DAY
from tests.keeper.enrolled import registered
from tests.keeper.inside import HERE, Inside, Person, word


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    keeper = Inside(tmp_path / "keeper")
    yield keeper
    keeper.crash()


def make(
    inside: Inside, who: Person, subject: bytes = b"", kind: str = "patient"
) -> wire.RevealAsk:
    """A record that this person made; what to ask to open it."""
    record = new_id().bytes
    value = wire.SealValue("family_name", "identity", "Quatrevaux")
    item = wire.SealItem(record, kind, subject or record, [value])
    answer = inside.ask(who, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    [[sealed]] = answer.sealed
    assert sealed is not None
    field = wire.RevealField("family_name", "identity", sealed[1:17])
    return wire.RevealAsk([wire.RevealItem(record, kind, [field])])


def forgets(inside: Inside, who: Person, file: wire.RevealAsk) -> bool:
    [item] = file.items
    return not word(inside, who, "delete", wire.IdAsk(item.record, item.kind), purpose="reception")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_slip_is_taken_back_and_nothing_else(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: whoever may write here empties the desk's lists alone."""
    if not guarded:
        monkeypatch.setattr(rights, "is_slip", lambda *_: True)
    clerk, colleague = registered(inside), registered(inside)
    slip, seen, booked, older, own = (make(inside, clerk) for _ in range(5))
    inside.reveal(clerk, slip)
    inside.reveal(colleague, seen)
    make(inside, clerk, booked.items[0].record, "appointment")
    assert forgets(inside, clerk, slip)
    told = [
        forgets(inside, colleague, own),
        forgets(inside, clerk, seen),
        forgets(inside, clerk, booked),
        forgets(inside, clerk, inside.patient()),
    ]
    inside.later(DAY)
    again = inside.ask(clerk, "open_session", wire.OpenSession(1), wire.Token32)
    clerk.capability = again.token
    told.append(forgets(inside, clerk, older))
    assert told == [not guarded] * 5
