"""What a house sends: when it reminds, through whom, how that fared; and who cannot come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.directory import tenancy
from serment.errors import NotThere
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.outbox import answers, moments, plans, rendering, tallies
from serment.outbox.moments import Moment
from serment.outbox.sms import chosen
from serment.scheduling.models import Appointment, VisitReason
from serment.web import asked
from serment.web.practice import addresses, team

HOURS_BEFORE: Final = (1, 2, 4, 24, 48, 72)
HOURS: Final = range(moments.QUIET_UNTIL, moments.QUIET_FROM)
DAYS_SHOWN: Final = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One of a plan's moments, as its two fields show it."""

    number: int
    when: str
    hour: int


@policy.staff_may(Act.SET_OPENINGS)
@never_cache
@require_http_methods(["GET", "POST"])
def choosing(request: HttpRequest) -> HttpResponse:
    """When this house reminds, through which providers, and how the last messages fared."""
    here = team.establishment_of(accounts.actor_for(request))
    reason = asked.uuid(asked.given(request).get("motif", ""))
    with tenancy.inside(tenant=here):
        reasons = _reasons(here)
        offered = {pk for _name, theirs in reasons for pk, _said in theirs}
        if reason is not None and reason not in offered:
            raise NotThere
    if request.method == "POST":
        return _chosen(request, here, reason)
    found = plans.of(here)
    shown: dict[str, Any] = {
        "section": "sending",
        "reasons": reasons,
        "reason": reason,
        "own": {one for one in found if one is not None},
        "rows": list(_rows(found.get(reason, found[None]))),
        "whens": _whens(),
        "hours": HOURS,
        "mail": settings.MAIL_PROVIDER,
        "texts": getattr(chosen.provider(), "name", ""),
        "days": DAYS_SHOWN,
    }
    with tenancy.inside(tenant=here):
        shown["fared"] = tallies.of_late(here, clock.now().date(), DAYS_SHOWN)
    return render(request, "practice/sending.html", shown)


def _reasons(here: UUID) -> list[tuple[str, list[tuple[UUID, str]]]]:
    """Each practitioner of the house with their own reasons: a name that several use stands under
    each of them."""
    known: dict[UUID, list[tuple[UUID, str]]] = {}
    language = get_language() or "fr"
    for one in VisitReason.objects.filter(establishment_id=here, active=True):
        said = f"{one.name(language)}, {one.duration_minutes} min"
        known.setdefault(one.role_id, []).append((one.pk, said))
    everybody = [one for one in team.members(here) if one.id in known]
    names = Counter(one.name for one in everybody)
    return [
        (
            one.name if names[one.name] == 1 else _wholly(one),
            sorted(known[one.id], key=lambda reason: reason[1]),
        )
        for one in everybody
    ]


def _wholly(member: team.Member) -> str:
    """Name and place of whoever shares a family name here, or works at two places."""
    return f"{member.role.practitioner.display_name}, {member.role.site.name}"


def _chosen(request: HttpRequest, here: UUID, reason: UUID | None) -> HttpResponse:
    sent = asked.sent(request)
    if reason is not None and "comme-les-autres" in sent:
        plans.as_the_house(here, reason)
    else:
        codes = [_code(sent.get(f"quand{n}", ""), sent.get(f"heure{n}", "")) for n in _NUMBERS]
        plans.choose(here, reason, [one for one in codes if one is not None])
    messages.success(request, _("C’est enregistré. Les prochains rappels en tiennent compte."))
    home = reverse("practice:sending")
    return HttpResponseRedirect(f"{home}?motif={reason}" if reason else home)


_NUMBERS: Final = range(1, moments.MOMENTS_MAX + 1)


def _code(when: str, hour: str) -> int | None:
    """A moment's number from its two fields; None where there is none."""
    kind, _dash, count = when.partition("-")
    number, at = asked.number(count, 99), asked.number(hour, 99)
    if kind == "j" and number is not None and at is not None:
        return Moment(number, at).code
    return Moment(hours=number).code if kind == "h" and number is not None else None


def _rows(codes: list[int]) -> Iterator[Row]:
    known = [found for one in codes if (found := moments.moment(one)) is not None]
    for number in _NUMBERS:
        one = known[number - 1] if number <= len(known) else None
        if one is None:
            yield Row(number, "", 18)
        elif one.hours is None:
            yield Row(number, f"j-{one.days}", one.hour)
        else:
            yield Row(number, f"h-{one.hours}", 18)


def _whens() -> list[tuple[str, str]]:
    days = [("j-0", _("le jour même")), ("j-1", _("la veille"))]
    days += [
        (f"j-{n}", _("%(days)d jours avant") % {"days": n})
        for n in range(2, moments.DAYS_MAX + 1)
    ]  # fmt: skip
    hours = [
        (f"h-{n}", ngettext("%(hours)d heure avant", "%(hours)d heures avant", n) % {"hours": n})
        for n in HOURS_BEFORE
    ]
    return [("", _("pas de rappel")), *days, *hours]


def how_many_cannot_come(here: UUID) -> int:
    """As many as the list has lines."""
    with tenancy.inside(tenant=here):
        return _not_come_to(here).count()


def _not_come_to(here: UUID) -> QuerySet[Appointment]:
    """Visits to come whose person wrote that they cannot; asked inside the house."""
    return Appointment.objects.filter(
        pk__in=answers.cannot_come(here),
        status=Appointment.Status.BOOKED,
        starts_at__gt=clock.now(),
    )


@policy.staff_may(Act.SEE_AGENDA, Act.CANCEL)
@never_cache
@require_GET
def cannot_come(request: HttpRequest) -> HttpResponse:
    """Hours of which somebody wrote that they cannot come; the agenda ends each, on record."""
    here = team.establishment_of(accounts.actor_for(request))
    with tenancy.inside(tenant=here):
        rows = _not_come_to(here).select_related("role__site", "role__practitioner")
        listed = [
            (
                rendering.spoken(one.starts_at, one.role.site.timezone, get_language() or "fr"),
                team.Member(one.role),
                addresses.of_appointment(one.starts_at, team.Member(one.role), one.pk),
                one.pk,
            )
            for one in rows.order_by("starts_at")
        ]
    return render(request, "practice/cannot_come.html", {"section": "answers", "listed": listed})
