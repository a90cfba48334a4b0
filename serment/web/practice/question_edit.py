"""One question as the house types it, and what is missing from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from serment.care import asking
from serment.care.questions import (
    CHOOSING,
    OPTIONS_MAX,
    SHORT_MAX,
    TEXT_MAX,
    Kind,
    Option,
    Question,
)
from serment.web import asked

KIND_WORDS = {
    Kind.STRING: gettext_lazy("réponse courte"),
    Kind.TEXT: gettext_lazy("réponse longue"),
    Kind.BOOLEAN: gettext_lazy("oui ou non"),
    Kind.CHOICE: gettext_lazy("une réponse parmi plusieurs"),
    Kind.SEVERAL: gettext_lazy("plusieurs réponses possibles"),
    Kind.QUANTITY: gettext_lazy("un nombre"),
    Kind.DATE: gettext_lazy("une date"),
}
KINDS = [(kind.value, words) for kind, words in KIND_WORDS.items()]


@dataclass
class Form:
    """What the fields hold; ``options`` a line each, in both languages line by line."""

    link_id: str
    kind: Kind | None = None
    fr: str = ""
    en: str = ""
    help_fr: str = ""
    help_en: str = ""
    required: bool = False
    unit: str = ""
    options: str = ""
    options_en: str = ""
    former: tuple[Option, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    def question(self) -> Question | None:
        """The question, or None with ``errors`` that say what is missing."""
        options = self._options()
        if not self.fr:
            self.errors["fr"] = _("Écrivez la question.")
        if self.kind is None:
            self.errors["kind"] = _("Choisissez comment on y répond.")
        elif self.kind in CHOOSING and not 2 <= len(options) <= OPTIONS_MAX:
            self.errors["options"] = _("De 2 à %(most)d réponses à choisir, une par ligne.") % {
                "most": OPTIONS_MAX
            }
        if self.errors or self.kind is None:
            return None
        return Question(
            self.link_id, self.kind, self.fr, self.en, self.help_fr, self.help_en, self.required,
            self.unit if self.kind is Kind.QUANTITY else "",
            options if self.kind in CHOOSING else (),
        )  # fmt: skip

    def _options(self) -> tuple[Option, ...]:
        """Each line one; words that were there already keep their code, so that answers given to
        them still mean them."""
        codes = {one.fr: one.code for one in self.former}
        french = [line.strip()[:SHORT_MAX] for line in self.options.splitlines() if line.strip()]
        english = [line.strip()[:SHORT_MAX] for line in self.options_en.splitlines()]
        both = zip_longest(dict.fromkeys(french), english[: len(french)], fillvalue="")
        return tuple(Option(codes.get(fr) or asking.new_link_id(), fr, en) for fr, en in both if fr)


def of(question: Question | None) -> Form:
    """The form of a question that stands, or an empty one."""
    if question is None:
        return Form(asking.new_link_id())
    return Form(
        question.link_id, question.kind, question.fr, question.en, question.help_fr,
        question.help_en, question.required, question.unit,
        "\n".join(one.fr for one in question.options),
        "\n".join(one.en for one in question.options).rstrip("\n"),
        question.options,
    )  # fmt: skip


def typed(sent: asked.Given, former: Question | None) -> Form:
    """What was typed."""
    kind = sent.get("sorte", "")
    return Form(
        former.link_id if former else asking.new_link_id(),
        Kind(kind) if kind in {one.value for one in Kind} else None,
        asked.words(sent.get("fr", ""), TEXT_MAX),
        asked.words(sent.get("en", ""), TEXT_MAX),
        asked.words(sent.get("aide", ""), TEXT_MAX),
        asked.words(sent.get("aide_en", ""), TEXT_MAX),
        sent.get("obligatoire", "") == "oui",
        asked.words(sent.get("unite", ""), 20),
        sent.get("choix", ""),
        sent.get("choix_en", ""),
        former.options if former else (),
    )
