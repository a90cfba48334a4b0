"""Relations as a desk reads them: who, by what right, on which paper, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from serment.disclosure import Actor, Purpose
from serment.errors import NotThere
from serment.identity import files
from serment.identity.relatives.desk import AtDesk
from serment.identity.relatives.terms import FRANCE, SCOPE_WORDS, Relation
from serment.web import wording
from serment.web.practice.naming import AT_A_GLANCE, Person


@dataclass(frozen=True, slots=True)
class Row:
    """One relation."""

    relation: UUID
    who: str
    as_what: str
    state: str
    covers: str
    until: str
    proofs: list[str]
    standing: bool
    waits: bool
    by_law: bool
    protects: bool
    urgent: bool
    """A measure that ended, or soon will."""
    shut: bool = False
    may_reopen: bool = False


def named(actor: Actor, file: UUID) -> Person:
    """Whose file it is. Raises ``NotThere``."""
    opened = files.open(actor, [file], AT_A_GLANCE, Purpose.RECEPTION)
    if file not in opened:
        raise NotThere
    return Person(file, **opened[file])


def row(one: AtDesk, now: datetime, *, may_reopen: bool = False) -> Row:
    """As one line of the page."""
    mandate, terms = one.known.mandate, one.known.terms
    words = str(Relation(terms.relation).label) if terms.relation in Relation.values else ""
    until = mandate.until
    protects = terms.relation == Relation.GUARDIAN
    return Row(
        relation=mandate.record,
        who=_called(one),
        as_what=f"{words} · {terms.measure_words}" if terms.measure else words,
        state=_state(one, now),
        covers=", ".join(str(said) for code, said in SCOPE_WORDS.items() if code in mandate.scopes),
        until=wording.day(until.astimezone(FRANCE).date(), year=True) if until else "",
        proofs=[
            _("%(document)s, lu le %(day)s par %(who)s")
            % {"document": proof.document_words, "day": _day(proof.on), "who": proof.by}
            for proof in one.seen
        ],
        standing=one.stands(now),
        waits=one.is_offered,
        by_law=terms.relation in {Relation.PARENT, Relation.GUARDIAN},
        protects=protects,
        urgent=protects and (one.is_over(now) or one.ends_soon(now)),
        shut=one.shut_here,
        may_reopen=may_reopen,
    )


def _called(one: AtDesk) -> str:
    """The name of the account; what the desk read on the paper where that says otherwise."""
    label, name = one.known.terms.label, one.known.name
    if one.known.terms.by_desk and label and name and label.casefold() != name.casefold():
        return _("%(name)s (sur la pièce : %(label)s)") % {"name": name, "label": label}
    return name or label or _("Un proche")


def _day(kept: str) -> str:
    at = datetime.fromisoformat(kept)
    day: date = at.astimezone(FRANCE).date()
    return wording.day(day, year=True)


def _state(one: AtDesk, now: datetime) -> str:
    terms = one.known.terms
    if one.is_offered:
        return _("invitation envoyée")
    if terms.relation == Relation.NAMED:
        return _("à consulter si la personne ne peut plus parler ; rien ne lui est ouvert")
    return _standing(one) if one.stands(now) else _over(one, now)


def _over(one: AtDesk, now: datetime) -> str:
    if one.shut_here:
        return _("coupé ici")
    renewable = one.is_over(now) and bool(one.known.terms.measure)
    return _("a pris fin : à renouveler") if renewable else _("a pris fin")


def _standing(one: AtDesk) -> str:
    if one.known.terms.relation == Relation.HELPER:
        return _("choisi par la personne")
    return _("prouvé ici") if one.seen else _("déclaré, pas encore prouvé ici")
