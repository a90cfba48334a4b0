"""Booking: one form for one slot, kept while it is filled; then the appointment stands.

Showing the form keeps nothing. The page itself asks for the slot to be kept, by a POST that a
foreign site cannot send; without script booking works all the same.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from serment import clock
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, files
from serment.identity.models import Account
from serment.scheduling import booking, holding, red_flags, refusals
from serment.scheduling.models import VisitReason
from serment.web import asked

NOTE_LETTERS_MAX = 500


@dataclass(slots=True)
class Form:
    """The form as typed; ``errors`` are sentences by field."""

    starts_at: datetime
    reason: VisitReason
    request_key: bytes
    mode: str = ""
    first_visit: str = ""
    note: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def key_text(self) -> str:
        """The request key as the form carries it."""
        return base64.urlsafe_b64encode(self.request_key).decode()

    @property
    def questions(self) -> list[tuple[red_flags.RedFlag, str]]:
        """Safety questions of the reason, with what was answered."""
        return [
            (flag, self.answers.get(flag.code, ""))
            for flag in red_flags.asked(self.reason.red_flags)
        ]


@require_http_methods(["GET", "POST"])
@accounts.patient_only
def form(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """GET shows the form and keeps nothing; POST books, or says beside each field why not."""
    role, filled = read(request, role_id)
    actor = accounts.actor_for(request)
    if request.method == "POST":
        return _submit(request, actor, role, filled)
    try:
        holding.look(actor, role.id, filled.reason.id, filled.starts_at, clock.now())
    except (Conflict, refusals.NotOffered, refusals.TooMany) as refused:
        return _not_booked(request, actor, role, filled, refused)
    return _show(request, actor, role, filled)


@require_POST
@accounts.patient_only
def keep(request: HttpRequest, role_id: UUID) -> HttpResponse:
    """Keep the slot for ten minutes; the page asks when it is shown and puts in the line."""
    role, filled = read(request, role_id)
    actor = accounts.actor_for(request)
    context: dict[str, Any] = {"role": role, "site": role.site, "typed": True}
    try:
        kept = holding.hold(actor, role.id, filled.reason.id, filled.starts_at, clock.now())
    except (refusals.SlotTaken, refusals.NotOffered) as refused:
        context |= {"gone": str(_(refused.sentence)), "nearest": refused.nearest}
    else:
        context["held_until"] = kept.expires_at
    # Always 200: the page puts the line in its place, whatever it says.
    return render(request, "patient/kept.html", context)


def read(request: HttpRequest, role_id: UUID) -> tuple[PractitionerRole, Form]:
    """The practitioner and the form as sent. Raises ``NotThere`` or ``NoSuchReason``."""
    role = _role(role_id)
    return role, _read(role, asked.given(request))


def _role(role_id: UUID) -> PractitionerRole:
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


def _read(role: PractitionerRole, given: Any) -> Form:
    reasons = {
        str(reason.id): reason for reason in role.reasons.filter(active=True).order_by("position")
    }
    wanted = given.get("motif", "")
    reason = reasons.get(wanted) if wanted else next(iter(reasons.values()), None)
    starts_at = asked.instant(given.get("heure", ""))
    if wanted and reason is None:
        raise refusals.NoSuchReason
    if reason is None or starts_at is None:
        raise NotThere
    filled = Form(starts_at, reason, _key(given.get("cle", "")))
    filled.mode = given.get("mode", "") or (
        "" if reason.in_person and reason.video else _only(reason)
    )
    filled.first_visit = given.get("premiere", "")
    filled.note = asked.words(given.get("mot", ""), 10 * NOTE_LETTERS_MAX)
    filled.answers = {code: given.get(f"signe-{code}", "") for code in reason.red_flags}
    return filled


def _only(reason: VisitReason) -> str:
    """The mode where there is no choice."""
    if reason.in_person and reason.video:
        return ""
    return "in_person" if reason.in_person else "video"


def _key(text: str) -> bytes:
    """The form's own random key; a new one for a new form."""
    try:
        key = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) == 16 else secrets.token_bytes(16)


def _submit(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form
) -> HttpResponse:
    alarm = next((flag for flag, answer in filled.questions if answer == "oui"), None)
    if alarm is not None:
        holding.let_go(actor)
        return render(request, "patient/emergency.html", {"flag": alarm, "role": role}, status=200)
    _check(filled)
    if filled.errors:
        return _show(request, actor, role, filled, status=422)
    try:
        appointment = _book(actor, role, filled)
    except (Conflict, Refused) as refused:
        return _not_booked(request, actor, role, filled, refused)
    return HttpResponseRedirect(reverse("patient:appointment", args=[appointment]) + "?confirme=1")


def _check(filled: Form) -> None:
    if filled.first_visit not in {"oui", "non"}:
        filled.errors["first_visit"] = _("Dites si c’est la première fois.")
    if filled.mode not in {"in_person", "video"}:
        filled.errors["mode"] = _("Choisissez : sur place ou en vidéo.")
    if len(filled.note) > NOTE_LETTERS_MAX:
        filled.errors["note"] = _("Ce mot est trop long : %(count)d lettres au plus.") % {
            "count": NOTE_LETTERS_MAX
        }
    for flag, answer in filled.questions:
        if answer != "non":
            filled.errors[f"flag-{flag.code}"] = _("Répondez oui ou non.")


def _book(actor: Actor, role: PractitionerRole, filled: Form) -> UUID:
    mode: Literal["in_person", "video"] = "video" if filled.mode == "video" else "in_person"
    wanted = booking.Booking(
        role_id=role.id,
        reason_id=filled.reason.id,
        starts_at=filled.starts_at,
        mode=mode,
        request_key=filled.request_key,
        patient_file=files.find_or_create_for_account(actor, role.establishment_id),
        first_visit=filled.first_visit == "oui",
        note=filled.note,
        red_flags_denied=frozenset(
            code for code, answer in filled.answers.items() if answer == "non"
        ),
    )
    return booking.book(actor, wanted, clock.now()).id


def _not_booked(
    request: HttpRequest,
    actor: Actor,
    role: PractitionerRole,
    filled: Form,
    refused: Conflict | Refused,
) -> HttpResponse:
    """Why not, on the form with everything that was typed; a gone slot with the nearest free."""
    sent = request.method == "POST"
    status = 409 if isinstance(refused, Conflict) else 422
    more: dict[str, Any] = {}
    if isinstance(refused, refusals.AlreadyYours):
        return _yours(request, role, filled, refused, status=status if sent else 200)
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


def _yours(
    request: HttpRequest,
    role: PractitionerRole,
    filled: Form,
    mine: refusals.AlreadyYours,
    *,
    status: int,
) -> HttpResponse:
    """The person's own visit, and where to see it."""
    context = {
        "role": role,
        "site": role.site,
        "starts_at": filled.starts_at,
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
        "reasons": role.reasons.filter(active=True).order_by("position"),
        "name": own_name(actor),
        "note_max": NOTE_LETTERS_MAX,
        "local": filled.starts_at.astimezone(ZoneInfo(site.timezone)),
        **more,
    }
    return render(request, "patient/book.html", context, status=status)


def own_name(actor: Actor) -> str:
    """The signed-in person's name; their own opening, on record."""
    account = Account.objects.filter(pk=actor.id).first() if actor.kind == "patient" else None
    if account is None:
        return ""
    opened = gate.reveal(actor, Purpose.SELF, [account], ["given_name", "family_name"])
    values = opened.get(account.pk, {})
    return f"{values.get('given_name', '')} {values.get('family_name', '')}".strip()
