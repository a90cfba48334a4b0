"""``ledger verify`` from the words a person typed: files read, the right check chosen, an answer.

Shared by ``serment ledger verify`` and by the single file ``serment-verify.pyz``; nothing but the
standard library. Exit status: 0 intact, 3 tampered, 4 incomplete, 2 unusable question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from serment.errors import SermentError, Unusable
from serment.ledger import commitment, policy, telling, tree, verify
from serment.ledger.messagepack import NotReadable, decode
from serment.ledger.note import COSIGNATURE, NoteUnusable, SignatureWrong, Verifier
from serment.ledger.proof import FIRST_LINE, Proof
from serment.ledger.report import Report
from serment.ledger.source import open_source
from serment.ledger.statement import Statement
from serment.ledger.tree import ProofWrong
from serment.ledger.verify import Trust


@dataclass(slots=True)
class Question:
    """What was asked, as it was typed."""

    where: str = ""
    keys: list[str] = field(default_factory=list)
    policy: Path | None = None
    earlier: list[Path] = field(default_factory=list)
    proof: Path | None = None
    entry: str = ""
    segment: Path | None = None
    minimum: int = 0


class QuestionUnusable(Unusable):
    """Name a folder or an address, or a receipt with --proof."""


class NotAReceipt(Unusable):
    """This file is not a receipt: it does not begin as a .tlog-proof file does."""


def answer(question: Question) -> Report:
    """Check what was asked. Raises Unusable kinds, SourceDown, OSError."""
    trust = _trust(question)
    if question.proof is not None:
        return _check_proof(question, trust)
    if not question.where:
        raise QuestionUnusable
    return verify.verify(
        open_source(question.where),
        trust,
        earlier=[path.read_bytes() for path in question.earlier],
        minimum=question.minimum,
        segment=None if question.segment is None else _segment_leaves(question.segment),
    )


def _trust(question: Question) -> Trust:
    keys = [Verifier.parse(_text(one)) for one in question.keys]
    asked = None if question.policy is None else policy.parse(question.policy.read_bytes())
    logs = [one for one in keys if one.kind != COSIGNATURE]
    witnesses = [one for one in keys if one.kind == COSIGNATURE]
    if asked is not None:
        logs += asked.log_keys()
        witnesses += asked.witness_keys()
    return Trust(tuple(logs), tuple(witnesses), asked)


def _text(key: str) -> str:
    """A key as typed, or the first line of a file with that name."""
    if "+" in key:
        return key
    lines = Path(key).read_text(encoding="utf-8").splitlines()
    return lines[0] if lines else ""


def _segment_leaves(path: Path) -> Iterator[bytes]:
    # Only now: the segment's reader needs a POSIX system, the rest of the verifier does not.
    from serment.ledger import segment

    for frame in segment.read(path):
        if not _is_of(frame.opening, frame.leaf):
            raise segment.SegmentDamaged
        yield frame.leaf


def _is_of(opening: bytes, leaf: bytes) -> bool:
    """Whether the two hashes that an opening carries lead to its leaf."""
    try:
        match decode(opening):
            case [int(), bytes(), bytes(), bytes() as actor, bytes() as patient, *_]:
                return commitment.leaf_of(actor, patient) == leaf
    except NotReadable:
        return False
    return False


def _check_proof(question: Question, trust: Trust) -> Report:
    """One receipt, offline. A file of another kind is no tampering: NotAReceipt."""
    assert question.proof is not None  # noqa: S101 -- asked by the caller
    report = Report()
    # Mail programs end lines in their own way; a receipt has no other use for that sign.
    data = question.proof.read_bytes().replace(b"\r\n", b"\n")
    if not data.startswith(f"{FIRST_LINE}\n".encode()):
        raise NotAReceipt
    try:
        proof = Proof.parse(data)
        told = proof.statement()
        entry = _entry(question.entry) if question.entry else proof.commitment()
        if told is not None and told.entry() != entry:
            raise ProofWrong("What this receipt tells does not lead to the entry that was named.")
        signed = verify.read_signed(proof.note.encode(), trust, report)
        verify.judge(signed, trust, report)
        head = signed.checkpoint
        tree.verify_inclusion(
            proof.index, head.size, tree.leaf_hash(entry), proof.hashes, head.root
        )
        report.entries_checked, report.index, report.entry = 1, proof.index, entry.hex()
        if told is not None:
            _tell(told, report)
    except NoteUnusable:
        report.tampered("This receipt was cut or altered: it no longer has the form of one.")
    except (SignatureWrong, ProofWrong) as wrong:
        report.tampered(wrong.sentence)
    return report


def _tell(told: Statement, report: Report) -> None:
    try:
        report.statement = telling.in_words(told)
    except NotReadable:
        report.incomplete(
            "The statement leads to this entry, but this verifier cannot read it; a newer one may."
        )


def _entry(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as wrong:
        raise QuestionUnusable("--entry takes the commitment in hexadecimal.") from wrong


def as_json(report: Report) -> str:
    """For machines: first what every script may rely on, then all that was found."""
    stable = {
        "status": report.verdict.value,
        "size": report.size,
        "root": report.root,
        "witnessed": len(report.cosigned),
        "first_fault": report.findings[0] if report.findings else None,
    }
    return json.dumps(stable | asdict(report), ensure_ascii=False)


def in_words(report: Report) -> str:
    """For people: the verdict first, then what it rests on, then every finding."""
    lines = [report.verdict.value]
    if report.origin:
        kind = " (a throw-away instance's log, no real one)" if report.drill else ""
        lines.append(f"log {report.origin}{kind}: {report.size} entries, root {report.root}")
    if report.index is not None:
        lines.append(f"entry {report.entry} stands at place {report.index}")
        lines += [f"  {label}: {words}" for label, words in report.statement]
    elif report.size:
        lines.append(f"checked {report.entries_checked} entries, {report.tiles_checked} tiles")
    if report.pruned_below:
        lines.append(f"entries below {report.pruned_below} were pruned, as --minimum allows")
    if report.consistent_from is not None:
        lines.append(f"it only grew since it had {report.consistent_from} entries")
    lines += _witnesses(report)
    return "\n".join([*lines, *report.findings]) + "\n"


def _witnesses(report: Report) -> list[str]:
    if not report.origin:
        return []
    lines = [f"signed by the log's key: {'yes' if report.signed else 'not checked'}"]
    count = len(report.cosigned)
    asked = {
        None: "",
        True: ", the policy's quorum is met",
        False: ", short of the policy's quorum",
    }
    lines.append(f"outside witnesses that cosigned: {count}{asked[report.quorum]}")
    for key, time in report.cosigned.items():
        try:
            when = datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
        except (OverflowError, ValueError, OSError):
            when = f"{time} s after 1970"
        lines.append(f"  {key.split('+')[0]} at {when}")
    if count == 0:
        lines.append("  without one, only the operator's word stands against a second history")
    return lines


def failed(error: SermentError | OSError) -> tuple[str, int]:
    """One sentence and the exit status for a question that could not be answered."""
    if isinstance(error, SermentError):
        return error.sentence, 2 if isinstance(error, Unusable) else 4
    return f"{error.strerror or error}: {error.filename or 'this machine'}.", 2
