"""How far the public ledger is: what the keeper signed, what is announced, how long leaves wait.

Read from files and from what the keeper tells, by the health page and the doctor. A publication
that stands still stops no care, so no part of the instance fails by it; it is said all the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from serment.config.doctor.finding import Finding
from serment.config.environment import Environment
from serment.keeper.wire import Figures
from serment.ledger.publish import bundle_path
from serment.ledger.source import CHECKPOINT
from serment.live.health import Publication

WITNESS_SECONDS_MAX: Final = 3_600.0
INDEX_SECONDS_MAX: Final = 30.0
TIMESTAMP_SECONDS_MAX: Final = 7_500.0
"""Asked for each hour: one may fail."""
DIFFERENCE_SECONDS_MAX: Final = 60.0


def witness_file(env: Environment) -> Path:
    """Touched by the publisher when every witness has cosigned the tree that is announced."""
    return env.run / "witnesses"


def published(env: Environment, told: Figures) -> Publication:
    """How far the public ledger is."""
    announced = _announced(env.ledger_site)
    # The keeper begins a bundle where the last signed tree ends: this one is the first that waits.
    waits = _age(bundle_path(env.ledger_public, announced)) or 0.0
    if told.signed is None or announced >= told.signed:
        waits = 0.0
    return Publication(
        signed=told.signed,
        announced=announced,
        waiting_seconds=round(max(waits, told.signing_lag_seconds), 1),
        witness_seconds=None if env.witness_policy is None else _rounded(witness_file(env)),
    )


def findings(env: Environment, told: Figures) -> Iterator[Finding]:
    """What the doctor says of a running keeper's publication, index and witnesses."""
    state = published(env, told)
    if not state.well:
        yield Finding(
            "publication",
            f"The public ledger stands still: {told.size - state.announced} records wait, the"
            f" oldest for {state.waiting_seconds:.0f} s.",
            "Read what the publisher and the keeper say; see docs/operate/ledger.md.",
            "notice",
        )
    if told.index_lag_seconds > INDEX_SECONDS_MAX:
        yield Finding(
            "index",
            f"The index holds {told.indexed} of {told.size} records and is"
            f" {told.index_lag_seconds:.0f} s behind.",
            "Wait, and look at the disk; serment keeper index rebuild makes it anew.",
            "notice",
        )
    if env.witness_policy is not None and not state.witnessed_within(WITNESS_SECONDS_MAX):
        yield Finding(
            "witnesses",
            "Not every witness has cosigned the ledger within the last hour.",
            "Read what the publisher says of them; see docs/operate/ledger.md.",
            "notice",
        )
    yield from _clock(env, told)


def _clock(env: Environment, told: Figures) -> Iterator[Finding]:
    """What the time-stamping authority says, where one is named."""
    if env.timestamp_url is None and env.timestamp_ca is None:
        return
    if told.timestamp_seconds is None or told.timestamp_seconds > TIMESTAMP_SECONDS_MAX:
        yield Finding(
            "timestamps",
            "No time-stamping authority has stamped the ledger within the last two hours.",
            "Read what the worker and the keeper say of it; see docs/operate/ledger.md.",
            "notice",
        )
    if abs(told.clock_difference_seconds or 0.0) > DIFFERENCE_SECONDS_MAX:
        yield Finding(
            "clock",
            f"The keeper's clock was {told.clock_difference_seconds:.0f} s away from the"
            " time-stamping authority's.",
            "Set this machine's clock by NTP; the records since then carry its time.",
            "notice",
        )


def _announced(site: Path) -> int:
    try:
        return int((site / CHECKPOINT).read_text("utf-8").splitlines()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _age(path: Path) -> float | None:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:  # not there, or not for this user: nothing is known of it
        return None


def _rounded(path: Path) -> float | None:
    age = _age(path)
    return None if age is None else round(age, 1)
