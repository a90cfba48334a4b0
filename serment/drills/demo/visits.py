"""Which appointments stand in the agendas of the demo: past ones kept, coming ones booked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from serment.directory import holidays
from serment.drills.demo.dice import Dice, dice
from serment.drills.demo.people import Person
from serment.drills.demo.plan import (
    WEEKS_AFTER,
    WEEKS_BEFORE,
    HousePlan,
    ReasonPlan,
    RolePlan,
    VisitPlan,
)

WAITS = timedelta(minutes=30)
"""How early people come to the demo."""
_NOTES = (
    "Vient accompagné", "Rappeler la veille", "Fauteuil roulant", "Préfère être appelé le soir",
    "Envoyé par son médecin traitant", "Résultats à apporter",
)  # fmt: skip
_CHILDREN, _OLD, _WOMEN = frozenset({"SM40", "91"}), frozenset({"SM18"}), frozenset({"SM20", "50"})


def plan_visits(
    seed: int, house: HousePlan, people: Sequence[Person], reserved: frozenset[int], now: datetime
) -> tuple[VisitPlan, ...]:
    """Visits of every role from two weeks ago to three ahead, in order of time.

    ``reserved`` are people whose visits are written elsewhere.
    """
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    patients = [place for place in house.patients if place not in reserved]
    taken: set[tuple[int, date]] = set()
    found: list[VisitPlan] = []
    for number, role in enumerate(house.roles):
        suited = _suited(role.code, patients, people, today)
        pools = [_aged(reason, suited, people, today) for reason in role.reasons]
        seen: set[int] = set()
        for week in range(-WEEKS_BEFORE, WEEKS_AFTER + 1):
            rolled = dice(seed, house.slug, number, week)
            days = _days(role, house, monday + timedelta(weeks=week))
            for day, starts_at, ends_at in days:
                for visit in _half_day(rolled, number, role, (starts_at, ends_at), now):
                    person = _whose(rolled, pools[visit.reason], taken, day)
                    if person is None:
                        continue
                    known = person in seen
                    seen.add(person)
                    first = not known and rolled.random() < 0.3
                    found.append(replace(visit, person=person, first_visit=first))
    return tuple(sorted(found, key=lambda visit: (visit.starts_at, visit.role)))


def _suited(
    code: str, patients: Sequence[int], people: Sequence[Person], today: date
) -> Sequence[int]:
    def fits(person: Person) -> bool:
        age = person.age(today)
        if code in _CHILDREN:
            return age < 16
        if code in _OLD:
            return age >= 70
        if code in _WOMEN:
            return person.sex == "female" and 17 <= age < 60
        return True

    return [place for place in patients if fits(people[place])]


def _aged(
    reason: ReasonPlan, patients: Sequence[int], people: Sequence[Person], today: date
) -> Sequence[int]:
    low, high = reason.ages
    return [place for place in patients if low <= people[place].age(today) <= high]


def _days(
    role: RolePlan, house: HousePlan, monday: date
) -> Iterator[tuple[date, datetime, datetime]]:
    site = house.sites[role.site]
    zone = ZoneInfo(site.timezone)
    for hours in role.hours:
        day = monday + timedelta(days=hours.weekday)
        if holidays.is_public_holiday(day, site.holiday_region):
            continue
        if any(dated.day == day and not dated.opened for dated in role.dated):
            continue
        starts_at = datetime.combine(day, hours.starts, zone).astimezone(UTC)
        ends_at = datetime.combine(day, hours.ends, zone).astimezone(UTC)
        if any(away.starts_at < ends_at and starts_at < away.ends_at for away in role.away):
            continue
        yield day, starts_at, ends_at


def _half_day(
    rolled: Dice, number: int, role: RolePlan, span: tuple[datetime, datetime], now: datetime
) -> Iterator[VisitPlan]:
    """Visits without their person; booked ones stand close together, free time too."""
    at, ends_at = span
    rate = _rate(role.rate, span[0], now)
    step = min(reason.minutes for reason in role.reasons)
    while at < ends_at:
        places = range(len(role.reasons))
        chosen = rolled.choices(places, [reason.share for reason in role.reasons])[0]
        reason = role.reasons[chosen]
        until = at + timedelta(minutes=reason.minutes)
        if rolled.random() > rate or until > ends_at:
            at += timedelta(minutes=step * rolled.choice((1, 1, 2)))
            continue
        video = reason.video and (not reason.in_person or rolled.random() < 0.4)
        note = rolled.choice(_NOTES) if rolled.random() < 0.06 else ""
        status = _status(rolled, at, until, now)
        yield VisitPlan(number, chosen, -1, at, until, status, video, first_visit=False, note=note)
        at = until


def _rate(rate: float, at: datetime, now: datetime) -> float:
    """Coming days empty out slowly: a full agenda stays full for longer."""
    days = (at - now).days
    if days < 0:
        return min(0.93, rate + 0.08)
    return rate * max(0.12, 1 - days / (16 + 60 * rate**4))


def _status(rolled: Dice, at: datetime, until: datetime, now: datetime) -> str:
    chance = rolled.random()
    if until < now:
        return "noshow" if chance < 0.045 else "cancelled" if chance < 0.1 else "fulfilled"
    if at < now:
        return "checked-in"
    if chance < 0.035:
        return "cancelled"
    return "arrived" if at - now < WAITS and chance < 0.8 else "booked"


def _whose(
    rolled: Dice, pool: Sequence[int], taken: set[tuple[int, date]], day: date
) -> int | None:
    """Somebody who has nothing else in this house that day."""
    for _try in range(8):
        if not pool:
            return None
        person = rolled.choice(pool)
        if (person, day) not in taken:
            taken.add((person, day))
            return person
    return None
