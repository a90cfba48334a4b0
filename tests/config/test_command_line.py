"""Exit status and manner of ``serment``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def serment(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serment.config.command_line", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["up", "doctor", "backup", "restore", "migrate"])
def test_help_has_an_example(command: str) -> None:
    told = serment(command, "--help")
    assert told.returncode == 0
    assert f"Example: serment {command}" in told.stdout


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
