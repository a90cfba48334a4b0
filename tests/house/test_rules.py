"""Each house rule holds over the tree, and finds the violation planted for it."""

from __future__ import annotations

import subprocess

import pytest

from tests.house import rules

PYTHON_RULES: list[tuple[rules.Rule, str, str]] = [
    (
        rules.no_personal_data_in_logs,
        "serment/a.py",
        "import logging\nlogging.info('seen %s', patient.family_name)\n",
    ),
    (
        rules.no_personal_data_in_exceptions,
        "serment/a.py",
        "raise ValueError(f'no such {email}')\n",
    ),
    (rules.no_bare_except, "serment/a.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    (rules.no_print, "serment/a.py", "print('x')\n"),
    (rules.environment_only_in_config, "serment/web/a.py", "import os\nos.environ['A']\n"),
    (rules.requests_are_read_within_bounds, "serment/web/a.py", "request.GET.get('q', '')\n"),
    (rules.no_drawer_names, "serment/web/utils.py", ""),
    (rules.no_file_over(500), "serment/a.py", "x = 1\n" * 501),
    (rules.no_function_over(70), "serment/a.py", "def f():\n" + "    x = 1\n" * 71),
    (rules.every_module_says_what_it_owns, "serment/a.py", "x = 1\n"),
    (rules.nothing_unfinished, "serment/a.py", "# TO" + "DO later\n"),
    (
        rules.no_sealed_field_in_queries({"family_name"}),
        "serment/a.py",
        "PatientFile.objects.filter(family_name__startswith='a')\n",
    ),
]


@pytest.mark.parametrize(("rule", "path", "planted"), PYTHON_RULES, ids=lambda v: None)
def test_planted_violation_is_found(rule: rules.Rule, path: str, planted: str) -> None:
    assert rule(path, planted), "the rule does not see what it forbids"


@pytest.mark.parametrize("rule", [rule for rule, _, _ in PYTHON_RULES])
def test_rule_holds_over_the_tree(rule: rules.Rule) -> None:
    found = [f for path, source in rules.python_files() for f in rule(path, source)]
    assert not found, "\n".join(map(str, found))


TEMPLATE_RULES: list[tuple[rules.Rule, str]] = [
    (rules.no_foreign_address_in_pages, '<img src="https://tiles.example.net/1.png">'),
    (rules.inline_script_or_style, "<p><script>alert(1)</script>"),
    (rules.inline_script_or_style, '<p style="color:red">'),
]


@pytest.mark.parametrize(("rule", "planted"), TEMPLATE_RULES)
def test_template_rule_finds_planted_and_holds(rule: rules.Rule, planted: str) -> None:
    assert rule("planted.html", planted)
    found = [f for path, source in rules.templates() for f in rule(path, source)]
    assert not found, "\n".join(map(str, found))


def _tracked(*patterns: str) -> list[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=rules.ROOT, capture_output=True, check=True
    ).stdout.decode()
    files = [rules.ROOT / name for name in listed.split("\0") if name]
    return [
        (str(path.relative_to(rules.ROOT)), path.read_text(encoding="utf-8"))
        for path in files
        if path.exists()
    ]


def test_no_tracked_text_names_a_registry_host() -> None:
    host = "registry" + ".npmjs.example"
    assert rules.no_registry_host("package-lock.json", f'"resolved": "https://{host}/a"')
    texts = _tracked("*.txt", "*.json", "*.toml", "*.py", "*.md", "Makefile", ".ci/*", ".npmrc")
    found = [f for path, source in texts for f in rules.no_registry_host(path, source)]
    assert not found, "\n".join(map(str, found))


def test_every_dependency_has_its_line_of_reason() -> None:
    reasons = (rules.ROOT / "docs/reference/dependencies.md").read_text(encoding="utf-8").lower()
    wanted = set()
    for name in ("app.in", "dev.in"):
        for line in (rules.ROOT / "requirements" / name).read_text().splitlines():
            word = line.split("#")[0].split(";")[0].strip()
            if word and not word.startswith("-"):
                wanted.add(word.split("[")[0].split("~")[0].split("=")[0].split(">")[0].lower())
    missing = sorted(name for name in wanted if f"| {name} " not in reasons)
    assert not missing, f"no line of reason for {missing}"
