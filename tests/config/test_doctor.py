"""Each finding of the doctor, beside the same machine without the fault."""

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from serment.config import environment
from serment.config.commands import doctor
from serment.config.database.binaries import Binaries, NoPostgres
from serment.config.doctor import examination, instance, machine
from serment.config.doctor.finding import Finding
from serment.config.environment import Environment
from serment.config.supervisor import up


def test_taken_port_is_found_and_a_free_one_is_not() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = machine.port_free("127.0.0.1", port)
    assert found is not None
    assert f"port {port} is taken" in found.sentence
    assert "PORT=" in found.mend
    assert machine.port_free("127.0.0.1", port) is None


def test_clock_behind_what_was_already_written(tmp_path: Path) -> None:
    record = tmp_path / "segment"
    record.touch()
    now = datetime.now(UTC)
    found = machine.clock(now - timedelta(days=2), [record])
    assert found is not None
    assert "clock" in found.sentence
    assert machine.clock(now, [record, tmp_path / "absent"]) is None


def test_unwritable_folder_names_the_folder(tmp_path: Path) -> None:
    assert machine.writable(tmp_path / "state") is None
    file = tmp_path / "not-a-folder"
    file.touch()
    found = machine.writable(file)
    assert found is not None
    assert str(file) in found.sentence


@pytest.mark.parametrize(("major", "fault"), [(14, True), (15, False), (18, False)])
def test_old_postgres(major: int, fault: bool) -> None:
    found = machine.postgres(lambda: Binaries(Path("/nowhere"), major))
    assert (found is not None) == fault
    if found:
        assert "too old" in found.sentence


def test_no_postgres_at_all_says_what_to_install() -> None:
    def none() -> Binaries:
        raise NoPostgres

    found = machine.postgres(none)
    assert found is not None
    assert "requirements/app.txt" in found.mend


def test_clone_of_somebody_else(tmp_path: Path) -> None:
    owner = tmp_path.stat().st_uid
    assert machine.clone_owner(tmp_path, owner) is None
    found = machine.clone_owner(tmp_path, owner + 4242)
    assert found is not None
    assert found.weight == "fault"
    assert "belongs to" in found.sentence


def test_secrets_others_may_read(tmp_path: Path) -> None:
    key = tmp_path / "secret-key"
    key.touch(mode=0o600)
    assert machine.private(tmp_path) is None
    key.chmod(0o644)
    found = machine.private(tmp_path)
    assert found is not None
    assert found.check == "keys"


def test_full_disk(tmp_path: Path) -> None:
    assert machine.disk(tmp_path, lambda _: 5 << 30) is None
    found = machine.disk(tmp_path, lambda _: 12 << 20)
    assert found is not None
    assert "12 MiB" in found.sentence


def test_missing_isolation_is_a_fault_in_production_and_a_notice_in_the_demo() -> None:
    assert instance.isolation(True, demo=False) is None
    assert instance.isolation(None, demo=False) is None
    production = instance.isolation(False, demo=False)
    demo = instance.isolation(False, demo=True)
    assert production is not None
    assert demo is not None
    assert (production.weight, demo.weight) == ("fault", "notice")


def environment_at(state: Path) -> Environment:
    return replace(environment.read(), state=state, demo=False)


def test_a_state_that_began_as_a_demo_is_one_whoever_asks(tmp_path: Path) -> None:
    env = environment_at(tmp_path)
    assert not instance.is_demo(env)
    (tmp_path / up.DEMO).touch()  # the mark that serment up lays down
    assert instance.is_demo(env)
    assert instance.is_demo(replace(env, state=tmp_path / "none", demo=True))


def test_an_interrupted_restore_is_a_fault(tmp_path: Path) -> None:
    assert instance.half_restored(tmp_path) is None
    (tmp_path / instance.HALF_RESTORED).touch()
    found = instance.half_restored(tmp_path)
    assert found is not None
    assert found.weight == "fault"


def test_no_instance_here_is_said_so_that_a_slip_of_the_folder_is_no_all_clear(
    tmp_path: Path,
) -> None:
    nowhere = tmp_path / "slip"
    found = instance.present(nowhere, running=False)
    assert found is not None
    assert (found.weight, str(nowhere) in found.sentence) == ("notice", True)
    assert instance.present(nowhere, running=True) is None
    nowhere.mkdir()
    assert instance.present(nowhere, running=False) is not None
    (nowhere / "keeper").mkdir()
    assert instance.present(nowhere, running=False) is None


def test_a_keeper_that_does_not_answer_is_a_fault_while_serment_runs() -> None:
    found = instance.keeper_answers(running=True, answered=False)
    assert found is not None
    assert found.weight == "fault"
    assert instance.keeper_answers(running=True, answered=True) is None
    assert instance.keeper_answers(running=False, answered=False) is None


def test_a_new_log_is_due_after_a_year_or_a_hundred_million_entries(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert instance.log_began(tmp_path) is None
    first = tmp_path / "tile" / "0" / "000"
    first.parent.mkdir(parents=True)
    first.touch()
    os.utime(first, (0, (now - timedelta(days=400)).timestamp()))
    old = instance.rotation(10_000, instance.log_began(tmp_path), now)
    assert old is not None
    assert (old.weight, "400 days" in old.sentence) == ("notice", True)
    assert instance.rotation(10**8, None, now) is not None
    assert instance.rotation(10**8 - 1, now - timedelta(days=364), now) is None


NOTICE = Finding("isolation", "Not isolated.", "Expected in a demo.", "notice")
FAULT = Finding("port", "The port is taken.", "Choose another.")


@pytest.mark.parametrize(
    ("found", "status", "summary"),
    [
        ([], 0, "All is well."),
        ([NOTICE], 0, "No fault; 1 notice."),
        ([FAULT, NOTICE], 1, "1 fault, 1 notice."),
        ([FAULT, FAULT], 1, "2 faults."),
    ],
)
def test_a_fault_is_status_1_and_a_notice_is_said_and_status_0(
    found: list[Finding], status: int, summary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "examine", lambda _: found)
    app = typer.Typer()
    doctor.register(app)
    told = CliRunner().invoke(app, [])
    assert told.exit_code == status
    assert told.output.splitlines()[-1] == summary
    assert all(one.sentence in told.output and one.mend in told.output for one in found)
    asked = CliRunner().invoke(app, ["--json"])
    assert (asked.exit_code, len(json.loads(asked.output)["findings"])) == (status, len(found))


def test_user_behind_a_socket_is_read_from_the_kernel(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        assert instance.peer_user(tmp_path / "s") == os.getuid()
    (tmp_path / "s").unlink()
    assert instance.peer_user(tmp_path / "s") is None
