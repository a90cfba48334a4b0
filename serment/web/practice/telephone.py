"""Booking with somebody on the telephone: practitioner and reason, a time, a person, done.

One address carries the choices made so far; the last form is sent once, whatever is pressed twice.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, files, policy
from serment.identity.rights import Act
from serment.scheduling import booking, cancelling, moving, refusals, secrecy, series
from serment.scheduling.linked_booking import Later
from serment.scheduling.models import VisitReason
from serment.web import asked
from serment.web.patient import booking_form
from serment.web.practice import (
    addresses,
    linked_desk,
    naming,
    offered_times,
    panel_shown,
    series_desk,
    team,
    telling,
)
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk

NOTE_LETTERS_MAX = 500
LOOK = "choisir"
"""The button that shows other times: it carries a time, or nothing."""


@dataclass(slots=True)
class Choice:
    """What has been chosen so far; ``errors`` are sentences by field."""

    member: team.Member
    reasons: list[VisitReason]
    reason: VisitReason | None
    first_day: date
    starts_at: datetime | None
    patient: UUID | None
    moves: UUID | None
    as_seen: datetime | None
    """When the visit to move began, on the page where moving it was chosen."""
    key: bytes
    mode: str = ""
    first_visit: bool = False
    note: str = ""
    kept: bool = False
    later: list[datetime] = field(default_factory=list)
    """Of a series: when the visits after the first are."""
    steps: list[Later] = field(default_factory=list)
    """Of linked steps: those after the first, as wanted."""
    alone: bool = False
    """One visit of a reason that is a series."""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def key_text(self) -> str:
        """The request key as the form carries it."""
        return key_text(self.key)

    @property
    def for_two(self) -> str:
        """The address's query where a second person comes too; empty where none can."""
        reason = self.reason
        if reason is None or self.starts_at is None or self.patient is None or self.moves:
            return ""
        if reason.in_groups or reason.sessions > 1 or reason.steps:
            return ""
        return self.query(patient="", jour="", premier=str(self.patient))

    def query(self, **changed: str) -> str:
        """The choices as an address; an empty value leaves one out."""
        found = {
            "agenda": str(self.member.id),
            "motif": str(self.reason.id) if self.reason else "",
            "jour": self.first_day.isoformat(),
            "heure": self.starts_at.isoformat() if self.starts_at else "",
            "patient": str(self.patient or ""),
            "deplace": str(self.moves or ""),
            "vu": self.as_seen.isoformat() if self.as_seen else "",
        } | changed
        return urlencode({name: value for name, value in found.items() if value})


@policy.staff_may(Act.BOOK)
@require_http_methods(["GET", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """GET shows what is chosen and what is left to choose; POST books."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    if not everybody:
        return render(request, "practice/book.html", {"section": "book", "choice": None})
    given = asked.given(request)
    looking = LOOK in given
    choice = _read(request, everybody, _looked_at(given) if looking else given)
    choice.later = [one for one in map(asked.instant, given.getlist("seance")) if one]
    choice.steps = booking_form.steps_of(given.getlist("etape"))
    if request.method == "POST" and not looking:
        return _submit(request, actor, everybody, choice)
    return _show(request, actor, everybody, choice, looking=looking and not given[LOOK])


def _looked_at(given: Mapping[str, str]) -> dict[str, str]:
    """What step 1 asks to see, from the form of step 3: so what is written there is not lost."""
    wanted = {name: given.get(name, "") for name in ("agenda", "motif", "jour")}
    asked_for = {name: given.get(f"vers_{name}") or value for name, value in wanted.items()}
    time = given.get(LOOK) or given.get("vers_heure") or given.get("heure", "")
    return {name: given[name] for name in given} | asked_for | {"heure": time, "autre_heure": ""}


def _kept_time(given: Mapping[str, str], member: team.Member) -> datetime | None:
    """The time chosen before, as long as its day is still the one looked at."""
    kept = _instant(given.get("heure_gardee", ""), member)
    same = kept and kept.astimezone(member.zone).date() == asked.day(given.get("jour", ""))
    return kept if same else None


def _read(request: HttpRequest, everybody: list[team.Member], given: Mapping[str, str]) -> Choice:
    desk = Desk(request, clock.now())
    known = {str(one.id): one for one in everybody}
    first = team.shown(request, desk, everybody, ())[0]
    member = known.get(given.get("agenda", ""), first)
    reasons = list(member.role.reasons.filter(active=True).order_by("position", "id"))
    by_id = {str(one.id): one for one in reasons}
    starts_at = _instant(given.get("autre_heure") or given.get("heure", ""), member)
    starts_at = starts_at or _kept_time(given, member)
    today = clock.now().astimezone(member.zone).date()
    day = asked.day(given.get("jour", ""))
    if starts_at and not (given.get("vers_jour") and day):
        day = starts_at.astimezone(member.zone).date()
    wanted = given.get("motif", "")
    if request.method == "POST" and LOOK not in given and wanted not in by_id:
        # Withdrawn while the form was open: another reason has other rules and questions.
        raise refusals.NoSuchReason
    choice = Choice(
        member=member,
        reasons=reasons,
        reason=by_id.get(wanted, reasons[0] if reasons else None),
        first_day=max(today, day or today),
        starts_at=starts_at,
        patient=asked.uuid(given.get("patient", "")),
        moves=asked.uuid(given.get("deplace", "")),
        as_seen=asked.instant(given.get("vu", "")),
        key=key_of(given.get("cle", "")),
        first_visit=given.get("premiere", "") == "oui",
        note=asked.words(given.get("mot", ""), 10 * NOTE_LETTERS_MAX),
        kept=given.get("garder", "") == "oui",
        alone=given.get("seule", "") == "oui",
    )
    if _does_not_exist(given.get("autre_heure") or given.get("heure", ""), member):
        choice.errors["time"] = _(
            "Cette heure n’existe pas : cette nuit-là, les horloges avancent d’une heure."
        )
    if choice.reason:
        mode = given.get("mode", "")
        only = "in_person" if choice.reason.in_person else "video"
        choice.mode = mode if mode in ("in_person", "video") else only
    return choice


def _instant(text: str, member: team.Member) -> datetime | None:
    """An instant; without a zone it is by the clock of the site, as a browser's field writes it."""
    local = asked.local_instant(text)
    if local is None or asked.instant(text) is not None:
        return asked.instant(text)
    if _does_not_exist(text, member):
        return None
    return local.replace(tzinfo=member.zone).astimezone(UTC)


def _does_not_exist(text: str, member: team.Member) -> bool:
    """Whether a wall-clock time falls into the hour that the clocks leave out in spring."""
    local = asked.local_instant(text)
    if local is None or asked.instant(text) is not None:
        return False
    there = local.replace(tzinfo=member.zone).astimezone(UTC).astimezone(member.zone)
    return there.replace(tzinfo=None) != local


def key_text(key: bytes) -> str:
    """The request key as a form carries it."""
    return base64.urlsafe_b64encode(key).decode()


def key_of(text: str) -> bytes:
    """From a form; a new one where it carries none."""
    try:
        key = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        key = b""
    return key if len(key) == 16 else secrets.token_bytes(16)


def _submit(
    request: HttpRequest, actor: Actor, everybody: list[team.Member], choice: Choice
) -> HttpResponse:
    if choice.reason is None or choice.starts_at is None or choice.patient is None:
        return _show(request, actor, everybody, choice, status=422)
    if offered_times.beyond(choice) and asked.sent(request).get("loin") != "oui":
        choice.errors["beyond"] = _("Cochez pour confirmer cette date.")
        return _show(request, actor, everybody, choice, status=422)
    if len(choice.note) > NOTE_LETTERS_MAX:
        choice.errors["note"] = _("Ce mot est trop long : %(count)d lettres au plus.") % {
            "count": NOTE_LETTERS_MAX
        }
        return _show(request, actor, everybody, choice, status=422)
    if not files.open(actor, [choice.patient], ["family_name"], Purpose.BOOKING):
        raise NotThere
    try:
        made = _book(actor, choice, overbook=asked.sent(request).get("en_plus") == "oui")
    except refusals.FormAlreadyUsed:
        raise
    except refusals.MovedSince:
        return _moved_since(request, actor, everybody, choice)
    except (Conflict, Refused) as refused:
        return _refused(request, actor, everybody, choice, refused)
    desk = Desk(request, clock.now())
    desk.open(desks.person_of(made))
    told = telling.of_visit(actor, panel_shown.seen(made), choice.patient)
    said = f"{'deplace' if choice.moves else 'pris'}-{told}"
    address = addresses.of_appointment(choice.starts_at, choice.member, made, said)
    return HttpResponseRedirect(address)


def _book(actor: Actor, choice: Choice, *, overbook: bool) -> UUID:
    """The new appointment, or the moved one: the same as before, at another time."""
    if choice.reason is None or choice.starts_at is None or choice.patient is None:
        raise ValueError("A booking needs a reason, a time and a person.")
    mode: Literal["in_person", "video"] = "video" if choice.mode == "video" else "in_person"
    now = clock.now()
    wanted = booking.Booking(
        role_id=choice.member.id,
        reason_id=choice.reason.id,
        starts_at=choice.starts_at,
        mode=mode,
        request_key=choice.key,
        patient_file=choice.patient,
        first_visit=choice.first_visit,
        kept=choice.kept,
        note=choice.note,
        overbook=overbook,
    )
    former = panel_shown.seen(choice.moves) if choice.moves else None
    if former is not None and former.status in cancelling.STANDING:
        if choice.reason.steps:
            seen = choice.as_seen
            return linked_desk.move(actor, former, wanted, choice.steps, now, seen)
        return moving.move(actor, former.id, wanted, now, choice.as_seen).id
    if former is not None:  # cancelled while the form was open: booked anew, and no less kept
        wanted = replace(wanted, kept=wanted.kept or secrecy.is_kept(actor, former))
    if choice.reason.steps:
        return linked_desk.book(actor, wanted, choice.steps, now)
    if series_desk.is_one(choice):
        return series.book(actor, wanted, choice.later, now)[0].id
    return booking.book(actor, wanted, now).id


def _moved_since(
    request: HttpRequest, actor: Actor, everybody: list[team.Member], choice: Choice
) -> HttpResponse:
    """Somebody else moved it meanwhile: it is said where to, and asked again."""
    former = panel_shown.seen(choice.moves) if choice.moves else None
    if former is None:
        raise NotThere
    choice.as_seen = former.starts_at
    zone = team.Member(former.role).zone
    return _show(
        request,
        actor,
        everybody,
        choice,
        status=409,
        moved_to=offered_times.when(former.starts_at, zone),
    )


def _refused(
    request: HttpRequest,
    actor: Actor,
    everybody: list[team.Member],
    choice: Choice,
    refused: Conflict | Refused,
) -> HttpResponse:
    """What was typed stays; the nearest free times, or overbooking, are one press away."""
    return _show(
        request, actor, everybody, choice,
        status=409 if isinstance(refused, Conflict) else 422,
        gone=str(_(refused.sentence)),
        nearest=[offered_times.Offered.of(one, choice) for one in getattr(refused, "nearest", ())],
        may_overbook=not isinstance(refused, refusals.PastTime),
    )  # fmt: skip


def _show(
    request: HttpRequest, actor: Actor, everybody: list[team.Member], choice: Choice, *,
    status: int = 200, **more: Any,
) -> HttpResponse:  # fmt: skip
    person = None
    if choice.patient is not None:
        opened = files.open(actor, [choice.patient], naming.AT_A_GLANCE, Purpose.BOOKING)
        if choice.patient not in opened and choice.moves:
            former = panel_shown.seen(choice.moves)
            home = addresses.of_appointment(
                former.starts_at, team.Member(former.role), former.id, "dossier-ferme"
            )
            return HttpResponseRedirect(home)
        if choice.patient not in opened:
            raise NotThere
        person = naming.Person(choice.patient, **opened[choice.patient])
    zone = choice.member.zone
    local = choice.starts_at.astimezone(zone) if choice.starts_at else None
    language = get_language() or "fr"
    context = {
        "section": "book",
        "choice": choice,
        "everybody": everybody,
        "reasons": [(one, one.name(language)) for one in choice.reasons],
        "days": offered_times.free_days(choice),
        "person": person,
        "age": person.age(clock.now().astimezone(zone).date()) if person else "",
        "local": local,
        "when": offered_times.when(choice.starts_at, zone) if choice.starts_at else "",
        "beyond": offered_times.beyond(choice),
        **series_desk.shown(actor, choice),
        **linked_desk.shown(actor, choice),
        "same_day": offered_times.same_day(actor, choice),
        "suite": choice.query(patient=""),
        "without_time": choice.query(heure=""),
        "for_two": choice.for_two,
        "without_person": choice.query(patient=""),
        "earlier": choice.query(
            heure="", jour=(choice.first_day - timedelta(offered_times.SHOWN_DAYS)).isoformat()
        ),
        "later": choice.query(
            heure="", jour=(choice.first_day + timedelta(offered_times.SHOWN_DAYS)).isoformat()
        ),
        "note_max": NOTE_LETTERS_MAX,
        "this_year": clock.now().astimezone(zone).year,
        **more,
    }
    return render(request, "practice/book.html", context, status=status)
