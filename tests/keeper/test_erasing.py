"""An erasure is carried out once, when two approved exactly these persons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from serment.keeper import wire
from serment.keeper.policy import asks, carrying
from serment.keeper.policy.grants import SOLO_DELAY_US
from tests.keeper.inside import HERE, OPERATOR, THERE, Inside, Person, Refused, record_of
from tests.keeper.test_policy import alarms, approve, grant, refusal


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


class Answer(msgspec.Struct):
    gone: int


def erase(inside: Inside, who: Person, digest: bytes) -> bool:
    return bool(inside.ask(who, "grant_erase", asks.DigestAsk(digest), Answer).gone)


@pytest.mark.parametrize("guarded", [True, False])
def test_one_officer_erases_nobody(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: unguarded, one officer's word destroys a patient's keys."""
    manager, officer = inside.staff("manager"), inside.staff("privacy_officer")
    file, other = inside.patient(), inside.patient()
    _token, digest = grant(inside, inside.staff(), file, kind="erase", fields=[], purpose="")
    approve(inside, manager, digest)
    if not guarded:
        monkeypatch.setattr(carrying, "is_good", lambda *_: True)
        erase(inside, manager, digest)
        assert refusal(inside, inside.staff(), file) == "refused"
        return
    with pytest.raises(Refused, match="grant"):
        erase(inside, manager, digest)
    inside.reveal(inside.staff(), file)
    assert approve(inside, officer, digest)
    with pytest.raises(Refused, match="refused"):
        erase(inside, inside.staff(), digest)
    with pytest.raises(Refused, match="refused"):
        erase(inside, inside.staff("manager", THERE), digest)
    assert erase(inside, officer, digest)
    assert refusal(inside, inside.staff(), file) == "refused"
    inside.reveal(inside.staff(), other)
    with pytest.raises(Refused, match="grant"):
        erase(inside, officer, digest)  # used up


def test_approvers_see_whose_it_is_and_from_when_it_is_final(inside: Inside) -> None:
    manager, file = inside.staff("manager"), inside.patient()
    _token, digest = grant(inside, manager, file, kind="erase", fields=[], purpose="")
    wanted = asks.DigestAsk(digest)
    assert inside.ask(manager, "grant_subjects", wanted, wire.Ids).ids == [record_of(file)]
    with pytest.raises(Refused, match="refused"):
        inside.ask(inside.staff(), "grant_subjects", wanted, wire.Ids)
    (row,) = inside.ask(manager, "grants", wire.Nothing(), asks.GrantList).rows
    assert row.final_on > inside.house.now()
    assert (row.good_from, row.solo, row.count) == (0, False, 1)


def test_in_a_solo_practice_time_takes_the_second_persons_place_and_anybody_there_stops_it(
    inside: Inside,
) -> None:
    doctor, clerk = inside.staff("manager"), inside.staff()
    files = [inside.patient(), inside.patient()]
    with pytest.raises(Refused, match="refused"):
        inside.ask(doctor, "solo", asks.SoloAsk(HERE), wire.Nothing)
    inside.ask(OPERATOR, "solo", asks.SoloAsk(HERE), wire.Nothing)
    assert alarms(inside, doctor) == ["solo"]
    end = inside.house.now() + 2 * SOLO_DELAY_US
    digests = [
        grant(inside, doctor, file, kind="erase", fields=[], purpose="", not_after=end)[1]
        for file in files
    ]
    for digest in digests:
        assert not approve(inside, doctor, digest)
    rows = inside.ask(clerk, "grants", wire.Nothing(), asks.GrantList).rows
    assert all(row.good_from == row.at + SOLO_DELAY_US or row.good_from > row.at for row in rows)
    inside.ask(clerk, "grant_revoke", asks.DigestAsk(digests[0]), wire.Nothing)
    inside.later(SOLO_DELAY_US)
    doctor.capability = inside.ask(doctor, "open_session", wire.OpenSession(12), wire.Token32).token
    with pytest.raises(Refused, match="grant"):
        erase(inside, doctor, digests[0])
    assert erase(inside, doctor, digests[1])
    inside.ask(OPERATOR, "solo", asks.SoloAsk(HERE, False), wire.Nothing)
    with pytest.raises(Refused, match="refused"):
        inside.ask(inside.staff(), "grants", wire.Nothing(), asks.GrantList)
