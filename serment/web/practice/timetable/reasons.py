"""A reason: what it says, and what narrows when it is offered.

Its length, buffers, notice, horizon, daily cap, rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling import fruitless
from serment.scheduling.models import ResourceKind, VisitReason
from serment.scheduling.models.hours import SESSIONS_MAX
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.timetable import reason_words, steps, trying

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Field:
    """One number of a reason, and the numbers that make sense."""

    name: str
    label: _StrPromise
    least: int
    most: int
    help: _StrPromise | str = ""
    optional: bool = False


FIELDS = (
    Field("duration_minutes", gettext_lazy("Durée, en minutes"), 5, 480),
    Field("buffer_before_minutes", gettext_lazy("Battement avant, en minutes"), 0, 240),
    Field("buffer_after_minutes", gettext_lazy("Battement après, en minutes"), 0, 240),
    Field("notice_minutes", gettext_lazy("Préavis, en minutes"), 0, 43_200,
          gettext_lazy("En ligne, personne ne réserve plus tard que cela avant l’heure.")),
    Field("horizon_days", gettext_lazy("Ouvert combien de jours à l’avance"), 0, 365),
    Field("daily_cap", gettext_lazy("Combien par jour, au plus"), 1, 200,
          gettext_lazy("Vide : autant qu’il y a de place. Compte ce qui est pris à partir de "
                       "maintenant."), optional=True),
    Field("late_release_minutes", gettext_lazy("Gardé pour l’urgence jusqu’à, en minutes avant"),
          0, 20_160, gettext_lazy("Vide : ouvert à tous dès le début."), optional=True),
    Field("sessions", gettext_lazy("Combien de séances"), 1, SESSIONS_MAX,
          gettext_lazy("Plus d’une : une série, dont toutes les dates se réservent ensemble.")),
    Field("apart_least_days", gettext_lazy("D’une séance à l’autre, au moins (jours)"), 1, 90),
    Field("apart_most_days", gettext_lazy("D’une séance à l’autre, au plus (jours)"), 1, 90),
)  # fmt: skip


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, reason_id: UUID) -> HttpResponse:
    """The rules of one reason; one that nobody could ever have is told before it is saved."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    row = VisitReason.objects.filter(id=reason_id).first()
    member = next((one for one in everybody if row and one.id == row.role_id), None)
    if row is None or member is None:
        raise NotThere
    if request.method != "POST":
        return _show(request, member, row, {}, {})
    typed = asked.sent(request)
    errors = _read(row, typed)
    if errors:
        return _show(request, member, row, typed, errors, status=422)
    trial = trying.Trial((), _fruitless(row, member))
    if not trial.accepted(request):
        return _show(request, member, row, typed, {}, trial=trial)
    row.save()
    return trying.saved(request, actor, trial, _("Le motif est enregistré."), member)


def _read(row: VisitReason, typed: asked.Given) -> dict[str, str]:
    """Put what was typed into the row; what cannot be used, by field."""
    errors = reason_words.read(row, typed)
    for field in FIELDS:
        text = typed.get(field.name, "").strip()
        found = asked.number(text, 10**8)
        if not text and field.optional:
            setattr(row, field.name, None)
        elif found is None or not field.least <= found <= field.most:
            errors[field.name] = _("Un nombre de %(least)d à %(most)d.") % {
                "least": field.least, "most": field.most
            }  # fmt: skip
        else:
            setattr(row, field.name, found)
    if not errors and row.apart_most_days < row.apart_least_days:
        errors["apart_most_days"] = _("Au moins autant que le plus court.")
    kinds = {one for one in map(asked.uuid, typed.getlist("salles")) if one}
    known = ResourceKind.objects.filter(establishment_id=row.establishment_id, id__in=kinds)
    row.needs = list(known.order_by("name_fr").values_list("id", flat=True))
    row.in_groups = typed.get("groupe", "") == "oui"
    row.by_invitation = typed.get("invitation", "") == "oui"
    row.active = typed.get("propose", "") == "oui"
    if row.in_groups and row.sessions > 1:
        errors["sessions"] = _("Un motif en groupe se prend séance par séance : écrivez 1.")
    return errors | steps.read(row, typed)


def _fruitless(row: VisitReason, member: team.Member) -> list[str]:
    """Asked of the engine with the row as it would be; nothing of it stays."""
    with transaction.atomic():
        before = transaction.savepoint()
        row.save()
        said = fruitless.reason(member.id, row.id, clock.now())
        transaction.savepoint_rollback(before)
    return [said] if said else []


def _show(
    request: HttpRequest, member: team.Member, row: VisitReason, typed: dict[str, str],
    errors: dict[str, str], *, status: int = 200, trial: trying.Trial | None = None,
) -> HttpResponse:  # fmt: skip
    fields = []
    for field in FIELDS:
        stands = getattr(row, field.name)
        value = typed.get(field.name, "" if stands is None else str(stands))
        fields.append((field, value, errors.get(field.name, "")))
    kinds = ResourceKind.objects.filter(establishment_id=row.establishment_id).order_by("name_fr")
    context: dict[str, Any] = {
        "section": "hours",
        "member": member,
        "reason": row,
        "name": row.name(get_language() or "fr"),
        "fields": fields,
        "words": reason_words.shown(row, asked.sent(request) if typed else None, errors),
        "steps": steps.lines(row, asked.sent(request) if typed else None, errors),
        "kinds": [(one.id, str(one), one.id in row.needs) for one in kinds],
        "trial": trial,
    }
    return render(request, "practice/reason_rules.html", context, status=status)
