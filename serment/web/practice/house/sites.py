"""A place of the house: where it is, how one gets in, what to bring."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory import publishing
from serment.directory.models import Site
from serment.directory.places import Place
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.scheduling.models import Appointment
from serment.web import asked
from serment.web.practice import team
from serment.web.practice.house import page


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new place."""
    here = team.establishment_of(accounts.actor_for(request))
    return _form(request, Site(establishment_id=here))


@policy.staff_may(Act.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """A place of this house, and of no other."""
    here = team.establishment_of(accounts.actor_for(request))
    site = Site.objects.filter(pk=site_id, establishment_id=here).first()
    if site is None:
        raise NotThere
    return _form(request, site)


def _form(request: HttpRequest, site: Site) -> HttpResponse:
    if request.method != "POST":
        return _show(request, site, _of(site), {}, [])
    typed, zone, stands = asked.sent(request), site.timezone, bool(site.slug)
    errors, several = publishing.read_site(typed, site)
    site.phone, wrong = page.telephone(typed.get("phone", ""))
    errors |= {"phone": wrong} if wrong else {}
    if not errors and stands and site.timezone != zone and visits_to_come(site):
        errors["commune"] = _(
            "Des rendez-vous sont pris ici à l’heure d’un autre fuseau : ajoutez un nouveau lieu,"
            " et déplacez-les."
        )
    if errors:
        return _show(request, site, typed, errors, several, status=422)
    publishing.save_site(site)
    messages.success(request, _("Le lieu est enregistré, et publié."))
    return HttpResponseRedirect(reverse("practice:house"))


def visits_to_come(site: Site) -> int:
    """Booked at this place, from now on."""
    booked = Appointment.objects.filter(status="booked", starts_at__gt=clock.now())
    return booked.filter(role_id__in=list(site.roles.values_list("pk", flat=True))).count()


def _of(site: Site) -> dict[str, str]:
    """A saved place as its form shows it."""
    texts = ("name", "address_line", "phone", "access_note_fr", "access_note_en")
    shown = {name: getattr(site, name) for name in (*texts, "bring_fr", "bring_en")}
    if site.slug:
        shown["commune"] = f"{site.postcode} {site.city}"
        shown["code"] = site.commune_code
        shown["point"] = f"{site.latitude}, {site.longitude}"
    return shown | {"step_free": "oui" if site.step_free else ""}


def _show(
    request: HttpRequest, site: Site, typed: dict[str, str], errors: dict[str, str],
    several: list[Place], status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "section": "house", "site": site, "typed": typed, "errors": errors, "several": several,
        "letters_max": publishing.TEXT_LETTERS_MAX,
    }  # fmt: skip
    return render(request, "practice/house_site.html", context, status=status)
