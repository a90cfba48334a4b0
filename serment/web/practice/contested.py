"""Visits whose persons say that they were not missed: looked into by somebody, and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose
from serment.errors import Conflict, NotThere
from serment.identity import accounts, files, policy
from serment.identity.rights import Act
from serment.scheduling import missed
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import addresses, naming, team
from serment.web.practice.naming import Person


@dataclass(frozen=True, slots=True)
class Row:
    """One objection; ``person`` and what was ``said`` once asked for."""

    visit: Appointment
    member: team.Member
    when: str
    address: str
    person: Person | None
    said: str


@policy.staff_may(Act.SEE_AGENDA, Act.CANCEL)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The list; POST opens one, or answers it."""
    actor, now = accounts.actor_for(request), clock.now()
    here = team.establishment_of(actor)
    sent = asked.sent(request)
    visit, act = asked.uuid(sent.get("visite", "")), sent.get("acte", "")
    if request.method == "POST" and visit is not None and act in {"excuser", "maintenir"}:
        _answer(request, actor, visit, counts=act == "maintenir", now=now)
        return HttpResponseRedirect(reverse("practice:contested"))
    opened = visit if act == "voir" else None
    with tenancy.inside(here):
        rows = [_row(actor, one, opened, now) for one in missed.contested(here)]
    context = {"section": "contested", "rows": rows, "opened": opened}
    return render(request, "practice/contested.html", context)


def _row(actor: Actor, visit: Appointment, opened: UUID | None, now: datetime) -> Row:
    member = team.Member(visit.role)
    person, said = None, ""
    if visit.id == opened:
        person = naming.people(actor, [visit.id], naming.AT_A_GLANCE).get(visit.id)
        said = missed.objection(actor, Purpose.RECEPTION, visit).said
    return Row(
        visit=visit,
        member=member,
        when=wording.moment(visit.starts_at, member.zone, now.astimezone(member.zone).date()),
        address=addresses.of_appointment(visit.starts_at, member, visit.id),
        person=person,
        said=said,
    )


def _answer(
    request: HttpRequest, actor: Actor, visit: UUID, *, counts: bool, now: datetime
) -> None:
    why = asked.words(asked.sent(request).get("mot", ""), missed.WORDS_MAX)
    try:
        missed.answer(actor, visit, counts=counts, why=why, now=now)
    except Conflict as refused:
        messages.error(request, str(_(refused.sentence)))
    else:
        messages.success(request, _("C’est répondu : la personne l’apprend."))


@policy.staff_may(Act.OPEN_PATIENT, Act.SET_OPENINGS)
@require_POST
def lift(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A practitioner lets all that counts against somebody here count no more, saying why."""
    actor = accounts.actor_for(request)
    if not files.open(actor, [file_id], ("family_name",), Purpose.RECEPTION):
        raise NotThere
    home = HttpResponseRedirect(reverse("practice:patient", args=[file_id]))
    why = asked.words(asked.sent(request).get("pourquoi", ""), missed.WORDS_MAX)
    if not why:
        messages.error(request, _("Écrivez pourquoi : la personne le lira."))
        return home
    count = missed.lift(actor, file_id, why, clock.now())
    if count:
        messages.success(
            request,
            ngettext(
                "La limite est levée : %(count)d rendez-vous ne compte plus.",
                "La limite est levée : %(count)d rendez-vous ne comptent plus.",
                count,
            )
            % {"count": count},
        )
    return home
