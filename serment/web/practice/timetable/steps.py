"""Steps that follow a reason and are booked with it: what is typed, and what stands.

A step is a reason of one practitioner, or of whoever of the house has one of that name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from serment.scheduling import linked_times
from serment.scheduling.linked_times import GAP_MAX, STEPS_MAX, WAY_MAX, Step
from serment.scheduling.models import VisitReason
from serment.web import asked
from serment.web.practice import team

Options = list[tuple[str, list[tuple[str, str, bool]]]]
"""Groups of a choice: value, words, and whether it is chosen."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step on the form, as it stands or as it was typed."""

    number: int
    options: Options
    least: str
    most: str
    travel: str
    error: str


def read(row: VisitReason, typed: asked.Given) -> dict[str, str]:
    """Put what was typed into the row; what cannot be used, by field."""
    known, steps, errors = _known(row), [], {}
    for number in range(1, STEPS_MAX + 1):
        wanted = typed.get(f"etape-{number}", "")
        if not wanted:
            continue
        step, error = _step(wanted, number, known, typed)
        if step is None:
            errors[f"etape-{number}"] = error
        else:
            steps.append(step)
    row.steps = linked_times.written(steps)
    if steps and (row.in_groups or row.sessions > 1):
        errors["etape-1"] = _("Un motif en groupe ou en série n’a pas d’étapes.")
    return errors


def _step(
    wanted: str, number: int, known: Sequence[VisitReason], typed: asked.Given
) -> tuple[Step | None, str]:
    ways = [(one.role_id, one.id) for one in known if wanted in (_value(one), _any(one))]
    least = asked.within(typed.get(f"apres-{number}", "") or "0", 0, GAP_MAX)
    most = asked.within(typed.get(f"auplus-{number}", ""), 0, GAP_MAX)
    way = typed.get(f"trajet-{number}", "").strip()
    travel = asked.within(way, 0, WAY_MAX) if way else None
    if not ways:
        return None, _("Ce motif n’existe pas ou n’existe plus.")
    if least is None or most is None or least > most:
        told = _("Écrivez combien de minutes après, au moins et au plus : %(most)d au plus.")
        return None, told % {"most": GAP_MAX}
    if way and (travel is None or travel > most):
        return None, _("Le trajet est plus long que l’attente permise.")
    return Step(tuple(ways), least, most, travel), ""


def lines(row: VisitReason, typed: asked.Given | None, errors: dict[str, str]) -> list[Line]:
    """As many as a reason may have."""
    known, language = _known(row), get_language() or "fr"
    standing = linked_times.read(json.dumps(row.steps)) if row.steps else ()
    found = []
    for number in range(1, STEPS_MAX + 1):
        step = standing[number - 1] if number <= len(standing) else None
        chosen = _chosen(step, known)
        values = ("", "", "") if step is None else (step.least, step.most, step.travel)
        texts = ["" if one is None else str(one) for one in values]
        if typed is not None:
            chosen = typed.get(f"etape-{number}", "")
            names = ("apres", "auplus", "trajet")
            texts = [typed.get(f"{name}-{number}", "") for name in names]
        error = errors.get(f"etape-{number}", "")
        least, most, travel = texts
        options = _options(known, chosen, language)
        found.append(Line(number, options, least, most, travel, error))
    return found


def told(row: VisitReason) -> str:
    """What the list of reasons says of them; nothing where there are none."""
    if not row.steps:
        return ""
    language = get_language() or "fr"
    steps = linked_times.read(json.dumps(row.steps))
    reasons = VisitReason.objects.in_bulk([reason for step in steps for _r, reason in step.ways])
    names = [
        next((reasons[one].name(language) for _role, one in step.ways if one in reasons), "")
        for step in steps
    ]
    return _("puis %(what)s") % {"what": ", ".join(name for name in names if name)}


def _known(row: VisitReason) -> list[VisitReason]:
    """What may be a step: reasons of the house that are one visit alone."""
    found = VisitReason.objects.filter(
        establishment_id=row.establishment_id,
        active=True,
        in_groups=False,
        steps=[],
        by_invitation=False,
    ).exclude(id=row.id)
    reasons = found.select_related("role__practitioner").filter(role__active=True)
    return list(reasons.order_by("role__position", "position", "id"))


def _chosen(step: Step | None, known: Iterable[VisitReason]) -> str:
    if step is None:
        return ""
    of_step = [one for one in known if (one.role_id, one.id) in step.ways]
    if not of_step:
        return ""
    return _any(of_step[0]) if len(step.ways) > 1 else _value(of_step[0])


def _options(known: Sequence[VisitReason], chosen: str, language: str) -> Options:
    names: dict[str, list[VisitReason]] = {}
    for one in known:
        names.setdefault(_any(one), []).append(one)
    shared = [
        (value, some[0].name(language), value == chosen)
        for value, some in sorted(names.items())
        if len(some) > 1
    ]
    groups: Options = [(_("Avec qui est libre"), shared)] if shared else []
    by_role: dict[UUID, list[VisitReason]] = {}
    for one in known:
        by_role.setdefault(one.role_id, []).append(one)
    for some in by_role.values():
        who = team.Member(some[0].role).name
        groups.append(
            (who, [(_value(one), one.name(language), _value(one) == chosen) for one in some])
        )
    return groups


def _value(one: VisitReason) -> str:
    return str(one.id)


def _any(one: VisitReason) -> str:
    return f"nom:{one.name_fr}"
