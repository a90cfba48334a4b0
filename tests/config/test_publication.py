"""A publication that stands still is told, with since when; one that goes on is not."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from serment.config import publication, publisher
from serment.config.environment import Environment, read
from serment.keeper import wire
from serment.keeper.publishing import Publishing
from serment.ledger import announcing
from serment.ledger.publish import bundle_path
from serment.live.health import Publication
from tests.keeper.inside import OPERATOR, Inside

LATE = 40.0


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("SERMENT_STATE", str(tmp_path))
    found = read()
    found.run.mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture
def inside(env: Environment) -> Iterator[Inside]:
    opened = Inside(env.state / "keeper")
    yield opened
    opened.crash()


def _state(env: Environment, inside: Inside) -> tuple[Publication, list[str]]:
    told = inside.ask(OPERATOR, "hello", wire.Nothing(), wire.Figures)
    named = [one.check for one in publication.findings(env, told)]
    return publication.published(env, told), named


def _announce(env: Environment) -> None:
    key = publisher.key_of(env)
    assert key is not None
    announcing.go_on(publisher.site_of(env, key), env.ledger_public)


def test_a_publisher_that_stands_still_is_told(env: Environment, inside: Inside) -> None:
    publishing = Publishing(inside.house, env.ledger_public, env.ledger_site)
    inside.patient()
    publishing._turn()
    _announce(env)
    announced = inside.house.segment.size
    inside.patient()
    publishing._turn()  # the keeper goes on; nobody announces
    since = time.time() - LATE
    os.utime(bundle_path(env.ledger_public, announced), (since, since))
    found, named = _state(env, inside)
    assert (found.announced, found.signed) == (announced, inside.house.segment.size)
    assert found.waiting_seconds >= LATE
    assert (found.well, named) == (False, ["publication"])
    # Negative control: announced, all is well, however long ago the last record was.
    _announce(env)
    found, named = _state(env, inside)
    assert (found.waiting_seconds, found.well, named) == (0.0, True, [])


def test_a_keeper_that_cannot_sign_is_told(
    env: Environment, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = Publishing(inside.house, env.ledger_public, env.ledger_site)

    def full(*_asked: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr("serment.ledger.durable.write", full)
        inside.patient()
        publishing._turn()
        assert inside.house.signing is not None
        inside.house.signing.since -= LATE
        publishing._turn()
        found, named = _state(env, inside)
        assert found.waiting_seconds >= LATE
        assert (found.well, named) == (False, ["publication"])
    publishing._turn()
    _announce(env)
    assert _state(env, inside)[1] == []


def test_a_witness_that_is_silent_for_an_hour_is_told(env: Environment, inside: Inside) -> None:
    asked = dataclasses.replace(env, witness_policy=env.state / "policy")
    assert _state(asked, inside)[1] == ["witnesses"]
    publication.witness_file(asked).touch()
    assert _state(asked, inside)[1] == []
    since = time.time() - publication.WITNESS_SECONDS_MAX - 1
    os.utime(publication.witness_file(asked), (since, since))
    assert _state(asked, inside)[1] == ["witnesses"]
    assert _state(env, inside)[1] == []  # none is configured, none is missed


def test_a_stamp_that_is_old_and_a_clock_that_is_wrong_are_told(
    env: Environment, inside: Inside
) -> None:
    Publishing(inside.house, env.ledger_public, env.ledger_site)
    _announce(env)
    told = inside.ask(OPERATOR, "hello", wire.Nothing(), wire.Figures)
    asked = dataclasses.replace(env, timestamp_url="https://tsa.example.org")

    def named(where: Environment, **figures: float | None) -> list[str]:
        shown = msgspec.structs.replace(told, **figures)
        return [one.check for one in publication.findings(where, shown)]

    assert named(asked) == ["timestamps"]
    fresh = {"timestamp_seconds": 3_600.0, "clock_difference_seconds": 1.0}
    assert named(asked, **fresh) == []
    assert named(asked, **fresh | {"clock_difference_seconds": -61.0}) == ["clock"]
    assert named(asked, **fresh | {"timestamp_seconds": 7_501.0}) == ["timestamps"]
    assert named(env) == []  # none is configured, none is missed


def test_a_folder_this_user_may_not_read_is_not_a_failing_keeper(
    env: Environment, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    Publishing(inside.house, env.ledger_public, env.ledger_site)

    def closed(*_asked: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", closed)
    monkeypatch.setattr(Path, "stat", closed)
    found, _named = _state(env, inside)
    assert (found.announced, found.waiting_seconds) == (0, 0.0)
