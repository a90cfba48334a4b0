"""What a verification found, and the one word it ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FINDINGS_MAX: Final = 100


class Verdict(StrEnum):
    """What a verification ends with."""

    INTACT = "intact"
    TAMPERED = "tampered"
    INCOMPLETE = "incomplete"


EXIT_STATUS: Final = {Verdict.INTACT: 0, Verdict.TAMPERED: 3, Verdict.INCOMPLETE: 4}


@dataclass(slots=True)
class Report:
    """What was found."""

    verdict: Verdict = Verdict.INTACT
    origin: str = ""
    size: int = 0
    root: str = ""
    signed: bool = False
    drill: bool = False
    cosigned: dict[str, int] = field(default_factory=dict)
    unknown_signatures: int = 0
    quorum: bool | None = None
    consistent_from: int | None = None
    entries_checked: int = 0
    tiles_checked: int = 0
    pruned_below: int = 0
    unannounced: int = 0
    index: int | None = None
    entry: str = ""
    statement: list[tuple[str, str]] = field(default_factory=list)
    """What a receipt tells in words; only where it leads to the entry that was proven."""
    findings: list[str] = field(default_factory=list)

    def note(self, verdict: Verdict, sentence: str) -> None:
        """Add a finding; tampered outweighs incomplete, which outweighs intact."""
        if verdict is Verdict.TAMPERED or self.verdict is Verdict.INTACT:
            self.verdict = verdict
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(sentence)

    def tampered(self, sentence: str) -> None:
        """Something is not what it must be."""
        self.note(Verdict.TAMPERED, sentence)

    def incomplete(self, sentence: str) -> None:
        """Something that is needed is not there."""
        self.note(Verdict.INCOMPLETE, sentence)
