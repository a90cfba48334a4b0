"""Relations in words: what is covered, since when, until when, on what proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from serment.disclosure import acting
from serment.disclosure.told import Disclosure
from serment.identity import addresses
from serment.identity.addresses import AddressUnusable
from serment.identity.relatives.desk import RENEW_DAYS
from serment.identity.relatives.people import Known, Person
from serment.identity.relatives.terms import (
    FRANCE,
    LABEL_LETTERS_MAX,
    SCOPE_WORDS,
    Relation,
    Scope,
)
from serment.web import asked, wording


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody who acts for the reader."""

    relation: UUID
    who: str
    as_what: str
    may: list[str]
    until: str
    waits: bool
    named: bool
    over: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class Acted:
    """Somebody the reader acts for."""

    relation: UUID
    name: str
    given_name: str
    as_what: str
    may: list[str]
    until: str
    sees_opened: bool
    books: bool
    soon: str = ""
    """What to do before the end, where that is near: afterwards nothing is shown any more."""


def scopes(codes: frozenset[str]) -> list[str]:
    """What they cover, in the order of the list."""
    return [str(words) for code, words in SCOPE_WORDS.items() if code in codes]


def _day(instant: datetime, now: datetime) -> str:
    local = instant.astimezone(FRANCE).date()
    return wording.day(local, year=local.year != now.astimezone(FRANCE).year)


def until(mandate: acting.Acting, now: datetime) -> str:
    """The last day, or that there is none."""
    if mandate.until is None:
        return _("sans date de fin")
    if mandate.relation == Relation.PARENT:
        return _("jusqu’à ses 18 ans, %(day)s") % {"day": _day(mandate.until, now)}
    return _("jusqu’au %(day)s") % {"day": _day(mandate.until, now)}


def helper(known: Known, now: datetime) -> Helper:
    """Who acts for the reader, as the reader reads it."""
    mandate, terms = known.mandate, known.terms
    measure = terms.measure_words
    words = str(Relation(terms.relation).label) if terms.relation in Relation.values else ""
    waits = mandate.state == acting.OFFERED
    return Helper(
        relation=mandate.record,
        who=_called(known),
        as_what=f"{words}, {measure}" if measure else words,
        may=scopes(mandate.scopes),
        until=until(mandate, now),
        waits=waits,
        named=mandate.relation == Relation.NAMED,
        over=not waits and not mandate.stands(now),
        may_end=mandate.relation in {Relation.HELPER, Relation.NAMED},
    )


def _called(known: Known) -> str:
    """What the reader calls them, and the name their account bears where that is another."""
    label, name = known.terms.label, known.name
    if label and name and label.casefold() != name.casefold():
        return f"{label} ({name})"
    by_law = {Relation.PARENT: _("Un parent"), Relation.GUARDIAN: _("La personne qui protège")}
    return label or name or by_law.get(Relation(known.terms.relation)) or _("Un proche")


def acted(person: Person, now: datetime) -> Acted:
    """For whom the reader acts."""
    mandate = person.mandate
    words = {
        Relation.PARENT: _("Votre enfant"),
        Relation.GUARDIAN: _("Sous votre protection"),
    }
    return Acted(
        relation=mandate.record,
        name=person.name,
        given_name=person.given_name,
        as_what=words.get(Relation(mandate.relation), _("Vous a choisi")),
        may=scopes(mandate.scopes),
        until=until(mandate, now),
        sees_opened=person.may(Scope.OPENED),
        books=person.may(Scope.APPOINTMENTS),
        soon=_soon(mandate, now),
    )


def _soon(mandate: acting.Acting, now: datetime) -> str:
    if mandate.until is None or mandate.until > now + timedelta(days=RENEW_DAYS):
        return ""
    if mandate.relation == Relation.PARENT:
        return _("Après ce jour, cette personne reprend son dossier avec une feuille de l’accueil.")
    if mandate.relation == Relation.GUARDIAN:
        return _("Bientôt fini. Mesure renouvelée ? Faites lire la décision à chaque cabinet.")
    return ""


def of_timeline(found: list[Known]) -> dict[UUID, tuple[str, str]]:
    """Account → who that is and by what right, for the list of who opened the reader's data."""
    return {
        one.mandate.account: (_called(one), _right(one))
        for one in found
        if one.mandate.account is not None
    }


def as_whom(rows: Iterable[Disclosure], person: Person) -> dict[UUID, tuple[str, str]]:
    """Account → as what it looked, for whoever acts for the person too; no name but the person's
    own, and nothing of how anybody is reached."""
    words = {
        "self": person.name,
        Relation.PARENT: _("L’autre parent"),
        Relation.GUARDIAN: _("La personne qui protège"),
        Relation.HELPER: _("Un autre proche"),
    }
    others = (row for row in rows if row.actor_kind == "patient" and row.relation in words)
    return {row.actor_id: (words[row.relation], "") for row in others}


def _right(known: Known) -> str:
    if known.terms.relation == Relation.HELPER:
        return _("à qui vous avez donné accès")
    if known.terms.relation == Relation.PARENT:
        return _("votre parent")
    if not known.terms.measure:
        return _("qui vous protège")
    return _("qui vous protège : %(measure)s") % {"measure": known.terms.measure_words}


def invitation_errors(typed: asked.Given, chosen: list[str]) -> dict[str, str]:
    """What must be mended before an invitation leaves."""
    errors: dict[str, str] = {}
    if not asked.words(typed.get("nom", ""), LABEL_LETTERS_MAX):
        errors["label"] = _("Écrivez comment vous l’appelez : vous le lirez dans vos listes.")
    try:
        addresses.normalise(typed.get("email", ""))
    except AddressUnusable as wrong:
        errors["email"] = wrong.sentence
    if not chosen:
        errors["scopes"] = _("Cochez au moins un droit.")
    return errors


def label_and_address(typed: asked.Given) -> tuple[str, str]:
    """The two, as kept."""
    label = asked.words(typed.get("nom", ""), LABEL_LETTERS_MAX)
    return label, addresses.normalise(typed.get("email", ""))
