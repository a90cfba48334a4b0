"""The national health identity (INS): matricule, state, what a change undoes, what is sent. Pure.

Sources: référentiel national d'identitovigilance (RNIV 1: statuts et attributs d'une identité),
FR Core 2.2.0 (``fr-core-patient-ins``: OIDs, traits), INSEE (key of the NIR: 97 − n mod 97, with
2A read as 19 and 2B as 18).

An identity is *provisoire*; *récupérée* once the national service gave its INS; *validée* once a
document of high confidence was seen; *qualifiée* where both are so. A doubtful or fictitious
identity is never more than provisional.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.errors import Refused, Unusable

TRAITS: Final = (
    "birth_name", "first_birth_given_name", "birth_given_names", "birth_date", "sex", "birth_place",
)  # fmt: skip
"""The five traits; the list of given names goes with the first of them."""

DEMANDED: Final = ("birth_name", "first_birth_given_name", "birth_date", "sex", "birth_place")
SEXES: Final = ("female", "male", "unknown")

_NUMBER = re.compile(r"[1-9]\d{4}(?:\d{2}|2[AB])\d{8}\Z", re.ASCII)
_PLACE = re.compile(r"(?:\d{2}|2[AB])\d{3}\Z", re.ASCII)
_CORSICA = {"2A": "19", "2B": "18"}


class Authority(StrEnum):
    """Who assigned a number, by its OID."""

    NIR = "urn:oid:1.2.250.1.213.1.4.8"
    NIA = "urn:oid:1.2.250.1.213.1.4.9"
    TEST = "urn:oid:1.2.250.1.213.1.4.10"
    DEMO = "urn:oid:1.2.250.1.213.1.4.11"


class State(StrEnum):
    """As the RNIV names them."""

    PROVISIONAL = "provisional"
    RETRIEVED = "retrieved"
    VALIDATED = "validated"
    QUALIFIED = "qualified"


class Mark(StrEnum):
    """Attributes an identity may carry beside its state."""

    DOUBTFUL = "doubtful"
    FICTITIOUS = "fictitious"
    HOMONYM = "homonym"


class Document(StrEnum):
    """What was seen: documents of high confidence (RNIV 1, annex)."""

    IDENTITY_CARD = "identity_card"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence_permit"
    FAMILY_BOOK = "family_book"
    """Of a child, with a parent's own document."""


WORDS: Final = {
    State.PROVISIONAL: gettext_lazy("provisoire : à vérifier sur une pièce d’identité"),
    State.RETRIEVED: gettext_lazy("récupérée : l’INS est connue, la pièce d’identité reste à voir"),
    State.VALIDATED: gettext_lazy("validée : pièce d’identité vue, l’INS reste à récupérer"),
    State.QUALIFIED: gettext_lazy("qualifiée : pièce d’identité vue et INS récupérée"),
}
_KEEPS_LOW: Final = frozenset({Mark.DOUBTFUL, Mark.FICTITIOUS})


class MatriculeWrong(Unusable):
    """Ce matricule INS n’existe pas."""


class NotNow(Refused):
    """Cette identité ne peut pas avancer."""


class NotQualified(Refused):
    """L’INS de cette identité n’est pas qualifiée : elle ne part pas."""


@dataclass(frozen=True, slots=True)
class Matricule:
    """A number and who assigned it; together or not at all."""

    number: str = field(repr=False)
    authority: Authority

    def kept(self) -> str:
        """One text, as sealed."""
        return f"{self.number} {self.authority.value}"

    @classmethod
    def read(cls, kept: str) -> Matricule:
        """The text again."""
        number, _blank, authority = kept.partition(" ")
        return cls(number, Authority(authority))


def matricule(text: str, oid: str) -> Matricule:
    """A number as typed or received. Raises MatriculeWrong."""
    number = re.sub(r"[\s\u00a0\u202f.]", "", text).upper()
    try:
        authority = Authority(oid if oid.startswith("urn:oid:") else f"urn:oid:{oid}")
    except ValueError as error:
        raise MatriculeWrong(_("Cet organisme n’attribue pas d’INS.")) from error
    if not _NUMBER.match(number) or number[13:] != key_of(number[:13]):
        raise MatriculeWrong(
            _("Ce matricule n’existe pas : il a quinze caractères, les deux derniers le vérifient.")
        )
    return Matricule(number, authority)


def key_of(thirteen: str) -> str:
    """The two digits that check the first thirteen."""
    department = _CORSICA.get(thirteen[5:7], thirteen[5:7])
    return f"{97 - int(thirteen[:5] + department + thirteen[7:]) % 97:02d}"


def birth_place(text: str) -> str:
    """The INSEE code of a commune, or of a country (99…). Raises Unusable."""
    code = "".join(text.split()).upper()
    if not _PLACE.match(code):
        raise Unusable(_("Écrivez le code INSEE à cinq caractères, par exemple 74010 ou 99100."))
    return code


@dataclass(frozen=True, slots=True)
class Standing:
    """What was done for an identity; its state follows."""

    document: Document | None = None
    retrieved: bool = False
    marks: frozenset[Mark] = frozenset()

    @property
    def state(self) -> State:
        """The RNIV's word for it."""
        if self.marks & _KEEPS_LOW:
            return State.PROVISIONAL
        if self.document is not None:
            return State.QUALIFIED if self.retrieved else State.VALIDATED
        return State.RETRIEVED if self.retrieved else State.PROVISIONAL

    def kept(self) -> str:
        """One text, as sealed; empty where nothing was done."""
        parts = [self.document.value] if self.document else []
        parts += ["retrieved"] if self.retrieved else []
        return " ".join([*parts, *sorted(mark.value for mark in self.marks)])

    @classmethod
    def read(cls, kept: str) -> Standing:
        """The text again."""
        words = set(kept.split())
        seen = [one for one in Document if one.value in words]
        return cls(
            seen[0] if seen else None,
            "retrieved" in words,
            frozenset(mark for mark in Mark if mark.value in words),
        )


def seen(standing: Standing, document: Document, traits: dict[str, str]) -> Standing:
    """A document was compared with the file. Raises NotNow."""
    _not_low(standing)
    missing = [name for name in DEMANDED if not traits.get(name)]
    if missing or traits["sex"] not in SEXES:
        raise NotNow(
            _(
                "Complétez d’abord les cinq traits : nom et premier prénom de naissance,"
                " date de naissance, sexe, lieu de naissance."
            )
        )
    return replace(standing, document=document)


def given_by_service(
    standing: Standing, before: dict[str, str], received: dict[str, str]
) -> Standing:
    """The national service gave traits and matricule. Raises NotNow.

    A document that was seen for other traits than these says nothing about these.
    """
    _not_low(standing)
    same = all(before.get(name, "") == received.get(name, "") for name in DEMANDED)
    return replace(standing, retrieved=True, document=standing.document if same else None)


def changed(standing: Standing) -> Standing:
    """A trait was corrected: nothing holds that was said of the former one but the marks."""
    return Standing(marks=standing.marks)


def marked(standing: Standing, mark: Mark, *, on: bool) -> Standing:
    """A doubt undoes what was established; taking it back does not bring it back."""
    marks = standing.marks | {mark} if on else standing.marks - {mark}
    if on and mark in _KEEPS_LOW:
        return Standing(marks=marks)
    return replace(standing, marks=marks)


def cleared(standing: Standing, document: Document, traits: dict[str, str]) -> Standing:
    """A doubt ends with a document that was compared with the file. Raises NotNow."""
    return seen(marked(standing, Mark.DOUBTFUL, on=False), document, traits)


def may_be_sent(standing: Standing, number: Matricule | None, *, real: bool) -> bool:
    """Only qualified, with its matricule; a number of tests only from an instance of tests."""
    of_tests = number is not None and number.authority in (Authority.TEST, Authority.DEMO)
    return standing.state is State.QUALIFIED and number is not None and of_tests is not real


def _not_low(standing: Standing) -> None:
    if standing.marks & _KEEPS_LOW:
        raise NotNow(
            _("Levez d’abord le doute : une identité douteuse ou fictive reste provisoire.")
        )
