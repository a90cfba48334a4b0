"""``serment up``: the order of one instance's start, and what is printed when it is ready."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from serment.config import environment, postgres
from serment.config.database import roles
from serment.config.doctor import examination, instance
from serment.config.environment import Environment
from serment.config.prepare import secret_key
from serment.config.supervisor import asking
from serment.config.supervisor.keeping import DidNotStart
from serment.config.supervisor.plan import Plan
from serment.config.supervisor.program import Program
from serment.config.supervisor.supervising import Step, Supervisor
from serment.errors import SettingWrong

READY_SECONDS_MAX = 60.0
# Marks a state folder that began as a demo.
DEMO = "demo"


class AlreadyRunning(SettingWrong):
    """Serment already runs on this state folder; stop it first, or set SERMENT_STATE."""


def say(name: str, line: str) -> None:
    """One line of one process, its name in front."""
    sys.stdout.write(f"{name:<9}| {line}\n")
    sys.stdout.flush()


class NoDemo(SettingWrong):
    """This state folder does not hold a demo, so nothing of it is thrown away."""


def up(env: Environment, *, anew: bool = False) -> None:
    """Run everything until asked to stop; ``anew`` throws a demo's data away first.

    Raises SettingWrong with the first finding that makes a start hopeless, DidNotStart where a
    process or a step fails.
    """
    for finding in examination.before_start(env):
        raise SettingWrong(f"{finding.sentence} {finding.mend}")
    postgres.make_private(env.state)
    postgres.make_private(env.run)
    with alone(env.state):
        if anew:
            _throw_away(env.state)
        if env.demo and not any((env.state / name).exists() for name in ("postgres", "keeper")):
            (env.state / DEMO).write_text(f"{instance.DRILL}\n", encoding="utf-8")
        secret_key(env.secret_key_file)
        _hand_down(env)
        asyncio.run(_run(env, asking.answers_for(env)))


def _throw_away(state: Path) -> None:
    """Only what ``serment up --demo`` began in an empty folder may go. Raises NoDemo."""
    if not (state / DEMO).exists() and (state / "postgres").exists():
        raise NoDemo
    for name in ("postgres", "keeper", "ledger", "database-passwords", "static"):
        shutil.rmtree(state / name, ignore_errors=True)
    (state / "secret-key").unlink(missing_ok=True)


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state folder's lock; AlreadyRunning where somebody else does."""
    with (state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            raise AlreadyRunning from held
        yield


def _hand_down(env: Environment) -> None:
    """The environment every child shares."""
    # For links that a command prints or sends, beside this instance and after it.
    (env.run / environment.ADDRESS).write_text(f"{env.public_url}\n", encoding="utf-8")
    os.environ |= {
        "SERMENT_STATE": str(env.state),
        "SERMENT_DEMO": "1" if env.demo else "0",
        "PORT": str(env.port),
        "DJANGO_SETTINGS_MODULE": "serment.config.settings",
        "PYTHONUNBUFFERED": "1",
    }


async def _run(env: Environment, answers: bytes) -> None:
    plan = Plan(env, answers)
    order: list[tuple[Program, ...] | Step] = []
    if env.database_url is None:
        cluster = postgres.Postgres(env.state)
        cluster.prepare()
        order += [(plan.postgres(),), _make_roles(env)]
    order += [(plan.keeper(),), step("prepare", "serment.config.prepare")]
    if env.demo:
        (env.state / "demo-sms").mkdir(mode=0o700, exist_ok=True)
        order.append(step("demo", "serment.config.command_line", "demo", "seed", "--if-empty"))
    order.append(step("upkeep", "serment.config.database.upkeep", "--once"))
    order.append((plan.web(), plan.worker(), plan.upkeep(), plan.publisher()))
    await Supervisor(order, say).run(ready=_ready(env))


def _make_roles(env: Environment) -> Step:
    async def make() -> None:
        roles.bootstrap(env.state, env.database_socket_folder, env.database_name)

    return make


def step(name: str, module: str, *arguments: str) -> Callable[[], Awaitable[None]]:
    """A step of the start, in a process of its own; DidNotStart where it fails."""

    async def run() -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, process_group=0
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            child.terminate()
            await child.wait()
            raise
        if code != 0:
            raise DidNotStart(f"The step “{name}” of the start failed; its messages are above.")

    return run


def _ready(env: Environment) -> Step:
    async def tell() -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + READY_SECONDS_MAX
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"http://{env.listen}:{env.port}/healthz") as answer:
                    told = await answer.json()
                if answer.status == 200:
                    break
                if loop.time() > until:
                    failing = [name for name, how in told.items() if how == "failing"]
                    raise DidNotStart(f"Not well after its start: {', '.join(failing)}.")
                await asyncio.sleep(0.1)
        sys.stdout.write(f"\nSerment is ready: {env.public_url}\n")
        if env.demo:
            sys.stdout.write(
                f"Sign in by one click: {env.public_url}/demo"
                " (names and passwords: serment demo accounts)\n"
            )
        sys.stdout.write("Ctrl-C stops it.\n\n")
        sys.stdout.flush()

    return tell
