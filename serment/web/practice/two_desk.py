"""Two persons booked by one press at the desk: side by side or one after the other, both or none.

Like the form for one (``telephone``): one address carries what is chosen, the form is sent once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose
from serment.errors import Conflict, NotThere, Refused
from serment.identity import accounts, files, policy
from serment.identity.rights import Act
from serment.scheduling import pairs, refusals
from serment.scheduling.booking import Booking
from serment.scheduling.models import VisitReason
from serment.scheduling.pairs import Half
from serment.scheduling.recurrence import Public
from serment.scheduling.search import Slot
from serment.web import asked
from serment.web.practice import addresses, naming, offered_times, team, telephone
from serment.web.practice import desk as desks
from serment.web.practice.desk import Desk
from serment.web.practice.naming import Person

USING = "default"
LOOK = telephone.LOOK
"""The button that chooses another way to come; what is written stays."""
NOTE_MAX = 10 * telephone.NOTE_LETTERS_MAX
"""Beyond what a visit keeps, so that a note that is too long is shown as it was typed."""


@dataclass(slots=True)
class Choice:
    """What is chosen so far: the first person and time, then how the second comes, and who."""

    member: team.Member
    reason: VisitReason
    starts_at: datetime
    first: UUID
    second: UUID | None
    half: Half | None
    """Of the second: role, reason and time."""
    key: bytes
    mode: str
    first_visits: tuple[bool, bool]
    notes: tuple[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def query(
        self, half: Half | None = None, starts_at: datetime | None = None, *, patient: bool = True
    ) -> str:
        """The choices as an address, with this way of coming."""
        role, reason, at = half or self.half or (None, None, None)
        first = (starts_at or self.starts_at).isoformat()
        found = {
            "agenda": self.member.id, "motif": self.reason.id, "heure": first,
            "premier": self.first, "avec": role, "motif2": reason,
            "ensuite": at.isoformat() if at else None, "patient": self.second if patient else None,
        }  # fmt: skip
        return urlencode({name: str(value) for name, value in found.items() if value})


@dataclass(frozen=True, slots=True)
class Way:
    """How both could come: the two times, with whom, and the address that chooses it."""

    half: Half
    starts_at: datetime
    """Of the first."""
    first: str
    second: str
    whom: str
    """The second's practitioner, where it is another."""
    address: str

    @property
    def value(self) -> str:
        """As the button of a form that is filled carries it."""
        role, reason, at = self.half
        return f"{role} {reason} {at.isoformat()} {self.starts_at.isoformat()}"


@policy.staff_may(Act.BOOK)
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """GET shows what is chosen and what is left to choose; POST books both, or says why neither."""
    actor = accounts.actor_for(request)
    everybody = team.members(team.establishment_of(actor))
    choice = _read(asked.given(request), everybody)
    ways = _ways(choice, everybody)
    known = {one.half for one in ways if one.starts_at == choice.starts_at}
    if choice.half is None:
        beside = (one.half for one in ways if one.starts_at == choice.starts_at)
        choice.half = next(beside, None)
    if request.method == "POST" and LOOK not in asked.sent(request):
        return _submit(request, actor, choice, everybody)
    if choice.half is not None and choice.half not in known:
        choice.errors["gone"] = str(_(pairs.PairTaken().sentence))
    return _show(request, actor, choice, everybody)


def _read(given: Mapping[str, str], everybody: list[team.Member]) -> Choice:
    """Raises ``NotThere`` where no first person or time is chosen; ``NoSuchReason``."""
    member = next((one for one in everybody if str(one.id) == given.get("agenda", "")), None)
    starts_at, first = asked.instant(given.get("heure", "")), asked.uuid(given.get("premier", ""))
    if member is None or starts_at is None or first is None:
        raise NotThere
    wanted = given.get("motif", "")
    reasons = member.role.reasons.filter(active=True, in_groups=False, steps=[])
    reason = next((one for one in reasons if str(one.id) == wanted), None)
    if reason is None:
        raise refusals.NoSuchReason
    chosen = [given.get(name, "") for name in ("avec", "motif2", "ensuite")]
    if LOOK in given:
        chosen = [*given[LOOK].split(" "), "", "", ""][:4]
        starts_at = asked.instant(chosen[3]) or starts_at
    role, theirs, at = asked.uuid(chosen[0]), asked.uuid(chosen[1]), asked.instant(chosen[2])
    half = (role, theirs, at) if role and theirs and at else None
    if half is not None and half[0] not in {one.id for one in everybody}:
        raise NotThere
    only = "in_person" if reason.in_person else "video"
    mode = given.get("mode", "")
    notes = [asked.words(given.get(name, ""), NOTE_MAX) for name in ("mot-1", "mot-2")]
    return Choice(
        member, reason, starts_at, first, asked.uuid(given.get("patient", "")), half,
        telephone.key_of(given.get("cle", "")), mode if mode in {"in_person", "video"} else only,
        (given.get("premiere-1") == "oui", given.get("premiere-2") == "oui"),
        (notes[0], notes[1]),
    )  # fmt: skip


def _ways(choice: Choice, everybody: list[team.Member]) -> list[Way]:
    now = clock.now()
    found = pairs.arrangements(
        choice.member.role, choice.reason, choice.starts_at, now, Public.INVITED, using=USING
    )
    names = {one.id: one for one in everybody}
    return [_way(choice, *way, names) for way in found]


def _way(choice: Choice, one: Slot, two: Slot, names: Mapping[UUID, team.Member]) -> Way:
    """A chosen time is the first person's, whichever of the two comes first."""
    if two.starts_at == choice.starts_at != one.starts_at:
        one, two = two, one
    half = (two.role_id, two.reason_id, two.starts_at)
    zone = choice.member.zone
    other = names.get(two.role_id)
    return Way(
        half,
        one.starts_at,
        offered_times.when(one.starts_at, zone),
        offered_times.when(two.starts_at, zone),
        other.name if other is not None and other.id != choice.member.id else "",
        f"{reverse('practice:book_two')}?{choice.query(half, one.starts_at)}",
    )


def _submit(
    request: HttpRequest, actor: Actor, choice: Choice, everybody: list[team.Member]
) -> HttpResponse:
    if choice.half is None or choice.second is None:
        return _show(request, actor, choice, everybody, status=422)
    if choice.first == choice.second:
        choice.errors["who"] = _("Choisissez deux personnes.")
    if any(len(one) > telephone.NOTE_LETTERS_MAX for one in choice.notes):
        choice.errors["note"] = _("Ce mot est trop long : %(count)d lettres au plus.") % {
            "count": telephone.NOTE_LETTERS_MAX
        }
    if choice.errors:
        return _show(request, actor, choice, everybody, status=422)
    both = [choice.first, choice.second]
    if len(files.open(actor, both, ["family_name"], Purpose.BOOKING)) < len(both):
        raise NotThere
    try:
        made = pairs.book(actor, _bookings(choice), clock.now())
    except refusals.FormAlreadyUsed:
        raise
    except (Conflict, Refused) as refused:
        choice.errors["gone"] = str(_(refused.sentence))
        status = 409 if isinstance(refused, Conflict) else 422
        return _show(request, actor, choice, everybody, status=status)
    desk = Desk(request, clock.now())
    for one in made:
        desk.open(desks.person_of(one.id))
    return HttpResponseRedirect(
        addresses.of_appointment(choice.starts_at, choice.member, made[0].id, "pris-deux")
    )


def _bookings(choice: Choice) -> list[Booking]:
    assert choice.half is not None  # noqa: S101 -- looked at by ``_submit``
    assert choice.second is not None  # noqa: S101
    mode: Literal["in_person", "video"] = "video" if choice.mode == "video" else "in_person"
    own: Half = (choice.member.id, choice.reason.id, choice.starts_at)
    keys = (choice.key, pairs.second_key(choice.key))
    wanted = zip((own, choice.half), keys, (choice.first, choice.second), strict=True)
    return [
        Booking(
            role_id=half[0], reason_id=half[1], starts_at=half[2], mode=mode, request_key=key,
            patient_file=file, first_visit=choice.first_visits[at], note=choice.notes[at],
        )
        for at, (half, key, file) in enumerate(wanted)
    ]  # fmt: skip


def _show(
    request: HttpRequest, actor: Actor, choice: Choice, everybody: list[team.Member], *,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    people = [one for one in (choice.first, choice.second) if one is not None]
    opened = files.open(actor, people, naming.AT_A_GLANCE, Purpose.BOOKING)
    if len(opened) < len(set(people)):
        raise NotThere
    first, *others = [Person(one, **opened[one]) for one in people]
    ways = _ways(choice, everybody)
    chosen = (choice.starts_at, choice.half)
    way = next((one for one in ways if (one.starts_at, one.half) == chosen), None)
    context: dict[str, Any] = {
        "section": "book",
        "choice": choice,
        "first": first,
        "second": others[0] if others else None,
        "reason": choice.reason.name(request.LANGUAGE_CODE),
        "way": way,
        "ways": [one for one in ways if one is not way],
        "key": telephone.key_text(choice.key),
        "suite": choice.query(patient=False),
        "without_second": choice.query(patient=False),
        "alone": urlencode({
            "agenda": str(choice.member.id), "motif": str(choice.reason.id),
            "heure": choice.starts_at.isoformat(), "patient": str(choice.first),
        }),
        "when": offered_times.when(choice.starts_at, choice.member.zone),
        "series": choice.reason.sessions > 1,
        "note_max": telephone.NOTE_LETTERS_MAX,
    }  # fmt: skip
    return render(request, "practice/book_two.html", context, status=status)
