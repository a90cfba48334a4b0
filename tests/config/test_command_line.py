"""Exit status and manner of ``serment``."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from serment.config import command_line
from serment.config.commands import exit_status


def serment(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serment.config.command_line", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def every_command() -> dict[tuple[str, ...], Any]:
    """All commands, those of other packages and of groups too, by their words."""
    found: dict[tuple[str, ...], Any] = {}
    waiting: list[tuple[tuple[str, ...], Any]] = [
        ((), typer.main.get_command(command_line.application("")))
    ]
    while waiting:
        words, command = waiting.pop()
        for name, one in getattr(command, "commands", {}).items():
            waiting.append(((*words, name), one))
            found[(*words, name)] = one
    return found


def test_every_commands_help_has_words_an_example_and_its_exit_status() -> None:
    commands = every_command()
    assert {("up",), ("doctor",), ("restore",), ("import",), ("demo", "seed")} <= set(commands)
    for words, command in commands.items():
        context = command.make_context("serment", [], resilient_parsing=True)
        told = command.get_help(context)
        assert command.help, words
        assert exit_status.MARK in told or hasattr(command, "commands"), words
        if not hasattr(command, "commands"):
            assert f"Example: serment {' '.join(words)}" in told, words
        for parameter in command.params:
            assert getattr(parameter, "help", ""), (words, parameter.name)


def test_help_is_printed_as_written() -> None:
    told = serment("doctor", "--help")
    assert told.returncode == 0
    assert "\n  Exit status:\n    0  no fault" in told.stdout
    assert exit_status.MARK in serment("--help").stdout


def test_a_port_that_is_none_is_said() -> None:
    told = serment("doctor", PORT="abc")
    assert (told.returncode, told.stderr) == (2, "PORT must be a number from 1 to 65535.\n")


@pytest.mark.parametrize(
    "arguments",
    [("no-such-command",), ("backup",), ("restore", "/nonexistent"), ("up", "--port", "x")],
)
def test_unusable_input_is_one_sentence_and_status_2(arguments: tuple[str, ...]) -> None:
    told = serment(*arguments)
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "Traceback" not in told.stderr


def test_doctor_speaks_json() -> None:
    told = serment("doctor", "--json")
    assert told.returncode in {0, 1}
    assert isinstance(json.loads(told.stdout)["findings"], list)


def test_restore_refuses_a_folder_that_is_no_backup(tmp_path: Path) -> None:
    told = serment("restore", str(tmp_path))
    assert (told.returncode, told.stderr) == (2, "This folder holds no backup of Serment.\n")
