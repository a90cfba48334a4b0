"""The published entry of a practitioner at a place of the house: what patients find and book."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory import publishing
from serment.directory.models import Language, PractitionerRole, Sector, Site
from serment.directory.publishing import Person
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling.models import Appointment
from serment.web import asked
from serment.web.practice import team


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new entry; who has a number known here already keeps the name others read."""
    here = team.establishment_of(accounts.actor_for(request))
    if not Site.objects.filter(establishment_id=here).exists():
        messages.info(request, _("Dites d’abord où l’on vient : un lieu, puis qui y reçoit."))
        return HttpResponseRedirect(reverse("practice:site_new"))
    return _form(request, PractitionerRole(establishment_id=here, languages=["fr"]), None)


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """An entry of this house, and of no other."""
    here = team.establishment_of(accounts.actor_for(request))
    found = PractitionerRole.objects.select_related("practitioner", "site")
    role = found.filter(pk=role_id, establishment_id=here).first()
    if role is None:
        raise NotThere
    return _form(request, role, role.practitioner.rpps)


def _form(request: HttpRequest, role: PractitionerRole, number: str | None) -> HttpResponse:
    if request.method != "POST":
        return _show(request, role, _of(role, number), {})
    typed = asked.sent(request)
    if number is not None:
        typed["rpps"] = number
    person, errors = publishing.read_person(typed)
    errors |= publishing.read_entry(typed, typed.getlist("langue"), role)
    errors |= _place(role, typed, number is not None)
    if not errors:
        errors |= _written(request, role, person, number)
    if errors:
        return _show(request, role, typed, errors, status=422)
    return HttpResponseRedirect(reverse("practice:house"))


def _place(role: PractitionerRole, typed: dict[str, str], stands: bool) -> dict[str, str]:
    """Where they receive, and whether they are shown: neither changes under booked visits."""
    wanted = asked.uuid(typed.get("lieu", ""))
    places = Site.objects.filter(establishment_id=role.establishment_id)
    site = places.filter(pk=wanted).first() if wanted else None
    if site is None:
        return {"lieu": _("Choisissez où cette personne reçoit.")}
    shown = typed.get("visible", "") == "oui" or not stands
    booked = _visits_to_come(role) if stands else 0
    said = _("%(n)d rendez-vous sont pris : déplacez-les d’abord.") % {"n": booked}
    errors = {}
    if booked and site.pk != role.site_id:
        errors["lieu"] = said
    if booked and not shown:
        errors["visible"] = said
    if not errors:
        role.site, role.active = site, shown
    return errors


def _visits_to_come(role: PractitionerRole) -> int:
    coming = Appointment.objects.filter(role_id=role.pk, status="booked", starts_at__gt=clock.now())
    return coming.count()


def _written(
    request: HttpRequest, role: PractitionerRole, person: Person, number: str | None
) -> dict[str, str]:
    """Publish it. What the database refuses, as the sentence of a field."""
    before = publishing.known(person.rpps)
    try:
        publishing.publish(role, person if number is None else None)
    except publishing.EntryTaken as taken:
        return {"metier": taken.sentence}
    named = before is None or _same_name(
        before.title, before.given_name, before.family_name, person
    )
    if not named and before is not None:
        named = number is not None and publishing.rename(before, person, role.establishment_id)
    if named:
        messages.success(request, _("La fiche est publiée."))
    else:
        messages.warning(
            request,
            _("La fiche est publiée. Ce numéro RPPS est déjà connu sous le nom « %(name)s », que"
              " lisent aussi d’autres établissements : il reste.")
            % {"name": role.practitioner.display_name},
        )  # fmt: skip
    return {}


def _same_name(title: str, given: str, family: str, person: Person) -> bool:
    return (title, given, family) == (person.title, person.given_name, person.family_name)


def _of(role: PractitionerRole, number: str | None) -> dict[str, str]:
    """A saved entry as its form shows it."""
    if number is None:
        return {"nouveaux": "oui", "visible": "oui"}
    who = role.practitioner
    return {
        "rpps": who.rpps,
        "title": who.title,
        "given_name": who.given_name,
        "family_name": who.family_name,
        "metier": f"{role.profession_id}/{role.specialty_id or ''}",
        "lieu": str(role.site_id),
        "secteur": str(role.sector or ""),
        "nouveaux": "oui" if role.takes_new_patients else "",
        "video": "oui" if role.video else "",
        "visible": "oui" if role.active else "",
        "tarifs": role.fees_note,
        "rang": str(role.position),
    }


def _show(
    request: HttpRequest, role: PractitionerRole, typed: dict[str, str], errors: dict[str, str],
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    spoken = asked.sent(request).getlist("langue") if request.method == "POST" else role.languages
    context: dict[str, Any] = {
        "section": "house",
        "role": role,
        "stands": not role._state.adding,
        "typed": typed,
        "errors": errors,
        "trades": publishing.trades(),
        "sites": Site.objects.filter(establishment_id=role.establishment_id).order_by("name"),
        "sectors": Sector.choices,
        "languages": [(code, label, code in spoken) for code, label in Language.choices],
    }
    return render(request, "practice/house_entry.html", context, status=status)
