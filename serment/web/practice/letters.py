"""Letters that wait for somebody to print them: for people without an e-mail address.

The list shows which visit each is about. Names are opened by a press, names and addresses again
for the sheets; each opening is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from serment import clock
from serment.directory.models import Site
from serment.disclosure import Actor, Purpose
from serment.errors import NotThere
from serment.identity import accounts, contact, files, policy
from serment.identity.rights import Act
from serment.outbox import letters as outbox
from serment.outbox import pile, rendering, undelivered
from serment.outbox.models import Channel, Message
from serment.outbox.registry import Way
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import glass_messages, letter_kinds, naming, team
from serment.web.practice.desk import Desk

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NAMES = "letters:names"
SHEETS_MAX = 200
_LAST = "serment.cabinet.lettres"
_KEPT_BACK = gettext_lazy(
    "Cette lettre dit à la personne ce que vous avez fait vous-même (dossier ouvert en urgence, "
    "code remis) : un collègue poste la lettre, et la marque comme envoyée."
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One letter of the pile: what it is about, and to whom where that is open."""

    id: UUID
    kind: _StrPromise | str
    appointment: Appointment
    member: team.Member
    when: str
    name: str = ""
    returned: bool = False
    """Whether a mail or a text was tried and did not arrive."""
    file_closed: bool = False
    """Whether names are open and this one is not: erased or frozen, nothing can be addressed."""


@dataclass(frozen=True, slots=True)
class AboutFile:
    """One letter about a file itself and no visit: it says something that cannot wait."""

    id: UUID
    kind: _StrPromise | str
    file: UUID
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter on paper."""

    id: UUID
    file: UUID
    name: str
    address: Sequence[str]
    calling: contact.Calling
    site: Site | None
    """None where the sheet names no house."""
    letter: rendering.Letter


@policy.staff_may(Act.PRINT_CARD)
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """The pile, the most urgent visit first."""
    actor = accounts.actor_for(request)
    desk = Desk(request, clock.now())
    found = outbox.waiting(team.establishment_of(actor))
    names_open = desk.is_open(NAMES)
    rows = _rows(actor, found, names_open=names_open)
    sent = request.session.get(_LAST, ()) if asked.query(request).get("dit") == "envoyees" else ()
    context = {
        "section": "letters",
        "rows": rows,
        "files": _about_files(actor, found, names_open=names_open),
        "calls": _rows(
            actor, outbox.waiting(team.establishment_of(actor), Channel.CALL), names_open=names_open
        ),
        "names_open": names_open,
        "sent": sent,
        "put_back": asked.query(request).get("dit") == "remises",
        "sheets_max": SHEETS_MAX,
    }
    return render(request, "practice/letters.html", context)


@policy.staff_may(Act.PRINT_CARD)
@require_POST
def open_names(request: HttpRequest) -> HttpResponse:
    """Open, or close, to whom they go."""
    desk = Desk(request, clock.now())
    if asked.sent(request).get("quoi") == "fermer":
        desk.close("letters")
    else:
        desk.open(NAMES)
    return HttpResponseRedirect(reverse("practice:letters"))


@policy.staff_may(Act.PRINT_CARD)
@require_POST
def sheets(request: HttpRequest) -> HttpResponse:
    """The chosen letters as sheets, one a page, their address where an envelope's window is."""
    actor = accounts.actor_for(request)
    wanted = set(_chosen(request))
    found = [
        one for one in outbox.waiting(team.establishment_of(actor)) if one.pk in wanted
    ][:SHEETS_MAX]  # fmt: skip
    if not found:
        return HttpResponseRedirect(reverse("practice:letters"))
    made = _sheets(actor, found)
    context = {"section": "letters", "sheets": made, "left": len(found) - len(made)}
    return render(request, "practice/sheets.html", context)


@policy.staff_may(Act.PRINT_CARD)
@require_POST
def sent(request: HttpRequest) -> HttpResponse:
    """They lie in their envelopes; the page that follows offers to take that back."""
    actor = accounts.actor_for(request)
    establishment = team.establishment_of(actor)
    chosen, kept_back = glass_messages.posted_by(actor, _chosen(request))
    if kept_back:
        messages.error(request, _KEPT_BACK)
    for one in chosen:
        outbox.printed(establishment, one)
    request.session[_LAST] = [str(one) for one in chosen]
    return HttpResponseRedirect(f"{reverse('practice:letters')}?dit=envoyees")


@policy.staff_may(Act.PRINT_CARD)
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    """Those last marked as sent wait again."""
    last = [one for one in map(asked.uuid, request.session.pop(_LAST, ())) if one is not None]
    pile.put_back(team.establishment_of(accounts.actor_for(request)), last)
    return HttpResponseRedirect(f"{reverse('practice:letters')}?dit=remises")


def _chosen(request: HttpRequest) -> list[UUID]:
    found = (asked.uuid(text) for text in asked.sent(request).getlist("lettre")[:SHEETS_MAX])
    return [one for one in found if one is not None]


def _rows(actor: Actor, found: Sequence[Message], *, names_open: bool = False) -> list[Waiting]:
    visits = Appointment.objects.select_related(
        "role__practitioner", "role__site", "role__specialty", "role__profession"
    ).in_bulk([one.record_id for one in found])
    people = naming.people(actor, visits) if names_open and visits else {}
    tried = undelivered.among(team.establishment_of(actor), [one.pk for one in found])
    rows = []
    for one in found:
        visit = visits.get(one.record_id)
        if visit is None:
            continue
        member, person = team.Member(visit.role), people.get(visit.id)
        today = clock.now().astimezone(member.zone).date()
        rows.append(
            Waiting(
                id=one.pk,
                kind=letter_kinds.word(one.kind),
                appointment=visit,
                member=member,
                when=wording.moment(visit.starts_at, member.zone, today),
                name=person.name if person else "",
                returned=one.pk in tried,
                file_closed=names_open and person is None,
            )
        )
    return rows


def _about_files(actor: Actor, found: Sequence[Message], *, names_open: bool) -> list[AboutFile]:
    about = [one for one in found if letter_kinds.is_about_file(one.kind)]
    ids = [one.record_id for one in about]
    opened = files.open(actor, ids, naming.NAME, Purpose.MESSAGE) if names_open and ids else {}
    rows = []
    for one in about:
        person = opened.get(one.record_id, {})
        name = " ".join(person[part] for part in naming.NAME if person.get(part))
        rows.append(AboutFile(one.pk, letter_kinds.word(one.kind), one.record_id, name))
    return rows


def _behind(actor: Actor, found: Sequence[Message]) -> dict[UUID, UUID]:
    """The file each letter goes to: behind its visit, or its own record."""
    visits = [one.record_id for one in found if not letter_kinds.is_about_file(one.kind)]
    own = {one.record_id: one.record_id for one in found if letter_kinds.is_about_file(one.kind)}
    return naming.files_behind(actor, visits) | own


def _house_site(actor: Actor) -> Site | None:
    """The sender of what is about no visit."""
    return (
        Site.objects.filter(establishment_id=team.establishment_of(actor))
        .order_by("name", "id")
        .first()
    )


def _sheets(actor: Actor, found: Sequence[Message]) -> list[Sheet]:
    behind = _behind(actor, found)
    fields = ("given_name", "family_name", "address", "phone", contact.FIELD)
    opened = files.open(actor, set(behind.values()), fields, Purpose.MESSAGE)
    sites: dict[UUID, Site | None] = {one.id: one.member.role.site for one in _rows(actor, found)}
    house = _house_site(actor)
    sites |= {one.pk: house for one in found if letter_kinds.is_about_file(one.kind)}
    made = []
    for one in found:
        file = behind.get(one.record_id)
        if file is None or file not in opened or one.pk not in sites:
            continue
        person = opened[file]
        wishes = contact.read(person[contact.FIELD])
        posted = contact.postal(wishes, person["address"])
        if posted is None:  # said since it was laid on the pile
            continue
        discreet = Way("letter", neutral=wishes.discreet, bare=wishes.bare)
        try:
            letter = outbox.text_of(_establishment_of(one), one.pk, discreet)
        except NotThere:  # its visit is gone: nothing to say any more
            continue
        address = [line.strip() for line in posted.split(",") if line.strip()]
        name = f"{person['given_name']} {person['family_name']}".strip()
        calling = contact.calling(wishes, person["phone"])
        site = None if wishes.discreet else sites[one.pk]
        made.append(Sheet(one.pk, file, name, address, calling, site, letter))
    return made


def _establishment_of(message: Message) -> UUID:
    """Whose letter it is; every letter at a desk is somebody's."""
    if message.establishment_id is None:
        raise NotThere
    return message.establishment_id
