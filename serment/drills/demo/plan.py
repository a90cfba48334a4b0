"""The demo's world as values: houses, teams, reasons, people, visits. Pure.

The same seed and the same present give the same plan. It holds no identifiers: those are drawn
when the plan is planted, so that nobody who reads this code can tell which row is whose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from serment.drills.demo.people import Person

SEED = 1854
WEEKS_BEFORE, WEEKS_AFTER = 2, 3


@dataclass(frozen=True, slots=True)
class SitePlan:
    """An address, with the columns of ``directory.Site``."""

    slug: str
    name: str
    commune_code: str
    address_line: str
    postcode: str
    city: str
    latitude: float
    longitude: float
    timezone: str
    holiday_region: str
    phone: str
    step_free: bool
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReasonPlan:
    """A visit reason; ``share`` is how often it is booked beside the others."""

    name_fr: str
    name_en: str
    minutes: int
    fee_cents: int
    new_patients: bool
    known_patients: bool
    in_person: bool
    video: bool
    notice_minutes: int
    late_release_minutes: int | None
    red_flags: tuple[str, ...]
    share: float
    sessions: int = 1
    apart_days: tuple[int, int] = (7, 7)
    by_invitation: bool = False
    then: tuple[str, str, int] | None = None
    """A step that follows: which specialty, for which of its reasons, so many minutes after at
    most."""
    ages: tuple[int, int] = (0, 130)
    """Of those who come for it, in years."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening of one weekday (0 = Monday), or of one date where used as an exception."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class DatedHours:
    """A date that differs from the week."""

    day: date
    starts: time
    ends: time
    opened: bool


@dataclass(frozen=True, slots=True)
class Away:
    """An absence; the note is shown to everybody."""

    starts_at: datetime
    ends_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class RolePlan:
    """A practitioner at one site."""

    rpps: str
    title: str
    sex: str
    given_name: str
    family_name: str
    code: str
    site: int
    sector: int | None
    languages: tuple[str, ...]
    takes_new_patients: bool
    video: bool
    fees_note: str
    rate: float
    reasons: tuple[ReasonPlan, ...]
    hours: tuple[Hours, ...]
    dated: tuple[DatedHours, ...]
    away: tuple[Away, ...]

    @property
    def specialty(self) -> str | None:
        """Code of the specialty, for doctors."""
        return self.code if self.code.startswith("S") else None

    @property
    def profession(self) -> str:
        """Code of the profession: doctors' specialties are the order's, others name themselves."""
        return "10" if self.code.startswith("SM") else self.code


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """An appointment: which role and reason of its house, and whose, by their place in the plan."""

    role: int
    reason: int
    person: int
    starts_at: datetime
    ends_at: datetime
    status: str
    video: bool
    first_visit: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class HousePlan:
    """An establishment with all that lies in it; ``patients`` are places in ``Plan.people``."""

    slug: str
    name: str
    kind: str
    phone: str
    sites: tuple[SitePlan, ...]
    roles: tuple[RolePlan, ...]
    patients: tuple[int, ...]
    visits: tuple[VisitPlan, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    people: tuple[Person, ...]
    houses: tuple[HousePlan, ...]

    def house(self, slug: str) -> HousePlan:
        """One establishment."""
        return next(house for house in self.houses if house.slug == slug)


def counted(houses: Sequence[HousePlan]) -> dict[str, int]:
    """What a plan will write, for whoever seeds and for tests."""
    return {
        "establishments": len(houses),
        "practitioners": sum(len(house.roles) for house in houses),
        "patient files": sum(len(house.patients) for house in houses),
        "appointments": sum(len(house.visits) for house in houses),
    }
