"""Booking: one form for one slot, kept while it is filled; then the appointment stands.

Showing the form keeps nothing. The page itself asks for the slot to be kept, by a POST that a
foreign site cannot send; without script booking works all the same. Only "confirm" books: another
reason or another time, chosen on the form, gives the same form back with all that was typed.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, policy
from serment.scheduling import booking, holding, linked_booking, refusals, series
from serment.web import asked, hours
from serment.web.patient import (
    appointments,
    booking_form,
    for_whom,
    linked_shown,
    missed,
    series_shown,
)
from serment.web.patient.booking_form import CONFIRM, NOTE_LETTERS_MAX, OTHER_TIME, Form

_DATES_GONE = (refusals.SlotTaken, series.SeriesBroken, linked_booking.StepsBroken)


class _Shown(Protocol):
    """How the visits after the first are shown and kept."""

    def hold(self, actor: Actor, filled: Form, now: datetime) -> holding.Hold: ...
    def look_again(self) -> str: ...
    def context(
        self, actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
    ) -> dict[str, Any]: ...
    def standing(
        self, actor: Actor, filled: Form, role: PractitionerRole, reader: ZoneInfo, now: datetime
    ) -> dict[str, Any]: ...


@policy.patient()
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """GET shows the form and keeps nothing; POST books, or says beside each field why not."""
    if request.method == "GET" and not asked.query(request).get("heure"):
        # Reached without a time, by an address cut short: all times are on the practitioner's page.
        slug = role_of(role_id).practitioner.slug
        return HttpResponseRedirect(reverse("patient:practitioner", args=[slug]))
    role, filled = read(request, role_id)
    actor = accounts.actor_for(request)
    if request.method == "GET" and "pour" not in asked.query(request):
        filled.whom = for_whom.first_choice(request, actor, role.establishment_id)
    whom = for_whom.chosen(request, actor, filled.whom, role.establishment_id)
    if request.method == "POST" and filled.act == CONFIRM:
        return _submit(request, actor, role, filled)
    more: dict[str, Any] = {}
    try:
        wanted = (actor, role.id, filled.reason.id, filled.starts_at, clock.now())
        if filled.act == OTHER_TIME:
            more = kept(_hold(actor, role, filled))
        else:
            holding.look(*wanted, for_whom.counted(actor, whom))
        shown = _several(filled)
        more |= shown.context(actor, filled, role, hours.of_reader(request), clock.now())
    except (Conflict, refusals.NotOffered, refusals.TooMany) as refused:
        return _not_booked(request, actor, role, filled, refused)
    return _show(request, actor, role, filled, **more)


@policy.patient()
@require_POST
def keep(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Keep the slot for ten minutes; the page asks when it is shown and puts in the line."""
    role, filled = read(request, role_id)
    actor = accounts.actor_for(request)
    context: dict[str, Any] = {"role": role, "site": role.site, "typed": True, "form": filled}
    try:
        hold = _hold(actor, role, filled)
    except (refusals.SlotTaken, refusals.NotOffered) as refused:
        context |= {"gone": str(_(refused.sentence)), "nearest": refused.nearest}
    else:
        context |= kept(hold)
    # Always 200: the page puts the line in its place, whatever it says.
    return render(request, "patient/kept.html", context)


def _hold(actor: Actor, role: PractitionerRole, filled: Form) -> holding.Hold:
    if filled.reason.sessions > 1 or filled.reason.steps:
        return _several(filled).hold(actor, filled, clock.now())
    return holding.hold(actor, role.id, filled.reason.id, filled.starts_at, clock.now())


def _several(filled: Form) -> _Shown:
    """What shows the visits after the first: steps of one booking, or a series."""
    return linked_shown if filled.reason.steps else series_shown


def kept(hold: holding.Hold) -> dict[str, Any]:
    """Until when; in seconds too, for a page whose device keeps another time than ours."""
    left = hold.expires_at - clock.now()
    return {
        "held_until": hold.expires_at,
        "held_seconds": max(0, int(left.total_seconds())),
        "gave_back": hold.gave_back,
    }


def read(request: HttpRequest, role_id: UUID) -> tuple[PractitionerRole, Form]:
    """The practitioner and the form as sent. Raises ``NotThere`` or ``NoSuchReason``."""
    role = role_of(role_id)
    return role, booking_form.read(role, asked.given(request))


def role_of(role_id: UUID) -> PractitionerRole:
    """A practitioner who receives. Raises ``NotThere``."""
    role = (
        PractitionerRole.objects.select_related(
            "practitioner", "site", "specialty", "profession", "establishment"
        )
        .filter(id=role_id, active=True)
        .first()
    )
    if role is None:
        raise NotThere
    return role


def _submit(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form
) -> HttpResponse:
    alarm = next((flag for flag, answer in filled.questions if answer == "oui"), None)
    if alarm is not None:
        holding.let_go(actor)
        return render(request, "patient/emergency.html", {"flag": alarm, "role": role}, status=200)
    booking_form.check(filled)
    if filled.errors:
        reader = hours.of_reader(request)
        more = _several(filled).standing(actor, filled, role, reader, clock.now())
        return _show(request, actor, role, filled, status=422, **more)
    try:
        appointment = _book(request, actor, role, filled)
    except (Conflict, Refused) as refused:
        return _not_booked(request, actor, role, filled, refused)
    for_whom.booked(request)
    return HttpResponseRedirect(reverse("patient:appointment", args=[appointment]) + "?confirme=1")


def _book(request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form) -> UUID:
    mode: Literal["in_person", "video"] = "video" if filled.mode == "video" else "in_person"
    whom = for_whom.chosen(request, actor, filled.whom, role.establishment_id)
    wanted = booking.Booking(
        role_id=role.id,
        reason_id=filled.reason.id,
        starts_at=filled.starts_at,
        mode=mode,
        request_key=filled.request_key,
        patient_file=for_whom.file_of(actor, whom, role.establishment_id),
        kept=filled.kept,
        persons=for_whom.counted(actor, whom),
        first_visit=filled.first_visit == "oui",
        note=filled.note,
        red_flags_denied=frozenset(
            code for code, answer in filled.answers.items() if answer == "non"
        ),
    )
    if filled.reason.steps:
        return linked_booking.book(actor, wanted, filled.steps, clock.now())[0].id
    if filled.reason.sessions > 1:
        return series.book(actor, wanted, filled.later, clock.now())[0].id
    return booking.book(actor, wanted, clock.now()).id


def _not_booked(
    request: HttpRequest,
    actor: Actor,
    role: PractitionerRole,
    filled: Form,
    refused: Conflict | Refused,
) -> HttpResponse:
    """Why not, on the form with everything that was typed; a gone slot with the nearest free."""
    if isinstance(refused, refusals.AskedToCall):
        return missed.asked_to_call(request, role, refused.limit)
    sent = request.method == "POST"
    status = 409 if isinstance(refused, Conflict) else 422
    if filled.act != CONFIRM:
        status = 200  # nothing was asked for that could fail; and htmx shows no other
    more: dict[str, Any] = {}
    if isinstance(refused, _DATES_GONE) and (filled.reason.sessions > 1 or filled.reason.steps):
        shown = _dates_anew(request, actor, role, filled, refused)
        if shown is not None:
            return shown
    if isinstance(refused, refusals.AlreadyYours):
        return _yours(request, actor, role, filled, refused, status=status if sent else 200)
    if isinstance(refused, refusals.SlotTaken | refusals.NotOffered):
        more = {"gone": str(_(refused.sentence)), "nearest": refused.nearest, "typed": sent}
    elif isinstance(refused, refusals.CancelledSince):
        filled.request_key = secrets.token_bytes(16)
        more = {"again": str(_(refused.sentence))}
    elif isinstance(refused, Conflict):
        raise refused
    elif isinstance(refused, refusals.NewPatientsRefused | refusals.KnownPatientsRefused):
        filled.errors["reason"] = _(
            "%(why)s Choisissez un autre motif : l’heure reste la même."
        ) % {"why": _(refused.sentence)}
    else:
        filled.errors["form"] = str(_(refused.sentence))
        more = {"bounded": isinstance(refused, refusals.TooMany)}
        status = status if sent else 200
    return _show(request, actor, role, filled, status=status, **more)


def _dates_anew(
    request: HttpRequest,
    actor: Actor,
    role: PractitionerRole,
    filled: Form,
    refused: Conflict | Refused,
) -> HttpResponse | None:
    """One of the dates went: the others stay as chosen, and it is proposed anew. None where it was
    the first, from which all are counted."""
    try:
        holding.look(actor, role.id, filled.reason.id, filled.starts_at, clock.now())
    except (Conflict, Refused):
        return None
    reader = hours.of_reader(request)
    more = _several(filled).standing(actor, filled, role, reader, clock.now())
    if not more:
        return None
    why = str(_(refused.sentence))
    filled.errors["form"] = f"{why} {_several(filled).look_again()}"
    return _show(request, actor, role, filled, status=409, **more)


def _yours(
    request: HttpRequest,
    actor: Actor,
    role: PractitionerRole,
    filled: Form,
    mine: refusals.AlreadyYours,
    *,
    status: int,
) -> HttpResponse:
    """The person's own visit, whether it is by video, and where to see it."""
    reader = hours.of_reader(request)
    whom = for_whom.chosen(request, actor, filled.whom, role.establishment_id)
    found = appointments.lines(actor, clock.now(), reader, only=mine.appointment_id, whom=whom)
    context = {
        "role": role,
        "site": role.site,
        "starts_at": filled.starts_at,
        "line": found[0] if found else None,
        "sentence": str(_(mine.sentence)),
        "appointment": mine.appointment_id,
    }
    return render(request, "patient/already.html", context, status=status)


def _show(request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form, *,
          status: int = 200, **more: Any) -> HttpResponse:  # fmt: skip
    site = role.site
    context = {
        "role": role,
        "site": site,
        "form": filled,
        "reasons": role.reasons.filter(active=True, by_invitation=False).order_by("position"),
        **for_whom.shown(request, actor, filled.whom, role.establishment_id),
        "note_max": NOTE_LETTERS_MAX,
        **more,
    }
    return render(request, "patient/book.html", context, status=status)
