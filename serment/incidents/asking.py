"""A perimeter asked of the keeper: its figures, what the log proves of the rest, each person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from serment.disclosure import containment, oversight
from serment.disclosure.fields import all_sealed
from serment.disclosure.opening import kind_of
from serment.disclosure.told import instant_of
from serment.incidents import perimeter

_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_SELECTORS: Final = ("client", "session", "process", "recipient", "export")


def answer(selection: oversight.Selection, *, listed: bool = False) -> dict[str, Any]:
    """Plain values in the shape that scripts read; keys are only ever added."""
    measured = oversight.measure(oversight.OPERATOR, selection)
    question = question_of(selection)
    known = known_fields()
    found = perimeter.of(question, figures_of(measured), known).as_json()
    found |= {
        "question": question,
        "ended": selection.end <= datetime.now(UTC),
        "isolated": measured.isolated,
        "alarms": [
            {"leaf": one.seq, "at": instant_of(one.at).isoformat(), "what": one.what}
            for one in measured.alarms
        ],
        "freezes": _freezes(selection),
        "log": log_of(measured),
    }
    if not measured.leaves and any(_chosen(selection)):
        found["known"] = _ever(selection)
    if listed:
        rows = oversight.window(oversight.OPERATOR, selection).rows
        found["list"] = perimeter.each_person(selection.start, rows)
    return found


def _chosen(selection: oversight.Selection) -> list[Any]:
    """What a selection goes by besides its time."""
    names = ("actor", "establishment", *_SELECTORS)
    return [getattr(selection, name) or None for name in names]


def _ever(selection: oversight.Selection) -> bool:
    """Does any record, of whatever time, carry this selection? A slip of the pen is in none."""
    always = replace(selection, start=_BEGINNING, end=datetime.now(UTC) + timedelta(minutes=1))
    return bool(oversight.measure(oversight.OPERATOR, always).leaves)


def known_fields() -> dict[str, str]:
    """Every sealed field there is, with its zone."""
    return {f"{kind_of(model)}.{field.name}": field.zone for model, field in all_sealed()}


def question_of(selection: oversight.Selection) -> dict[str, Any]:
    """The question as it goes into the digest."""
    asked: dict[str, Any] = {
        "from": selection.start.isoformat(),
        "to": selection.end.isoformat(),
        "actor": str(selection.actor) if selection.actor else None,
        "establishment": str(selection.establishment) if selection.establishment else None,
    }
    return asked | {name: getattr(selection, name) or None for name in _SELECTORS}


def figures_of(told: oversight.Measured) -> perimeter.Figures:
    """The keeper's figures as the arithmetic knows them."""
    return perimeter.Figures(
        persons=told.persons,
        reachable=told.reachable,
        staff=told.staff,
        appointments=told.appointments,
        records=told.records,
        fields=told.fields,
        shortly_before=told.possible,
        held=told.held,
        erased=told.erased,
        altered=told.altered,
        unaltered=told.unaltered,
        unavailable=told.unavailable,
        first=instant_of(told.first) if told.first else None,
        last=instant_of(told.last) if told.last else None,
        leaves=told.leaves,
        leaves_digest=told.leaves_digest,
        lease_seconds=told.lease,
        widened_seconds=told.widened,
        gaps=tuple(
            perimeter.Gap(gap.seq, instant_of(gap.since), instant_of(gap.until))
            for gap in told.gaps
        ),
    )


def log_of(told: oversight.Measured) -> dict[str, Any]:
    """Which leaves the answer rests on: the whole window was read, not the selection alone."""
    window = max(0, told.last_leaf - told.first_leaf + 1)
    checkpoint = _checkpoint(told.checkpoint)
    covered = checkpoint is not None and checkpoint["size"] > told.last_leaf
    proven = " and lie under the signed checkpoint" if covered else ""
    statement = (
        f"The window's leaves are {told.first_leaf} to {told.last_leaf}, {window} in all{proven}."
        f" The selection has {told.leaves}, what came shortly before the window included."
        " No other leaf is the selection's, so no other person, record or field was opened by it."
        if window
        else "No leaf of the log lies in the window: nothing was opened."
    )
    if told.forgotten:
        statement += f" {told.forgotten} of them belong to persons whose record was destroyed."
    return {
        "first_leaf": told.first_leaf if window else None,
        "last_leaf": told.last_leaf if window else None,
        "leaves": window,
        "forgotten": told.forgotten,
        "selected": told.leaves,
        "checkpoint": checkpoint,
        "covered": covered,
        "statement": statement,
    }


def _checkpoint(signed: str) -> dict[str, Any] | None:
    """Origin, size and root of the newest checkpoint; None where nothing is published."""
    lines = signed.splitlines()
    if len(lines) < _CHECKPOINT_LINES or not lines[1].isdigit():
        return None
    return {"origin": lines[0], "size": int(lines[1]), "root": lines[2]}


_CHECKPOINT_LINES: Final = 3


def _freezes(selection: oversight.Selection) -> list[dict[str, Any]]:
    """What stands frozen now of this selection; the digest leaves it out, it may be lifted."""
    named = {
        "actor": str(selection.actor or ""),
        "client": selection.client,
        "session": selection.session,
        "process": selection.process,
    }
    chosen = {what: value for what, value in named.items() if value}
    return [
        {"what": one.what, "value": one.value, "at": one.at.isoformat(), "by_person": one.by_person}
        for one in containment.freezes(oversight.OPERATOR)
        if not chosen or chosen.get(one.what) == one.value
    ]
