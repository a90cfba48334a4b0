"""Finding a patient from three letters, and their file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere
from serment.identity import (
    accounts,
    contact,
    files,
    policy,
    reaching,
    rights,
)
from serment.identity.merging import Merging
from serment.identity.rights import Act
from serment.scheduling import missed
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import finding, identity, opened_by, team, urgent
from serment.web.practice.naming import AT_A_GLANCE, Person

LETTERS_MIN = 3
HITS_MAX = 10
PARIS = ZoneInfo("Europe/Paris")
FORM_FIELDS = (
    "family_name", "given_name", "birth_name", "birth_date", "sex", "phone", "email", "address",
    "first_birth_given_name", "birth_given_names", "birth_place",
)  # fmt: skip
# What a booking under way carries in its address while a patient is looked for.
BOOKING_QUERY = (
    "agenda", "motif", "jour", "heure", "deplace", "vu", "premier", "avec", "motif2", "ensuite",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A patient found, with the address that choosing them leads to."""

    person: Person
    age: str
    address: str
    by: list[str]
    """How this person was found, where the name shown does not say it."""
    birth_name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A line of a file's appointments: when and with whom; why stays closed."""

    appointment: Appointment
    member: team.Member
    when: str
    upcoming: bool
    meanwhile: bool = False
    """Made while this file was one with another that it was parted from since."""


@policy.staff_may(Act.FIND_PATIENT)
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """By name, telephone or birth date. What is typed travels in a form, never in an address."""
    text = asked.sent(request).get("q", "").strip()
    booking = booking_query(asked.sent(request).get("suite", asked.query(request).get("suite", "")))
    enough = len(text) >= LETTERS_MIN
    hits, more = _hits(accounts.actor_for(request), text, booking) if enough else ([], False)
    context = {
        "section": "book" if booking else "patients",
        "typed": text,
        "asked": enough,
        "hits": hits,
        "more": more,
        "by_number": not any(letter.isalpha() for letter in text),
        "too_short": bool(text) and not enough,
        "suite": booking,
    }
    part = request.headers.get("HX-Target") == "hits"
    return render(request, "practice/_hits.html" if part else "practice/find.html", context)


def _hits(actor: Actor, text: str, booking: str) -> tuple[list[Hit], bool]:
    """At most ten, and whether others match too."""
    today = paris_today()
    asked, more = _found(actor, text, today)
    ids = list(asked)[:HITS_MAX]
    fields = ("given_name", "family_name", "birth_date", "phone")
    opened = files.open(actor, ids, fields, Purpose.SEARCH)
    # Who said how to be called: their number stands in their file, behind what they said.
    for one in reaching.having_said(ids) & set(opened):
        opened[one]["phone"] = ""
    people = [Person(one, **opened[one]) for one in ids if one in opened]
    by = {
        one.file: finding.why(asked[one.file], (one.given_name, one.family_name)) for one in people
    }
    born = [one for one, why in by.items() if finding.By.BIRTH_NAME in why]
    birth_names = files.open(actor, born, ("birth_name",), Purpose.SEARCH) if born else {}
    hits = [
        Hit(
            person=one,
            age=one.age(today),
            address=_chosen(one.file, booking),
            by=_by(by[one.file]),
            birth_name=birth_names.get(one.file, {}).get("birth_name", ""),
        )
        for one in people
    ]
    return hits, more or len(asked) > HITS_MAX


def _found(actor: Actor, text: str, today: date) -> tuple[dict[UUID, str], bool]:
    """Files found, with the reading of what was typed that found each; and whether others match."""
    establishment = team.establishment_of(actor)
    found: dict[UUID, str] = {}
    more = False
    for reading in finding.readings(text, today):
        if found and reading.startswith("+"):
            break
        matching = files.find(actor, establishment, reading)
        more = more or matching.more
        for one in matching:
            found.setdefault(one, reading)
    return found, more


def _chosen(file: UUID, booking: str) -> str:
    if booking:
        return f"{booking_page(booking)}?{booking}&patient={file}"
    return reverse("practice:patient", args=[file])


def _by(why: set[finding.By]) -> list[str]:
    """What else than the name shown matched, in words; the birth name is shown itself."""
    words = {
        finding.By.PHONE: _("par le téléphone"),
        finding.By.BIRTH_DATE: _("par la date de naissance"),
        finding.By.EMAIL: _("par l’e-mail"),
    }
    return [word for one, word in words.items() if one in why]


def booking_query(text: str) -> str:
    """A booking under way, as it came along; only what we put there."""
    pairs = [(name, value) for name, value in parse_qsl(text) if name in BOOKING_QUERY]
    return urlencode(pairs)


@policy.staff_may(Act.OPEN_PATIENT)
@require_GET
@urgent.past_the_limits
def patient(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file: details, appointments, and who has opened it."""
    actor = accounts.actor_for(request)
    now = clock.now()
    values = _open(actor, file_id, (*FORM_FIELDS, "ins_standing", "merging", contact.FIELD))
    merged = Merging.read(values["merging"])
    if merged.into:
        return identity.led_to_kept(request, merged)
    visits = _visits(actor, file_id, merged.meanwhile)
    context = {
        "section": "patients",
        "file_id": file_id,
        "person": _person(file_id, values),
        "wishes": contact.read(values[contact.FIELD]),
        "values": values,
        "age": wording.age(values["birth_date"], now.astimezone(PARIS).date()),
        "sex": dict(sexes()).get(values["sex"], ""),
        "identity": identity.shown(values),
        "joined": identity.joined(merged, may_part=rights.may(actor, Act.MERGE_FILES)),
        "outside": not any(_cared_for(one.appointment, now) for one in visits),
        "limit": missed.limit_of(
            team.establishment_of(actor), [one.appointment.id for one in visits], now
        ),
        "may_lift": rights.may(actor, Act.SET_OPENINGS),
        "today": now.astimezone(PARIS).date(),
        "upcoming": [one for one in visits if one.upcoming],
        "past": [one for one in reversed(visits) if not one.upcoming][:20],
        "lines": opened_by.lines(actor, file_id, now, PARIS, limit=20),
    }
    return render(request, "practice/patient.html", context)


def _cared_for(visit: Appointment, now: datetime) -> bool:
    """Whether the house cares for its person because of this visit, as the keeper counts it."""
    return visit.care_until is not None and visit.care_until > now


def _person(file_id: UUID, values: dict[str, str]) -> Person:
    return Person(file_id, **{name: values[name] for name in AT_A_GLANCE})


def _open(actor: Actor, file_id: UUID, fields: tuple[str, ...]) -> dict[str, str]:
    opened = files.open(actor, [file_id], fields, Purpose.RECEPTION)
    if file_id not in opened:
        raise NotThere
    return opened[file_id]


def _visits(actor: Actor, file_id: UUID, meanwhile: set[UUID]) -> list[Visit]:
    now = clock.now()
    ids = gate.records_of(actor, file_id, "appointment")
    found = Appointment.objects.select_related(
        "role__practitioner", "role__site", "role__specialty", "role__profession"
    ).filter(id__in=ids)
    visits = []
    for one in found.order_by("starts_at"):
        member = team.Member(one.role)
        today = now.astimezone(member.zone).date()
        when = wording.moment(one.starts_at, member.zone, today)
        upcoming = one.starts_at > now and one.status != Appointment.Status.CANCELLED
        visits.append(Visit(one, member, when, upcoming, one.pk in meanwhile))
    return visits


def booking_page(booking: str) -> str:
    """Where a booking under way goes on: for one, or for the second of two."""
    two = any(name == "premier" for name, _value in parse_qsl(booking))
    return reverse("practice:book_two" if two else "practice:book")


def paris_today() -> date:
    """By the clocks in France."""
    return clock.now().astimezone(PARIS).date()


def sexes() -> list[tuple[str, str]]:
    """What may be chosen, in words."""
    return [
        ("", _("Non précisé")),
        ("female", _("Femme")),
        ("male", _("Homme")),
        ("other", _("Autre")),
        ("unknown", _("Inconnu")),
    ]
