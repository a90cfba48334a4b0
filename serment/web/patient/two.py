"""Booking for two persons at once: two times kept together, confirmed by one press, both or none.

Like the form for one (``booking``): showing it keeps nothing, the page asks for that by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

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
from serment.scheduling import audience, holding, pairs, refusals
from serment.scheduling.booking import Booking
from serment.scheduling.search import Slot
from serment.web import asked
from serment.web.patient import booking, booking_form, for_whom, missed, two_form
from serment.web.patient.two_form import Form


@policy.patient()
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """GET shows two questionnaires and keeps nothing; POST books both, or says why neither."""
    role, filled = _read(request, role_id)
    actor = accounts.actor_for(request)
    if filled.second is None:
        ways = _ways(actor, role, filled)
        if not ways:
            return _show(request, actor, role, filled, nowhere=True)
        return HttpResponseRedirect(_address(role, ways[0]))
    if request.method == "POST":
        return _submit(request, actor, role, filled)
    try:
        pairs.look(actor, filled.halves(role.id), clock.now(), (actor.id,))
    except (Conflict, refusals.NotOffered, refusals.TooMany) as refused:
        return _refused(request, actor, role, filled, refused, status=200)
    return _show(request, actor, role, filled)


@policy.patient()
@require_POST
def keep(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Keep both times for ten minutes; the page asks when it is shown and puts in the line."""
    role, filled = _read(request, role_id)
    actor = accounts.actor_for(request)
    context: dict[str, Any] = {"role": role, "site": role.site}
    try:
        context |= booking.kept(pairs.hold(actor, filled.halves(role.id), clock.now()))
    except (refusals.SlotTaken, refusals.NotOffered) as refused:
        context["gone"] = str(_(refused.sentence))
    return render(request, "patient/two_kept.html", context)


def _read(request: HttpRequest, role_id: UUID) -> tuple[PractitionerRole, Form]:
    role = booking.role_of(role_id)
    return role, two_form.read(role, asked.given(request))


def _submit(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form
) -> HttpResponse:
    alarm = next((flag for one in filled.persons for flag in one.alarms(filled.reason)), None)
    if alarm is not None:
        holding.let_go(actor)
        return render(request, "patient/emergency.html", {"flag": alarm, "role": role})
    two_form.check(filled)
    if filled.has_errors:
        return _show(request, actor, role, filled, status=422)
    try:
        pairs.book(actor, _bookings(request, actor, role, filled), clock.now())
    except (Conflict, Refused) as refused:
        status = 409 if isinstance(refused, Conflict) else 422
        return _refused(request, actor, role, filled, refused, status=status)
    return HttpResponseRedirect(reverse("patient:appointments") + "?deux=1")


def _bookings(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form
) -> list[Booking]:
    mode: Literal["in_person", "video"] = "video" if filled.mode == "video" else "in_person"
    keys = (filled.request_key, pairs.second_key(filled.request_key))
    found: list[Booking] = []
    for half, person, key in zip(filled.halves(role.id), filled.persons, keys, strict=True):
        whom = for_whom.chosen(request, actor, person.whom, role.establishment_id)
        found.append(
            Booking(
                role_id=half[0],
                reason_id=half[1],
                starts_at=half[2],
                mode=mode,
                request_key=key,
                patient_file=for_whom.file_of(actor, whom, role.establishment_id),
                first_visit=person.first_visit == "oui",
                note=person.note,
                red_flags_denied=frozenset(
                    code for code, answer in person.answers.items() if answer == "non"
                ),
                persons=for_whom.counted(actor, whom),
            )
        )
    return found


def _refused(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form,
    refused: Conflict | Refused, *, status: int,
) -> HttpResponse:  # fmt: skip
    """Why neither is booked; what was typed stays, and other times are a press away."""
    if isinstance(refused, refusals.AskedToCall):
        return missed.asked_to_call(request, role, refused.limit)
    more: dict[str, Any] = {"refused": str(_(refused.sentence))}
    if isinstance(refused, refusals.SlotTaken | refusals.NotOffered):
        more["gone"] = True
    elif isinstance(refused, refusals.CancelledSince):
        filled.request_key = secrets.token_bytes(16)
    elif isinstance(refused, Conflict) and not isinstance(refused, refusals.AlreadyYours):
        raise refused
    return _show(request, actor, role, filled, status=status, **more)


def _ways(actor: Actor, role: PractitionerRole, filled: Form) -> list[tuple[Slot, Slot]]:
    now = clock.now()
    public = audience.of_reader(actor, role.id, role.establishment_id, now)
    return pairs.arrangements(role, filled.reason, filled.starts_at, now, public)


def _address(role: PractitionerRole, way: Sequence[Slot]) -> str:
    first, second = way
    query = {
        "motif": str(first.reason_id),
        "heure": first.starts_at.isoformat(),
        "avec": str(second.role_id),
        "motif2": str(second.reason_id),
        "ensuite": second.starts_at.isoformat(),
    }
    return f"{reverse('patient:book_two', args=[role.id])}?{urlencode(query)}"


def _show(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form, *,
    status: int = 200, **more: Any,
) -> HttpResponse:  # fmt: skip
    known = for_whom.shown(request, actor, None, role.establishment_id)
    if not known["choices"]:
        raise NotThere  # nobody else to book for, or one factor only
    two_form.propose(filled, [one.mandate.record for one in known["choices"]])
    chosen = filled.second and (filled.starts_at, *filled.second)
    colleagues: dict[UUID, PractitionerRole] = {role.id: role}
    ways = []
    for first, second in _ways(actor, role, filled):
        if (first.starts_at, second.role_id, second.reason_id, second.starts_at) == chosen:
            continue
        other = _colleague(second.role_id, colleagues)
        ways.append((first.starts_at, second.starts_at, other, _address(role, (first, second))))
    context = {
        "role": role,
        "site": role.site,
        "form": filled,
        "other": _colleague(filled.second[0], colleagues) if filled.second else role,
        "ways": ways,
        "note_max": booking_form.NOTE_LETTERS_MAX,
        **known,
        **more,
    }
    return render(request, "patient/two.html", context, status=status)


def _colleague(role_id: UUID, known: dict[UUID, PractitionerRole]) -> PractitionerRole:
    if role_id not in known:
        known[role_id] = booking.role_of(role_id)
    return known[role_id]
