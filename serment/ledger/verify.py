"""Is this published ledger what its checkpoint says: every entry, every tile, every signature.

Knows nothing of a database, Django or any package outside the standard library. Reads each file
once, bottom up: entries give leaf hashes, those give tiles, tiles give the root.

What it proves: nothing that the checkpoint covers was altered, and (from an earlier checkpoint)
nothing was taken away. What it cannot prove: that everything was recorded in the first place, nor
that no other readers are shown another history; that is what outside witnesses are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from serment.errors import SermentError
from serment.ledger import checkpoint, note, tree
from serment.ledger.checkpoint import Checkpoint, Signed
from serment.ledger.note import NoteUnusable, SignatureWrong, Verifier
from serment.ledger.policy import Policy
from serment.ledger.report import Report
from serment.ledger.source import CHECKPOINT, Source
from serment.ledger.strays import check_strays
from serment.ledger.tiles import TileWrong
from serment.ledger.walk import Walk


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count, and how many witnesses are asked for."""

    logs: tuple[Verifier, ...] = ()
    witnesses: tuple[Verifier, ...] = ()
    policy: Policy | None = None


def verify(
    source: Source,
    trust: Trust,
    *,
    earlier: Sequence[bytes] = (),
    minimum: int = 0,
    segment: Iterator[bytes] | None = None,
) -> Report:
    """Check a whole published ledger.

    ``earlier`` are signed checkpoints seen before; leaves below ``minimum`` may have been pruned;
    ``segment`` gives a keeper's own commitments to compare. Raises SourceDown.
    """
    report = Report()
    head = _head(source, trust, report)
    if head is None:
        return report
    before = [one for one in (_earlier(data, trust, head, report) for data in earlier) if one]
    walk = Walk(source, head.size, report, minimum, {one.size for one in before})
    walk.segment = segment
    walk.go()
    if head.size and walk.root() not in (head.root, None):
        report.tampered("The entries do not lead to the root that was signed.")
    if head.size == 0 and head.root != tree.EMPTY_ROOT:
        report.tampered("The signed root is not that of an empty ledger.")
    for one in before:
        _compare(one, walk, report)
    report.unannounced = check_strays(source, head.size, report.tampered)
    return report


def _head(source: Source, trust: Trust, report: Report) -> Checkpoint | None:
    """The checkpoint, its signatures judged."""
    try:
        data = source.read(CHECKPOINT)
    except TileWrong:
        data = b""
    if data is None:
        report.incomplete("There is no checkpoint here.")
        return None
    try:
        signed = read_signed(data, trust, report)
    except NoteUnusable:
        report.tampered("The checkpoint is not a signed note of a log.")
        return None
    except SignatureWrong as wrong:
        report.tampered(f"The checkpoint: {wrong.sentence}")
        return None
    judge(signed, trust, report)
    return signed.checkpoint


def read_signed(data: bytes, trust: Trust, report: Report) -> Signed:
    """Open a checkpoint; without any key the signatures stay unchecked, and that is said."""
    if trust.logs:
        report.signed = True
        return checkpoint.open_signed(data, trust.logs, trust.witnesses)
    taken = note.parse(data)
    report.incomplete("No key was given: who signed the checkpoint was not checked.")
    unknown = Verifier("", note.ED25519, bytes(32))
    return Signed(Checkpoint.parse(taken.text), taken, unknown, {})


def judge(signed: Signed, trust: Trust, report: Report) -> None:
    """What the checkpoint says, and whether its witnesses are enough."""
    head = signed.checkpoint
    report.origin, report.size, report.root = head.origin, head.size, head.root.hex()
    report.drill = head.is_drill
    report.cosigned = {one.text: time for one, time in signed.cosigned.items()}
    known = {(one.name, one.id) for one in (*trust.logs, *trust.witnesses)}
    report.unknown_signatures = sum(
        (one.name, one.id) not in known for one in signed.note.signatures
    )
    if trust.policy is not None:
        report.quorum = trust.policy.is_met_by(set(signed.cosigned))
        if not report.quorum:
            report.incomplete("Fewer witnesses cosigned the checkpoint than the policy asks for.")


def _earlier(data: bytes, trust: Trust, head: Checkpoint, report: Report) -> Checkpoint | None:
    """An earlier checkpoint of the same log, signed as the present one."""
    try:
        if trust.logs:
            found = checkpoint.open_signed(data, trust.logs).checkpoint
        else:
            found = Checkpoint.parse(note.parse(data).text)
    except SermentError as wrong:
        report.incomplete(f"The earlier checkpoint cannot be used: {wrong.sentence}")
        return None
    if found.origin != head.origin:
        report.incomplete("The earlier checkpoint is of another log.")
        return None
    if found.size > head.size:
        report.tampered(
            f"The ledger had {found.size} entries and now has {head.size}: it was rolled back."
        )
        return None
    return found


def _compare(one: Checkpoint, walk: Walk, report: Report) -> None:
    root = walk.root(one.size)
    if root is None:
        report.incomplete(f"What is needed to compare with the checkpoint of {one.size} is gone.")
    elif root != one.root:
        report.tampered(
            f"The first {one.size} entries are not those of the earlier checkpoint: it was forked."
        )
    else:
        report.consistent_from = max(report.consistent_from or 0, one.size)
