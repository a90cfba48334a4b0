"""Waiting for an hour: joining a list, one's place, taking what is kept, leaving by one press."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, policy
from serment.identity.relatives.people import Person
from serment.scheduling import red_flags, refusals, taking, terms, waiting_list
from serment.scheduling.models import VisitReason
from serment.scheduling.waiting_list import Asked, Place
from serment.web import asked, hours
from serment.web.patient import appointments, for_whom, missed
from serment.web.patient.appointments import Line

HALVES: Final = {"matin": (0, 12), "apres-midi": (12, 24), "": (0, 24)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place as its person reads it."""

    place: Place
    role: PractitionerRole
    reason: str
    when: str
    until: str
    whom: str


def places(actor: Actor, request: HttpRequest, seen: Iterable[Person]) -> list[Waiting]:
    """Where the reader waits, and those of whom they see it, with what is kept for them now."""
    now, reader = clock.now(), hours.of_reader(request)
    found = [(one, "") for one in waiting_list.of_actor(actor)]
    for person in seen:
        found += [(one, person.name) for one in waiting_list.of_actor(actor, person.mandate.person)]
    return [_told(one, whom, reader, now) for one, whom in found]


def _told(place: Place, whom: str, reader: ZoneInfo, now: datetime) -> Waiting:
    role = PractitionerRole.objects.select_related("practitioner", "site").get(
        pk=place.wish.role_id
    )
    reason = VisitReason.objects.filter(pk=place.terms.reason).first()
    offer, site = place.offer, ZoneInfo(role.site.timezone)
    live = offer is not None and offer.expires_at > now
    name, mode = reason.name(get_language() or "fr") if reason else "", place.terms.mode
    return Waiting(
        place=place,
        role=role,
        reason=name,
        when=hours.told_now(offer.starts_at, site, reader, mode, now) if offer and live else "",
        until=hours.told_now(offer.expires_at, site, reader, mode, now) if offer and live else "",
        whom=whom,
    )


@policy.patient()
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """The form: which days, which hours; from a practitioner's page, or for a visit sooner."""
    actor = accounts.actor_for(request)
    role = _role(role_id)
    given = asked.given(request)
    sooner = asked.uuid(given.get("plus-tot", ""))
    line = appointments.own(request, sooner) if sooner else None
    if line is not None and line.appointment.role_id != role.id:
        raise NotThere
    reasons = list(role.reasons.filter(active=True, by_invitation=False).order_by("position"))
    reason = _reason(reasons, line, given.get("motif", ""))
    shown = _shown(request, actor, role, reason, line) | {"reasons": reasons}
    if request.method == "GET" or reason is None or "revoir" in given:
        return render(request, "patient/wait.html", shown)
    flags = [] if line else red_flags.asked(reason.red_flags)
    said = {flag.code: given.get(f"signe-{flag.code}", "") for flag in flags}
    alarm = next((flag for flag in flags if said[flag.code] == "oui"), None)
    if alarm is not None:
        return render(request, "patient/emergency.html", {"flag": alarm, "role": role})
    if any(answer != "non" for answer in said.values()):
        shown["refused"] = _("Répondez d’abord aux questions de sécurité.")
        return render(request, "patient/wait.html", shown, status=422)
    try:
        waiting_list.join(actor, _asked(request, actor, role, reason, line), clock.now())
    except refusals.AskedToCall as refused:
        return missed.asked_to_call(request, role, refused.limit)
    except (Conflict, Refused) as refused:
        shown["refused"] = str(_(refused.sentence))
        status = 409 if isinstance(refused, Conflict) else 422
        return render(request, "patient/wait.html", shown, status=status)
    return HttpResponseRedirect(reverse("patient:appointments") + "?attend=1#attente")


def _role(role_id: UUID) -> PractitionerRole:
    found = PractitionerRole.objects.select_related("practitioner", "site", "establishment")
    role = found.filter(id=role_id, active=True).first()
    if role is None:
        raise NotThere
    return role


def _reason(reasons: list[VisitReason], line: Line | None, wanted: str) -> VisitReason | None:
    if line is not None:
        return next((one for one in reasons if one.id == line.reason_id), None)
    return next((one for one in reasons if str(one.id) == wanted), next(iter(reasons), None))


def _shown(
    request: HttpRequest, actor: Actor, role: PractitionerRole, reason: VisitReason | None,
    line: Line | None,
) -> dict[str, Any]:  # fmt: skip
    given = asked.given(request)
    ticked = {n for n in range(7) if given.get(f"jour-{n}")}
    picked = ticked if request.method == "POST" else ticked or set(range(5))
    flags = [] if line or reason is None else red_flags.asked(reason.red_flags)
    house = role.establishment_id
    whom = asked.uuid(given.get("pour", ""))
    if "pour" not in given and line is None:
        whom = for_whom.first_choice(request, accounts.actor_for(request), house)
    return {
        "role": role,
        "site": role.site,
        "reason": reason,
        "line": line,
        "days": [(n, str(WEEKDAYS[n]), n in picked) for n in range(7)],
        "half": given.get("heures", ""),
        "mode": given.get("mode", ""),
        "first_visit": given.get("premiere", ""),
        "questions": [(flag, given.get(f"signe-{flag.code}", "")) for flag in flags],
        "minutes": terms.of_house(house).offer_minutes,
        **for_whom.shown(request, actor, whom, house),
    }


def _asked(
    request: HttpRequest, actor: Actor, role: PractitionerRole, reason: VisitReason,
    line: Line | None,
) -> Asked:  # fmt: skip
    given = asked.sent(request)
    first, last = HALVES.get(given.get("heures", ""), HALVES[""])
    days = frozenset(n for n in range(7) if given.get(f"jour-{n}"))
    if line is not None:
        visit = line.appointment
        with tenancy.inside(records=[visit.id]):
            file = gate.files_behind(actor, Purpose.BOOKING, [visit.id])[visit.id]
        mode = "video" if line.video else "in_person"
        return Asked(
            role.id, reason.id, mode, file, line.first_visit, days, first, last, visit.id,
            persons=for_whom.counted(actor, line.person),
        )  # fmt: skip
    only = "in_person" if reason.in_person else "video"
    mode = given.get("mode", "") if reason.in_person and reason.video else only
    house = role.establishment_id
    whom = for_whom.chosen(request, actor, asked.uuid(given.get("pour", "")), house)
    if mode not in {"in_person", "video"}:
        raise refusals.ModeRefused(_("Choisissez : sur place ou en vidéo."))
    if given.get("premiere", "") not in {"oui", "non"}:
        raise refusals.ModeRefused(_("Dites si c’est la première fois."))
    return Asked(
        role.id, reason.id, mode, for_whom.file_of(actor, whom, house),
        given.get("premiere", "") == "oui", days, first, last,
        persons=for_whom.counted(actor, whom),
    )  # fmt: skip


@policy.patient()
@require_POST
def answer(request: HttpRequest, wish_id: UUID) -> HttpResponse:
    """Take what is kept, leave it to the next, or leave the list."""
    actor, now = accounts.actor_for(request), clock.now()
    people = appointments.whose_are_seen(request, actor)
    waits = places(actor, request, people)
    found = next((one for one in waits if one.place.wish.id == wish_id), None)
    if found is None:
        raise refusals.NoSuchWish
    tenant, sent = found.place.wish.establishment_id, asked.sent(request)
    seen = asked.instant(sent.get("heure", ""))
    act = sent.get("acte", "")
    home = reverse("patient:appointments")
    try:
        if act == "prendre" and seen is not None:
            visit = taking.take(tenant, wish_id, seen, now, actor)
            there = reverse("patient:appointment", args=[visit])
            return HttpResponseRedirect(f"{there}?confirme=1")
        if act == "laisser" and seen is not None:
            taking.refuse(tenant, wish_id, seen, now)
    except (Conflict, refusals.NotOffered):
        return HttpResponseRedirect(f"{home}?finie=1#attente")
    if act == "quitter":
        with tenancy.inside(records=[wish_id]):
            waiting_list.leave(actor, wish_id, now)
    return HttpResponseRedirect(f"{home}#attente")
