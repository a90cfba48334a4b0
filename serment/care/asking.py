"""Which questionnaire is asked for which reason, and how a house writes one.

What is asked is the last version published; an earlier one stays readable with its answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from serment.care.models import Questionnaire, QuestionnaireVersion
from serment.care.questions import QUESTIONS_MAX, Question, of_item
from serment.directory import tenancy
from serment.disclosure import Actor
from serment.errors import Conflict, NotThere
from serment.identity import rights
from serment.outbox import registry


class NoSuchQuestionnaire(NotThere):
    """Ce questionnaire n’existe pas."""


class AlreadyAsked(Conflict):
    """Un autre questionnaire est déjà posé pour un de ces motifs."""


class NothingToAsk(Conflict):
    """Ce questionnaire n’a pas encore de question."""


class TooManyQuestions(Conflict):
    """Ce questionnaire a déjà autant de questions qu’on peut en poser."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version with its questions."""

    version: QuestionnaireVersion
    questions: tuple[Question, ...]

    @property
    def questionnaire(self) -> Questionnaire:
        """Whose version it is."""
        return self.version.questionnaire


def register() -> None:
    """Messages say that a house asks, and never before which visit."""
    registry.register_asking(houses_that_ask)


def houses_that_ask(houses: Collection[UUID]) -> set[UUID]:
    """Those with a questionnaire in use."""
    found = QuestionnaireVersion.objects.filter(
        establishment_id__in=houses, published_on__isnull=False, questionnaire__active=True
    )
    return set(found.values_list("establishment_id", flat=True))


def sheet_of(version: QuestionnaireVersion) -> Sheet:
    """A version read."""
    return Sheet(version, tuple(of_item(item) for item in version.items))


def by_reason(reasons: Collection[UUID]) -> dict[UUID, Sheet]:
    """What is asked now for each of these reasons; one that asks nothing is left out."""
    if not reasons:
        return {}
    found = (
        QuestionnaireVersion.objects.select_related("questionnaire")
        .filter(
            published_on__isnull=False, questionnaire__active=True,
            questionnaire__reasons__overlap=list(reasons),
        )
        .order_by("number")
    )  # fmt: skip
    sheets = [sheet_of(one) for one in found]
    return {
        reason: sheet
        for sheet in sheets  # the last one stands
        for reason in sheet.questionnaire.reasons
        if reason in reasons and sheet.questions
    }


def version(wanted: UUID) -> Sheet:
    """One version by its id, old ones too. Raises ``NoSuchQuestionnaire``."""
    rows = QuestionnaireVersion.objects.select_related("questionnaire")
    found = rows.filter(id=wanted).first()
    if found is None:
        raise NoSuchQuestionnaire
    return sheet_of(found)


def of_house(house: UUID) -> list[Questionnaire]:
    """Those in use first."""
    return list(
        Questionnaire.objects.filter(establishment_id=house).order_by("-active", "title_fr", "id")
    )


def one(house: UUID, wanted: UUID) -> Questionnaire:
    """One of the house's. Raises ``NoSuchQuestionnaire``."""
    found = Questionnaire.objects.filter(establishment_id=house, id=wanted).first()
    if found is None:
        raise NoSuchQuestionnaire
    return found


def versions(questionnaire: Questionnaire) -> list[QuestionnaireVersion]:
    """All, the newest first."""
    return list(questionnaire.versions.select_related("questionnaire").order_by("-number"))


def write(actor: Actor, questionnaire: Questionnaire) -> Questionnaire:
    """Save title, reasons and whether it is in use. Raises ``AlreadyAsked`` where another in use is
    asked for one of its reasons."""
    rights.require(actor, rights.Act.SET_OPENINGS)
    house = questionnaire.establishment_id
    with tenancy.inside(house), transaction.atomic():
        others = Questionnaire.objects.select_for_update().filter(
            ~Q(id=questionnaire.id), establishment_id=house, active=True,
            reasons__overlap=questionnaire.reasons,
        )  # fmt: skip
        other = others.first() if questionnaire.active and questionnaire.reasons else None
        if other is not None:
            raise AlreadyAsked(
                _("« %(title)s » est déjà posé pour un de ces motifs : retirez-le d’abord là-bas.")
                % {"title": other.title_fr}
            )
        questionnaire.save()
    return questionnaire


def being_written(questionnaire: Questionnaire) -> Sheet:
    """The version that may still change; made from the last one where there is none."""
    rows = questionnaire.versions.select_related("questionnaire").order_by("-number")
    last = rows.first()
    if last is not None and last.published_on is None:
        return sheet_of(last)
    return sheet_of(
        QuestionnaireVersion(
            establishment_id=questionnaire.establishment_id,
            questionnaire=questionnaire,
            number=1 if last is None else last.number + 1,
            items=[] if last is None else last.items,
        )
    )


def change(actor: Actor, questionnaire: Questionnaire, questions: Sequence[Question]) -> None:
    """Put these questions into the version being written; what is asked now stays as it is."""
    rights.require(actor, rights.Act.SET_OPENINGS)
    if len(questions) > QUESTIONS_MAX:
        raise TooManyQuestions(
            _("Un questionnaire a %(most)d questions au plus : au-delà, personne ne le finit.")
            % {"most": QUESTIONS_MAX}
        )
    with tenancy.inside(questionnaire.establishment_id), transaction.atomic():
        Questionnaire.objects.select_for_update().get(id=questionnaire.id)
        row = being_written(questionnaire).version
        row.items = [one.as_item() for one in questions]
        row.save()


def put(actor: Actor, questionnaire: Questionnaire, question: Question) -> None:
    """Add a question, or change the one of its linkId where it stands."""
    former = list(being_written(questionnaire).questions)
    if any(one.link_id == question.link_id for one in former):
        now = [question if one.link_id == question.link_id else one for one in former]
    else:
        now = [*former, question]
    change(actor, questionnaire, now)


def remove(actor: Actor, questionnaire: Questionnaire, link_id: str) -> None:
    """Ask it no more, from the next version on."""
    former = being_written(questionnaire).questions
    change(actor, questionnaire, [one for one in former if one.link_id != link_id])


def shift(actor: Actor, questionnaire: Questionnaire, link_id: str, by: int) -> None:
    """One place up (-1) or down (1)."""
    now = list(being_written(questionnaire).questions)
    at = next((place for place, one in enumerate(now) if one.link_id == link_id), None)
    if at is None or not 0 <= at + by < len(now):
        return
    now[at], now[at + by] = now[at + by], now[at]
    change(actor, questionnaire, now)


def publish(actor: Actor, questionnaire: Questionnaire, now: datetime) -> None:
    """Ask what is being written from now on. Whoever has begun finishes the version they began."""
    rights.require(actor, rights.Act.SET_OPENINGS)
    with tenancy.inside(questionnaire.establishment_id), transaction.atomic():
        Questionnaire.objects.select_for_update().get(id=questionnaire.id)
        sheet = being_written(questionnaire)
        if not sheet.questions:
            raise NothingToAsk(_("Écrivez d’abord au moins une question."))
        sheet.version.published_on = now.date()
        sheet.version.save()


def new_link_id() -> str:
    """A name for a question that no other of the house has."""
    return secrets.token_hex(4)
