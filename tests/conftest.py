"""The ground of every test: one PostgreSQL a run, one database and one keeper a test process.

The folder and its passwords must exist before Django reads its settings, so they are made when
this file is imported. Under pytest-xdist the controller owns PostgreSQL; each worker clones the
migrated template.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as searching

from serment.config import process
from serment.config.database import roles
from serment.config.environment import ROOT, run_folder
from serment.config.postgres import Postgres, stop
from tests import left
from tests.shared_out import Groups

# How fast a value is made says how busy the machine is, and nothing about Serment.
searching.register_profile("serment", deadline=None, suppress_health_check=[HealthCheck.too_slow])
searching.load_profile("serment")

# A run starts some hundred Pythons, and each would compile every module anew: where no bytecode is
# kept, a process with Django in it takes twice as long to start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if not WORKER:
    os.environ["SERMENT_STATE"] = tempfile.mkdtemp(prefix="serment-test-")
    os.environ[left.VARIABLE] = Path(os.environ["SERMENT_STATE"]).name
STATE = Path(os.environ["SERMENT_STATE"])
(STATE / "static").mkdir(exist_ok=True)  # WhiteNoise warns where there is none
DATABASE = f"serment_{WORKER or 'alone'}"
TEMPLATE = "serment_template"
PATIENT_SECONDS = 60.0
KEEPER_STATE = STATE / f"keeper-{WORKER or 'alone'}"
KEEPER_SOCKET = run_folder(STATE) / f"keeper-{WORKER or 'alone'}.sock"
os.environ["SERMENT_DATABASE_NAME"] = DATABASE
os.environ["SERMENT_KEEPER_SOCKET"] = str(KEEPER_SOCKET)
os.environ["SERMENT_DEMO"] = "1"
for name in ("SERMENT_DATABASE_URL", "SERMENT_DATABASE_ROLE", "SERMENT_PUBLIC_URL", "PORT"):
    os.environ.pop(name, None)
os.environ["DJANGO_SETTINGS_MODULE"] = "serment.config.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs beside Django's tests
for role in (roles.SUPERUSER, *roles.ROLES):
    roles.password(STATE, role)

pytest_plugins = ["tests.journeys.demo"]
_POSTGRES = Postgres(STATE, hurried=True)
_SERVER: list[subprocess.Popen[bytes]] = []


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) starts PostgreSQL; every process sets Django up."""
    if not WORKER:
        _SERVER.append(_POSTGRES.start())
    django.setup()
    _give_time()
    # Workers count sign-in attempts apart: one that clears its counts clears nobody else's.
    settings.CACHES["default"]["LOCATION"] = str(STATE / f"counted-{WORKER or 'alone'}")
    # Django's flush truncates, which no role but a superuser may; ``ground`` empties instead.
    TransactionTestCase._fixture_teardown = lambda self: None
    if config.getoption("numprocesses", None):
        # A worker must name its database before pytest-django reads the settings there.
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one file, or of one group, go to one process together."""
    return Groups(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: nobody need look through them for garbage."""
    gc.collect()
    gc.freeze()


def _give_time() -> None:
    """Nothing here fails because a machine is busy: tests of a limit set their own."""
    from serment.disclosure import line
    from serment.identity.openid import line as provider

    line.client._seconds_max = PATIENT_SECONDS
    provider.SECONDS_MAX = provider.CALL_SECONDS_MAX = PATIENT_SECONDS


def pytest_unconfigure() -> None:
    """And leaves nothing behind."""
    _stop_postgres()
    if not WORKER:
        shutil.rmtree(STATE, ignore_errors=True)
        shutil.rmtree(run_folder(STATE), ignore_errors=True)


def _stop_postgres() -> None:
    while _SERVER:
        stop(_SERVER.pop())


@pytest.hookimpl(trylast=True)  # workers have ended by then
def pytest_sessionfinish(session: pytest.Session) -> None:
    """No test is skipped, and none leaves a process: else the run has failed."""
    if WORKER:
        return
    _stop_postgres()
    wrong = [
        f"Left alive by a test: {command}" for command in left.ended(os.environ[left.VARIABLE])
    ]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        wrong.append("Skipped tests count as failures here.")
    if wrong:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    for sentence in wrong if reporter is not None else ():
        reporter.write_line(sentence, red=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program: the system's, else the one set-up unpacked under .tools/."""
    unpacked = ROOT / ".tools" / "chromium"
    found = shutil.which("chromium") or (str(unpacked) if unpacked.exists() else None)
    assert found, "No browser: run `make test`, which installs one."
    return found


def _superuser(database: str) -> Any:
    return roles.connect(STATE, _POSTGRES.sockets, database)


def _make_template() -> None:
    """Migrate the template once a run; the first process that asks does it for all."""
    with (STATE / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = STATE / "template.done"
        if done.exists():
            return
        roles.make_database(STATE, _POSTGRES.sockets, TEMPLATE)
        subprocess.run(
            [sys.executable, "-m", "serment.config.database.migration"],
            env=os.environ | {"SERMENT_DATABASE_NAME": TEMPLATE},
            check=True,
        )
        done.touch()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """This process's database: a clone of the migrated template."""
    _make_template()
    with (STATE / "template.lock").open("w") as lock, _superuser("postgres") as root:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a template being copied admits no second copy
        root.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER serment_owner")
    roles.prepare_database(STATE, _POSTGRES.sockets, DATABASE)
    yield
    from django.db import connections

    with django_db_blocker.unblock():
        connections.close_all()
    with _superuser("postgres") as root:
        root.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


@pytest.fixture(scope="session")
def superuser(django_db_setup: None) -> Iterator[Any]:
    """An autocommit psycopg connection that no wall stops: what really lies there."""
    with _superuser(DATABASE) as connection:
        yield connection


@pytest.fixture(scope="session")
def reference_tables(superuser: Any) -> frozenset[str]:
    """Tables that migrations fill: their rows survive a transactional test."""
    filled = set()
    for (table,) in superuser.execute(
        "SELECT quote_ident(relname) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall():
        if superuser.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            filled.add(table)
    return frozenset(filled)


def _empty(superuser: Any, kept: frozenset[str]) -> None:
    """Empty every table that migrations left empty; the superuser passes walls and keys."""
    tables = superuser.execute(
        "SELECT quote_ident(relname) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        for (table,) in tables:
            if table not in kept:
                superuser.execute(f"DELETE FROM {table}")


@pytest.fixture(autouse=True)
def french_again() -> Iterator[None]:
    """The language of a test's last page is nobody else's."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def ground(request: pytest.FixtureRequest) -> Iterator[None]:
    """For tests with a database: a keeper, and an alias ``search`` that sees the test's rows.

    A rolled-back test has one connection, so the public search borrows it; a transactional one
    searches as its own role, and its rows are deleted behind it.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker is None and not {"db", "transactional_db"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("keeper")
    transactional = "transactional_db" in request.fixturenames or bool(
        marker and marker.kwargs.get("transaction")
    )
    if transactional:
        yield from _transactional(request)
    else:
        yield from _rolled_back(request)


def _transactional(request: pytest.FixtureRequest) -> Iterator[None]:
    from django.db import connections

    superuser = request.getfixturevalue("superuser")
    kept = request.getfixturevalue("reference_tables")
    request.getfixturevalue("transactional_db")
    yield
    connections.close_all()
    _empty(superuser, kept)


def _rolled_back(request: pytest.FixtureRequest) -> Iterator[None]:
    from django.db import connections

    request.getfixturevalue("db")
    own = connections["search"]
    connections["search"] = connections["default"]
    yield
    connections["search"] = own


@pytest.fixture(scope="session")
def keeper() -> Iterator[subprocess.Popen[bytes] | None]:
    """A real keeper process of this test process, with a store of its own."""
    KEEPER_STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    child = start_keeper(KEEPER_STATE, KEEPER_SOCKET)
    yield child
    process.stop(child, signal.SIGTERM, 5)


def start_keeper(state: Path, at: Path, seconds_max: float = 15) -> subprocess.Popen[bytes]:
    """Start a keeper and wait until its socket takes a connection."""
    child = process.start(
        [sys.executable, "-m", "serment.keeper", "--state", str(state), "--socket", str(at)]
    )
    until = time.monotonic() + seconds_max
    while time.monotonic() < until:
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(str(at))
            return child
        except OSError:
            if child.poll() is not None:
                break
            time.sleep(0.02)
    child.kill()
    raise RuntimeError("The keeper did not start.")
