"""One round of the worker: tiles up to what the keeper signed, witnesses asked, then announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from serment.ledger import checkpoint, cosign, tree
from serment.ledger.policy import Policy
from serment.ledger.tiling import Site


@dataclass(slots=True)
class Round:
    """What a round came to."""

    built: int = 0
    announced: int = 0
    cosigned: int = 0
    refusals: dict[str, str] = field(default_factory=dict)
    """Name in the policy of each witness that did not cosign, and why."""
    alarm: bool = False
    """A witness saw this log larger than it is, or another one."""


def go_on(site: Site, inbox: Path, policy: Policy | None = None) -> Round:
    """Bring the site up to date. May be repeated at any time; does nothing where all is done.

    With a policy, a checkpoint short of its quorum is built and not announced: readers keep the
    former one until enough witnesses answer. Raises what ``Site.build`` does.
    """
    done = Round()
    signed = site.build(inbox)
    former = site.announced()
    done.announced = former.checkpoint.size if former else 0
    if signed is None:
        return done
    done.built = signed.checkpoint.size
    if policy is None:
        if former is None or former.checkpoint != signed.checkpoint:
            site.announce(signed)
        done.announced = done.built
        return done
    keys = policy.witness_keys()
    if former and former.checkpoint == signed.checkpoint:
        held = checkpoint.open_signed(former.note, [site.log], keys)
        done.cosigned = len(held.cosigned)
        if policy.is_met_by(set(held.cosigned)):
            return done
    size, read = done.built, site.reader(done.built)
    found = cosign.gather(
        policy.witnesses, signed, lambda old: tree.consistency_proof(old, size, read)
    )
    done.refusals, done.alarm = found.refusals, found.alarm
    answered = {(one.name, one.id) for one in found.signatures}
    cosigners = {key for key in keys if (key.name, key.id) in answered}
    done.cosigned = len(cosigners)
    if policy.is_met_by(cosigners):
        site.announce(signed, found.signatures)
        done.announced = done.built
    return done
