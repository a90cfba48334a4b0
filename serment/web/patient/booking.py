"""Booking: one form for one slot, kept while it is filled; then the appointment stands."""

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
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor, Purpose, gate
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, files
from serment.identity.models import Account
from serment.scheduling import booking, red_flags, refusals
from serment.scheduling.models import VisitReason
from serment.web import asked

NOTE_LETTERS_MAX = 500
_HOLDS = "serment.holds"


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
    """GET keeps the slot and shows the form; POST books, or says beside each field why not."""
    role = _role(role_id)
    given = request.POST if request.method == "POST" else request.GET
    filled = _read(role, given)
    actor = accounts.actor_for(request)
    if request.method == "POST":
        return _submit(request, actor, role, filled)
    held_until = None
    try:
        held_until = _hold(request, role, filled)
    except (Conflict, refusals.NotOffered) as refused:
        return _refused(request, actor, role, filled, refused)
    return _show(request, actor, role, filled, held_until=held_until)


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


def _hold(request: HttpRequest, role: PractitionerRole, filled: Form) -> datetime:
    """Keep the slot for this session; the same slot asked again keeps its hold."""
    now = clock.now()
    kept = request.session.get(_HOLDS) or {}
    same = f"{role.id}|{filled.reason.id}|{filled.starts_at.isoformat()}"
    if kept.get("what") == same and datetime.fromisoformat(kept["until"]) > now:
        return datetime.fromisoformat(kept["until"])
    replaces = UUID(kept["id"]) if kept.get("role") == str(role.id) else None
    held = booking.hold(role.id, filled.reason.id, filled.starts_at, now, replaces=replaces)
    if replaces is None and kept:
        booking.let_go(UUID(kept["role"]), UUID(kept["id"]))
    request.session[_HOLDS] = {
        "what": same,
        "id": str(held.id),
        "role": str(role.id),
        "until": held.expires_at.isoformat(),
    }
    return held.expires_at


def _forget_hold(request: HttpRequest) -> None:
    """Give back what this session still keeps: it may be one of the times offered instead."""
    kept = request.session.pop(_HOLDS, None)
    if kept:
        booking.let_go(UUID(kept["role"]), UUID(kept["id"]))


def _submit(
    request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form
) -> HttpResponse:
    alarm = next((flag for flag, answer in filled.questions if answer == "oui"), None)
    if alarm is not None:
        return render(request, "patient/emergency.html", {"flag": alarm, "role": role}, status=200)
    _check(filled)
    if filled.errors:
        return _show(request, actor, role, filled, status=422)
    try:
        appointment = _book(request, actor, role, filled)
    except (refusals.SlotTaken, refusals.NotOffered) as refused:
        return _refused(request, actor, role, filled, refused)
    except (refusals.NewPatientsRefused, refusals.KnownPatientsRefused) as refused:
        filled.errors["reason"] = _(
            "%(why)s Choisissez un autre motif : l’heure reste la même."
        ) % {"why": _(refused.sentence)}
        return _show(request, actor, role, filled, status=422)
    except Refused as refused:
        filled.errors["form"] = str(_(refused.sentence))
        return _show(request, actor, role, filled, status=422)
    request.session.pop(_HOLDS, None)
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


def _book(request: HttpRequest, actor: Actor, role: PractitionerRole, filled: Form) -> UUID:
    mode: Literal["in_person", "video"] = "video" if filled.mode == "video" else "in_person"
    kept = request.session.get(_HOLDS) or {}
    wanted = booking.Booking(
        role_id=role.id,
        reason_id=filled.reason.id,
        starts_at=filled.starts_at,
        mode=mode,
        request_key=filled.request_key,
        patient_file=files.find_or_create_for_account(actor, role.establishment_id),
        first_visit=filled.first_visit == "oui",
        note=filled.note,
        hold_id=UUID(kept["id"]) if kept.get("role") == str(role.id) else None,
        red_flags_denied=frozenset(
            code for code, answer in filled.answers.items() if answer == "non"
        ),
    )
    return booking.book(actor, wanted, clock.now()).id


def _refused(
    request: HttpRequest,
    actor: Actor,
    role: PractitionerRole,
    filled: Form,
    refused: Conflict | Refused,
) -> HttpResponse:
    """The slot is gone: what was typed stays, and the nearest free times are offered."""
    _forget_hold(request)
    nearest = list(getattr(refused, "nearest", ()))
    status = 409 if isinstance(refused, Conflict) else 422
    return _show(
        request, actor, role, filled, status=status, gone=str(_(refused.sentence)), nearest=nearest
    )


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
