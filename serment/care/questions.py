"""A question asked before a visit, and whether an answer fits it. Pure.

Names are those of FHIR R4 (``Questionnaire.item``): ``linkId``, ``type``, ``required``,
``repeats``, ``answerOption``; so the partner door can serve them as they lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

QUESTIONS_MAX: Final = 30
OPTIONS_MAX: Final = 12
SHORT_MAX, LONG_MAX, TEXT_MAX = 120, 1_000, 300

Values = Mapping[str, Sequence[str]]
"""linkId → what was answered: text, ``true``/``false``, codes, an ISO date, a decimal."""


class Kind(StrEnum):
    """What is asked for; the value is FHIR's ``item.type``, ``several`` a choice that repeats."""

    STRING = "string"
    TEXT = "text"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    SEVERAL = "several"
    QUANTITY = "quantity"
    DATE = "date"


CHOOSING: Final = frozenset({Kind.CHOICE, Kind.SEVERAL})


class Fault(StrEnum):
    """Why an answer cannot be taken; doors have the sentences."""

    MISSING = "missing"
    UNREADABLE_NUMBER = "number"
    UNREADABLE_DATE = "date"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; ``code`` stays when its words change."""

    code: str
    fr: str
    en: str = ""

    def words(self, language: str) -> str:
        """In the reader's language."""
        return (language.startswith("en") and self.en) or self.fr


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``unit`` is that of a number, as one writes it."""

    link_id: str
    kind: Kind
    fr: str
    en: str = ""
    help_fr: str = ""
    help_en: str = ""
    required: bool = False
    unit: str = ""
    options: tuple[Option, ...] = ()

    def words(self, language: str) -> str:
        """The question in the reader's language, French where there is no other."""
        return (language.startswith("en") and self.en) or self.fr

    def help(self, language: str) -> str:
        """What is said below it."""
        return (language.startswith("en") and self.help_en) or self.help_fr

    @property
    def longest(self) -> int:
        """Letters an answer may have."""
        return LONG_MAX if self.kind is Kind.TEXT else SHORT_MAX

    def as_item(self) -> dict[str, Any]:
        """For the row."""
        repeats = self.kind is Kind.SEVERAL
        return {
            "linkId": self.link_id,
            "type": Kind.CHOICE.value if repeats else self.kind.value,
            "repeats": repeats,
            "required": self.required,
            "text": self.fr, "text_en": self.en, "help": self.help_fr, "help_en": self.help_en,
            "unit": self.unit,
            "answerOption": [
                {"code": one.code, "display": one.fr, "display_en": one.en} for one in self.options
            ],
        }  # fmt: skip


def of_item(item: Mapping[str, Any]) -> Question:
    """What ``as_item`` wrote."""
    kind = Kind.SEVERAL if item.get("repeats") else Kind(item["type"])
    return Question(
        link_id=item["linkId"],
        kind=kind,
        fr=item["text"],
        en=item.get("text_en", ""),
        help_fr=item.get("help", ""),
        help_en=item.get("help_en", ""),
        required=bool(item.get("required")),
        unit=item.get("unit", ""),
        options=tuple(
            Option(one["code"], one["display"], one.get("display_en", ""))
            for one in item.get("answerOption", ())
        ),
    )


def fitting(question: Question, typed: Sequence[str]) -> list[str]:
    """What was typed as it is kept: trimmed, cut, without what nobody could have chosen. A number
    or a date that cannot be read is kept as typed, so that it is not lost; ``fault`` tells it."""
    texts = [one.replace("\r\n", "\n").strip()[: question.longest] for one in typed]
    texts = list(dict.fromkeys(one for one in texts if one))
    if question.kind in CHOOSING:
        codes = {one.code for one in question.options}
        texts = [one for one in texts if one in codes]
    if question.kind is Kind.BOOLEAN:
        texts = [one for one in texts if one in ("true", "false")]
    return texts if question.kind is Kind.SEVERAL else texts[:1]


def fault(question: Question, answer: Sequence[str]) -> Fault | None:
    """Why this answer cannot be sent, if it cannot."""
    if not answer:
        return Fault.MISSING if question.required else None
    if question.kind is Kind.QUANTITY and number(answer[0]) is None:
        return Fault.UNREADABLE_NUMBER
    if question.kind is Kind.DATE and day(answer[0]) is None:
        return Fault.UNREADABLE_DATE
    return None


def faults(asked: Sequence[Question], values: Values) -> dict[str, Fault]:
    """Every fault, by linkId."""
    found = ((one.link_id, fault(one, values.get(one.link_id, ()))) for one in asked)
    return {link: what for link, what in found if what is not None}


def number(text: str) -> Decimal | None:
    """ "72,5" or "72.5"; None where it is no number of a sensible size."""
    if not re.fullmatch(r"-?[0-9]{1,9}([.,][0-9]{1,4})?", text.replace(" ", ""), re.ASCII):
        return None
    try:
        return Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None


def day(text: str) -> date | None:
    """An ISO date, or one as written in France: 3/11/2025."""
    french = re.fullmatch(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})", text, re.ASCII)
    try:
        if french:
            return date(int(french[3]), int(french[2]), int(french[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def parts(asked: Sequence[Question], each: int = 3) -> list[tuple[Question, ...]]:
    """The questions as a small telephone shows them: few at a time; a long text stands alone with
    at most one other."""
    found: list[tuple[Question, ...]] = []
    now: list[Question] = []
    for question in asked:
        weight = sum(2 if one.kind is Kind.TEXT else 1 for one in now)
        if now and weight + (2 if question.kind is Kind.TEXT else 1) > each:
            found.append(tuple(now))
            now = []
        now.append(question)
    return [*found, tuple(now)] if now else found
