"""Puts the plan together: people into houses, visits into agendas. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from serment.directory import places
from serment.drills.demo import houses, named
from serment.drills.demo.dice import dice
from serment.drills.demo.people import EVERYWHERE, Person, draw, towns_near
from serment.drills.demo.plan import SEED, HousePlan, Plan
from serment.drills.demo.visits import plan_visits

_FEMALE_SHARE_TRIES = 4
_SHARED_PATIENTS = 0.06
"""Share of the eye practice's patients whom the hospital knows too."""

# House → which visits of its first role are whose: negative counts back from now, 0 is the next.
_GIVEN = {
    named.QUAIS: ((-9, named.AURORE), (-60, named.AURORE), (6, named.AURORE), (3, named.CAPUCINE),
        (8, named.MARCELLE),
    ),
    named.HOSPITAL: ((-4, named.AURORE),),
    named.BY_VIDEO: ((-3, named.AURORE),),
    named.FAMILY_DOCTOR: (
        (-7, named.AURORE), (9, named.AURORE), (-12, named.CAPUCINE), (-20, named.BASTIEN),
        (5, named.BASTIEN), (12, named.MARCELLE), (-25, named.MARCELLE),
    ),
}  # fmt: skip


def build(now: datetime, seed: int = SEED, told: Sequence[Mapping[str, Any]] = ()) -> Plan:
    """The whole plan as of ``now`` (UTC); weeks are counted from its Monday."""
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    people: list[Person] = list(named.FAMILY)
    planned: list[HousePlan] = []
    roles = 0
    for entry in told or houses.described():
        house = houses.plan_house(seed, entry, roles, monday)
        roles += len(house.roles)
        own = _patients(seed, entry, people, today)
        planned.append(replace(house, patients=(*named.FILES_AT.get(house.slug, ()), *own)))
    everybody = tuple(people)
    reserved = frozenset(range(len(named.FAMILY)))
    return Plan(
        everybody,
        tuple(
            _with_visits(seed, _with_neighbours(seed, house, planned), everybody, reserved, now)
            for house in planned
        ),
    )


def _patients(
    seed: int, entry: Mapping[str, Any], people: list[Person], today: date
) -> tuple[int, ...]:
    """Draw a house's patients onto the end of ``people``; their places there."""
    rolled = dice(seed, entry["slug"], "patients")
    origins = {**EVERYWHERE, **entry["origins"]}
    near = _towns(entry)
    first = len(people)
    count = entry["patients"] - len(named.FILES_AT.get(entry["slug"], ()))
    while len(people) < first + max(0, count):
        person = draw(rolled, len(people), origins, near, today)
        for _try in range(_FEMALE_SHARE_TRIES):
            if person.sex == "female" or not entry.get("women_only"):
                break
            person = draw(rolled, len(people), origins, near, today)
        people.append(person)
    return tuple(range(first, len(people)))


def _towns(entry: Mapping[str, Any]) -> Sequence[places.CommuneRow]:
    codes = set(entry.get("commune_people", ()))
    if codes:
        return [row for row in places.communes() if row.code in codes]
    return towns_near(entry["site"][0]["commune"], entry["towns_km"])


def _with_neighbours(seed: int, house: HousePlan, all_houses: Sequence[HousePlan]) -> HousePlan:
    if house.slug != named.HOSPITAL:
        return house
    rolled = dice(seed, "neighbours")
    others = next((other.patients for other in all_houses if other.slug == named.QUAIS), ())
    known = [place for place in others if place > 2 and rolled.random() < _SHARED_PATIENTS]
    return replace(house, patients=(*house.patients, *known))


def _with_visits(
    seed: int, house: HousePlan, people: Sequence[Person], reserved: frozenset[int], now: datetime
) -> HousePlan:
    house = replace(house, visits=plan_visits(seed, house, people, reserved, now))
    for number, person in _GIVEN.get(house.slug, ()):
        house = named.give(house, number, person, now)
    return house
