"""What the source may not do, found in its trees; each rule beside a planted violation it finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.asvs.source import ROOT, calls, files, imported, importing, trees, uses, walked

# The source is read once, by one of the test processes.
pytestmark = pytest.mark.xdist_group("source")

Rule = Callable[[ast.AST], Iterator[str]]
RUNS = {"eval", "exec", "compile", "os.system", "os.popen", "__import__"}
DECODES = ("pickle", "marshal", "shelve", "yaml", "dill", "jsonpickle")
XML = ("xml", "lxml", "defusedxml", "xmltodict", "bs4", "html5lib")
STATEMENTS = {"execute", "executemany", "raw", "RawSQL", "extra", "copy"}
PATTERNS = {"re.compile", "re.match", "re.search", "re.fullmatch", "re.sub", "re.subn", "re.split",
            "re.findall", "re.finditer"}  # fmt: skip


def data_as_code(tree: ast.AST) -> Iterator[str]:
    """Data that would be run: code, shells, templates, format strings, pickles."""
    for name, call in calls(tree):
        if name in RUNS:
            yield name
        if any(one.arg == "shell" and ast.unparse(one.value) != "False" for one in call.keywords):
            yield "a shell"
        if name in {"Template", "engines.from_string", "from_string"}:
            yield "a template made of text"
        formats = isinstance(call.func, ast.Attribute) and call.func.attr == "format"
        if formats and not _is_written_here(call.func.value):  # type: ignore[attr-defined]
            yield f"a format that is not written here: {name}"
    if uses(tree, *DECODES):
        yield "a decoder that makes objects"


def _is_written_here(text: ast.expr) -> bool:
    """A constant, one of the module's, or psycopg's own way, which quotes."""
    said = ast.unparse(text)
    return isinstance(text, ast.Constant) or said.startswith("sql.SQL(") or said.isupper()


def glued_statements(tree: ast.AST) -> Iterator[str]:
    """What is put into the text of a statement."""
    for name, call in calls(tree):
        if name.rpartition(".")[2] in STATEMENTS and call.args:
            yield from _put_in(call.args[0])


def _put_in(text: ast.expr) -> Iterator[str]:
    if isinstance(text, ast.JoinedStr):
        for part in text.values:
            if isinstance(part, ast.FormattedValue):
                yield ast.unparse(part.value)
    elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add | ast.Mod):
        for part in (text.left, text.right):
            if not isinstance(part, ast.Constant | ast.BinOp | ast.JoinedStr):
                yield ast.unparse(part)
            else:
                yield from _put_in(part)
    elif isinstance(text, ast.Call):
        said = ast.unparse(text.func)
        if said.endswith(".format") and not said.startswith("sql.SQL("):
            yield said


def open_patterns(tree: ast.AST) -> Iterator[str]:
    """A pattern made of something else than constants and ``re.escape``."""
    fixed = {
        target.id
        for node in walked(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
        and (isinstance(node.value, ast.Constant) or "re.escape" in ast.unparse(node.value or node))
    }
    for name, call in calls(tree):
        if name in PATTERNS and call.args:
            pattern = call.args[0]
            if isinstance(pattern, ast.Constant) or "re.escape" in ast.unparse(pattern):
                continue
            if not (isinstance(pattern, ast.Name) and pattern.id in fixed):
                yield ast.unparse(pattern)


def guessable_chance(tree: ast.AST) -> Iterator[str]:
    """Python's own generator can be computed from what it gave."""
    if uses(tree, "random", "numpy.random"):
        yield "random"
    for name, _call in calls(tree):
        if name in {"uuid.uuid1", "uuid1"}:
            yield name


def whole_forms(tree: ast.AST) -> Iterator[str]:
    """A form or row that takes every field it is sent."""
    for node in walked(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node) == "fields = '__all__'":
            yield "all fields"
    for name, call in calls(tree):
        for one in call.keywords:
            if one.arg is None and re.search(r"\.(POST|GET|body)\b|sent\(", ast.unparse(one.value)):
                yield name


def _found(rule: Rule) -> dict[str, list[str]]:
    told = {path: list(rule(tree)) for path, tree in trees().items()}
    return {path: found for path, found in told.items() if found}


def _finds(rule: Rule, *planted: str) -> None:
    for source in planted:
        assert list(rule(ast.parse(source))), source


def test_no_code_is_made_of_data() -> None:
    _finds(
        data_as_code, "eval(x)", "run(x, shell=True)", "Template(x)", "x.format(y)",
        "from pickle import loads",
    )  # fmt: skip
    # The keeper's own words for one kind of fault each.
    assert {path for path in _found(data_as_code) if path not in FORMATS} == set()


FORMATS = {
    "serment/keeper/key_backup.py",
    "serment/directory/load.py",
    "serment/config/backup/manifest.py",
}
"""Formats named in the same file, and msgspec's, which lays JSON out."""


# Names of our own tables and columns, which no parameter can carry, counted question marks, and
# pieces of statements that stand in the same file. Whoever adds one looks at where it comes from.
PUT_IN = {
    "serment/directory/load.py": {"comment.format", "names", "new_row", "news", "old_row", "table"},
    "serment/keeper/blocks.py": {"within", "_WHOLE_AND_TRUE"},
    "serment/keeper/counting.py": {"where"},
    "serment/keeper/durable.py": {"marks", "column", "kind", "table"},
    "serment/keeper/index.py": {
        "KIND_ALARM",
        "KIND_FORGOTTEN",
        "KIND_RECOVERED",
        "_where(selectors)",
        "marks",
        "where",
    },
    "serment/keeper/key_backup.py": {"marks", "wanted", "table"},
    "serment/keeper/key_rows.py": {"by"},
    "serment/keeper/policy/rows.py": {"table"},
    "serment/keeper/store.py": {"table", "sql"},
    "serment/keeper/watched.py": {"synced"},
}


def test_no_statement_is_glued_together() -> None:
    _finds(
        glued_statements, 'c.execute(f"SELECT {x}")', 'c.execute("SELECT " + x)',
        'c.execute("SELECT %s" % x)', 'c.execute("SELECT {}".format(x))',
    )  # fmt: skip
    assert list(glued_statements(ast.parse('c.execute("SELECT %s", [x])'))) == []
    found = {
        path: {said if len(said) < 20 else said[:11] for said in put_in}
        for path, put_in in _found(glued_statements).items()
        if "/migrations/" not in path
    }
    assert found == PUT_IN


def test_no_xml_is_read() -> None:
    assert uses(ast.parse("import xml.etree.ElementTree"), *XML)
    # Answers of CalDAV, which may define no entities (tests/calendars/test_fetching.py).
    assert importing(*XML) == {"serment/interchange/caldav.py"}


def test_patterns_are_constant_or_escaped() -> None:
    _finds(open_patterns, "import re\nre.search(typed, text)")
    assert set(_found(open_patterns)) == PATTERN_FILES


PATTERN_FILES = {
    "serment/identity/birth_dates.py",  # put together from constants of the same file
    "serment/identity/means/devices.py",  # a table of constants
    "serment/identity/passwords.py",  # a table of constants; known words are escaped
    "serment/web/theft.py",  # digits of hexadecimal, looked at on the line before
}


def test_no_guessable_chance() -> None:
    _finds(guessable_chance, "import random", "uuid1()")
    # A demo throws dice that fall the same each time; nothing of it guards anything.
    found = {path for path in _found(guessable_chance) if not path.startswith("serment/drills/")}
    assert found == set()


def test_no_form_takes_every_field() -> None:
    _finds(whole_forms, "fields = '__all__'", "Row(**request.POST)")
    assert _found(whole_forms) == {}


def test_every_way_out_is_listed() -> None:
    """A line out of the machine, wherever the source opens one; the page names all of them."""
    out = (
        "aiohttp",
        "urllib.request",
        "http.client",
        "smtplib.SMTP",
        "requests",
        "httpx",
        "ftplib",
    )
    assert uses(ast.parse("from urllib.request import urlopen"), *out)
    listed = {
        "serment/identity/openid/line.py": "pinned in code",
        "serment/disclosure/timestamps.py": "SERMENT_TIMESTAMP_URL",
        "serment/ledger/cosign.py": "witnesses of the policy file",
        "serment/ledger/source.py": "serment ledger verify",
        "serment/config/supervisor/up.py": "loopback",  # its own health
        "serment/config/doctor/transport.py": "serment doctor",
        "serment/interchange/fetching.py": "calendars that practitioners connected",
        "serment/outbox/sms/line.py": "SERMENT_SMS_SECRET_FILE",
    }
    assert importing(*out) - set(listed) == set()
    page = (ROOT / "docs" / "operate" / "secrets.md").read_text(encoding="utf-8")
    assert [said for said in listed.values() if said not in page] == []
    # Mail leaves by Django's own line to SERMENT_SMTP_URL.
    assert importing("django.core.mail") == {
        "serment/outbox/rendering.py", "serment/outbox/mailing.py", "serment/identity/dormant.py",
    }  # fmt: skip
    asked = {path for path in importing("socket") if "socket.create_connection" in _text(path)}
    assert asked == {"serment/interchange/fetching.py"}


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


MARKUP = re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off|\{%\s*filter\s+safe")
SCRIPT = re.compile(
    r"\beval\(|new Function|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write"
    r"|__proto__|\.constructor\[|(?<![\w.])addEventListener\([\"']message|window\??\.addEventListener\([\"']message|window\.onmessage\s*=|setTimeout\([\"'`]"
)
HELD = {"mark_safe", "SafeString", "format_html_join", "safestring.mark_safe"}


@pytest.mark.parametrize("planted", ["{{ typed|safe }}", "{% autoescape off %}"])
def test_what_would_trust_a_text_is_found(planted: str) -> None:
    assert MARKUP.search(planted)
    assert SCRIPT.search("one.innerHTML = typed")


def test_templates_and_scripts_trust_no_text() -> None:
    assert [path for path, text in files("html") if MARKUP.search(text)] == []
    scripts = {path: SCRIPT.findall(text) for path, text in files("js")}
    assert {path: found for path, found in scripts.items() if found} == {}
    assert len(scripts) >= 5
    marked = {
        path: name
        for path, tree in trees().items()
        for name, _call in calls(tree)
        if name.rpartition(".")[2] in HELD
    }
    # Help: the product's own files, read with HTML switched off (tests/web/test_help.py).
    assert marked == {"serment/web/help/written.py": "mark_safe"}
    assert {
        path
        for path, tree in trees().items()
        if any(name.endswith("mark_safe") for name in imported(tree))
    } == set(marked)
