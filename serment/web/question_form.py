"""Questions before a visit as fields of a page: for who answers, for the desk, and as a preview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from serment.care import questions
from serment.care.questions import Fault, Kind, Option, Question
from serment.web import asked, wording

_NAME = "q-"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to tick."""

    code: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One question with what was answered so far, in the reader's language."""

    question: Question
    words: str
    help: str
    value: str
    choices: tuple[Choice, ...]
    error: str

    @property
    def name(self) -> str:
        """Of the form's field."""
        return _NAME + self.question.link_id

    @property
    def shape(self) -> str:
        """Which control it is."""
        return self.question.kind.value

    @property
    def described(self) -> str:
        """Ids of what is said below it."""
        said = [f"h-{self.name}"] if self.help else []
        return " ".join([*said, *([f"e-{self.name}"] if self.error else [])])


def fields(
    part: Iterable[Question],
    values: questions.Values,
    language: str,
    faults: Mapping[str, Fault] | None = None,
) -> list[Field]:
    """Each question of a part."""
    return [_field(one, values.get(one.link_id, ()), language, faults or {}) for one in part]


def _field(
    question: Question, answer: Sequence[str], language: str, faults: Mapping[str, Fault]
) -> Field:
    options = question.options
    if question.kind is Kind.BOOLEAN:
        options = (Option("true", _("Oui")), Option("false", _("Non")))
    return Field(
        question,
        question.words(language),
        question.help(language),
        answer[0] if answer else "",
        tuple(Choice(one.code, one.words(language), one.code in answer) for one in options),
        _sentence(question, faults[question.link_id]) if question.link_id in faults else "",
    )


def typed(part: Iterable[Question], sent: asked.Given) -> dict[str, list[str]]:
    """What a form holds for these questions; also what cannot be read, so that it is not lost."""
    return {one.link_id: questions.fitting(one, sent.getlist(_NAME + one.link_id)) for one in part}


def said(question: Question, answer: Sequence[str], language: str) -> str:
    """An answer as one reads it; empty where there is none."""
    if not answer:
        return ""
    if question.kind is Kind.BOOLEAN:
        return _("Oui") if answer[0] == "true" else _("Non")
    if question.kind in questions.CHOOSING:
        chosen = [one.words(language) for one in question.options if one.code in answer]
        return " · ".join(chosen)
    day = questions.day(answer[0]) if question.kind is Kind.DATE else None
    if day is not None:
        return wording.day(day, year=True)
    if question.kind is Kind.QUANTITY and question.unit:
        return f"{answer[0]} {question.unit}"
    return answer[0]


def _sentence(question: Question, fault: Fault) -> str:
    if fault is Fault.MISSING:
        if question.kind in (Kind.CHOICE, Kind.SEVERAL, Kind.BOOLEAN):
            return _("Choisissez une réponse.")
        return _("Écrivez une réponse.")
    if fault is Fault.UNREADABLE_NUMBER:
        return _("Écrivez un nombre en chiffres, par exemple 72 ou 72,5.")
    return _("Écrivez une date, par exemple 3/11/2025.")
