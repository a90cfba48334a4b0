"""The house's identity watch: who comes unproven, which files are doubtful, which look alike.

Every list is closed until somebody presses: only then are names opened, each on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose, persons
from serment.identity import accounts, files, ins, policy
from serment.identity.ins import Mark, Standing, State
from serment.identity.rights import Act
from serment.scheduling import attending
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import naming, team
from serment.web.practice.naming import Person

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PARIS: Final = ZoneInfo("Europe/Paris")
SHOWN_MAX: Final = 100
_NAMES: Final = ("given_name", "family_name", "birth_date", "phone")

REASONS: Final[dict[str, _StrPromise]] = {
    "birth_date": _("même date de naissance"),
    "phone": _("même téléphone"),
    "email": _("même adresse e-mail"),
    "names_swapped": _("nom et prénom échangés"),
    "family_same": _("même nom"),
    "family_near": _("noms presque pareils"),
    "given_same": _("même prénom"),
    "given_near": _("prénoms presque pareils"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files that may be one person, without a name."""

    one: UUID
    other: UUID
    why: Sequence[_StrPromise]


@dataclass(frozen=True, slots=True)
class Unproven:
    """Somebody who comes that day and whose identity nobody validated."""

    person: Person
    hour: str
    member: team.Member
    words: str


@policy.staff_may(Act.FIND_PATIENT, Act.OPEN_PATIENT)
@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """The three lists; posted, one of them with its names."""
    actor = accounts.actor_for(request)
    sent = asked.sent(request)
    opened = sent.get("ouvrir", "") if request.method == "POST" else ""
    today = clock.now().astimezone(PARIS).date()
    day = asked.day(sent.get("jour", "")) or today
    pairs, more = persons.alike(actor)
    doubtful = persons.marked(actor, Mark.DOUBTFUL)
    coming = _coming(actor, day)
    context = {
        "section": "identities",
        "pairs": [Pair(one.one, one.other, _words(one.reasons)) for one in pairs],
        "more": more,
        "doubtful": len(doubtful),
        "doubtful_people": _people(actor, doubtful) if opened == "douteuses" else None,
        "day": day,
        "day_words": wording.day(day),
        "coming": len(coming),
        "unproven": _unproven(actor, coming) if opened == "jour" else None,
    }
    return render(request, "practice/identities.html", context)


def _words(reasons: Iterable[str]) -> list[_StrPromise]:
    return [REASONS[one] for one in reasons if one in REASONS]


def _people(actor: Actor, ids: Sequence[UUID]) -> list[Person]:
    opened = files.open(actor, ids[:SHOWN_MAX], _NAMES, Purpose.IDENTITY)
    return [Person(one, **opened[one]) for one in ids if one in opened]


def _coming(actor: Actor, day: date) -> list[Appointment]:
    """Who comes that day: times only."""
    first = datetime.combine(day, time.min, PARIS)
    return list(
        Appointment.objects.select_related("role__practitioner", "role__site")
        .filter(
            establishment_id=team.establishment_of(actor),
            starts_at__gte=first,
            starts_at__lt=first + timedelta(days=1),
            status__in=(Appointment.Status.BOOKED, *attending.HERE),
        )
        .order_by("starts_at")[:SHOWN_MAX]
    )


def _unproven(actor: Actor, coming: Sequence[Appointment]) -> list[Unproven]:
    behind = naming.files_behind(actor, [one.pk for one in coming])
    standings = files.open(actor, set(behind.values()), ("ins_standing",), Purpose.IDENTITY)
    open_ones = {
        file: standing
        for file, values in standings.items()
        if (standing := Standing.read(values["ins_standing"])).state
        not in (State.VALIDATED, State.QUALIFIED)
    }
    names = files.open(actor, open_ones, _NAMES, Purpose.IDENTITY)
    found = []
    for one in coming:
        file = behind.get(one.pk)
        if file not in names:
            continue
        member = team.Member(one.role)
        hour = wording.hour(one.starts_at, member.zone)
        words = str(ins.WORDS[open_ones[file].state])
        found.append(Unproven(Person(file, **names[file]), hour, member, words))
    return found
