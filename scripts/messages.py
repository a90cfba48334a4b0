"""Keep the message catalogue: extract, compile, and tell what lacks a translation.

    python scripts/messages.py extract     # write every text found in the code into the catalogue
    python scripts/messages.py compile     # .po → .mo, at set-up
    python scripts/messages.py check       # exit 1 and list what has no English

Django's own ``makemessages`` needs GNU gettext on the machine; Babel reads and writes the same
files and comes with the Python packages.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "serment" / "locale" / "en" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}

# Django turns a template into calls among filler that is no Python: only the calls are read.
_STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL = re.compile(rf"\bn?p?gettext\(\s*{_STRING}(?:\s*,\s*(?:{_STRING}|\w+))*\s*\)", re.DOTALL)

Message = tuple[str | tuple[str, str], str | None, str]


def _python_sources() -> Iterator[tuple[Path, bytes]]:
    for path in sorted((ROOT / "serment").rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, path.read_bytes()


def _template_sources() -> Iterator[tuple[Path, bytes]]:
    if not settings.configured:
        settings.configure()
    for pattern in ("*.html", "*.txt"):
        for path in sorted((ROOT / "serment").rglob(pattern)):
            if "templates" in path.parts:
                text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
                yield path, "\n".join(_CALL.findall(text)).encode()


_FRENCH = re.compile(r"[éèàçêûîôù’]|\b(le|la|les|des|une?|est|pas|ce|cette|plus)\b", re.IGNORECASE)
ROOT_OF_ERRORS = "SermentError"


def _error_sentences() -> Iterator[Message]:
    """The first lines of French docstrings of errors: what a page says where one carries no other.

    English ones are for a terminal.
    """
    told: dict[str, list[tuple[set[str], str, str]]] = {}
    for path, source in _python_sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                line = (ast.get_docstring(node) or "").partition("\n")[0]
                told.setdefault(node.name, []).append((bases, line, str(path.relative_to(ROOT))))
    errors, grown = {ROOT_OF_ERRORS}, True
    while grown:
        new = {name for name, rows in told.items() if any(row[0] & errors for row in rows)}
        grown = not new <= errors
        errors |= new
    for name in sorted(errors):
        for bases, line, path in told[name]:
            if bases & errors and _FRENCH.search(line):
                yield line, None, path


def found() -> Iterator[Message]:
    """Every text wrapped for translation: (message or (singular, plural), context, path)."""
    yield from _error_sentences()
    for path, source in [*_python_sources(), *_template_sources()]:
        name = str(path.relative_to(ROOT))
        for _, function, arguments, _ in extract_python(
            io.BytesIO(source), list(KEYWORDS), [], {"encoding": "utf-8"}
        ):
            message = _message(function, arguments)
            if message is not None:
                yield *message, name


def _message(function: str, arguments: object) -> tuple[str | tuple[str, str], str | None] | None:
    words = list(arguments) if isinstance(arguments, (list, tuple)) else [arguments]
    context = words.pop(0) if function.startswith(("pgettext", "npgettext")) else None
    if not words or not words[0]:
        return None
    if function.startswith(("ngettext", "npgettext", "ungettext")):
        return (words[0], words[1]), context
    return words[0], context


def load() -> Catalog:
    """The catalogue as it stands."""
    if not CATALOGUE.exists():
        return Catalog(locale="en")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def missing() -> list[str]:
    """Texts in the code that have no English."""
    catalogue = load()
    lacking = []
    for text, context, path in found():
        entry = catalogue.get(text if isinstance(text, str) else text[0], context)
        strings = () if entry is None else entry.string
        if not strings or (isinstance(strings, tuple) and not all(strings)):
            lacking.append(f"{path}: {text if isinstance(text, str) else text[0]}")
    return lacking


def extract() -> None:
    """Bring the catalogue in line with the code; translations of texts that stay are kept."""
    old, new = load(), Catalog(locale="en", project="Serment", charset="utf-8")
    for text, context, path in found():
        before = old.get(text if isinstance(text, str) else text[0], context)
        new.add(text, before.string if before else None, locations=[(path, None)], context=context)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=100, sort_output=True, omit_header=False)


def compile_catalogue() -> None:
    """Write the .mo that Django reads."""
    with COMPILED.open("wb") as file:
        write_mo(file, load())


def main() -> int:
    """Run the act named on the command line."""
    act = sys.argv[1] if len(sys.argv) > 1 else ""
    if act == "extract":
        extract()
    elif act == "compile":
        compile_catalogue()
    elif act == "check":
        lacking = missing()
        sys.stdout.write("".join(f"{line}\n" for line in lacking))
        return 1 if lacking else 0
    else:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
