"""``serment ledger …``: verify a published ledger, be a witness, make a witness's key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serment.errors import SermentError
from serment.ledger import asking
from serment.ledger.report import EXIT_STATUS

ledger = typer.Typer(
    name="ledger",
    help="The public ledger of accesses: check it, and vouch for that of others.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@ledger.command("verify")
def verify(  # noqa: PLR0913, PLR0917 -- one argument an option is how typer reads them
    where: Annotated[str, typer.Argument(help="Folder or address of the ledger.")] = "",
    key: Annotated[
        list[str] | None, typer.Option(help="Key of the log, or its file.", metavar="KEY")
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(help="Key of an outside witness, or its file.", metavar="KEY"),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="tlog-policy file: logs, witnesses, quorum.")
    ] = None,
    from_checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--since",
            "--from-checkpoint",
            help="A checkpoint seen before: nothing may be gone.",
            metavar="FILE",
        ),
    ] = None,
    proof: Annotated[Path | None, typer.Option(help="Check this .tlog-proof file instead.")] = None,
    entry: Annotated[str, typer.Option(help="Commitment in hexadecimal, for --proof.")] = "",
    segment: Annotated[
        Path | None, typer.Option(help="The keeper's own segment, to compare.")
    ] = None,
    minimum: Annotated[int, typer.Option(help="Entries below may have been pruned.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Whether a ledger is what its checkpoint says; no database is needed.

    Exit status: 0 intact, 3 tampered, 4 incomplete, 2 unusable question.
    Example: serment ledger verify https://rdv.example.fr/ledger --policy trusted.policy
    """
    question = asking.Question(
        where,
        [*(key or []), *(witness or [])],
        policy,
        from_checkpoint or [],
        proof,
        entry,
        segment,
        minimum,
    )
    try:
        report = asking.answer(question)
    except (SermentError, OSError) as error:
        sentence, status = asking.failed(error)
        sys.stderr.write(f"{sentence}\n")
        raise typer.Exit(status) from error
    sys.stdout.write(asking.as_json(report) + "\n" if as_json else asking.in_words(report))
    raise typer.Exit(EXIT_STATUS[report.verdict])


@ledger.command("witness-key")
def witness_key(
    name: Annotated[str, typer.Argument(help="A schema-less URL, as temoin.example.org/w1.")],
    file: Annotated[Path, typer.Argument(help="Where the private key goes; must not exist yet.")],
) -> None:
    """Make a witness's key; prints the public half, which logs and readers are given.

    Example: serment ledger witness-key temoin.example.org/w1 /var/lib/witness/key
    """
    from serment.ledger import witnessing

    sys.stdout.write(f"{witnessing.make_key(name, file)}\n")


@ledger.command("witness")
def witness(
    key: Annotated[Path, typer.Option(help="The private key that witness-key made.")],
    state: Annotated[Path, typer.Option(help="Folder in which the witness remembers the logs.")],
    log: Annotated[list[str] | None, typer.Option(help="Key of a log to vouch for.")] = None,
    policy: Annotated[Path | None, typer.Option(help="tlog-policy file that names logs.")] = None,
    listen: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    behind_proxy: Annotated[bool, typer.Option(help="A proxy tells who asks.")] = False,
) -> None:
    """Vouch for other people's ledgers: cosign what only grew. Runs until it is stopped.

    Example: serment ledger witness --key key --state logs --log "$(cat log.vkey)"
    """
    from serment.ledger import witnessing

    setting = witnessing.Setting(key, state, tuple(log or ()), policy, behind_proxy)
    witnessing.serve(setting, listen, port)
