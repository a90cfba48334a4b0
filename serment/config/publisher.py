"""The publisher: tiles from what the keeper signed, witnesses asked, then announced. Keyless.

It reads one folder and writes another, holds no key and asks neither keeper nor database; a fault
here delays the public ledger and nothing else. Every round can be done again.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from serment.config import environment, publication
from serment.config.environment import Environment
from serment.errors import SermentError
from serment.ledger import announcing, policy
from serment.ledger.note import Verifier
from serment.ledger.policy import Policy
from serment.ledger.tiling import BUILT, Site

ROUND_SECONDS: Final = 0.5
SILENT_SECONDS_MAX: Final = 30.0
KEY_FILE: Final = "key"


def beat_file(env: Environment) -> Path:
    """Touched after each round."""
    return env.run / "publisher"


def beats(env: Environment) -> bool:
    """Whether a round has ended lately."""
    try:
        last = beat_file(env).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - last < SILENT_SECONDS_MAX


def key_of(env: Environment) -> Verifier | None:
    """The log's key, as the keeper told it; None before it ever published."""
    try:
        return Verifier.parse((env.ledger_public / KEY_FILE).read_text().strip())
    except FileNotFoundError:
        return None


def site_of(env: Environment, key: Verifier) -> Site:
    """The published ledger. A log with another origin begins a folder of its own; the former one
    is kept beside it, whole: a recovery hides nothing."""
    built = env.ledger_site / BUILT
    if built.exists() and built.read_text().partition("\n")[0] != key.name:
        env.ledger_site.rename(env.ledger_site.with_name(f"site-until-{time.time_ns()}"))
    env.ledger_site.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Site(env.ledger_site, key)


def _round(env: Environment, wanted: Policy | None, told: dict[str, str]) -> None:
    key = key_of(env)
    if key is None:
        return
    done = announcing.go_on(site_of(env, key), env.ledger_public, wanted)
    if wanted is not None and done.announced and done.cosigned >= len(wanted.witnesses):
        publication.witness_file(env).touch()
    if done.alarm:
        _say("ALARM: a witness has seen this ledger larger than it is here, or another one")
    if done.refusals != told:
        for name, why in done.refusals.items():
            _say(f"witness {name} did not cosign: {why}")
        told.clear()
        told.update(done.refusals)


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> None:
    """Round after round, until the process is ended."""
    env = environment.read()
    wanted = None if env.witness_policy is None else policy.parse(env.witness_policy.read_bytes())
    told: dict[str, str] = {}
    former = ""
    while True:
        try:
            _round(env, wanted, told)
        except (SermentError, OSError) as fault:
            sentence = getattr(fault, "sentence", type(fault).__name__)
            if sentence != former:
                _say(f"the ledger was not published: {sentence}")
            former = sentence
        else:
            former = ""
        beat_file(env).touch()
        time.sleep(ROUND_SECONDS)


if __name__ == "__main__":
    main()
