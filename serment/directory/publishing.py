"""What a house publishes of itself: where it is, and who receives there.

Read from what somebody typed, with a sentence for each field that cannot be used; nothing typed is
thrown away by it. Writing stands inside the house's own walls, where only its own rows are its to
change; a practitioner whom several houses publish belongs to none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from serment import ids
from serment.directory import places, rpps, tenancy, territories
from serment.directory.models import (
    Language,
    Practitioner,
    PractitionerRole,
    Profession,
    Sector,
    Site,
    Specialty,
)
from serment.directory.places import Place
from serment.directory.words import fold, slug
from serment.errors import Conflict

DOCTOR: Final = "10"
DENTIST: Final = "40"
POINT_KM_MAX: Final = 40
"""How far a site's exact point may lie from the middle of its commune."""
_SITE_WORDS: Final = {"name": 120, "address_line": 200, "phone": 20}
_SITE_TEXTS: Final = ("access_note_fr", "access_note_en", "bring_fr", "bring_en")
TEXT_LETTERS_MAX: Final = 1000

Typed = Mapping[str, str]
Errors = dict[str, str]


class EntryTaken(Conflict):
    """Cette personne a déjà une fiche avec ce métier à cette adresse."""


@dataclass
class Meant:
    """The commune a text means: one, or several to choose from."""

    one: Place | None = None
    several: list[Place] = field(default_factory=list)


def commune_meant(text: str, chosen: str = "") -> Meant:
    """The commune of "74700 Sallanches", or of the code chosen among those it may mean."""
    found = places.complete(text[: places.TYPED_LETTERS_MAX], 12)
    picked = next((one for one in found if one.code == chosen), None)
    exact = [one for one in found if fold(f"{one.postcode} {one.name}") == fold(text)]
    if picked or len(exact) == 1 or len(found) == 1:
        one = picked or (exact or found)[0]
        return Meant(one) if picked or places.is_near_to(one, text) else Meant(several=found)
    return Meant(several=found)


def read_site(typed: Typed, site: Site) -> tuple[Errors, list[Place]]:
    """Put what was typed into the site. Errors by field, and communes to choose from."""
    errors: Errors = {}
    for name, most in _SITE_WORDS.items():
        setattr(site, name, typed.get(name, "").strip()[:most])
    for name in _SITE_TEXTS:
        setattr(site, name, typed.get(name, "").strip()[:TEXT_LETTERS_MAX])
    site.step_free = typed.get("step_free", "") == "oui"
    if not site.name:
        errors["name"] = _("Écrivez le nom de ce lieu, comme les patients l’appellent.")
    if not site.address_line:
        errors["address_line"] = _("Écrivez le numéro et la rue.")
    meant = commune_meant(typed.get("commune", ""), typed.get("code", ""))
    if meant.one is None:
        errors["commune"] = (
            _("Plusieurs communes peuvent être celle-ci : choisissez.")
            if meant.several
            else _("Aucune commune ne s’écrit ainsi. Essayez par son code postal.")
        )
        return errors, meant.several
    _stand(site, meant.one)
    point = typed.get("point", "").strip()
    if point:
        wrong = _stand_exactly(site, meant.one, point)
        errors |= {"point": wrong} if wrong else {}
    return errors, []


def _stand(site: Site, place: Place) -> None:
    """At a commune: its postcode, middle, clock and holidays."""
    territory = territories.territory_of(place.code)
    moved = site.commune_code != place.code
    site.postcode, site.city, site.commune_code = place.postcode, place.name, place.code
    site.timezone, site.holiday_region = territory.timezone, territory.holiday_region
    if moved:
        site.latitude, site.longitude = place.latitude, place.longitude


def _stand_exactly(site: Site, place: Place, point: str) -> str:
    """At "45.9366, 6.6299"; a sentence where that is no place near the commune."""
    parts = point.replace(";", ",").split(",")
    try:
        north, east = (float(part) for part in parts)
    except ValueError:
        return _("Écrivez deux nombres, comme 45.9366, 6.6299.")
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        return _("Écrivez deux nombres, comme 45.9366, 6.6299.")
    if places.distance_km((north, east), (place.latitude, place.longitude)) > POINT_KM_MAX:
        return _("Ce point est à plus de %(km)d km de la commune.") % {"km": POINT_KM_MAX}
    site.latitude, site.longitude = north, east
    return ""


def save_site(site: Site) -> None:
    """Write the site of the house that stands here; a new one finds an address of its own."""
    if not site.slug:
        site.slug = _free(slug(site.name), Site.objects.filter(establishment=site.establishment))
    site.save()


def _free(wanted: str, taken: object) -> str:
    """The slug, or the next number of it that nobody has."""
    base = wanted[:70] or "lieu"
    used = set(taken.filter(slug__startswith=base).values_list("slug", flat=True))  # type: ignore[attr-defined]
    return next(
        one for one in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if one not in used
    )


def trades() -> list[tuple[str, list[tuple[str, str]]]]:
    """What one may be published as: (heading, [(value, label)]); the value is read by ``trade``."""
    doctors = [
        (f"{_order(one)}/{one.code}", one.label_fr)
        for one in Specialty.objects.filter(bookable=True).order_by("label_fr")
    ]
    others = Profession.objects.filter(bookable=True).exclude(code=DOCTOR).order_by("label_fr")
    return [
        (_("Professions"), [(f"{one.code}/", one.label_fr) for one in others]),
        (_("Spécialités"), doctors),
    ]


def _order(specialty: Specialty) -> str:
    """The profession a specialty belongs to: dentists have their own."""
    return DENTIST if specialty.code.startswith("SCD") else DOCTOR


def trade(value: str) -> tuple[Profession, Specialty | None] | None:
    """The profession and specialty of a value of ``trades``; None for any other."""
    code, _slash, special = value.partition("/")
    profession = Profession.objects.filter(code=code, bookable=True).first()
    specialty = Specialty.objects.filter(code=special, bookable=True).first() if special else None
    if profession is None or (special and specialty is None):
        return None
    if (specialty is None) == (code == DOCTOR) or (specialty and _order(specialty) != code):
        return None
    return profession, specialty


def read_entry(typed: Typed, languages: Sequence[str], role: PractitionerRole) -> Errors:
    """Put what was typed into the entry: all but whose it is, and where."""
    errors: Errors = {}
    meant = trade(typed.get("metier", ""))
    if meant is None:
        errors["metier"] = _("Choisissez le métier ou la spécialité.")
    else:
        role.profession, role.specialty = meant
    role.languages = [str(one) for one in Language if str(one) in languages] or ["fr"]
    sector = typed.get("secteur", "")
    role.sector = int(sector) if sector in {str(one.value) for one in Sector} else None
    role.takes_new_patients = typed.get("nouveaux", "") == "oui"
    role.video = typed.get("video", "") == "oui"
    role.fees_note = typed.get("tarifs", "").strip()[:300]
    rank = typed.get("rang", "").strip()
    if rank and not (rank.isascii() and rank.isdigit() and int(rank[:4]) < 1000):
        errors["rang"] = _("Un nombre de %(least)d à %(most)d.") % {"least": 0, "most": 999}
    role.position = int(rank) if rank and "rang" not in errors else 0
    return errors


@dataclass(frozen=True)
class Person:
    """Who is published: the national number, and the name on the door."""

    rpps: str
    title: str
    given_name: str
    family_name: str


def read_person(typed: Typed) -> tuple[Person, Errors]:
    """The person of a new entry."""
    errors: Errors = {}
    number = "".join(typed.get("rpps", "").split())[:20]
    if not rpps.is_valid(number):
        errors["rpps"] = str(rpps.SENTENCE)
    given, family = typed.get("given_name", "").strip(), typed.get("family_name", "").strip()
    if not given:
        errors["given_name"] = _("Écrivez le prénom.")
    if not family:
        errors["family_name"] = _("Écrivez le nom.")
    return Person(number, typed.get("title", "").strip()[:20], given[:80], family[:80]), errors


def known(number: str) -> Practitioner | None:
    """Who is published under this number already, by whichever house."""
    return Practitioner.objects.filter(rpps=number).first()


def others_publish(practitioner: Practitioner, house: UUID) -> bool:
    """Whether another house publishes them too: then none of them alone may change the name."""
    elsewhere = PractitionerRole.objects.filter(practitioner=practitioner)
    return elsewhere.exclude(establishment_id=house).exists()


def rename(practitioner: Practitioner, person: Person, house: UUID) -> bool:
    """Correct the name, where this house alone publishes it; the database says the same.

    False: another house relies on the name, and nothing changed.
    """
    if others_publish(practitioner, house):
        return False
    practitioner.title, practitioner.given_name = person.title, person.given_name
    practitioner.family_name = person.family_name
    practitioner.save(update_fields=["title", "given_name", "family_name"])
    return True


def publish(role: PractitionerRole, person: Person | None) -> None:
    """Write the entry; ``person`` for a new one. A number that is known keeps its name.

    Raises EntryTaken where the same person has this very entry already.
    """
    house = role.establishment_id
    try:
        with tenancy.inside(tenant=house), transaction.atomic():
            if person is not None:
                role.practitioner = known(person.rpps) or _entered(person)
            role.save()
    except IntegrityError as error:
        raise EntryTaken(
            _("Cette personne a déjà une fiche avec ce métier à cette adresse.")
        ) from error


def _entered(person: Person) -> Practitioner:
    named = " ".join(one for one in (person.title, person.given_name, person.family_name) if one)
    wanted = slug(named)[:110]
    if Practitioner.objects.filter(slug=wanted).exists():
        wanted = f"{wanted}-{person.rpps[-4:]}"
    if Practitioner.objects.filter(slug=wanted).exists():
        wanted = f"{slug(named)[:100]}-{person.rpps}"
    made = Practitioner(
        id=ids.new_id(), rpps=person.rpps, slug=wanted, title=person.title,
        given_name=person.given_name, family_name=person.family_name,
    )  # fmt: skip
    made.save(force_insert=True)
    return made
