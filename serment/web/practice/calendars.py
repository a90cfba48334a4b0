"""A practitioner's agenda in other calendars, and other calendars in their agenda.

What leaves says "Occupé" and when. What comes in is when somebody is busy; where another calendar
and an appointment want the same time, the appointment stays and is shown here to be decided about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.custody import outside
from serment.custody.outside_reading import CannotRead, Place
from serment.disclosure import Actor, NotYours
from serment.errors import NotThere
from serment.identity import accounts, policy, rights
from serment.identity.rights import Act
from serment.scheduling import feeds, outside_calendars
from serment.scheduling.feeds import Feed
from serment.scheduling.models import OutsideCalendar
from serment.web import asked, wording
from serment.web.patient.calendar import address_of
from serment.web.practice import team
from serment.web.practice.timetable import page

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ADDRESS_LETTERS_MAX: Final = 2_000
_USER_LETTERS_MAX: Final = 200
FAULTS: Final[dict[str, _StrPromise]] = {
    "address_unusable": gettext_lazy("Cette adresse ne peut pas être lue. Copiez-la en entier."),
    "not_https": gettext_lazy(
        "L’adresse doit commencer par https:// : sinon d’autres liraient votre agenda en route."
    ),
    "inside": gettext_lazy(
        "Cette adresse est celle d’un réseau privé. Serment ne lit que sur l’internet public ;"
        " l’exploitant peut l’ouvrir."
    ),
    "unknown_host": gettext_lazy("Ce serveur n’existe pas, ou ne répond pas sous ce nom."),
    "no_answer": gettext_lazy("Le serveur de cet agenda ne répond pas comme il faut."),
    "too_slow": gettext_lazy("Le serveur de cet agenda répond trop lentement."),
    "certificate": gettext_lazy("Le certificat de ce serveur n’est pas bon : rien n’a été lu."),
    "too_many_redirects": gettext_lazy("Cette adresse mène d’une adresse à l’autre sans fin."),
    "refused": gettext_lazy("Le serveur refuse : vérifiez l’identifiant et le mot de passe."),
    "no_collection": gettext_lazy("Il n’y a pas d’agenda CalDAV à cette adresse."),
    "no_calendar_there": gettext_lazy("Il n’y a plus d’agenda à cette adresse."),
    "no_calendar": gettext_lazy("Ce qui est à cette adresse n’est pas un agenda iCalendar."),
    "not_signed": gettext_lazy(
        "L’accord de lire cet agenda a pris fin. Retirez-le, puis reliez-le de nouveau."
    ),
    "too_many": gettext_lazy("Ce soignant a déjà relié cinq agendas : retirez-en un d’abord."),
    "too_big": gettext_lazy("Cet agenda est trop grand pour être lu."),
    "too_many_events": gettext_lazy("Cet agenda est trop grand pour être lu."),
}
_OTHERWISE: Final = gettext_lazy("Cet agenda ne peut pas être lu.")


@dataclass(slots=True)
class Form:
    """An outside calendar as typed; the password is never shown again."""

    kind: str = OutsideCalendar.Kind.ADDRESS
    url: str = ""
    user: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A connected calendar, and how its readings go."""

    id: UUID
    what: str
    read_at: str
    fault: str
    unread: int
    busy: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What one answer adds to the page."""

    form: Form = field(default_factory=Form)
    address: str = ""
    status: int = 200


@policy.staff_may(Act.SEE_AGENDA)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What leaves, what comes in, and what has to be decided."""
    everybody = team.members(team.establishment_of(accounts.actor_for(request)))
    return _show(request, everybody, page.chosen(request, everybody), Shown())


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def feed(request: HttpRequest) -> HttpResponse:
    """Make the address (shown this once), or end it."""
    everybody, member, _actor = _asked(request)
    owner = _owner(member)
    if asked.sent(request).get("quoi", "") == "finir":
        feeds.end(owner)
        messages.success(request, _("L’adresse ne montre plus rien."))
        return _back(member)
    return _show(request, everybody, member, Shown(address=address_of(feeds.make(owner))))


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Read an outside calendar and keep it; what was typed stays where it cannot be read."""
    everybody, member, actor = _asked(request)
    sent = asked.sent(request)
    kind = sent.get("sorte", "")
    form = Form(
        kind if kind in OutsideCalendar.Kind.values else OutsideCalendar.Kind.ADDRESS,
        sent.get("adresse", "").strip()[:ADDRESS_LETTERS_MAX],
        sent.get("identifiant", "").strip()[:_USER_LETTERS_MAX],
    )
    place = Place(form.kind, form.url, form.user, sent.get("secret", "")[:_USER_LETTERS_MAX])
    try:
        outside.connect(actor, member.id, place, clock.now())
    except CannotRead as no:
        form.error = str(FAULTS.get(no.fault, _OTHERWISE))
        return _show(request, everybody, member, Shown(form, status=422))
    except NotYours:
        form.error = _("Un agenda extérieur se relie avec le compte d’un soignant.")
        return _show(request, everybody, member, Shown(form, status=422))
    messages.success(request, _("L’agenda est relié : ses heures prises ne sont plus proposées."))
    return _back(member)


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    """Forget an outside calendar; its time is free again."""
    _everybody, member, actor = _asked(request)
    wanted = asked.uuid(asked.sent(request).get("id", ""))
    if wanted is None:
        raise NotThere
    outside.disconnect(actor, wanted)
    messages.success(request, _("L’agenda est oublié : ses heures sont de nouveau libres."))
    return _back(member)


@policy.staff_may(Act.SET_OPENINGS)
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """An appointment that an outside calendar overlaps stays: not asked about again."""
    _everybody, member, actor = _asked(request)
    wanted = asked.uuid(asked.sent(request).get("rdv", ""))
    if wanted is None or not outside.settle(actor, member.id, wanted, clock.now()):
        raise NotThere
    messages.success(request, _("Le rendez-vous reste. La question ne sera plus posée."))
    return _back(member)


def _asked(request: HttpRequest) -> tuple[list[team.Member], team.Member, Actor]:
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    known = {str(one.id): one for one in everybody}
    member = known.get(asked.sent(request).get("agenda", ""))
    if member is None:
        raise NotThere
    return everybody, member, actor


def _owner(member: team.Member) -> Feed:
    return Feed(get_language() or "fr", role=member.id, tenant=member.role.establishment_id)


def _back(member: team.Member) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("practice:calendars") + f"?agenda={member.id}")


def _show(
    request: HttpRequest, everybody: list[team.Member], member: team.Member | None, shown: Shown
) -> HttpResponse:
    actor, now = accounts.actor_for(request), clock.now()
    context: dict[str, Any] = {
        "section": "hours",
        "everybody": everybody,
        "member": member,
        "form": shown.form,
        "address": shown.address,
        "letters_max": ADDRESS_LETTERS_MAX,
    }
    if member is not None:
        may_set = rights.may(actor, Act.SET_OPENINGS)
        tenant = member.role.establishment_id
        rows = outside_calendars.of_agenda(tenant, member.id)
        if may_set and shown.status == 200:
            for row in rows:
                outside.renew(actor, row, now)
        context |= {
            "may_set": may_set,
            "stands": feeds.stands(_owner(member)),
            "lines": [_line(row, member, now) for row in rows],
            "asked": [
                (one.id, _when(one.starts_at, one.ends_at, member))
                for one in outside_calendars.clashes(tenant, _agendas(member), now)
            ],
            "minutes": outside.EVERY.seconds // 60,
        }
    return render(request, "practice/calendars.html", context, status=shown.status)


def _agendas(member: team.Member) -> list[UUID]:
    return outside_calendars.agendas_of(member.id)


def _when(starts_at: datetime, ends_at: datetime, member: team.Member) -> str:
    until = wording.hour(ends_at, member.zone)
    told = {"when": wording.moment(starts_at, member.zone), "until": until}
    return _("%(when)s, jusqu’à %(until)s") % told


def _line(row: OutsideCalendar, member: team.Member, now: datetime) -> Line:
    fault = str(FAULTS.get(row.fault, _OTHERWISE)) if row.fault else ""
    read_at = wording.moment(row.read_at, member.zone) if row.read_at else ""
    coming = [span for span in row.spans if span.upper > now]
    return Line(row.id, str(row.get_kind_display()), read_at, fault, row.unread, len(coming))
