"""House rules as pure functions: source text in, findings out.

``test_rules.py`` runs each over the tree and, beside it, over a planted violation that it must
find. A rule that cannot fail would be worse than none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


Rule = Callable[[str, str], list[Finding]]

# Names under which sealed values travel; none may reach a log line or an exception's text.
PERSONAL = {
    "family_name", "given_name", "birth_name", "birth_date", "phone", "email", "address",
    "plaintext", "ip_address",
}  # fmt: skip
LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log"}
DRAWERS = {"core", "utils", "helpers", "common", "services", "managers", "misc"}


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _named(node: ast.AST) -> set[str]:
    """Every name and attribute mentioned below a node."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return names | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def no_personal_data_in_logs(path: str, source: str) -> list[Finding]:
    """CNIL 2021-122: a log never holds field values."""
    found = []
    for call in _calls(ast.parse(source)):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr in LOGGING):
            continue
        if not _named(call.func.value) & {"log", "logger", "logging", "_log", "LOG", "_logger"}:
            continue
        for argument in [*call.args, *(k.value for k in call.keywords)]:
            for name in sorted(_named(argument) & PERSONAL):
                found.append(Finding(path, call.lineno, f"a log line is given {name}"))
    return found


def no_personal_data_in_exceptions(path: str, source: str) -> list[Finding]:
    """An exception's text travels to logs and screens: no personal value in it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for part in ast.walk(node.exc):
                if isinstance(part, ast.FormattedValue):
                    for name in sorted(_named(part) & PERSONAL):
                        found.append(Finding(path, node.lineno, f"an exception quotes {name}"))
    return found


def no_bare_except(path: str, source: str) -> list[Finding]:
    """An error is mapped, told or raised again; never swallowed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or (
            isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
        )
        silent = all(isinstance(s, ast.Pass) for s in node.body)
        if node.type is None or (broad and silent):
            found.append(Finding(path, node.lineno, "an error is swallowed"))
    return found


def no_print(path: str, source: str) -> list[Finding]:
    """Output is a log line or a command's answer, never a forgotten print."""
    return [
        Finding(path, call.lineno, "print()")
        for call in _calls(ast.parse(source))
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]


def environment_only_in_config(path: str, source: str) -> list[Finding]:
    """``config`` is the sole reader of the environment."""
    if path.startswith("serment/config/"):
        return []
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
            found.append(Finding(path, node.lineno, "the environment is read outside config"))
    return found


READS = {"GET", "POST", "FILES", "COOKIES", "body"}


def requests_are_read_within_bounds(path: str, source: str) -> list[Finding]:
    """Pages read addresses, forms and files through ``asked`` alone, which bounds them."""
    if not path.startswith("serment/web/") or path == "serment/web/asked.py":
        return []
    return [
        Finding(path, node.lineno, f"request.{node.attr} is read past asked.py")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in READS and "request" in ast.unparse(node)
    ]


def no_drawer_names(path: str, source: str) -> list[Finding]:
    """Package = domain noun, file = act."""
    parts = {Path(part).stem for part in Path(path).parts}
    return [Finding(path, 1, f"'{name}' names a drawer") for name in sorted(parts & DRAWERS)]


def no_file_over(limit: int) -> Rule:
    """A file a reader can hold in mind."""

    def rule(path: str, source: str) -> list[Finding]:
        lines = source.count("\n")
        return [Finding(path, limit, f"{lines} lines, limit {limit}")] if lines > limit else []

    return rule


def no_function_over(limit: int) -> Rule:
    """A function a reader sees whole."""

    def rule(path: str, source: str) -> list[Finding]:
        found = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > limit:
                    found.append(Finding(path, node.lineno, f"{node.name}: {length} lines"))
        return found

    return rule


def every_module_says_what_it_owns(path: str, source: str) -> list[Finding]:
    """Open any file and know what it owns: a docstring on top."""
    if not source.strip() or ast.get_docstring(ast.parse(source)):
        return []
    return [Finding(path, 1, "no module docstring")]


_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")


def nothing_unfinished(path: str, source: str) -> list[Finding]:
    """Work is done or written as an issue, not left in a comment."""
    return [
        Finding(path, number, "unfinished work left in the code")
        for number, line in enumerate(source.splitlines(), 1)
        if _UNFINISHED.search(line)
    ]


def no_sealed_field_in_queries(sealed: set[str]) -> Rule:
    """Sealed fields are never filtered, ordered or joined on: their bytes mean nothing to SQL."""
    methods = {"filter", "exclude", "get", "order_by", "values", "values_list", "distinct"}

    def rule(path: str, source: str) -> list[Finding]:
        found = []
        for call in _calls(ast.parse(source)):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr in methods):
                continue
            if "objects" not in _named(call.func.value):
                continue
            words = {(k.arg or "").split("__")[0] for k in call.keywords}
            if call.func.attr in {"order_by", "distinct"}:
                words |= {
                    str(a.value).lstrip("-") for a in call.args if isinstance(a, ast.Constant)
                }
            for name in sorted(words & sealed):
                found.append(Finding(path, call.lineno, f"query on the sealed field {name}"))
        return found

    return rule


_HOSTS = re.compile(
    "|".join(("registry" + r"\.npmjs", "pypi" + r"\.org", "files" + r"\.pythonhosted"))
)


def no_registry_host(path: str, source: str) -> list[Finding]:
    """Lock files and scripts name packages, not the host they come from."""
    return [
        Finding(path, number, "names a package registry's host")
        for number, line in enumerate(source.splitlines(), 1)
        if _HOSTS.search(line)
    ]


def no_foreign_address_in_pages(path: str, source: str) -> list[Finding]:
    """Pages load nothing from elsewhere: no outside font, script, picture or tile."""
    pattern = re.compile(r"""(?:src|href|action|url\()\s*=?\s*["'(]?https?://(?!localhost)""")
    allowed = re.compile(r"""href=["']https?://[^"']*["'][^>]*rel=["']?(noopener|license)""")
    return [
        Finding(path, number, "a page reaches outside")
        for number, line in enumerate(source.splitlines(), 1)
        if pattern.search(line) and not allowed.search(line) and "xmlns" not in line
    ]


def inline_script_or_style(path: str, source: str) -> list[Finding]:
    """The content security policy forbids inline code; a page that needs it is broken."""
    pattern = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*json)|\sstyle=\"|\son(click|change|submit)="
    )
    return [
        Finding(path, number, "inline script or style")
        for number, line in enumerate(source.splitlines(), 1)
        if pattern.search(line)
    ]


def python_files(folder: str = "serment") -> list[tuple[str, str]]:
    """Path and source of every Python file below a folder, migrations left out."""
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def templates() -> list[tuple[str, str]]:
    """Path and source of every HTML template."""
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "serment").rglob("*.html"))
    ]
