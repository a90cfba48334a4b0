"""Each program is handed the keeper's socket that is meant for it, and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from serment.config import environment
from serment.config.supervisor.plan import Plan

SOCKET = "SERMENT_KEEPER_SOCKET"


def test_the_keeper_listens_where_its_programs_are_sent(tmp_path: Path) -> None:
    plan = Plan(replace(environment.read(), keeper_socket=tmp_path / "keeper.sock"))
    command = plan.keeper().command
    bound = {word: command[place + 1] for place, word in enumerate(command) if "socket" in word}
    sent = {program.name: program.env.get(SOCKET) for program in (plan.web(), plan.worker())}
    assert bound == {
        "--socket": str(tmp_path / "keeper.sock"),
        "--web-socket": sent["web"],
        "--worker-socket": sent["worker"],
    }
    assert len(set(bound.values())) == 3
    assert not any(SOCKET in program.env for program in (plan.publisher(), plan.upkeep()))


def test_the_keeper_is_told_of_an_authority_only_where_one_is_named(tmp_path: Path) -> None:
    none = replace(environment.read(), timestamp_ca=None)
    assert "--timestamp-ca" not in Plan(none).keeper().command
    command = Plan(replace(none, timestamp_ca=tmp_path / "root.pem")).keeper().command
    assert command[command.index("--timestamp-ca") + 1] == str(tmp_path / "root.pem")


def test_the_longest_path_of_a_socket_fits(tmp_path: Path) -> None:
    """unix(7): 107 bytes and an end."""
    longest = Path("/" + "x" * (environment.RUN_FOLDER_BYTES_MAX - 1)) / "keeper.sock"
    plan = Plan(replace(environment.read(), keeper_socket=longest))
    assert all(len(program.env[SOCKET]) <= 107 for program in (plan.web(), plan.worker()))
