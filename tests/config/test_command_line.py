"""Exit status and manner of ``serment``."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from serment import disclosure
from serment.config import command_line, keeper_probe
from serment.config.commands import exit_status
from serment.errors import Unusable


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


@pytest.mark.parametrize("asked", [(), ("keeper",), ("demo",), ("ledger",), ("continuity",)])
def test_a_command_without_its_word_gives_its_help_line_by_line(asked: tuple[str, ...]) -> None:
    told = serment(*asked)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("Usage: serment")
    assert "\nCommands:\n" in told.stderr


def test_short_help_of_commands_is_whole() -> None:
    listed = [line for line in serment().stderr.splitlines() if line.startswith("  ")]
    assert len(listed) > 10
    assert not [line for line in listed if line.endswith("...") and "ledger" not in line]


def test_what_the_pages_say_in_french_commands_say_in_english() -> None:
    french = disclosure.KeeperUnavailable(
        "Le gardien des données ne répond pas. Rien n’a été ouvert ni perdu ; réessayez dans une"
        " minute."
    )
    sentence, status = command_line._in_words(french)
    assert french.sentence.startswith("Le gardien")
    assert (sentence.split()[:3], status) == (["The", "data", "keeper"], command_line.NEGATIVE)
    assert command_line._in_words(Unusable("Said in English."))[0] == "Said in English."


def test_a_keeper_that_does_not_run_or_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    nobody = str(tmp_path / "keeper.sock")
    told = serment("keeper", "tend", SERMENT_STATE=str(tmp_path), SERMENT_KEEPER_SOCKET=nobody)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("The keeper of this instance does not answer.")


def test_a_keeper_that_takes_a_question_and_keeps_silent_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_probe, "PATIENCE_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        for at_length in (False, True):
            with pytest.raises(keeper_probe.KeeperAway):
                keeper_probe.answer(tmp_path / "s", "tend", at_length=at_length)


def test_a_port_that_is_none_is_said() -> None:
    told = serment("doctor", PORT="abc")
    assert (told.returncode, told.stderr) == (2, "PORT must be a number from 1 to 65535.\n")


@pytest.mark.parametrize("given", ["0", "21", "many", "²"])
def test_a_number_of_mail_lines_that_is_none_is_said(given: str) -> None:
    told = serment("doctor", SERMENT_MAIL_LINES=given)
    said = "SERMENT_MAIL_LINES must be a number from 1 to 20.\n"
    assert (told.returncode, told.stderr) == (2, said)


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
