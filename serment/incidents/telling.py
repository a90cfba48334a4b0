"""A perimeter as lines of text: 80 columns or what the terminal has, the same when piped. Pure.

No colour and no drawn boxes, so that a pipe, a file and NO_COLOR all get the very same words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

COLUMNS_MIN: Final = 40
_INDENT: Final = 2


def lines(answer: Mapping[str, Any], notes: Sequence[str], columns: int) -> list[str]:
    """The answer of ``command.answer_of`` as text; ``notes`` stand under the title."""
    columns = max(columns, COLUMNS_MIN)
    asked = answer["question"]
    title = f"Opened from {_minute(asked['from'])} to {_minute(asked['to'])} UTC"
    chosen = [f"{name} {asked[name]}" for name in _SELECTORS if asked.get(name)]
    told = [title, "=" * min(len(title), columns)]
    for note in [*notes, *chosen]:
        told += _wrapped(note, 0, columns)
    if answer.get("known") is False:
        told += _wrapped(NEVER, 0, columns)
    told += ["", *_figures(answer, columns), "", *_fields(answer), "", *_closed(answer, columns)]
    told += [*_stopped(answer, columns), *_log(answer, columns), *_list(answer)]
    if not answer["isolated"]:
        why = (
            "Not isolated: keeper, pages and worker do not each run as a user of their own, so"
            " a thief in one could have worked as another (docs/operate/isolation.md)."
        )
        told += ["", *_wrapped(why, 0, columns)]
    told += ["", "digest", f"{answer['digest']}"]
    return told


NEVER: Final = (
    "No record of any time carries this selection. Check it for a slip before you conclude that"
    " nothing was opened."
)
_SELECTORS: Final = (
    "actor", "client", "session", "process", "establishment", "recipient", "export"
)  # fmt: skip


_SAID: Final = {"reachable": "of these: on a continuity sheet, nothing else opened"}


def _figures(answer: Mapping[str, Any], columns: int) -> Iterator[str]:
    rows = [
        (name, f"{answer[name]:,}", _SAID.get(name, ""))
        for name in ("persons", "reachable", "staff", "appointments", "records")
    ]
    rows += [
        (name, f"{count:,}", _why(answer["reasons"], name))
        for name, count in answer["tiers"].items()
    ]
    if answer.get("erased"):
        rows.append(("erased", f"{answer['erased']:,}", "of these: named only for an incident"))
    rows += [(name, f"{count:,}", "") for name, count in answer["integrity"].items()]
    names, counts = _width(rows, 0), _width(rows, 1)
    for name, count, reason in rows:
        head = f"{name:<{names}}  {count:>{counts}}"
        yield from _wrapped(f"{head}  {reason}".rstrip(), names + counts + 4, columns)
    for name in ("first", "last"):
        if answer[name]:
            yield f"{name:<{names}}  {_second(answer[name])} UTC"


def _why(reasons: Sequence[Mapping[str, Any]], tier: str) -> str:
    """The reasons of a tier; where there are several, how many persons each concerns."""
    found = [one for one in reasons if one["tier"] == tier]
    if len(found) == 1:
        return str(found[0]["reason"])
    return "; ".join(f"{one['persons']:,} {one['reason']}" for one in found)


def _fields(answer: Mapping[str, Any]) -> Iterator[str]:
    if not answer["fields"]:
        yield "No field was opened."
        return
    rows = [(name, f"{count:,}") for name, count in answer["fields"].items()]
    names, counts = _width(rows, 0), max(_width(rows, 1), len("records"))
    yield f"{'field opened':<{names}}  {'records':>{counts}}"
    yield f"{'-' * names}  {'-' * counts}"
    for name, count in rows:
        yield f"{name:<{names}}  {count:>{counts}}"


def _closed(answer: Mapping[str, Any], columns: int) -> Iterator[str]:
    if not answer["not_opened"]:
        return
    yield "not opened"
    zones = max(len(zone) for zone in answer["not_opened"])
    for zone, names in answer["not_opened"].items():
        yield from _wrapped(
            f"{'':{_INDENT}}{zone:<{zones}}  {', '.join(names)}", zones + 4, columns
        )


def _stopped(answer: Mapping[str, Any], columns: int) -> Iterator[str]:
    """Alarms raised in the window, and what stands frozen now."""
    for one in answer.get("alarms", ()):
        text = f"alarm {one['what']} at {_second(one['at'])} UTC, leaf {one['leaf']}"
        yield from _wrapped(text, _INDENT, columns)
    for one in answer.get("freezes", ()):
        text = f"frozen {one['what']} {one['value']} since {_second(one['at'])} UTC"
        yield from _wrapped(text, _INDENT, columns)


def _log(answer: Mapping[str, Any], columns: int) -> Iterator[str]:
    """What the log proves was not opened."""
    log = answer.get("log")
    if log is None:
        return
    yield ""
    yield from _wrapped(log["statement"], 0, columns)
    if log["checkpoint"]:
        of = log["checkpoint"]
        yield from _wrapped(
            f"checkpoint {of['origin']} size {of['size']} root {of['root']}", _INDENT, columns
        )


def _list(answer: Mapping[str, Any]) -> Iterator[str]:
    """One line a person, for another program as well as for an eye."""
    if "list" not in answer:
        return
    yield ""
    for one in answer["list"]:
        name = "erased" if one["erased"] else one["person"]
        fields = ",".join(one["fields"]) or "-"
        yield f"{one['tier']} {name} {_second(one['first'])} {one['records']} {fields}"


def _width(rows: Sequence[tuple[str, ...]], place: int) -> int:
    return max(len(row[place]) for row in rows)


def _wrapped(text: str, indent: int, columns: int) -> list[str]:
    """Broken between words only: an id or a name stays whole even where it is longer."""
    return textwrap.wrap(
        text, columns, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False, drop_whitespace=True,
    )  # fmt: skip


def _minute(iso: str) -> str:
    told = _second(iso)
    return told.removesuffix(":00")


def _second(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
