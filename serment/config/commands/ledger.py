"""``serment ledger …``: the ledger's own commands, and ``stats``, which asks this instance."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serment.config import environment, keeper_probe
from serment.config.commands import exit_status
from serment.ledger.command import ledger
from serment.ledger.source import CHECKPOINT

SAMPLE_SECONDS: Final = 2.0


def register(app: typer.Typer) -> None:
    """Bring the commands to ``serment``."""
    ledger.command(
        "stats",
        short_help="How large it is, how fast it grows, what is public.",
        epilog=exit_status.epilog(
            "serment ledger stats --json",
            done="the keeper answered",
            negative="the keeper refused to tell",
            unusable="the keeper does not answer, or the question cannot be understood",
        ),
    )(stats)
    app.add_typer(ledger)


def stats(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """How large the ledger is, how fast it grows, how far what is public and the index are."""
    env = environment.read()
    told = _figures(env.keeper_socket) | _published(env.ledger_site)
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    width = max(map(len, told))
    for name, value in told.items():
        sys.stdout.write(f"{name.replace('_', ' '):{width}}  {'–' if value is None else value}\n")


def _figures(socket: Path) -> dict[str, Any]:
    before, start = keeper_probe.figures_now(socket), time.monotonic()
    time.sleep(SAMPLE_SECONDS)
    after = keeper_probe.figures_now(socket)
    rate = (after.size - before.size) / (time.monotonic() - start)
    return {
        "origin": after.origin,
        "size": after.size,
        "leaves_per_second": round(rate, 1),
        "segment_bytes": after.segment_bytes,
        "index_lag_seconds": round(after.index_lag_seconds, 3),
    }


def _published(site: Path) -> dict[str, Any]:
    """What readers get: the announced checkpoint, and how old it is."""
    path = site / CHECKPOINT
    try:
        _origin, size, root, *lines = path.read_text().splitlines()
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return {"published": None, "root": None, "checkpoint_age_seconds": None, "signatures": 0}
    return {
        "published": int(size),
        "root": root,
        "checkpoint_age_seconds": round(age, 1),
        "signatures": sum(line.startswith("— ") for line in lines),
    }
