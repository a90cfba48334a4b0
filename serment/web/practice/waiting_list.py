"""Who waits for an hour, at the desk: their order, whom to call, adding who has no e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor
from serment.errors import Conflict, Refused
from serment.identity import accounts, policy
from serment.identity.rights import Act
from serment.outbox import registry, rendering
from serment.outbox.models import Message, State
from serment.scheduling import refusals, taking, terms, waiting_list
from serment.scheduling.models import OnlineTerms, VisitReason
from serment.scheduling.waiting_list import Asked, Place
from serment.web import asked
from serment.web.practice import naming, team
from serment.web.practice.naming import Person

HALVES: Final = {"matin": (0, 12), "apres-midi": (12, 24), "": (0, 24)}
_UNSENT: Final = (State.CANCELLED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Row:
    """One who waits; ``person`` once asked for."""

    place: Place
    reason: str
    days: str
    when: str
    until: str
    to_call: bool
    person: Person | None


@policy.staff_may(Act.SEE_AGENDA, Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Everybody in order; who they are opens one by one, on record."""
    actor, now = accounts.actor_for(request), clock.now()
    here = team.establishment_of(actor)
    sent = asked.sent(request)
    wish, act = asked.uuid(sent.get("attente", "")), sent.get("acte", "")
    if request.method == "POST" and wish is not None and act != "voir":
        _act(request, actor, wish, act, asked.instant(sent.get("heure", "")), now)
        return HttpResponseRedirect(reverse("practice:waiting_list"))
    members = team.members(here)
    places = waiting_list.of_house([one.id for one in members])
    shown = wish if act == "voir" else None
    people = naming.people(actor, [shown], naming.AT_A_GLANCE) if shown else {}
    listed = [
        (member, [_row(one, people, now) for one in places if one.wish.role_id == member.id])
        for member in members
    ]
    context = {
        "section": "waiting_list",
        "listed": [one for one in listed if one[1]],
        "opened": shown,
        "minutes": terms.of_house(here).offer_minutes,
    }
    return render(request, "practice/waiting_list.html", context)


def _row(place: Place, people: dict[UUID, Person], now: datetime) -> Row:
    language, told, offer = get_language() or "fr", place.terms, place.offer
    reason = VisitReason.objects.filter(pk=told.reason).first()
    live = offer is not None and offer.expires_at > now
    when = until = ""
    if offer is not None and live:
        zone = offer.role.site.timezone
        when = rendering.spoken(offer.starts_at, zone, language)
        until = rendering.spoken(offer.expires_at, zone, language)
    unsent = Message.objects.filter(record_id=place.wish.id, kind=registry.OFFER, state__in=_UNSENT)
    return Row(
        place=place,
        reason=reason.name(language) if reason else "",
        days=_days(place),
        when=when,
        until=until,
        to_call=live and (told.by_telephone or unsent.exists()),
        person=people.get(place.wish.id),
    )


def _days(place: Place) -> str:
    told = place.terms
    days = _("tous les jours") if len(told.days) == len(WEEKDAYS) else ", ".join(
        str(WEEKDAYS[day]) for day in sorted(told.days)
    )  # fmt: skip
    if told.to_hour <= HALVES["matin"][1]:
        return _("%(days)s, le matin") % {"days": days}
    return _("%(days)s, l’après-midi") % {"days": days} if told.from_hour else days


def _act(
    request: HttpRequest, actor: Actor, wish: UUID, act: str, seen: datetime | None, now: datetime
) -> None:
    here = team.establishment_of(actor)
    if wish not in {one.wish.id for one in waiting_list.of_house(_roles(here))}:
        raise refusals.NoSuchWish
    try:
        if act == "prendre" and seen is not None:
            taking.take(here, wish, seen, now, actor)
            messages.success(request, _("C’est réservé. L’heure est dans l’agenda."))
        elif act == "laisser" and seen is not None:
            taking.refuse(here, wish, seen, now)
            messages.success(request, _("L’heure est proposée à la personne suivante."))
        elif act == "quitter":
            waiting_list.leave(actor, wish, now)
            messages.success(request, _("La personne n’est plus sur la liste."))
    except (Conflict, refusals.NotOffered) as refused:
        messages.error(request, str(_(refused.sentence)))


def _roles(here: UUID) -> list[UUID]:
    return [one.id for one in team.members(here)]


@policy.staff_may(Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Put somebody on a list: by message where they have an e-mail address, else by telephone."""
    actor = accounts.actor_for(request)
    person, email = naming.with_address(actor, file_id)
    members = team.members(team.establishment_of(actor))
    reasons = VisitReason.objects.filter(role_id__in=[one.id for one in members], active=True)
    awaited = reasons.filter(by_invitation=False, steps=[], sessions=1)
    choices = [
        (str(one.id), f"{member.name} · {one.name(get_language() or 'fr')}")
        for member in members for one in awaited.order_by("position") if one.role_id == member.id
    ]  # fmt: skip
    given = asked.given(request)
    ticked = {n for n in range(7) if given.get(f"jour-{n}")}
    picked = ticked if request.method == "POST" else ticked or set(range(5))
    context: dict[str, Any] = {
        "section": "patients", "file_id": file_id, "person": person,
        "choices": choices, "chosen": given.get("motif", ""), "half": given.get("heures", ""),
        "days": [(n, str(WEEKDAYS[n]), n in picked) for n in range(7)],
        "telephone": not email or bool(given.get("telephone")), "no_email": not email,
        "first": bool(given.get("premiere")),
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "practice/waiting_add.html", context)
    wanted = asked.uuid(given.get("motif", ""))
    reason = reasons.filter(pk=wanted).first() if wanted else None
    try:
        if reason is None:
            raise refusals.NoSuchReason(_("Choisissez un soignant et un motif."))
        waiting_list.join(actor, _wanted(request, file_id, reason, not email), clock.now())
    except (Conflict, Refused, refusals.NoSuchReason) as refused:
        context["refused"] = str(_(refused.sentence))
        return render(request, "practice/waiting_add.html", context, status=422)
    messages.success(request, _("La personne est sur la liste d’attente."))
    return HttpResponseRedirect(reverse("practice:waiting_list"))


def _wanted(request: HttpRequest, file_id: UUID, reason: VisitReason, no_email: bool) -> Asked:
    sent = asked.sent(request)
    first, last = HALVES.get(sent.get("heures", ""), HALVES[""])
    new = not reason.known_patients or bool(sent.get("premiere"))
    days = frozenset(n for n in range(7) if sent.get(f"jour-{n}"))
    return Asked(
        reason.role_id, reason.id, "in_person" if reason.in_person else "video", file_id, new, days,
        first, last, by_telephone=no_email or bool(sent.get("telephone")),
    )  # fmt: skip


@policy.staff_may(Act.SET_OPENINGS)
@never_cache
@require_http_methods(["GET", "POST"])
def online_terms(request: HttpRequest) -> HttpResponse:
    """Until when patients move and cancel, and how long a freed hour is kept for one of them."""
    here = team.establishment_of(accounts.actor_for(request))
    row, errors, sent = terms.of_house(here), {}, asked.sent(request)
    if request.method == "POST":
        names = ("move_hours", "cancel_hours", "offer_minutes", "missed_max", "missed_months")
        for name in names:
            if name.startswith("missed") and name not in sent:
                continue  # a page of before the rule
            number = asked.number(sent.get(name, ""), 9999)
            setattr(row, name, -1 if number is None else number)
        row.waiting_open = bool(sent.get("waiting_open"))
        try:
            row.clean_fields(exclude=["establishment"])
            if row.missed_max == 1:
                raise ValidationError({"missed_max": _("Jamais après un seul.")})
        except ValidationError as wrong:
            errors = dict.fromkeys(wrong.message_dict, _("Écrivez un nombre dans les limites."))
        else:
            values = {name: getattr(row, name) for name in (*names, "waiting_open")}
            OnlineTerms.objects.update_or_create(establishment_id=here, defaults=values)
            messages.success(request, _("C’est enregistré."))
            return HttpResponseRedirect(reverse("practice:online_terms"))
    context = {"section": "online_terms", "terms": row, "errors": errors, "typed": sent}
    status = 422 if errors else 200
    return render(request, "practice/online_terms.html", context, status=status)
