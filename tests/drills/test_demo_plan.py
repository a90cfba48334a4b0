"""The demo's plan repeats, holds together, and names nobody who could be called."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from serment.directory import rpps
from serment.directory.words import fold
from serment.drills.demo import building, houses, letters, named, names
from serment.drills.demo.dice import dice
from serment.drills.demo.people import LANDLINES, MOBILE
from serment.drills.demo.plan import Plan

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return building.build(NOW)


def test_the_same_seed_gives_the_same_plan_and_another_seed_another(plan: Plan) -> None:
    assert building.build(NOW) == plan
    few = [told for told in houses.described() if told["slug"] == "kines-du-canal"]
    assert building.build(NOW, 1, few) != building.build(NOW, 2, few)


def test_it_has_the_size_that_was_promised(plan: Plan) -> None:
    assert len(plan.house(named.HOSPITAL).roles) == 40
    assert len(plan.people) >= 1_990
    assert 6_000 <= sum(len(house.visits) for house in plan.houses) <= 12_000
    kinds = {house.kind for house in plan.houses}
    assert {"hospital", "practice", "teleconsultation"} <= kinds
    around = {"74256", "74208", "74081", "74042"}
    eyes = [
        role
        for house in plan.houses
        for role in house.roles
        if role.code == "SM38" and house.sites[role.site].commune_code in {*around, "74056"}
    ]
    assert len(eyes) == 14


def test_practitioners_have_valid_numbers_that_nobody_else_has(plan: Plan) -> None:
    numbers = [role.rpps for house in plan.houses for role in house.roles]
    assert all(rpps.is_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith(houses.RPPS_HEAD) for number in numbers)


def test_telephones_and_addresses_reach_nobody(plan: Plan) -> None:
    phones = [person.phone for person in plan.people if person.phone]
    phones += [re.sub(r"\D", "", house.phone) for house in plan.houses]
    phones += [re.sub(r"\D", "", site.phone) for house in plan.houses for site in house.sites]
    assert all(phone.startswith((MOBILE, *LANDLINES)) and len(phone) == 10 for phone in phones)
    emails = [person.email for person in plan.people if person.email]
    assert all(email.endswith(("@example.fr", "@example.org")) for email in emails)
    assert len(set(emails)) == len(emails)


def test_names_are_many_and_none_is_everywhere(plan: Plan) -> None:
    families = Counter(person.family_name for person in plan.people)
    given = Counter(person.given_name for person in plan.people)
    assert sum(len(listed) for listed in names.family_names().values()) >= 1_000
    assert len({name for listed in names.given_names().values() for name in listed}) >= 300
    assert len(families) > 800
    assert len(given) > 450
    assert families.most_common(1)[0][1] < 20
    assert given.most_common(1)[0][1] < 30


def test_given_names_follow_the_year_of_birth() -> None:
    old = Counter(names.given_name(dice(1, n), "f", 1938, "france") for n in range(400))
    young = Counter(names.given_name(dice(1, n), "f", 2016, "france") for n in range(400))
    assert old["Colette"] > young["Colette"] == 0
    assert young["Jade"] > old["Jade"] == 0


def test_nobody_is_seen_twice_at_once_in_an_agenda(plan: Plan) -> None:
    for house in plan.houses:
        for role in range(len(house.roles)):
            standing = [
                (visit.starts_at, visit.ends_at)
                for visit in house.visits
                if visit.role == role and visit.status != "cancelled"
            ]
            for (_start, end), (start, _end) in pairwise(standing):
                assert end <= start


def test_every_visit_is_somebodys_known_there_and_at_a_time_that_fits_its_state(
    plan: Plan,
) -> None:
    for house in plan.houses:
        known = set(house.patients)
        for visit in house.visits:
            assert visit.person in known
            assert visit.reason < len(house.roles[visit.role].reasons)
            if visit.status == "booked":
                assert visit.ends_at >= NOW
            if visit.status in ("fulfilled", "noshow"):
                assert visit.ends_at < NOW


def test_nobody_comes_for_a_reason_of_another_age(plan: Plan) -> None:
    bounded = 0
    for house in plan.houses:
        for visit in house.visits:
            low, high = house.roles[visit.role].reasons[visit.reason].ages
            age = plan.people[visit.person].age(visit.starts_at.date())
            assert low <= age <= high + 1
            bounded += high < 20
    assert bounded > 20


def test_the_demo_patient_has_been_and_will_come(plan: Plan) -> None:
    own = [
        (house.slug, visit)
        for house in plan.houses
        for visit in house.visits
        if visit.person == named.AURORE
    ]
    assert {slug for slug, _visit in own} == set(named.FILES_AT)
    assert sum(visit.starts_at > NOW for _slug, visit in own) >= 2
    assert sum(visit.starts_at < NOW for _slug, visit in own) >= 4


def test_the_relative_has_visits_of_his_own_and_acts_for_a_child_and_a_mother(plan: Plan) -> None:
    own = [
        visit for house in plan.houses for visit in house.visits if visit.person == named.BASTIEN
    ]
    assert {visit.starts_at > NOW for visit in own} == {True, False}
    assert [one.person for one in named.RELATIVES if named.BASTIEN in one.by] == [
        named.CAPUCINE,
        named.MARCELLE,
    ]


@pytest.mark.parametrize("day", range(7))
def test_the_plan_stands_on_every_day_and_hour_of_a_week(day: int) -> None:
    now = NOW + timedelta(days=day, hours=(day * 5) % 13)
    wanted = set(named.FILES_AT)
    told = [entry for entry in houses.described() if entry["slug"] in wanted]
    small = [{**entry, "patients": 40} for entry in told]
    made = building.build(now, told=small)
    assert sum(visit.person == named.AURORE for h in made.houses for visit in h.visits) == 7


def test_family_names_are_written_as_names_are() -> None:
    for listed in names.family_names().values():
        for name in listed:
            assert name[0].isupper() or name.startswith("d’")
            assert fold(name)
            assert not re.search(r"[0-9_]", name)


def test_letters_wait_for_people_without_e_mail_and_one_wants_to_be_called(plan: Plan) -> None:
    house = plan.house(named.QUAIS)
    visits = [house.visits[place] for place in letters.chosen(house, plan.people, NOW)]
    assert len({visit.person for visit in visits}) == len(visits) == letters.LETTERS + 1
    assert all(
        visit.starts_at > NOW + letters.POST and visit.status == "booked" for visit in visits
    )
    assert not any(plan.people[visit.person].email for visit in visits)
    assert all(plan.people[visit.person].phone for visit in visits)
