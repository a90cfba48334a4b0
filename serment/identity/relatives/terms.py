"""A relation in words: how it is called, what it covers, by which measure, until when. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from serment.errors import Broken

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAJORITY_YEARS: Final = 18
"""Code civil, article 388."""

FRANCE: Final = ZoneInfo("Europe/Paris")
LABEL_LETTERS_MAX: Final = 60


class Relation(TextChoices):
    """What somebody is to the person they act for."""

    HELPER = "helper", _("personne choisie")
    PARENT = "parent", _("parent d’un mineur")
    GUARDIAN = "guardian", _("protecteur d’un majeur")
    NAMED = "named", _("personne de confiance")


class Scope(StrEnum):
    """What a relation covers; messages and documents are not there yet."""

    APPOINTMENTS = "appointments"
    OPENED = "opened"


SCOPE_WORDS: Final[dict[str, _StrPromise]] = {
    Scope.APPOINTMENTS: _("voir, prendre et annuler les rendez-vous"),
    Scope.OPENED: _("voir qui a ouvert les rendez-vous"),
}

EVERYTHING: Final = frozenset(str(scope) for scope in Scope)


class Measure(TextChoices):
    """The measures that protect an adult (Code civil, articles 425 and following)."""

    GUARDIANSHIP = "tutelle", _("tutelle")
    CURATORSHIP = "curatelle", _("curatelle")
    FAMILY = "habilitation", _("habilitation familiale")
    MANDATE = "mandat", _("mandat de protection future")


def scopes_of(relation: str, measure: str) -> frozenset[str]:
    """What a relation that the law makes covers. A curator stands beside the person, who reads
    alone who opened what; a tutor and an empowered relative stand in their place."""
    if relation == Relation.NAMED:
        return frozenset()
    if measure == Measure.CURATORSHIP:
        return frozenset({str(Scope.APPOINTMENTS)})
    return EVERYTHING


class Document(TextChoices):
    """What a desk may be shown for a relation."""

    FAMILY_BOOK = "livret", _("livret de famille")
    BIRTH_CERTIFICATE = "acte", _("acte de naissance")
    JUDGEMENT = "jugement", _("jugement ou ordonnance du juge")
    NOTARISED = "mandat", _("mandat visé par le greffe")
    IN_PERSON = "presence", _("la personne elle-même, présente")


class TermsUnreadable(Broken):
    """Ce lien ne peut pas être lu."""


@dataclass(frozen=True, slots=True)
class Terms:
    """``label``: how whoever made the relation calls the other."""

    relation: str
    label: str = ""
    measure: str = ""
    by_desk: bool = False
    """An establishment made it, having seen a paper; else the persons themselves said so."""

    def as_json(self) -> str:
        """For ``gate.seal``."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, opened: str) -> Terms:
        """What ``gate.reveal`` gave. Raises ``TermsUnreadable``."""
        try:
            return cls(**json.loads(opened))
        except (TypeError, ValueError) as unreadable:
            raise TermsUnreadable from unreadable

    @property
    def measure_words(self) -> str:
        """The measure as people call it; empty where there is none."""
        return str(Measure(self.measure).label) if self.measure in Measure.values else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one desk was shown, by whom and when; ``relation`` is the relation's number."""

    relation: str
    document: str
    on: str
    by: str

    def as_json(self) -> str:
        """For ``gate.seal``."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, opened: str) -> Seen:
        """What ``gate.reveal`` gave. Raises ``TermsUnreadable``."""
        try:
            return cls(**json.loads(opened))
        except (TypeError, ValueError) as unreadable:
            raise TermsUnreadable from unreadable

    @property
    def document_words(self) -> str:
        """The paper as people call it."""
        return str(Document(self.document).label) if self.document in Document.values else ""


def majority(birth: date) -> datetime:
    """The instant from which somebody acts alone: the eighteenth birthday, by the clocks in France;
    whoever was born on a 29 February is of age on 1 March of a year without one."""
    year = birth.year + MAJORITY_YEARS
    try:
        on = birth.replace(year=year)
    except ValueError:
        on = date(year, 3, 1)
    return datetime.combine(on, time(), FRANCE).astimezone(UTC)


def is_minor(birth: date, now: datetime) -> bool:
    """Not of age yet?"""
    return now < majority(birth)


def end_of(day: date) -> datetime:
    """The instant after a last day, by the clocks in France."""
    return datetime.combine(day, time.max, FRANCE).astimezone(UTC)
