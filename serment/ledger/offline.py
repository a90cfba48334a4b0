"""``serment-verify.pyz``: the verifier on a bare python3, no package installed.

Built by ``scripts/verifier.py``. Same checks, words and exit status as ``serment ledger verify``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from serment.errors import SermentError
from serment.ledger import asking
from serment.ledger.report import EXIT_STATUS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serment-verify",
        description="Check a published ledger, or one receipt, without trusting who serves it.",
        epilog="Exit status: 0 intact, 3 tampered, 4 incomplete, 2 unusable question.",
    )
    parser.add_argument("where", nargs="?", default="", help="folder or address of the ledger")
    parser.add_argument("--key", action="append", default=[], help="key of the log, or its file")
    parser.add_argument(
        "--witness", action="append", default=[], help="key of an outside witness, or its file"
    )
    parser.add_argument("--policy", type=Path, help="tlog-policy file: logs, witnesses, quorum")
    parser.add_argument(
        "--since",
        "--from-checkpoint",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint seen before: nothing may be gone",
    )
    parser.add_argument("--proof", type=Path, help="check this .tlog-proof file instead")
    parser.add_argument("--entry", default="", help="commitment in hexadecimal, for --proof")
    parser.add_argument("--segment", type=Path, help="the keeper's own segment, to compare")
    parser.add_argument("--minimum", type=int, default=0, help="entries below may be pruned")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Answer, and give the exit status."""
    given = _parser().parse_args(arguments)
    question = asking.Question(
        given.where, [*given.key, *given.witness], given.policy, given.since, given.proof,
        given.entry, given.segment, given.minimum,
    )  # fmt: skip
    try:
        report = asking.answer(question)
    except (SermentError, OSError) as error:
        sentence, status = asking.failed(error)
        sys.stderr.write(f"{sentence}\n")
        return status
    sys.stdout.write(asking.as_json(report) + "\n" if given.json else asking.in_words(report))
    return EXIT_STATUS[report.verdict]


def run() -> NoReturn:
    """The file's entry point."""
    sys.exit(main())
