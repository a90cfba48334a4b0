"""Finding a patient from three letters, their file, and making or correcting one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from serment import clock
from serment.disclosure import Actor, Purpose, gate
from serment.errors import NotThere, Unusable
from serment.identity import (
    accounts,
    birth_dates,
    contact,
    files,
    ins_files,
    phones,
    policy,
    reaching,
    rights,
)
from serment.identity.merging import Merging
from serment.identity.models import PatientFile
from serment.identity.rights import Act
from serment.scheduling.models import Appointment
from serment.web import asked, wording
from serment.web.practice import finding, identity, opened_by, team, urgent
from serment.web.practice.naming import AT_A_GLANCE, Person

LETTERS_MIN = 3
SEARCHED_LETTERS_MAX = 80
HITS_MAX = 10
PARIS = ZoneInfo("Europe/Paris")
FORM_FIELDS = (
    "family_name", "given_name", "birth_name", "birth_date", "sex", "phone", "email", "address",
    "first_birth_given_name", "birth_given_names", "birth_place",
)  # fmt: skip
# What a booking under way carries in its address while a patient is looked for.
BOOKING_QUERY = ("agenda", "motif", "jour", "heure", "deplace", "vu")


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
    today = _today()
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
        return f"{reverse('practice:book')}?{booking}&patient={file}"
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
        "sex": dict(_sexes()).get(values["sex"], ""),
        "identity": identity.shown(values),
        "joined": identity.joined(merged, may_part=rights.may(actor, Act.MERGE_FILES)),
        "upcoming": [one for one in visits if one.upcoming],
        "past": [one for one in reversed(visits) if not one.upcoming][:20],
        "lines": opened_by.lines(actor, file_id, now, PARIS, limit=20),
    }
    return render(request, "practice/patient.html", context)


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


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A file for somebody at the desk or on the telephone; an e-mail address is not needed."""
    actor = accounts.actor_for(request)
    booking = booking_query(asked.sent(request).get("suite", asked.query(request).get("suite", "")))
    typed = {name: asked.sent(request).get(name, "") for name in FORM_FIELDS}
    if request.method == "GET":
        return _form(request, typed, {}, suite=booking)
    if "recherche" in asked.sent(request):
        return _form(request, typed | _begun(asked.sent(request)["recherche"]), {}, suite=booking)
    try:
        values = files.cleaned(typed, _today())
    except files.ValuesUnusable as unusable:
        return _form(request, typed, unusable.errors, suite=booking)
    made = files.create(actor, team.establishment_of(actor), values)
    reaching.note_shared(actor, made.pk, values["email"] or "")
    if booking:
        return HttpResponseRedirect(f"{reverse('practice:book')}?{booking}&patient={made.pk}")
    return HttpResponseRedirect(reverse("practice:patient", args=[made.pk]))


@policy.staff_may(Act.WRITE_PATIENT)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Correct a file."""
    actor = accounts.actor_for(request)
    if request.method == "GET":
        typed = _open(actor, file_id, (*FORM_FIELDS, "merging"))
        merged = Merging.read(typed.pop("merging"))
        if merged.into:
            return identity.led_to_kept(request, merged)
        if typed["birth_date"]:
            typed["birth_date"] = _as_typed(typed["birth_date"])
        return _form(request, typed, {}, file_id=file_id)
    if not PatientFile.objects.filter(pk=file_id).exists():
        raise NotThere
    typed = {name: asked.sent(request).get(name, "") for name in FORM_FIELDS}
    try:
        values = files.cleaned(typed, _today())
    except files.ValuesUnusable as unusable:
        return _form(request, typed, unusable.errors, file_id=file_id)
    sure = "identite" in asked.sent(request)
    if not sure and (undone := ins_files.would_undo(actor, file_id, values)):
        return _form(request, typed, {"identity": identity.undone_words(undone)}, file_id=file_id)
    former = files.open(actor, [file_id], ("email",), Purpose.RECEPTION).get(file_id, {})
    files.change(actor, file_id, values)
    if values["email"] and values["email"] != former.get("email"):
        reaching.note_shared(actor, file_id, values["email"])
    return HttpResponseRedirect(reverse("practice:patient", args=[file_id]))


def _begun(searched: str) -> dict[str, str]:
    """What was typed to find somebody who is not there begins their file."""
    text = searched.strip()[:SEARCHED_LETTERS_MAX]
    for name, check in (("phone", phones.normalise), ("birth_date", _as_birth_date)):
        try:
            check(text)
        except Unusable:
            continue
        return {name: text}
    if "@" in text:
        return {"email": text}
    family, _space, given = text.partition(" ")
    if given and " " not in given:
        return {"family_name": family, "given_name": given}
    return {"family_name": text}


def _as_birth_date(text: str) -> date:
    return birth_dates.parse(text, _today())


def _today() -> date:
    return clock.now().astimezone(PARIS).date()


def _as_typed(kept: str) -> str:
    try:
        return f"{date.fromisoformat(kept):%d/%m/%Y}"
    except ValueError:
        return kept


def _form(
    request: HttpRequest,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    suite: str = "",
    file_id: UUID | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "book" if suite else "patients",
        "typed": typed,
        "errors": errors,
        "suite": suite,
        "file_id": file_id,
        "sexes": _sexes(),
    }
    return render(request, "practice/patient_form.html", context, status=422 if errors else 200)


def _sexes() -> list[tuple[str, str]]:
    return [
        ("", _("Non précisé")),
        ("female", _("Femme")),
        ("male", _("Homme")),
        ("other", _("Autre")),
        ("unknown", _("Inconnu")),
    ]
