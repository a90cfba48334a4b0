"""The demo's people whom one signs in as: the family Lemoine and the team. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from serment.drills.demo.people import Person
from serment.drills.demo.plan import HousePlan, VisitPlan

QUAIS = "cabinet-des-quais"
HOSPITAL = "hopital-des-deux-arves"
BY_VIDEO = "medecins-a-distance"
FAMILY_DOCTOR = "maison-de-sante-des-aiguilles"
SOLO = "cabinet-dentaire-des-tanneurs"
"""Nobody there could approve beside its manager: it named a trustee."""

AURORE, BASTIEN, CAPUCINE, MARCELLE = 0, 1, 2, 3
_HOME = "14 chemin des Chavannes, 74700 Sallanches"

FAMILY = (
    Person(
        "female", "Aurore", "Lemoine", "Vulliet", date(1987, 4, 19), "0639980142",
        "aurore.lemoine@example.fr", _HOME,
    ),
    Person(
        "male", "Bastien", "Lemoine", "", date(1984, 11, 2), "0639980143",
        "bastien.lemoine@example.fr", _HOME,
    ),
    Person("female", "Capucine", "Lemoine", "", date(2017, 6, 8), "", "", _HOME),
    Person(
        "female", "Marcelle", "Lemoine", "Chappuis", date(1941, 9, 23), "0465710118", "",
        "3 impasse du Pré-aux-Oies, 74700 Sallanches",
    ),
)  # fmt: skip
"""The first people of every plan, at these houses, whatever the seed."""

FILES_AT = {
    QUAIS: (AURORE, CAPUCINE, MARCELLE, BASTIEN),
    HOSPITAL: (AURORE, CAPUCINE),
    BY_VIDEO: (AURORE,),
    FAMILY_DOCTOR: (AURORE, BASTIEN, CAPUCINE, MARCELLE),
}
"""Who has a file where; Bastien comes to the eye practice no more: nobody there cares for him."""


@dataclass(frozen=True, slots=True)
class ActedFor:
    """Somebody without an account, and who of the family acts for them."""

    person: int
    by: tuple[int, ...]
    measure: str = ""
    """Of a protected adult; empty for a child."""


RELATIVES = (
    ActedFor(CAPUCINE, (AURORE, BASTIEN)),
    ActedFor(MARCELLE, (BASTIEN,), measure="habilitation"),
)
MEASURE_DAYS = 700
"""How long the measure still runs."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of a team who signs in; ``practises`` names the public entry they are."""

    role: str
    given_name: str
    family_name: str
    house: str = QUAIS
    practises: bool = False
    days: int | None = None
    """How long they stay, for those who pass."""

    @property
    def email(self) -> str:
        """Their sign-in address."""
        return f"{self.given_name}.{self.family_name}@example.fr".lower()


TEAM = (
    Colleague("secretary", "Nadia", "Kerviel"),
    Colleague("practitioner", "Octave", "Tissandier", practises=True),
    Colleague("manager", "Ombeline", "Chappaz"),
    Colleague("privacy_officer", "Souleymane", "Diarra"),
    Colleague("security_officer", "Ingrid", "Vandamme"),
    Colleague("secretary", "Solange", "Mossuz", house=HOSPITAL),
    Colleague("substitute", "Garance", "Bellier", days=30),
    Colleague("trainee", "Tristan", "Vuachet", days=60),
    Colleague("manager", "Corentin", "Schaeffer", house=SOLO),
    Colleague("trustee", "Odile", "Bressan", house=SOLO),
)
DEVELOPER = Colleague("partner_developer", "Kenza", "Arslan")
"""Signs in with an account of no establishment: partner software belongs to none."""


def give(house: HousePlan, number: int, person: int, now: datetime) -> HousePlan:
    """The ``number`` last past visit (negative) or next coming one (from 0) becomes ``person``'s.

    In the agenda of the first role, among visits that are not the family's yet; the farthest one
    where there are fewer, none where there is none.
    """
    status, coming = ("fulfilled", False) if number < 0 else ("booked", True)
    places = [
        place
        for place, visit in enumerate(house.visits)
        if visit.role == 0
        and visit.status == status
        and (visit.starts_at > now) is coming
        and visit.person >= len(FAMILY)
    ]
    if not places:
        return house
    nearest = max(number, -len(places)) if number < 0 else min(number, len(places) - 1)
    return replace(house, visits=_with_person(house.visits, places[nearest], person))


def _with_person(visits: Sequence[VisitPlan], place: int, person: int) -> tuple[VisitPlan, ...]:
    changed = replace(visits[place], person=person, first_visit=False, note="")
    return (*visits[:place], changed, *visits[place + 1 :])


DESKS = {
    QUAIS: ("Nadia", "Kerviel"),
    HOSPITAL: ("Solange", "Mossuz"),
    "faucigny-vision": ("Ludovic", "Perroud"),
    BY_VIDEO: ("Fanta", "Keïta"),
    "cabinet-dentaire-des-tanneurs": ("Katia", "Wendling"),
    "cabinet-medical-du-barachois": ("Gladys", "Nativel"),
    "sages-femmes-de-la-baie": ("Yannig", "Cozic"),
    "kines-du-canal": ("Pilar", "Garrigue"),
    FAMILY_DOCTOR: ("Thaïs", "Ducrey"),
}
"""Who answers the telephone in each house; those of ``TEAM`` sign in."""
