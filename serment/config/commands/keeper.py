"""``serment keeper``: the root key, the epochs of the other keys, erasure."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from serment.config import environment, keeper_probe
from serment.config.commands import exit_status, freezing, solo
from serment.config.environment import Environment
from serment.errors import Refused, Unusable
from serment.keeper import erasure, reindexing, tending, wire
from serment.keeper.root_key import changing, vault
from serment.keeper.root_key.source import ASKS, Surroundings, asking_terminal
from serment.keeper.unlocking import KeyPlaces

MICROSECONDS_A_DAY = 86_400_000_000
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


class Kind(StrEnum):
    """Where a root key comes from."""

    file = "file"
    credential = "credential"
    passphrase = "passphrase"  # noqa: S105 -- the name of a source
    shares = "shares"
    pkcs11 = "pkcs11"


class NobodyThere(Refused):
    """No file, account or staff member of this number is known, or nothing of it was erased."""


class NotSaidTwice(Unusable):
    """Erasing cannot be undone: answer at a terminal, or say --yes."""


class NowhereToPrint(Refused):
    """Shares are printed on a terminal only; --into FOLDER writes each to a file of its own."""


_ASKED_FROM_NOW_ON = (
    "From now on a start of the keeper asks for it. What runs now was not told the answer: should"
    " the keeper fall, it stays down. Stop serment up and start it at a terminal soon."
)
Source = Annotated[Kind, typer.Option("--source", help="Where the root key is to come from.")]
Credential = Annotated[str, typer.Option(help="credential: its name in the unit.")]
Module = Annotated[str, typer.Option(help="pkcs11: path of the module.")]
Token = Annotated[str, typer.Option(help="pkcs11: the token's label.")]
Subject = Annotated[
    UUID,
    typer.Argument(
        help="Number of a patient file (as in its page's address), account or staff member.",
        metavar="NUMBER",
    ),
]
Into = Annotated[Path | None, typer.Option(help="shares: a folder for one file each.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keeper = typer.Typer(
        no_args_is_help=True, help="Of the keeper: root key, epochs, index, erasure."
    )
    key = typer.Typer(
        no_args_is_help=True, help="The root key: begin, change, prove. It is never shown."
    )
    for command, example in ((init, "--source passphrase"), (change, "--source shares")):
        key.command(epilog=_epilog(f"serment keeper key {command.__name__} {example}"))(command)
    key.command(epilog=_epilog("serment keeper key prove"))(prove)
    keeper.add_typer(key, name="key")
    index = typer.Typer(no_args_is_help=True, help="The disclosure index, made of the ledger.")
    index.command(epilog=_epilog("serment keeper index rebuild"))(rebuild)
    keeper.add_typer(index, name="index")
    keeper.command(
        short_help="What it does every minute, now: epochs, key backup.",
        epilog=_epilog("serment keeper tend --json"),
    )(tend)
    for asked, short in (
        (erase, "Destroy one person's keys, for good."),
        (erasure_state, "When an erasure was asked, done, and is final."),
    ):
        name = asked.__name__.replace("_", "-")
        example = f"serment keeper {name} 01932c5e-8a00-7000-8000-000000000000"
        keeper.command(name, short_help=short, epilog=_epilog(example))(asked)
    freezing.register(keeper)
    solo.register(keeper)
    app.add_typer(keeper, name="keeper")


def _epilog(example: str) -> str:
    return exit_status.epilog(
        example, done="done", negative="refused, or nothing like it is there",
        unusable="the root key, a setting or the keeper cannot be used",
    )  # fmt: skip


def init(
    source: Source,
    credential: Credential = "serment-root",
    module: Module = "",
    token: Token = "",
    into: Into = None,
) -> None:
    """Make the root key of an instance that never started."""
    env = environment.read()
    wanted = changing.Wanted(source.value, credential, module, token)
    changing.begin(wanted, _surroundings(env), _now(), _handing_out(into))
    typer.echo(f"The root key comes from: {source.value}. Its vault: {env.keys / vault.NAME}")


def change(
    source: Source,
    credential: Credential = "serment-root",
    module: Module = "",
    token: Token = "",
    into: Into = None,
    forget_now: Annotated[
        bool,
        typer.Option(
            "--forget-now",
            help="The former key leaked: no backup made under it can be restored any more.",
        ),
    ] = False,
) -> None:
    """Replace the root key by another, while Serment runs or is stopped.

    The present key is proved first. A running keeper takes the new one over at once and goes on
    serving; a stopped one does at its next start. Backups made before need the former key, which
    the vault keeps until they have expired.
    """
    env = environment.read()
    wanted = changing.Wanted(source.value, credential, module, token)
    until = 0 if forget_now else _now() + int(env.backup_days * MICROSECONDS_A_DAY)
    made = changing.change(wanted, _surroundings(env), _handing_out(into), until=until)
    typer.echo(f"The root key comes from: {source.value}.")
    try:
        _tend(env, advance=forget_now)
    except keeper_probe.KeeperAway:
        typer.echo("The keeper does not answer; it takes the key over at its next start.")
    else:
        typer.echo("The keeper has taken it over; every key lies under it.")
        if isinstance(made.source, ASKS):
            typer.echo(_ASKED_FROM_NOW_ON)


def prove() -> None:
    """Ask for passphrase, shares or PIN as a start would, and say whether they open the vault."""
    env = environment.read()
    held = vault.Vault.open(_surroundings(env))
    typer.echo(f"The root key opens the vault; it comes from: {tending.source_name(held.source)}.")


def tend(
    advance: Annotated[
        bool, typer.Option("--advance", help="Begin the next epoch before its day.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Read the whole ledger again, each opening with its leaf."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have the keeper do now what it does every minute: epochs, key backup, former keys."""
    told = _tend(environment.read(), advance=advance, verify=verify)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(told)))
        return
    alive = ", ".join(str(number) for number in told.epochs)
    typer.echo(
        f"Root key from: {told.source}. Epoch {told.epoch} since {_day(told.epoch_since)};"
        f" with a secret: {alive}. Keys wrapped anew: {told.rewrapped}."
        f" Former root keys: {told.former_roots}. Key backup: {'on' if told.key_backup else 'off'}."
        + (f" Ledger verified: {told.verified} leaves." if verify else "")
    )


def rebuild(as_json: AsJson = False) -> None:
    """Make the disclosure index anew from the ledger, while Serment runs or is stopped.

    A running keeper goes on serving meanwhile and puts the new index in place between two answers.
    For a stopped one, passphrase, shares or PIN are asked as at a start.
    """
    env = environment.read()
    try:
        reply = keeper_probe.answer(env.keeper_socket, "reindex", at_length=True)
        leaves = msgspec.msgpack.decode(reply.body, type=reindexing.Reindexed).leaves
    except keeper_probe.KeeperAway as away:
        if not isinstance(away.__cause__, FileNotFoundError | ConnectionRefusedError):
            raise
        places = KeyPlaces(env.keys, env.credentials, asking_terminal, env.key_backup)
        leaves = reindexing.rebuild_stopped(env.state / "keeper", places)
    typer.echo(json.dumps({"leaves": leaves}) if as_json else f"Leaves indexed: {leaves}.")


def erase(
    subject: Subject,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again, for machines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the keys of one patient file, account or staff member. It cannot be undone."""
    if not yes:
        if not sys.stdin.isatty():
            raise NotSaidTwice
        typer.confirm(f"Destroy the keys of {subject} for good?", abort=True)
    _tell(_asked("erase", subject), as_json)


def erasure_state(subject: Subject, as_json: AsJson = False) -> None:
    """Say when an erasure was asked, done, and is final; and what waits."""
    _tell(_asked("erasure_state", subject), as_json)


def _asked(op: str, subject: UUID) -> erasure.ErasureState:
    socket = environment.read().keeper_socket
    try:
        reply = keeper_probe.answer(socket, op, wire.IdAsk(subject.bytes))
    except keeper_probe.KeeperRefused as refused:
        raise NobodyThere from refused
    return msgspec.msgpack.decode(reply.body, type=erasure.ErasureState)


def _tell(told: erasure.ErasureState, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(told)))
        return
    final = "final since" if told.final else "final on"
    typer.echo(
        f"Asked {_day(told.asked)}; live keys destroyed {_day(told.gone)};"
        f" {final} {_day(told.final_on)}."
    )
    if told.audit_gone:
        typer.echo(f"The record of who opened what was destroyed {_day(told.audit_gone)}.")
    else:
        typer.echo(
            f"The record of who opened what stays until {_day(told.audit_until)} at least"
            f" (now: {told.waiting or 'due'})."
        )


def _tend(env: Environment, *, advance: bool, verify: bool = False) -> tending.KeysState:
    ask = tending.TendAsk(advance=advance, verify=verify)
    # Keys may be wrapped anew and the whole ledger read: that takes what it takes.
    reply = keeper_probe.answer(env.keeper_socket, "tend", ask, at_length=True)
    return msgspec.msgpack.decode(reply.body, type=tending.KeysState)


def _surroundings(env: Environment) -> Surroundings:
    return Surroundings(env.keys, env.credentials, asking_terminal)


def _handing_out(into: Path | None) -> changing.HandOut:
    def hand_out(lines: tuple[str, ...]) -> None:
        if not lines:
            return
        if into is not None:
            for path in changing.write_shares(lines, into):
                typer.echo(f"Give this to one person, then delete it here: {path}")
            return
        if not sys.stdout.isatty():
            raise NowhereToPrint
        typer.echo("Give each line to another person. They are shown this once.\n")
        for line in lines:
            typer.echo(f"{line}\n")

    return hand_out


def _now() -> int:
    return time.time_ns() // 1_000


def _day(instant: int) -> str:
    if not instant:
        return "not yet"
    return f"{datetime.fromtimestamp(instant / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"
