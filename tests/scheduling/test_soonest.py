"""Who comes first among many is the same whether everybody is asked everything or few are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.directory import tenancy
from serment.scheduling import soonest
from serment.scheduling.availability import Span
from tests.scheduling.practice import NOW, TUESDAY, Practice, days, make_practice, paris

EYES, PLACE = "SM38", (48.86, 2.37)
WEEK = 7 * 1440


@dataclass(frozen=True)
class At:
    """A slot as far as the search compares it."""

    minute: int


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=3).map(sorted), min_size=1, max_size=40),
    st.integers(1, 12),
    st.sampled_from((1, 90, 700)),
)
def test_the_first_are_those_of_a_look_at_everybody(
    starts: list[list[int]], enough: int, apart: int
) -> None:
    roles = [UUID(int=n) for n in range(len(starts))]
    slots = {role: [one * apart for one in some] for role, some in zip(roles, starts, strict=True)}

    def look(some: Iterable[UUID], window: Span) -> Mapping[UUID, At]:
        within = {r: [m for m in slots[r] if window[0] <= m < window[1]] for r in some}
        return {role: At(found[0]) for role, found in within.items() if found}

    def narrow(some: Sequence[UUID], part: Span) -> Mapping[UUID, int]:
        """As far below the first slot as their number says; without who has none."""
        found = {role: at.minute for role, at in look(some, part).items()}
        return {role: max(part[0], first - role.int * 31) for role, first in found.items()}

    def order(of: Mapping[UUID, At]) -> list[UUID]:
        return sorted(of, key=lambda role: (of[role].minute, roles.index(role)))[:enough]

    everybody = look(roles, (0, 4 * WEEK))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(soonest, "AT_ONCE", 3)
        patch.setattr(soonest, "MANY_ROLES", 10)
        for known in (soonest.everybody, narrow):
            found = soonest.firsts(roles, (0, 4 * WEEK), enough, look, known)
            assert order(found) == order(everybody)
            assert all(found[role] == everybody[role] for role in found)


def test_a_bound_that_is_too_high_loses_who_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = [UUID(int=n) for n in range(3)]
    slots = {role: At(minute) for role, minute in zip(roles, (20, 20, 10), strict=True)}

    def look(some: Iterable[UUID], window: Span) -> Mapping[UUID, At]:
        return {r: slots[r] for r in some if window[0] <= slots[r].minute < window[1]}

    monkeypatch.setattr(soonest, "AT_ONCE", 1)
    for bound, first in ((10, roles[2]), (21, roles[0])):
        late = {roles[0]: 0, roles[1]: 0, roles[2]: bound}
        found = soonest.firsts(roles, (0, WEEK), 1, look, lambda some, part, late=late: late)
        assert min(found, key=lambda role: found[role].minute) == first


def _practices() -> Iterator[Practice]:
    """One for each rule that a brief look might leave out."""
    from serment.scheduling import groups, occupying
    from serment.scheduling.models import (
        Closure,
        OpeningException,
        RecurringAbsence,
        VisitReason,
        WeeklyOpening,
    )

    for number in range(12):
        made = make_practice(number, notice_minutes=120 - 60 * (number % 3))
        house, role = made.establishment, made.role
        hours = WeeklyOpening.objects.filter(role_id=role)
        with tenancy.inside(house):
            if number == 9:
                hours.update(every_weeks=2, anchor=NOW.date() + days(7))
            elif number == 2:
                hours.update(public=1)
            elif number == 3:
                hours.delete()
                VisitReason.objects.filter(id=made.reason).update(in_groups=True)
                reason = VisitReason.objects.get(id=made.reason)
                groups.create(reason, paris(TUESDAY, 8), 2, NOW)
            elif number == 4:
                hours.delete()
                OpeningException.objects.create(
                    establishment_id=house, role_id=role, day=TUESDAY, kind="opened",
                    starts=time(7), ends=time(8),
                )  # fmt: skip
            elif number == 5:
                Closure.objects.create(
                    establishment_id=house, span=(paris(NOW.date(), 0), paris(TUESDAY, 12))
                )
            elif number == 6:
                RecurringAbsence.objects.create(
                    establishment_id=house, role_id=role, weekday=0, starts=time(9), ends=time(12)
                )
            elif number == 7:
                hours.update(reasons=[ids.new_id()])
            elif number == 8:
                claim = occupying.Claim(house, role, paris(NOW.date(), 9), paris(NOW.date(), 17))
                assert occupying.take(claim, NOW, kind="block") is not None
        yield made


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_a_look_at_few_by_remembered_rules_gives_what_the_full_look_at_all_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from serment.scheduling import bounds, known_plans, search

    practices = list(_practices())
    easter = paris(date(2026, 4, 5), 20)
    moments = (NOW, paris(NOW.date(), 11, 17), paris(NOW.date(), 17, 40), easter)

    def answers() -> list[search.Results]:
        return [
            search.around(EYES, *PLACE, 10, now, limit=limit) for now in moments for limit in (2, 9)
        ]

    full = answers()
    monkeypatch.setattr(soonest, "MANY_ROLES", 0)
    monkeypatch.setattr(soonest, "AT_ONCE", 2)
    assert answers() == full
    assert answers() == full, "by what the first time remembered"
    assert full[1].items[0].soonest is not None
    assert full[1].total == len(practices)
    # Its control: bounds that forget one kind of rule are seen.
    right = bounds.starts_on
    monkeypatch.setattr(
        bounds,
        "starts_on",
        lambda calendar, visit, day: right(replace(calendar, exceptions=()), visit, day),
    )
    known_plans.forget()
    assert answers() != full
    known_plans.forget()


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
@pytest.mark.parametrize("in_groups", [False, True])
def test_who_is_further_off_and_earlier_comes_first_though_little_of_the_time_is_left(
    in_groups: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has no half hour left before the nearer's slot is not looked at; these two have."""
    from serment.directory.models import Site
    from serment.scheduling import groups, rules, search
    from serment.scheduling.models import VisitReason

    near, far, full = (make_practice(n) for n in range(3))
    for practice, latitude in ((far, 48.88), (full, 48.89)):
        with tenancy.inside(practice.establishment):
            Site.objects.filter(id=practice.site).update(latitude=latitude)
    _take(near, (9, 0), (10, 30))
    _take(full, (9, 0), (10, 10))
    _take(full, (10, 20), (12, 0))
    if in_groups:
        with tenancy.inside(far.establishment):
            VisitReason.objects.filter(id=far.reason).update(in_groups=True)
            reason = VisitReason.objects.get(id=far.reason)
            groups.create(reason, paris(NOW.date(), 10, 5), 2, NOW)
    else:
        _take(far, (9, 0), (10, 5))
        _take(far, (10, 35), (12, 0))
    asked: list[set[UUID]] = []
    covered = rules.covered

    def seen(before: Mapping[rules.Plan, int], until: int, now: int, *, using: str) -> set[UUID]:
        asked.append(covered(before, until, now, using=using))
        return asked[-1]

    monkeypatch.setattr(rules, "covered", seen)
    monkeypatch.setattr(soonest, "MANY_ROLES", 0)
    monkeypatch.setattr(soonest, "AT_ONCE", 1)
    (first,) = search.around(EYES, *PLACE, 10, NOW, limit=1).items
    assert first.role_id == far.role
    assert first.soonest is not None
    assert first.soonest.starts_at == paris(NOW.date(), 10, 5)
    assert {full.role} in asked


def _take(practice: Practice, start: tuple[int, int], end: tuple[int, int]) -> None:
    from serment.scheduling import occupying

    claim = occupying.Claim(
        practice.establishment, practice.role, paris(NOW.date(), *start), paris(NOW.date(), *end)
    )
    with tenancy.inside(practice.establishment):
        assert occupying.take(claim, NOW, kind="block") is not None
