"""What the demo's houses ask before a visit, and what some of its people answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from serment import clock
from serment.care.models import Questionnaire, QuestionnaireVersion
from serment.care.questions import Kind, Option, Question
from serment.care.replies import BY_PATIENT, BY_TELEPHONE, COMPLETED, Told, sealable
from serment.disclosure import SYSTEM, Purpose, gate
from serment.drills.demo import named
from serment.drills.demo.dice import dice
from serment.drills.demo.plan import SEED, HousePlan
from serment.scheduling.models import Appointment

ANSWERED_MAX: Final = 8
"""Of one house; the others have not answered yet."""

_YES_NO_UNSURE: Final = (
    Option("oui", "Oui", "Yes"), Option("non", "Non", "No"),
    Option("nsp", "Je ne sais pas", "I do not know"),
)  # fmt: skip

BEFORE_A_VISIT: Final = (
    Question(
        "allergies", Kind.SEVERAL, "Avez-vous une allergie ?", "Do you have an allergy?",
        "Cochez tout ce qui convient, ou rien.", "Tick all that apply, or nothing.",
        options=(Option("medicament", "À un médicament", "To a medicine"),
                 Option("latex", "Au latex", "To latex"),
                 Option("aliment", "À un aliment", "To a food"),
                 Option("autre", "À autre chose", "To something else")),
    ),
    Question("traitement", Kind.BOOLEAN, "Prenez-vous des médicaments en ce moment ?",
             "Are you taking any medicines at present?", required=True),
    Question("lesquels", Kind.TEXT, "Si oui, lesquels ?", "If so, which ones?",
             "Recopiez les boîtes, ou apportez l’ordonnance.",
             "Copy the names from the boxes, or bring the prescription."),
    Question("poids", Kind.QUANTITY, "Combien pesez-vous, à peu près ?",
             "What do you weigh, roughly?", unit="kg"),
    Question("dernier", Kind.DATE, "Quand avez-vous vu un médecin pour la dernière fois ?",
             "When did you last see a doctor?", "À peu près suffit.", "Roughly will do."),
    Question("souci", Kind.TEXT, "Qu’aimeriez-vous ne pas oublier de dire ?",
             "What would you not like to forget to say?"),
)  # fmt: skip

BEFORE_A_VACCINE: Final = (
    Question("fievre", Kind.BOOLEAN, "Avez-vous de la fièvre aujourd’hui ou hier ?",
             "Do you have a fever today, or did you yesterday?", required=True),
    Question("reaction", Kind.CHOICE, "Avez-vous déjà mal réagi à un vaccin ?",
             "Have you ever reacted badly to a vaccine?", required=True, options=_YES_NO_UNSURE),
    Question("lequel", Kind.STRING, "Si oui, lequel ?", "If so, which one?"),
    Question("enceinte", Kind.CHOICE, "Êtes-vous enceinte, ou cela se peut-il ?",
             "Are you pregnant, or might you be?", options=_YES_NO_UNSURE),
)  # fmt: skip

_ASKED: Final = (
    ("Pour préparer votre visite", "To prepare your visit", BEFORE_A_VISIT,
     ("Première consultation", "Lunettes ou lentilles", "Consultation de médecine générale")),
    ("Avant un vaccin", "Before a vaccination", BEFORE_A_VACCINE, ("Vaccination",)),
)  # fmt: skip

_SAID: Final[dict[str, tuple[list[str], ...]]] = {
    "allergies": ([], ["medicament"], ["latex", "aliment"]),
    "traitement": (["true"], ["false"]),
    "lesquels": ([], ["Kardégic 75, un le matin"], ["Lévothyrox 50"]),
    "poids": (["68"], ["81,5"], []),
    "dernier": (["2026-03-10"], []),
    "souci": ([], ["Je vois moins bien le soir en voiture."], ["J’ai peur des piqûres."]),
    "fievre": (["false"],),
    "reaction": (["non"], ["nsp"]),
    "lequel": ([],),
    "enceinte": (["non"], []),
}


def plant(
    establishment: UUID,
    house: HousePlan,
    at: tuple[Sequence[Sequence[UUID]], Mapping[int, UUID], Mapping[int, Appointment]],
) -> None:
    """Questionnaires for the reasons that have one, and answers to some visits to come."""
    reasons, patients, visits = at
    asked = _plant_questions(establishment, house, reasons)
    rolled = dice(SEED, house.slug, "answers")
    now, many = clock.now(), []
    for place, visit in enumerate(house.visits):
        version = asked.get(reasons[visit.role][visit.reason])
        open_to = visit.status in ("booked", "arrived") and visit.person >= len(named.FAMILY)
        if version is None or not open_to or rolled.random() < 0.5:
            continue
        links = [item["linkId"] for item in version.items]
        said = {link: rolled.choice(_SAID[link]) for link in links}
        by = BY_TELEPHONE if rolled.random() < 0.2 else BY_PATIENT
        values = sealable(Told(COMPLETED, by, now), version.id, said)
        many.append((visits[place], values, patients[visit.person]))
    many = many[:ANSWERED_MAX]
    gate.seal_many(SYSTEM, Purpose.BOOKING, many, tenant=establishment)
    for row, _values, _file in many:
        row.save(update_fields=["answered", "answers"])


def _plant_questions(
    establishment: UUID, house: HousePlan, reasons: Sequence[Sequence[UUID]]
) -> dict[UUID, QuestionnaireVersion]:
    """By reason."""
    found: dict[UUID, QuestionnaireVersion] = {}
    for title_fr, title_en, questions, names in _ASKED:
        wanted = [
            reasons[role][at]
            for role, planned in enumerate(house.roles)
            for at, reason in enumerate(planned.reasons)
            if reason.name_fr in names
        ]
        if not wanted:
            continue
        row = Questionnaire.objects.create(
            establishment_id=establishment, title_fr=title_fr, title_en=title_en, reasons=wanted
        )
        version = QuestionnaireVersion.objects.create(
            establishment_id=establishment, questionnaire=row, number=1,
            published_on=clock.now().date(), items=[one.as_item() for one in questions],
        )  # fmt: skip
        found |= dict.fromkeys(wanted, version)
    return found
