"""Writes docs/reference/asvs.md from tests/asvs/answers: ``python scripts/asvs_page.py``.

Owns the count of what OWASP ASVS 5.0.0 asks (numbers and levels are facts; the sentences are the
standard's own and are not here) and the form of an answer. ``make check`` fails where the page is
not what this writes, where a number is missing, and where a test that is named is not there
(tests/house/test_asvs.py). Raises ValueError for an answer that is none.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "asvs.md"
ANSWERS: Final = ROOT / "tests" / "asvs" / "answers"

# Section → the level of its first, second, … requirement, counted by hand in release 5.0.0.
SECTIONS: Final[Mapping[str, str]] = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3",
    "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333",
    "6.6": "2223", "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222",
    "10.6": "22", "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23",
    "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
# All of level 3 where it is about authentication, sessions, access, tokens and cryptography.
TO_LEVEL_3: Final = frozenset({6, 7, 8, 9, 10, 11})
CHAPTERS: Final = {
    1: "Encoding and sanitization", 2: "Validation and business logic", 3: "Web front end",
    4: "API and web service", 5: "Files", 6: "Authentication", 7: "Sessions", 8: "Authorization",
    9: "Self-contained tokens", 10: "OAuth and OIDC", 11: "Cryptography",
    12: "Secure communication", 13: "Configuration", 14: "Data protection",
    15: "Secure coding and architecture", 16: "Logging and errors", 17: "WebRTC",
}  # fmt: skip
KINDS: Final = ("holds", "by design", "not applicable", "later", "no")
"""``by design``: answered otherwise than asked, on purpose; the reason and where it is decided."""


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement, in our words, and what we answer."""

    number: str
    level: int
    asks: str
    answer: str
    why: str
    shown: tuple[str, ...]
    work: str

    @property
    def chapter(self) -> int:
        """V1 … V17."""
        return int(self.number.partition(".")[0])


def wanted() -> dict[str, int]:
    """Every number that has to be answered, with its level, in the standard's order."""
    return {
        f"{section}.{at}": int(level)
        for section, levels in SECTIONS.items()
        for at, level in enumerate(levels, 1)
        if level < "3" or int(section.partition(".")[0]) in TO_LEVEL_3
    }


def read(folder: Path = ANSWERS) -> list[Line]:
    """All answers in the standard's order. Raises ValueError with what is wrong."""
    levels, given = wanted(), dict(_given(folder))
    strange = sorted(set(given) ^ set(levels))
    if strange:
        raise ValueError(f"missing or not asked: {', '.join(strange)}")
    lines = [_line(number, levels[number], given[number]) for number in levels]
    wrong = [fault for line in lines for fault in faults(line)]
    if wrong:
        raise ValueError("\n".join(wrong))
    return lines


def _given(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    seen: set[str] = set()
    for file in sorted(folder.glob("V*.toml")):
        for number, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if number in seen or not file.stem == f"V{int(number.partition('.')[0]):02}":
                raise ValueError(f"{file.name}: {number} stands twice or elsewhere")
            seen.add(number)
            yield number, said


def _line(number: str, level: int, said: dict[str, object]) -> Line:
    shown = said.get("shown", [])
    if not isinstance(shown, list):
        raise ValueError(f"{number}: shown is a list")
    told = {name: str(said.get(name, "")) for name in ("asks", "answer", "why", "work")}
    return Line(number, level, shown=tuple(map(str, shown)), **told)


def faults(line: Line) -> Iterator[str]:
    """What is wrong with one answer."""
    if line.answer not in KINDS:
        yield f"{line.number}: no such answer, {line.answer!r}"
    if not line.asks:
        yield f"{line.number}: what does it ask?"
    if line.answer != "holds" and not line.why:
        yield f"{line.number}: {line.answer}, why?"
    if line.answer in {"holds", "by design"} and not line.shown:
        yield f"{line.number}: shown by what?"
    if line.answer == "later" and not line.work:
        yield f"{line.number}: which work owns it?"
    if line.answer == "holds" and not any(_is_check(one) for one in line.shown):
        yield f"{line.number}: names no test that could fail"
    for one in line.shown:
        if not _is_there(one):
            yield f"{line.number}: {one} is not there"


def _is_check(shown: str) -> bool:
    return "::test_" in shown


def _is_there(shown: str) -> bool:
    """Whether a file, or a test in it, exists."""
    name, _colons, test = shown.partition("::")
    file = ROOT / name
    if not test:
        return file.exists()
    if not file.is_file():
        return False
    return test in _defined(file)


@cache
def _defined(file: Path) -> frozenset[str]:
    """Names of all functions of a file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


HEAD: Final = """\
# OWASP ASVS 5.0.0, line by line

Every requirement of levels 1 and 2 of the OWASP Application Security Verification Standard 5.0.0,
and of level 3 in V6 to V11 (authentication, sessions, authorization, tokens, OAuth, cryptography):
{count} lines. The standard's sentences are its own: what each line asks is said here in a few words
of ours; read it beside the standard's text.

Written by `scripts/asvs_page.py` from `tests/asvs/answers`. `make check` fails where this page is
not what it writes, where a number of the standard is missing, and where a test or file named here
is not there. An audit by somebody else has not taken place: these are our own answers, and the
tests are there to be read and run.

- **holds**: a test named here fails where it does not.
- **by design**: answered otherwise than the line asks, on purpose; why, and where it is decided.
- **not applicable**: what the line is about does not exist here.
- **later**: what the line is about is not built yet; the work that brings it.
- **no**: asked, and not so today.
"""


def written(lines: list[Line] | None = None) -> str:
    """The page."""
    lines = read() if lines is None else lines
    parts = [HEAD.format(count=len(lines)), _totals(lines), _gaps(lines)]
    for chapter, name in CHAPTERS.items():
        parts.append(_chapter(f"V{chapter}", name, [x for x in lines if x.chapter == chapter]))
    return "\n".join(parts)


def _table(head: list[str], rows: list[list[str]]) -> str:
    shown = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in shown) + "\n"


def _totals(lines: list[Line]) -> str:
    rows = []
    for chapter, name in CHAPTERS.items():
        count = Counter(line.answer for line in lines if line.chapter == chapter)
        cells = [str(count[kind]) if count[kind] else "" for kind in KINDS]
        rows.append([f"V{chapter} {name}", str(count.total()), *cells])
    count = Counter(line.answer for line in lines)
    rows.append(["**all**", str(count.total()), *(str(count[kind]) for kind in KINDS)])
    return "## In all\n\n" + _table(["chapter", "lines", *KINDS], rows)


def _gaps(lines: list[Line]) -> str:
    told = []
    for kind, said in (("no", "What does not hold"), ("later", "What is not built yet")):
        rows = [
            [one.number, str(one.level), one.asks, _reason(one)]
            for one in lines
            if one.answer == kind
        ]
        head = ["number", "level", "asks", "why, and what is planned"]
        told.append(f"## {said}\n\n" + (_table(head, rows) if rows else "Nothing.\n"))
    return "\n".join(told)


def _reason(line: Line) -> str:
    return f"{line.why} (work {line.work})" if line.work else line.why


def _chapter(code: str, name: str, lines: list[Line]) -> str:
    rows = [
        [one.number, str(one.level), one.asks, f"**{one.answer}**", _because(one)] for one in lines
    ]
    head = ["number", "level", "asks", "answer", "shown by"]
    return f"## {code} {name}\n\n" + _table(head, rows)


def _because(line: Line) -> str:
    """The reason, then tests and files."""
    shown = "<br>".join(f"`{one}`" for one in line.shown)
    return "<br>".join(part for part in (_reason(line), shown) if part)


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
