"""Hours changed on one date, from a date on, or altogether; what that leaves without open time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment import ids
from serment.directory import tenancy
from serment.errors import Refused
from serment.scheduling.editing import Hours, NotThatDate, Scope, checked, split
from tests.scheduling.practice import NOW, TUESDAY, Practice, days, free_at, paris

AROUND = [date(2026, 3, 2) + timedelta(days=n) for n in range(-40, 60)]
NINE_TO_TEN = Hours(1, time(9), time(10))


@st.composite
def rules(draw: st.DrawFn) -> Hours:
    first = draw(st.sampled_from([None, *AROUND[:40]]))
    return Hours(
        weekday=draw(st.integers(0, 6)),
        starts=time(9),
        ends=time(12),
        valid_from=first,
        valid_until=draw(st.sampled_from([None, *AROUND[40:]])),
        every_weeks=draw(st.integers(1, 4)),
        anchor=draw(st.sampled_from(AROUND)),
        skipped=tuple(draw(st.lists(st.sampled_from(AROUND), max_size=4))),
    )


def held(*some: Hours | None) -> dict[date, set[tuple[time, time]]]:
    """By date, the hours that hold on it."""
    return {
        day: {(one.starts, one.ends) for one in some if one and one.opening.falls_on(day)}
        for day in AROUND
    }


@settings(max_examples=120)
@given(rules(), st.sampled_from(list(Scope)), st.sampled_from(AROUND), st.booleans())
def test_a_change_changes_the_dates_it_names_and_no_other(
    rule: Hours, scope: Scope, on: date, taken_away: bool
) -> None:
    changed = None if taken_away else replace(rule, starts=time(14), ends=time(18))
    before = held(rule)
    if scope is not Scope.ALL and not before[on]:
        with pytest.raises(NotThatDate):
            split(rule, changed, scope, on)
        return
    after = held(*split(rule, changed, scope, on))
    for day in AROUND:
        touched = {
            Scope.ONE: day == on,
            Scope.FOLLOWING: day >= on,
            Scope.ALL: True,
        }[scope]
        expected = {(time(14), time(18))} if before[day] and not taken_away else set()
        assert after[day] == (expected if touched else before[day]), day


def test_hours_that_make_no_sense_are_refused() -> None:
    for wrong in (
        replace(NINE_TO_TEN, ends=time(9)),
        replace(NINE_TO_TEN, valid_from=TUESDAY, valid_until=TUESDAY - days(1)),
    ):
        with pytest.raises(Refused):
            checked(wrong)
    assert checked(replace(NINE_TO_TEN, starts=time(23), ends=time(0)))


def _rule(practice: Practice) -> Any:
    from serment.scheduling.models import WeeklyOpening

    return WeeklyOpening.objects.get(weekday=1, starts=time(9))


@pytest.mark.django_db(databases=["default", "search"])
def test_one_date_is_changed_and_says_so(practice: Practice) -> None:
    from serment.scheduling import editing, explain

    with tenancy.inside(practice.establishment):
        row = _rule(practice)
        later = replace(Hours.of(row), starts=time(11))
        editing.change(row.id, later, Scope.ONE, TUESDAY)
        said = explain.why_not(
            practice.role, practice.reason, paris(TUESDAY, 9), NOW, using="default"
        )
    assert free_at(practice)[:3] == ["11:00", "11:30", "14:00"]
    assert free_at(practice, TUESDAY + days(7))[0] == "09:00"
    assert (said.rule, "mardi 10\u00a0mars" in said.sentence) == ("skipped", True)


FRUITLESS: dict[str, dict[str, Any]] = {
    "20 minutes et le motif en prend 30": {"ends": time(9, 20)},
    "Aucune date": {"valid_from": TUESDAY + days(1), "valid_until": TUESDAY + days(3)},
    "déjà pris fin": {"valid_until": TUESDAY - days(30)},
    "Aucun motif": {"reasons": (ids.new_id(),)},
    "gardées pour l’urgence": {"late_release_minutes": 30},
}


@pytest.mark.django_db
@pytest.mark.parametrize("said", FRUITLESS)
def test_hours_that_give_nothing_are_told_at_once(practice: Practice, said: str) -> None:
    from serment.scheduling import fruitless

    wrong = replace(NINE_TO_TEN, **FRUITLESS[said])
    with tenancy.inside(practice.establishment):
        assert said in fruitless.hours(practice.role, wrong.opening, NOW)
        assert fruitless.hours(practice.role, NINE_TO_TEN.opening, NOW) == ""


@pytest.mark.django_db
def test_a_reason_that_nobody_can_have_is_told_at_once(practice: Practice) -> None:
    from serment.scheduling import fruitless
    from serment.scheduling.models import Closure, VisitReason

    changes: dict[str, dict[str, Any]] = {
        "préavis est plus long": {"notice_minutes": 100_000, "horizon_days": 60},
        "le motif en prend 300": {"duration_minutes": 300},
        "La salle ou l’appareil": {"needs": [ids.new_id()]},
    }
    with tenancy.inside(practice.establishment):
        row = VisitReason.objects.get(id=practice.reason)
        assert fruitless.reason(practice.role, row.id, NOW) == ""
        for said, changed in changes.items():
            VisitReason.objects.filter(id=row.id).update(**changed)
            assert said in fruitless.reason(practice.role, row.id, NOW)
            row.save()
        Closure.objects.create(establishment_id=practice.establishment, span=(NOW, NOW + days(500)))
        assert "fermé" in fruitless.reason(practice.role, row.id, NOW)


@pytest.mark.django_db(databases=["default", "search"])
def test_what_a_change_orphans_is_known_before_it_is_made(practice: Practice) -> None:
    from serment.scheduling import booking, editing, orphans
    from serment.scheduling.models import Closure, RecurringAbsence

    desk, (_, file) = practice.secretary(), practice.patient()
    made = [
        booking.book(desk, practice.booking(file, paris(TUESDAY + days(week * 7), 9)), NOW)
        for week in range(3)
    ]
    over = booking.book(desk, practice.booking(file, paris(TUESDAY, 12, 30), overbook=True), NOW)
    house, roles = practice.establishment, [practice.role]

    def of(act: Any) -> list[Any]:
        return [one.id for one in orphans.of_change(roles, act, NOW)]

    with tenancy.inside(house):
        rule = _rule(practice).id
        away = {"establishment_id": house, "weekday": 1, "starts": time(8), "ends": time(10)}
        every_other = {"every_weeks": 2, "anchor": TUESDAY}
        assert of(lambda: editing.change(rule, None, Scope.ONE, TUESDAY)) == [made[0].id]
        from_then = TUESDAY + days(7)
        assert of(lambda: editing.change(rule, None, Scope.FOLLOWING, from_then)) == [
            made[1].id,
            made[2].id,
        ]
        assert of(lambda: RecurringAbsence.objects.create(**away, **every_other)) == [
            made[0].id,
            made[2].id,
        ]
        whole = (paris(TUESDAY, 0), paris(TUESDAY + days(10), 0))
        closing = {"establishment_id": house, "span": whole}
        shut = orphans.of_change(roles, lambda: Closure.objects.create(**closing), NOW)
        assert [one.id for one in shut] == [made[0].id, made[1].id]
        assert "fermé" in shut[0].because
        assert not Closure.objects.exists(), "nothing of a trial stays"
        assert [one.id for one in orphans.of_now(roles, NOW)] == [over.id]
