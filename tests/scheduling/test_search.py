"""What patients find: one doctor, several, a specialty around a place; and what the desk sees."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from serment import ids
from serment.directory import tenancy
from tests.scheduling.practice import NOW, PARIS, TUESDAY, Practice, days, make_practice, paris

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "search"])

EYES = "SM38"
PLACE = (48.86, 2.37)


def block(practice: Practice, first: date, count: int = 1, kind: str = "block") -> None:
    """Take whole days."""
    from serment.scheduling import occupying

    claim = occupying.Claim(
        practice.establishment, practice.role, paris(first, 0), paris(first + days(count), 0)
    )
    with tenancy.inside(practice.establishment):
        assert occupying.take(claim, NOW, kind=kind) is not None


def test_slots_are_the_same_whether_looked_at_whole_or_piece_by_piece() -> None:
    from serment.scheduling import search

    practices = [make_practice(n) for n in range(3)]
    block(practices[1], TUESDAY, 20)
    roles = [p.role for p in practices] + [ids.new_id()]
    window = (NOW, NOW + days(50))
    whole = search.next_slots(roles, None, window, NOW, 10_000)
    few = search.next_slots(roles, None, window, NOW, 3)
    assert few == {role: slots[:3] for role, slots in whole.items()}
    assert whole[roles[-1]] == []
    assert few[practices[1].role][1].starts_at == paris(date(2026, 3, 2), 10, 30)


def test_a_window_of_several_weeks_keeps_long_time_away_out() -> None:
    from serment.scheduling import search

    practice = make_practice()
    block(practice, TUESDAY, 14, kind="import")
    window = (paris(TUESDAY, 0), paris(TUESDAY + days(20), 0))
    found = search.next_slots([practice.role], None, window, NOW, 1)[practice.role]
    assert found[0].starts_at == paris(TUESDAY + days(14), 9)


def test_the_soonest_come_first_and_nobody_is_left_out_of_the_total() -> None:
    from serment.scheduling import search

    practices = [make_practice(n) for n in range(4)]
    block(practices[0], date(2026, 3, 2), 5)
    block(practices[2], date(2026, 3, 2), 30)
    block(practices[3], date(2026, 3, 2), 80)
    found = search.around(EYES, *PLACE, 10, NOW, limit=2)
    assert found.total == 4
    assert [item.role_id for item in found.items] == [practices[1].role, practices[0].role]
    assert found.soonest == found.items[0].soonest
    rest = search.around(EYES, *PLACE, 10, NOW, limit=2, offset=2)
    assert [item.role_id for item in rest.items] == [practices[2].role, practices[3].role]
    assert rest.items[1].soonest is None
    assert rest.items[1].slots_by_day == {}
    assert next(iter(found.items[0].slots_by_day)) == date(2026, 3, 2)


def test_nearest_first_measures_distance() -> None:
    from serment.directory.models import Site
    from serment.scheduling import search

    near, far, away = (make_practice(n) for n in range(3))
    for practice, latitude in ((far, 48.90), (away, 45.0)):
        with tenancy.inside(practice.establishment):
            Site.objects.filter(id=practice.site).update(latitude=latitude)
    found = search.around(EYES, *PLACE, 10, NOW, sort="nearest")
    assert [item.role_id for item in found.items] == [near.role, far.role]
    assert found.total == 2
    assert found.items[1].distance_km == pytest.approx(4.45, abs=0.05)


def test_filters_narrow_and_video_comes_from_anywhere() -> None:
    from serment.directory.models import PractitionerRole, Site
    from serment.scheduling import search
    from serment.scheduling.models import VisitReason
    from serment.scheduling.places_around import Filters

    plain, special = make_practice(0), make_practice(1)
    with tenancy.inside(special.establishment):
        PractitionerRole.objects.filter(id=special.role).update(
            sector=1, video=True, languages=["lsf"]
        )
        Site.objects.filter(id=special.site).update(step_free=True)
        VisitReason.objects.filter(id=special.reason).update(video=True)

    def found(**wanted: object) -> list[UUID]:
        results = search.around(EYES, *PLACE, 10, NOW, filters=Filters(**wanted))
        return [item.role_id for item in results.items]

    assert set(found()) == {plain.role, special.role}
    for wanted in ({"sector": 1}, {"step_free": True}, {"language": "lsf"}):
        assert found(**wanted) == [special.role]
    video = search.around(EYES, 16.0, -61.7, 10, NOW, filters=Filters(video=True))
    assert [(item.role_id, item.distance_km) for item in video.items] == [(special.role, None)]
    assert video.items[0].soonest is not None
    assert video.items[0].soonest.mode == "video"
    with tenancy.inside(special.establishment):
        VisitReason.objects.filter(id=special.reason).update(new_patients=False)
    known_only = search.around(EYES, 16.0, -61.7, 10, NOW, filters=Filters(video=True))
    assert not known_only.items, "by video only those who already come here are seen"


def test_every_question_costs_a_fixed_number_of_queries(
    django_assert_num_queries: object,
) -> None:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from serment.scheduling import search

    costs = []
    for number in range(2):
        for _ in range(1 + 5 * number):
            make_practice(number)
        with CaptureQueriesContext(connections["search"]) as asked:
            search.around(EYES, *PLACE, 10, NOW)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 8


def test_a_month_costs_as_many_queries_as_a_day() -> None:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from serment.scheduling import search

    role = make_practice().role
    costs = []
    for count in (1, 31):
        window = (paris(TUESDAY, 0), paris(TUESDAY + days(count), 0))
        with CaptureQueriesContext(connections["search"]) as asked:
            found = search.next_slots([role], None, window, NOW, 10_000)[role]
        costs.append((len(asked), len(found)))
    assert costs[0][0] == costs[1][0]
    assert costs[1][1] > 10 * costs[0][1] > 0


def test_each_refusal_is_explained_by_the_rule_behind_it() -> None:
    from serment.scheduling import explain
    from serment.scheduling.models import Absence, OpeningException, WeeklyOpening

    practice = make_practice()
    tenant, role = practice.establishment, practice.role
    friday, holiday = date(2026, 3, 6), date(2026, 4, 6)  # Easter Monday
    with tenancy.inside(tenant):
        span = (paris(friday, 0), paris(friday, 23))
        Absence.objects.create(establishment_id=tenant, role_id=role, span=span)
        OpeningException.objects.create(
            establishment_id=tenant,
            role_id=role,
            day=date(2026, 3, 5),
            starts="09:00",
            ends="12:00",
            kind="closed",
        )
        for weekday, kept, reasons in ((5, 60, []), (6, None, [ids.new_id()])):
            WeeklyOpening.objects.create(
                establishment_id=tenant,
                role_id=role,
                weekday=weekday,
                starts="09:00",
                ends="12:00",
                late_release_minutes=kept,
                reasons=reasons,
            )
    block(practice, date(2026, 3, 4))
    expected = {
        "offered": paris(TUESDAY, 9),
        "past": NOW - days(1),
        "notice": NOW + timedelta(minutes=30),
        "horizon": NOW + days(90),
        "absence": paris(friday, 9),
        "closed_date": paris(date(2026, 3, 5), 9),
        "holiday": paris(holiday, 9),
        "other_reason": paris(date(2026, 3, 8), 9),
        "too_long": paris(TUESDAY, 11, 45),
        "outside_openings": paris(TUESDAY, 20),
        "taken": paris(date(2026, 3, 4), 9),
        "kept": paris(date(2026, 3, 7), 9),
        "off_grid": paris(TUESDAY, 9, 10),
    }
    found = {
        rule: explain.why_not(role, practice.reason, instant, NOW)
        for rule, instant in expected.items()
    }
    assert {rule: explained.rule for rule, explained in found.items()} == {r: r for r in expected}
    assert all(explained.sentence.endswith(".") for explained in found.values())
    assert "samedi 7 mars à 8 h 00" in found["kept"].sentence.replace("\u00a0", " ")
    assert explain.why_not(ids.new_id(), None, NOW, NOW).rule == "no_role"
    assert explain.why_not(role, ids.new_id(), NOW, NOW).rule == "reason_closed"


def test_the_agenda_shows_time_and_state_over_the_openings() -> None:
    from serment.scheduling import agenda, booking
    from serment.scheduling.models import Absence

    practice = make_practice()
    desk, (actor, file) = practice.secretary(), practice.patient()
    booking.book(actor, practice.booking(file, paris(TUESDAY, 9)), NOW)
    over = booking.book(desk, practice.booking(file, paris(TUESDAY, 9), overbook=True), NOW)
    gone = booking.book(actor, practice.booking(file, paris(TUESDAY, 15)), NOW)
    block(practice, date(2026, 3, 5), 2)
    tenant = practice.establishment
    with tenancy.inside(tenant):
        booking.cancel(desk, gone.id, "", NOW)
        span = (paris(TUESDAY, 16), paris(TUESDAY, 18))
        Absence.objects.create(establishment_id=tenant, role_id=practice.role, span=span)
        (column,) = agenda.day(tenant, [practice.role], TUESDAY, PARIS)
        week = agenda.week(tenant, [practice.role], date(2026, 3, 2), PARIS)
        with_cancelled = agenda.day(tenant, [practice.role], TUESDAY, PARIS, cancelled=True)
    assert [(e.kind, e.status) for e in column.entries] == [
        ("appointment", "booked"),
        ("appointment", "booked"),
        ("absence", ""),
    ]
    assert {e.id for e in column.entries if e.overbooked} == {over.id}
    assert column.booked_count == 2
    assert column.openings == [
        (paris(TUESDAY, 9), paris(TUESDAY, 12)),
        (paris(TUESDAY, 14), paris(TUESDAY, 16)),
    ]
    assert "cancelled" in [e.status for e in with_cancelled[0].entries]
    blocked = [day for day, (one,) in week.items() if "block" in [e.kind for e in one.entries]]
    assert blocked == [date(2026, 3, 5), date(2026, 3, 6)]
    assert [len(one.openings) for (one,) in week.values()] == [2, 2, 2, 2, 2, 0, 0]


def test_a_practice_overseas_opens_by_its_own_clock() -> None:
    from serment.scheduling import search

    practice = make_practice(zone="America/Miquelon")
    sunday = date(2026, 3, 8)  # clocks go forward there, three weeks before Paris
    window = (paris(TUESDAY, 0), paris(sunday + days(3), 0))
    found = search.next_slots([practice.role], None, window, NOW, 1000)[practice.role]
    local = {slot.starts_at.astimezone(ZoneInfo("America/Miquelon")) for slot in found}
    assert min(moment.hour for moment in local) == 9
    assert {slot.starts_at.hour for slot in found if slot.starts_at.date() < sunday} >= {12}
    assert min(s.starts_at.hour for s in found if s.starts_at.date() > sunday) == 11


def test_a_window_that_ends_before_it_begins_has_no_slot() -> None:
    """A week past what may be booked asks what comes after it: PostgreSQL knows no such span."""
    from serment.scheduling import search

    practice = make_practice(horizon_days=30)
    asked = [practice.role], None
    for after in (NOW, NOW + days(1)):
        assert search.next_slots(*asked, (after, NOW), NOW, 1) == {practice.role: []}
