"""``serment keeper solo``: the operator says that a practice has nobody who could approve too."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from serment.config.commands import exit_status
from serment.config.commands.freezing import ask
from serment.keeper.policy.asks import SoloAsk

Establishment = Annotated[UUID, typer.Argument(help="Number of the establishment.")]
Gone = Annotated[bool, typer.Option("--gone", help="There are two who can approve again.")]


def register(keeper: typer.Typer) -> None:
    """Add the command to ``serment keeper``."""
    epilog = exit_status.epilog(
        "serment keeper solo 01932c5e-8a00-7000-8000-000000000000", done="done",
        negative="refused", unusable="the keeper does not answer",
    )  # fmt: skip
    keeper.command(short_help="A practice of one: 72 hours, no second person.", epilog=epilog)(solo)


def solo(establishment: Establishment, gone: Gone = False) -> None:
    """What takes two approvals elsewhere takes effect there 72 hours after one.

    Everybody who works there is told each time and may stop it. Saying so is on record, and an
    alarm on the officers' page.
    """
    ask("solo", SoloAsk(establishment.bytes, not gone))
    typer.echo("Two approve there from now on." if gone else "One approves, and 72 hours pass.")
