"""``serment``: every command, registered from the file that owns it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn

import typer
from typer import _click as click  # typer carries its own copy of click
from typer.models import CommandInfo

from serment.config.commands import backup, doctor, exit_status, up
from serment.english import english
from serment.errors import SermentError, SettingWrong, Unusable

DONE, NEGATIVE, UNUSABLE = 0, 1, 2
# Other packages bring commands of their own: module → what it is called here. Each module has
# ``register(app: typer.Typer)``; it is imported only when its command is asked for.
BROUGHT = {
    "perimeter": "serment.incidents.command",
    "import": "serment.custody.command",
    "practice": "serment.identity.command",
    "demo": "serment.drills.command",
    "drill": "serment.drills.command",
    "ledger": "serment.config.commands.ledger",
    "keeper": "serment.config.commands.keeper",
    "continuity": "serment.config.commands.continuity",
}
_NEED_NO_DJANGO = {
    "serment.config.commands.ledger",
    "serment.config.commands.keeper",
    "serment.config.commands.continuity",
}


def application(asked: str) -> typer.Typer:
    """The commands of this package, and those that ``asked`` needs from others.

    Without a known ``asked`` (help, a typing error) all of them, so that they are listed.
    """
    app = typer.Typer(
        name="serment",
        help="Serment: appointments where no personal data opens without a record.",
        epilog="The instance is the one whose folder SERMENT_STATE names. Each command answers"
        f" --help with an example. {exit_status.EVERY}",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for own in (up, doctor, backup):
        own.register(app)
    if asked in {_name(command) for command in app.registered_commands}:
        return _saying_exit_status(app)
    for module in sorted({BROUGHT[asked]} if asked in BROUGHT else set(BROUGHT.values())):
        if find_spec(module) is None:
            continue
        if module not in _NEED_NO_DJANGO:
            _set_django_up()
        importlib.import_module(module).register(app)
    return _saying_exit_status(app)


def _saying_exit_status(app: typer.Typer) -> typer.Typer:
    """Every command's help tells its exit status: its own words, else the general ones."""
    for command in app.registered_commands:
        told = f"{command.epilog or ''} {command.callback.__doc__ or ''}"
        if exit_status.MARK not in told:
            command.epilog = "\n\n".join(filter(None, (command.epilog, exit_status.EVERY)))
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _saying_exit_status(group.typer_instance)
    return app


def _name(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback else "")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command. Exit status 0 done, 1 a negative finding, 2 unusable input or setting."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    try:
        asked = next((word for word in given if not word.startswith("-")), "")
        command = typer.main.get_command(application(asked))
        told = command.main(given, prog_name="serment", standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as asked_nothing:
        sys.stderr.write(f"{asked_nothing.format_message()}\n")
        return UNUSABLE
    except (
        click.exceptions.ClickException,
        typer.Abort,
        KeyboardInterrupt,
        SermentError,
        OSError,
    ) as error:
        sentence, status = _in_words(error)
        sys.stderr.write(f"{' '.join(sentence.split())}\n")
        return status
    return told if isinstance(told, int) else DONE


def _in_words(error: BaseException) -> tuple[str, int]:
    """One sentence, and the exit status its family has."""
    if isinstance(error, click.exceptions.ClickException):
        return error.format_message(), UNUSABLE
    if isinstance(error, SermentError):
        unusable = isinstance(error, SettingWrong | Unusable)
        return english(error.sentence), UNUSABLE if unusable else NEGATIVE
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename or 'this machine'}.", UNUSABLE
    return "Stopped.", NEGATIVE


def _set_django_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serment.config.settings")
    import django

    django.setup()


if __name__ == "__main__":
    main()
