"""Writes docs/reference/rights.md from the declared policy: ``python scripts/rights_page.py``.

``make check`` fails where the page is not what this writes (tests/house/test_rights_page.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from babel.messages.pofile import read_po
from django.utils import translation

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "rights.md"

if TYPE_CHECKING:
    from serment.identity.policy import Door

HEAD: Final = """\
# Who may do what

Written by `scripts/rights_page.py` from the policy that every request is held against
(`serment/identity/policy.py` and the declaration beside each view); `make check` fails where this
page is not what it writes. `tests/rights/table.csv` says the same by hand, and
`tests/rights/test_matrix.py` asks every page as everybody.

How to read it: **yes** lets in. **sign in** leads to the sign-in page and back, whatever the
address names. **to work** leads staff to where they work: they book for themselves with an account
of their own. An empty cell is the page of what is not there: same status, same words, same headers
as an address that never existed, decided before anything the address names is looked up.
Whoever is let in still sees the own establishment's or the own account's rows only: the database
enforces that apart (`serment/directory/tenancy.py`, `tests/rights/test_walls.py`), and ids of
others answer as ids that nobody has.

A member whose last day has come stands nowhere from that minute, at the pages and at the keeper.
"""
NAMES: Final = {
    "signed_out": "nobody signed in", "patient": "account", "secretary": "secretary",
    "practitioner": "practitioner", "manager": "manager", "privacy_officer": "privacy officer",
    "security_officer": "security officer", "substitute": "substitute", "trainee": "trainee",
    "trustee": "trustee",
}  # fmt: skip
CELLS: Final = {"open": "yes", "sign in": "sign in", "work": "to work", "missing": ""}
STRENGTHS: Final = {0: "", 1: "", 2: "two factors", 3: "verified"}


def routes(patterns: Iterable[Any], before: str = "", within: str = "") -> Iterator[Any]:
    """Name, address and view of every route."""
    for one in patterns:
        address = before + str(one.pattern).removeprefix("^").removesuffix("$")
        if hasattr(one, "url_patterns"):
            inner = f"{within}{one.namespace}:" if one.namespace else within
            yield from routes(one.url_patterns, address, inner)
        else:
            yield f"{within}{one.name}", address, one.callback


def written() -> str:
    """The page."""
    from django.urls import get_resolver

    from serment.identity import policy

    doors = [
        (name, address, policy.door_of(view))
        for name, address, view in routes(get_resolver().url_patterns)
    ]
    kept = [(name, address, door) for name, address, door in doors if door is not None]
    parts = [HEAD, _by_role(), _by_route(kept), _public(kept), _outside()]
    return "\n".join(parts)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows), ""])


def acts() -> dict[str, str]:
    """Each right in English, in the words that the yearly review gives it."""
    from serment.identity.review import WORDS

    with (ROOT / "serment/locale/en/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    with translation.override("fr"):
        said = {act.value: str(word) for act, word in WORDS.items()}
    kept = {act: catalogue.get(word) for act, word in said.items()}
    return {act: str(one.string) if one else said[act] for act, one in kept.items()}


def _by_role() -> str:
    from serment.identity.models import PASSING, Role
    from serment.identity.rights import ACTS_OF, Act

    words = acts()

    head = ["act", *(NAMES[role.value] for role in Role)]
    rows = [
        [words[act.value], *("yes" if act in ACTS_OF[role] else "" for role in Role)] for act in Act
    ]
    passing = " and ".join(f"a {NAMES[role.value]}" for role in PASSING)
    return f"## By role\n\n{_table(head, rows)}\nFor {passing} an end is named when they come.\n"


def _by_route(doors: list[tuple[str, str, Door]]) -> str:
    from serment.identity import policy

    head = ["page", "address", *(NAMES[asks] for asks in policy.ASKING), "demands"]
    rows = [
        [
            name,
            f"`/{address}`".replace("|", "\\|"),
            *(CELLS[policy.answer(door, asks).value] for asks in policy.ASKING),
            _demands(door),
        ]
        for name, address, door in doors
        if door.who is not policy.Who.EVERYBODY
    ]
    return f"## By page\n\n{_table(head, rows)}"


def _demands(door: Door) -> str:
    recent = f"proof within {door.recent_minutes} min" if door.recent_minutes else ""
    demo = "demo only" if door.demo else ""
    return ", ".join(part for part in (STRENGTHS[door.demands], recent, demo) if part)


def _public(doors: list[tuple[str, str, Door]]) -> str:
    from serment.identity import policy

    told: Callable[[Door], str] = lambda door: (  # noqa: E731
        "demo instances only, from the machine itself" if door.demo else door.why
    )
    rows = [
        [name, f"`/{address}`".replace("|", "\\|"), told(door)]
        for name, address, door in doors
        if door.who is policy.Who.EVERYBODY
    ]
    return f"## Open to everybody, and why\n\n{_table(['page', 'address', 'why'], rows)}"


def _outside() -> str:
    from serment.identity import policy

    rows = [[f"`{one.path}`", one.why] for one in policy.OUTSIDE]
    operations = [
        [name, ", ".join(sorted(scopes))] for name, scopes in sorted(policy.OPERATIONS.items())
    ]
    partners = (
        _table(["operation", "scopes, all of them"], operations)
        if operations
        else "None is open yet; what is not declared nobody may.\n"
    )
    return (
        f"## Served outside Django\n\n{_table(['path', 'why'], rows)}\n"
        "No WebSocket is accepted at any path.\n\n"
        f"## Partner operations\n\n{partners}"
    )


def main() -> None:
    """Write the page."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serment.config.settings")
    import django

    django.setup()
    PAGE.write_text(written(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
