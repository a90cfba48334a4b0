"""All checks together, as ``serment doctor`` and the start of ``serment up`` ask for them."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from serment import clock
from serment.config import keeper_probe, publication
from serment.config.doctor import instance, machine, providers, sign_in, transport
from serment.config.doctor.finding import Finding
from serment.config.environment import ROOT, Environment
from serment.errors import SermentError
from serment.keeper.wire import Figures

ANSWER_SECONDS = 5.0


def examine(env: Environment) -> list[Finding]:
    """Everything found, faults first."""
    up = running(env.state)
    found = [*_machine(env, running=up), *_instance(env, running=up)]
    return sorted(found, key=lambda finding: finding.weight)


def before_start(env: Environment) -> Iterator[Finding]:
    """Only the faults of the machine: what makes a start hopeless."""
    for finding in _machine(env, running=running(env.state)):
        if finding.weight == "fault":
            yield finding


def running(state: Path) -> bool:
    """Whether ``serment up`` holds this state folder."""
    try:
        with (state / "up.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except PermissionError:
        return False
    except OSError:
        return True
    return False


def clock_witnesses(state: Path) -> list[Path]:
    """Files whose time the clock must have passed."""
    keeper = state / "keeper"
    records = [path for path in keeper.glob("**/*") if path.is_file()] if keeper.exists() else []
    return [
        Path(__file__),
        state / "postgres" / "global" / "pg_control",
        *sorted(records, key=lambda path: path.stat().st_mtime, reverse=True)[:1],
    ]


def _machine(env: Environment, *, running: bool) -> Iterator[Finding]:
    checks = [
        None if running else instance.half_restored(env.state),
        machine.clone_owner(ROOT, os.getuid()),
        machine.writable(env.state),
        machine.private(env.state),
        machine.clock(clock.now(), clock_witnesses(env.state)),
        machine.disk(env.state),
        machine.postgres() if env.database_url is None else None,
        None if running else machine.port_free(env.listen, env.port),
    ]
    yield from (finding for finding in checks if finding is not None)
    yield from transport.settings(env, demo=instance.is_demo(env))


def _figures(socket: Path) -> Figures | None:
    """What a running keeper says of itself; None where none answers."""
    try:
        return asyncio.run(asyncio.wait_for(keeper_probe.figures(socket), ANSWER_SECONDS))
    except (OSError, EOFError, SermentError):
        return None


def _instance(env: Environment, *, running: bool) -> Iterator[Finding]:
    told = _figures(env.keeper_socket)
    checks = [
        instance.present(env.state, running=running),
        instance.keeper_answers(running=running, answered=told is not None),
        instance.isolation(told.isolated if told else None, demo=instance.is_demo(env)),
        instance.database(env),
    ]
    yield from (finding for finding in checks if finding is not None)
    yield from sign_in.findings(env)
    yield from providers.findings(env)
    if running:
        yield from transport.reached(env, clock.now())
    if told is not None:
        yield from publication.findings(env, told)
        due = instance.rotation(told.size, instance.log_began(env.ledger_site), clock.now())
        if due is not None:
            yield due
