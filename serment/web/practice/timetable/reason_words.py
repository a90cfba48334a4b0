"""What a reason says to patients: name, for whom, how, its price, signs that cannot wait."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling.models import VisitReason
from serment.scheduling.red_flags import RED_FLAGS
from serment.web import asked
from serment.web.practice import team

NAME_LETTERS_MAX = 120
MINUTES_LEAST, MINUTES_MOST, MINUTES_AT_FIRST = 5, 480, 20
EUROS_MOST = 10_000
SUGGESTED = {
    "Consultation": "Visit",
    "Première consultation": "First visit",
    "Consultation de suivi": "Follow-up visit",
    "Consultation urgente, dans la journée": "Urgent visit, same day",
    "Bilan": "Assessment",
    "Séance de rééducation": "Therapy session",
    "Vaccination": "Vaccination",
    "Renouvellement d’ordonnance": "Repeat prescription",
    "Téléconsultation": "Video visit",
}
"""Names to pick from, with their English; anything else may be written."""
_EUROS = re.compile(r"([0-9]{1,5})(?:[.,]([0-9]{1,2}))?")


@policy.staff_may(Act.SET_OPENINGS)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new reason of one practitioner."""
    everybody = team.members(team.establishment_of(accounts.actor_for(request)))
    wanted = asked.uuid(asked.given(request).get("agenda", ""))
    member = next((one for one in everybody if one.id == wanted), None)
    if member is None:
        raise NotThere
    row = VisitReason(
        establishment_id=member.role.establishment_id, role_id=member.id,
        duration_minutes=MINUTES_AT_FIRST, horizon_days=60, notice_minutes=120,
    )  # fmt: skip
    if request.method != "POST":
        return _show(request, member, row, {}, {})
    typed = asked.sent(request)
    errors = read(row, typed) | _minutes(row, typed)
    if errors:
        return _show(request, member, row, typed, errors, status=422)
    row.position = VisitReason.objects.filter(role_id=member.id).count()
    row.save(force_insert=True)
    messages.success(request, _("Le motif est ajouté. Ses autres règles se changent ici."))
    return HttpResponseRedirect(f"{reverse('practice:hours')}?agenda={member.id}#motifs")


def _minutes(row: VisitReason, typed: asked.Given) -> dict[str, str]:
    found = asked.number(typed.get("duration_minutes", "").strip(), 10**6)
    if found is None or not MINUTES_LEAST <= found <= MINUTES_MOST:
        told = {"least": MINUTES_LEAST, "most": MINUTES_MOST}
        return {"duration_minutes": _("Un nombre de %(least)d à %(most)d.") % told}
    row.duration_minutes = found
    return {}


def read(row: VisitReason, typed: asked.Given) -> dict[str, str]:
    """Put what was typed into the row; what cannot be used, by field."""
    errors = {}
    row.name_fr = asked.words(typed.get("name_fr", ""), NAME_LETTERS_MAX)
    row.name_en = asked.words(typed.get("name_en", ""), NAME_LETTERS_MAX)
    row.name_en = row.name_en or SUGGESTED.get(row.name_fr, "")
    if not row.name_fr:
        errors["name_fr"] = _("Écrivez pourquoi l’on vient, avec les mots des patients.")
    whom, how = typed.getlist("pour"), typed.getlist("comment")
    row.new_patients, row.known_patients = "nouveaux" in whom, "connus" in whom
    row.in_person, row.video = "place" in how, "video" in how
    if not (row.new_patients or row.known_patients):
        errors["pour"] = _("Choisissez au moins pour qui.")
    if not (row.in_person or row.video):
        errors["comment"] = _("Choisissez au moins une façon.")
    row.red_flags = [code for code in RED_FLAGS if code in typed.getlist("signes")]
    fee = typed.get("tarif", "").strip().removesuffix("€").strip()
    found = _EUROS.fullmatch(fee)
    if fee and (found is None or int(found[1]) > EUROS_MOST):
        errors["tarif"] = _("Écrivez un prix en euros, comme 26,50.")
    elif found is not None:
        row.fee_cents = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    else:
        row.fee_cents = None
    return errors


def shown(row: VisitReason, typed: asked.Given | None, errors: dict[str, str]) -> dict[str, Any]:
    """The same as its part of a form shows it, with what was typed where something was."""
    cents = row.fee_cents
    fee = "" if cents is None else f"{cents // 100},{cents % 100:02d}".removesuffix(",00")
    return {
        "name_fr": row.name_fr,
        "name_en": row.name_en,
        "fee": fee if typed is None else typed.get("tarif", ""),
        "whom": [
            ("nouveaux", _("Première visite ici"), row.new_patients),
            ("connus", _("Patients déjà suivis"), row.known_patients),
        ],
        "how": [("place", _("Sur place"), row.in_person), ("video", _("En vidéo"), row.video)],
        "signs": [
            (one.code, one.question, one.code in row.red_flags) for one in RED_FLAGS.values()
        ],
        "suggested": list(SUGGESTED),
        "errors": errors,
    }


def _show(
    request: HttpRequest, member: team.Member, row: VisitReason, typed: dict[str, str],
    errors: dict[str, str], status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "section": "hours",
        "member": member,
        "words": shown(row, asked.sent(request) if typed else None, errors),
        "minutes": typed.get("duration_minutes", str(row.duration_minutes)),
        "errors": errors,
    }
    return render(request, "practice/reason_new.html", context, status=status)
