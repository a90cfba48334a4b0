"""What is bound to a process is bound to the kernel's word: answers given again, and budgets."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from serment.ids import new_id
from serment.keeper import server, tokens, wire
from serment.keeper.aliases import AliasCount
from serment.keeper.peers import began, kin_of
from serment.keeper.policy import asks, standing
from serment.keeper.policy.budgets import SLOWED_PER_SECOND
from serment.keeper.words import DAY, WORKER_ID
from tests.apart import apart
from tests.keeper.forking import fork
from tests.keeper.inside import OPERATOR, SYSTEM, Inside, Person, Refused, record_of
from tests.keeper.waited import Waited

WORKER = Person(wire.ActorWire("worker", WORKER_ID))


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


def opening(inside: Inside, who: Person, file: wire.RevealAsk) -> wire.Request:
    return wire.Request(
        new_id().bytes, "reveal", msgspec.structs.replace(who.actor), purpose="reception",
        client="web", process="web-7", session=who.session, capability=who.capability,
        body=wire.raw(file),
    )  # fmt: skip


def sent(inside: Inside, ask: wire.Request, *peer: int) -> tuple[str, int]:
    """The keeper's word for this very request, and the leaves it made."""
    before = inside.house.segment.size
    asked = msgspec.structs.replace(ask, actor=msgspec.structs.replace(ask.actor))
    word = apart(inside.desk.answer(asked, *peer)).error
    return word, inside.house.segment.size - before


@pytest.mark.parametrize("guarded", [True, False])
def test_an_answer_is_given_again_to_the_same_process_only(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Another number, or the same number used anew, is another process: a new act, on record.

    Negative control: bound to what a process calls itself, whoever names itself alike is handed
    keys that no leaf tells of.
    """
    if not guarded:
        monkeypatch.setattr(
            server, "asker_of", lambda ask, *_: (ask.id, ask.capability or ask.errand, ask.process)
        )
    secretary, file = inside.staff(), inside.patient()
    ask = opening(inside, secretary, file)
    assert sent(inside, ask, 7, 1_000) == ("", 1)
    assert sent(inside, ask, 7, 1_000) == ("", 0)
    assert sent(inside, ask, 8, 1_000) == ("", 1 if guarded else 0)
    assert sent(inside, ask, 7, 2_000) == ("", 1 if guarded else 0)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("what", ["file", "grant"])
def test_an_answer_is_not_given_again_once_it_was_frozen_or_revoked(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, what: str, guarded: bool
) -> None:
    """Negative control: looking at the session alone, ten minutes long the keys go out again."""
    if not guarded:
        monkeypatch.setattr(
            server, "must_still_stand",
            lambda house, ask, peer: house.standing.must_stand(ask, peer, house.now()),
        )  # fmt: skip
    manager, officer, file = (
        inside.staff("manager"),
        inside.staff("privacy_officer"),
        inside.patient(),
    )
    if what == "file":
        ask = opening(inside, inside.staff(), file)
        assert sent(inside, ask, 7) == ("", 1)
        frozen = asks.FreezeAsk("subject", str(UUID(bytes=record_of(file))), "essai")
        inside.ask(officer, "freeze", frozen, wire.Nothing)
    else:
        token, digest = approved(inside, [manager, officer], file)
        ask = opening(inside, WORKER, file)
        ask.grant, ask.purpose = token, "export"
        assert sent(inside, ask, 7) == ("", 1)
        inside.ask(manager, "grant_revoke", asks.DigestAsk(digest), wire.Nothing)
    assert sent(inside, ask, 7) == ("refused" if guarded else "", 0)


def approved(inside: Inside, officers: list[Person], file: wire.RevealAsk) -> tuple[bytes, bytes]:
    """A grant for this file's name, by token and digest."""
    until = inside.house.now() + DAY
    terms = asks.ProposeAsk("bulk", "export", ["patient.family_name"], until)
    token = inside.ask(officers[0], "grant_propose", terms, wire.Token32).token
    inside.ask(officers[0], "grant_add", asks.AddAsk(token, [record_of(file)]), wire.Nothing)
    digest = inside.ask(officers[0], "grant_close", asks.GrantAsk(token), wire.Token32).token
    for who in officers:
        inside.ask(who, "grant_approve", asks.DigestAsk(digest), asks.GrantRow)
    return token, digest


def test_a_process_is_known_by_its_beginning() -> None:
    """Of processes the kernel shows; one that is not there, or is hidden, began at 0."""
    child = fork()
    if child == 0:
        time.sleep(10)
        os._exit(0)
    try:
        assert 0 < began(os.getpid()) <= began(child)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert began(child) == 0


def crowds(inside: Inside) -> list[tuple[Person, list[wire.RevealAsk]]]:
    """People of four houses, with four strangers' files each: beyond a budget of twelve."""
    houses = [bytes([number]) * 16 for number in range(1, 5)]
    return [
        (inside.staff(establishment=house), [inside.patient(house) for _ in range(4)])
        for house in houses
    ]


def alarms(inside: Inside) -> list[str]:
    answer = inside.ask(OPERATOR, "alarms", asks.AlarmsAsk(), wire.Disclosures, purpose="incident")
    return [name for row in answer.rows for item in row.items for name in item.fields]


@pytest.mark.parametrize("guarded", [True, False])
def test_forking_makes_no_new_budget(
    inside: Inside, waited: Waited, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The pages' processes share one, also after a restart of the keeper.

    Negative control: counted by the process's number, each fork opens as many again, unslowed.
    """
    if not guarded:
        monkeypatch.setattr(standing, "kin_of", lambda process: process)
    for number, (who, files) in enumerate(crowds(inside)):
        inside.peer = 100 + number  # forks once for each house
        if number == 3:
            inside.crash()
            inside.open()
            before = waited.seconds
        inside.reveal(who, *files, process=f"web-{inside.peer}")
    slowed = waited.seconds - before >= 4 / SLOWED_PER_SECOND
    assert slowed is guarded
    assert alarms(inside) == (["budget.process.hour"] if guarded else [])


def test_another_kind_of_process_has_a_budget_of_its_own(inside: Inside) -> None:
    for number, (who, files) in enumerate(crowds(inside)):
        inside.reveal(who, *files, process=f"{'worker' if number == 3 else 'web'}-{number}")
    assert alarms(inside) == []


@pytest.mark.parametrize("what", ["web", "web-7"])
def test_a_kind_of_process_is_frozen_as_one(inside: Inside, what: str) -> None:
    """Frozen by its number, a process that forks goes on as another; by its kind, it does not."""
    secretary, file = inside.staff(), inside.patient()
    inside.ask(OPERATOR, "freeze", asks.FreezeAsk("process", what, "essai"), wire.Nothing)
    inside.peer = 7
    with pytest.raises(Refused, match="frozen"):
        inside.reveal(secretary, file, process="web-7")
    inside.peer = 8
    if what == "web":
        with pytest.raises(Refused, match="frozen"):
            inside.reveal(secretary, file, process="web-8")
    else:
        inside.reveal(secretary, file, process="web-8")
    inside.reveal(secretary, file, process="operator-9")


@pytest.mark.parametrize("guarded", [True, False])
def test_forking_asks_for_no_more_aliases(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: slowed by number, each fork asks at full speed."""
    if not guarded:
        monkeypatch.setattr(tokens, "kin_of", lambda process: process)
    for name, much in (("ALIASES_A_SECOND", 20), ("BURST_SECONDS", 0), ("WAIT_SECONDS_MAX", 0.1)):
        monkeypatch.setattr(sys.modules[AliasCount.__module__], name, much)
    inside.house.aliases = AliasCount(lambda: 100.0)
    words = []
    for number in range(6):
        inside.peer = 100 + number
        ask = wire.Request(
            new_id().bytes, "alias", SYSTEM.actor, process=f"web-{inside.peer}",
            purpose="sign_in", body=wire.raw(wire.TextAsk("a@exemple.fr")),
        )  # fmt: skip
        words.append(sent(inside, ask, inside.peer)[0])
    assert ("unusable" in words) is guarded


def test_a_name_without_a_number_is_its_own_kind() -> None:
    assert [kin_of(one) for one in ("web-12", "keeper", "", "web-1-2")] == [
        "web",
        "keeper",
        "",
        "web",
    ]
