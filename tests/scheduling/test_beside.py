"""What must be free beside the practitioner: a room, a device, a substitute; and daily caps."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from serment import ids
from serment.directory import tenancy
from tests.scheduling.practice import (
    NOW,
    PARIS,
    TUESDAY,
    Practice,
    days,
    free_at,
    make_practice,
    make_role,
    paris,
)

pytestmark = pytest.mark.django_db(databases=["default", "search"])

NINE, HALF_PAST, TEN = paris(TUESDAY, 9), paris(TUESDAY, 9, 30), paris(TUESDAY, 10)


def with_rooms(practice: Practice, rooms: int, **reason: object) -> list[UUID]:
    """A sort of room that the reason needs, and so many of it."""
    from serment.scheduling.models import Resource, ResourceKind, VisitReason

    with tenancy.inside(practice.establishment):
        kind = ResourceKind.objects.create(
            establishment_id=practice.establishment, name_fr="Salle d’échographie"
        )
        VisitReason.objects.filter(id=practice.reason).update(needs=[kind.id], **reason)
        made = [
            Resource(
                establishment_id=practice.establishment,
                site_id=practice.site,
                kind=kind,
                name=f"Salle {number}",
            )
            for number in range(rooms)
        ]
        Resource.objects.bulk_create(made)
    return [one.id for one in made]


def another_doctor(practice: Practice) -> Practice:
    """A colleague in the same house, with the same reason."""
    from serment.scheduling.models import VisitReason

    with tenancy.inside(practice.establishment):
        role = make_role(practice.establishment, practice.site, 9)
        same = VisitReason.objects.get(id=practice.reason)
        same.id, same.role_id = ids.new_id(), role
        same.save(force_insert=True)
    return Practice(practice.establishment, practice.site, role, same.id)


def test_a_slot_needs_a_free_room_and_a_booking_takes_it(practice: Practice) -> None:
    from serment.scheduling import booking, explain, refusals
    from serment.scheduling.models import Occupancy

    (room,) = with_rooms(practice, 1)
    colleague = another_doctor(practice)
    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, HALF_PAST), NOW)
    with tenancy.inside(practice.establishment):
        claimants = Occupancy.objects.filter(appointment_id=made.id).values_list("claimant_id")
        assert {one for (one,) in claimants} == {practice.role, room}
    assert free_at(colleague)[:3] == ["09:00", "10:00", "10:30"], "the room is taken till ten"
    other, other_file = colleague.patient()
    with pytest.raises(refusals.SlotTaken) as refused:
        booking.book(other, colleague.booking(other_file, HALF_PAST), NOW)
    assert [slot.starts_at for slot in refused.value.nearest][:2] == [NINE, TEN]
    with tenancy.inside(practice.establishment):
        said = explain.why_not(colleague.role, colleague.reason, HALF_PAST, NOW, using="default")
        assert (said.rule, "Salle d’échographie" in said.sentence) == ("no_room", True)
        booking.cancel(practice.secretary(), made.id, "", NOW)
    assert free_at(colleague)[:2] == ["09:00", "09:30"], "a cancelled visit gives its room back"


def test_a_hold_keeps_its_room_and_gives_it_back(practice: Practice) -> None:
    from serment.scheduling import booking, holding

    with_rooms(practice, 1)
    colleague = another_doctor(practice)
    actor, file = practice.patient()
    holding.hold(actor, practice.role, practice.reason, NINE, NOW)
    assert free_at(colleague)[0] == "09:30"
    holding.look(actor, practice.role, practice.reason, NINE, NOW)
    holding.let_go(actor)
    assert free_at(colleague)[0] == "09:00"
    holding.hold(actor, practice.role, practice.reason, NINE, NOW)
    booking.book(actor, practice.booking(file, NINE), NOW)
    assert free_at(colleague)[0] == "09:30"


def test_the_desk_books_without_a_room_only_when_it_says_so(practice: Practice) -> None:
    from serment.disclosure import Purpose
    from serment.scheduling import booking, refusals, sealed_details

    with_rooms(practice, 1)
    colleague, desk = another_doctor(practice), practice.secretary()
    _, file = practice.patient()
    booking.book(desk, practice.booking(file, NINE), NOW)
    with pytest.raises(refusals.NotOffered, match="Salle d’échographie"):
        booking.book(desk, colleague.booking(file, NINE), NOW)
    over = booking.book(desk, colleague.booking(file, NINE, overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        known = sealed_details.reveal(desk, Purpose.BOOKING, [over])
    assert known[over.id].overbooked


def test_a_reason_whose_room_is_nowhere_is_offered_nowhere(practice: Practice) -> None:
    with_rooms(practice, 0)
    assert free_at(practice) == []


def test_a_day_takes_as_many_of_a_reason_as_it_says(practice: Practice) -> None:
    from serment.scheduling import booking, explain, moving, refusals
    from serment.scheduling.models import DayCount, VisitReason

    with tenancy.inside(practice.establishment):
        VisitReason.objects.filter(id=practice.reason).update(daily_cap=2)
    desk, (_, file) = practice.secretary(), practice.patient()
    first = booking.book(desk, practice.booking(file, NINE), NOW)
    booking.book(desk, practice.booking(file, HALF_PAST), NOW)
    assert free_at(practice) == []
    assert free_at(practice, TUESDAY + days(1))
    with pytest.raises(refusals.DayFull):
        booking.book(desk, practice.booking(file, TEN), NOW)
    with tenancy.inside(practice.establishment):
        said = explain.why_not(practice.role, practice.reason, TEN, NOW, using="default")
        assert said.sentence == "Ce motif est complet ce jour-là. Le soignant en prend 2 par jour."
        assert [row.taken for row in DayCount.objects.all()] == [2]
        to = practice.booking(file, paris(TUESDAY + days(1), 9))
        moving.move(desk, first.id, to, NOW)
        assert sorted(row.taken for row in DayCount.objects.all()) == [1, 1]
    third = booking.book(desk, practice.booking(file, TEN), NOW)
    over = booking.book(desk, practice.booking(file, paris(TUESDAY, 11), overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        for visit in (third, over):
            booking.cancel(desk, visit.id, "", NOW)
        assert sorted(row.taken for row in DayCount.objects.all()) == [1, 1]
    assert free_at(practice)[:1] == ["09:00"]


def test_a_count_tells_nothing_to_whoever_reads_it(practice: Practice) -> None:
    """Another day, reason or practitioner has another tag; the tag holds none of them."""
    from serment.scheduling.counting import Day

    one = Day(practice.role, practice.reason, TUESDAY)
    others = [
        Day(practice.role, practice.reason, TUESDAY + days(1)),
        Day(practice.reason, practice.role, TUESDAY),
        Day(practice.role, ids.new_id(), TUESDAY),
    ]
    assert len({one.tag, *(other.tag for other in others)}) == 4
    assert Day(practice.role, practice.reason, TUESDAY).tag == one.tag
    for known in (practice.role.bytes, practice.reason.bytes, TUESDAY.isoformat().encode()):
        assert known[:6] not in one.tag


def substituted(practice: Practice, by: UUID, first: date, last: date) -> None:
    from serment.scheduling.models import Absence, Substitution

    with tenancy.inside(practice.establishment):
        Substitution.objects.create(
            establishment_id=practice.establishment,
            role_id=practice.role,
            substitute_id=by,
            first_day=first,
            last_day=last,
        )
        Absence.objects.create(
            establishment_id=practice.establishment,
            role_id=practice.role,
            span=(paris(first, 0), paris(last + days(1), 0)),
        )


def test_a_substitute_holds_the_hours_of_the_replaced(practice: Practice) -> None:
    from serment.scheduling import agenda, booking, confirming, explain
    from serment.scheduling.models import Absence, Occupancy

    colleague = another_doctor(practice)
    substituted(practice, colleague.role, TUESDAY, TUESDAY + days(2))
    assert free_at(practice)[0] == "09:00", "away, and yet somebody receives"
    desk, (_, file) = practice.secretary(), practice.patient()
    booking.book(desk, colleague.booking(file, NINE), NOW)
    assert free_at(practice)[0] == "09:30", "the substitute has somebody at nine"
    made = booking.book(desk, practice.booking(file, HALF_PAST), NOW)
    with tenancy.inside(practice.establishment):
        rows = Occupancy.objects.filter(appointment_id=made.id).values_list("claimant_id")
        assert {one for (one,) in rows} == {practice.role, colleague.role}
        said = explain.why_not(practice.role, practice.reason, NINE, NOW, using="default")
        assert said.rule == "substitute_busy"
        facts = confirming._standing_facts(made.id)
        assert facts is not None
        assert "qui remplace" in facts.with_whom
        (column,) = agenda.day(practice.establishment, [practice.role], TUESDAY, PARIS)
        assert [one.kind for one in column.entries] == ["appointment"], "not drawn as away"
        Absence.objects.create(
            establishment_id=practice.establishment,
            role_id=colleague.role,
            span=(paris(TUESDAY, 14), paris(TUESDAY, 17)),
        )
    assert [one for one in free_at(practice) if one > "12"] == ["17:00", "17:30"]
    later = TUESDAY + timedelta(days=3)
    assert free_at(practice, later)[0] == "09:00", "afterwards the hours are their own again"
    booking.book(desk, colleague.booking(file, paris(later, 9)), NOW)
    assert free_at(practice, later)[0] == "09:00", "and need nobody else"


def test_a_substitute_overseas_begins_at_the_midnight_of_the_place() -> None:
    """Wallis lies twelve hours east: its day begins when Paris still has the day before."""
    from zoneinfo import ZoneInfo

    from serment.scheduling import wall_clock
    from serment.scheduling.availability import Calendar
    from serment.scheduling.others import Dates, stand_ins

    for zone in ("Pacific/Wallis", "Pacific/Marquesas", "Europe/Paris"):
        calendar, who = Calendar(ZoneInfo(zone)), ids.new_id()
        (held,) = stand_ins(
            [Dates(who, TUESDAY, TUESDAY)], {who: calendar}, calendar, (29_000_000, 29_600_000)
        )
        local = [wall_clock.instant_of(m).astimezone(calendar.zone) for m in held.within]
        assert [(one.date(), one.hour) for one in local] == [(TUESDAY, 0), (TUESDAY + days(1), 0)]


def test_hours_for_known_people_are_booked_by_those_who_came(practice: Practice) -> None:
    from serment.scheduling import booking, refusals
    from serment.scheduling.models import Appointment, WeeklyOpening

    with tenancy.inside(practice.establishment):
        WeeklyOpening.objects.filter(weekday=TUESDAY.weekday()).update(public=1)
    assert free_at(practice) == []
    actor, file = practice.patient()
    with pytest.raises(refusals.NotOffered, match="déjà venues"):
        booking.book(actor, practice.booking(file, NINE, first_visit=False), NOW)
    desk = practice.secretary()
    before = booking.book(desk, practice.booking(file, paris(TUESDAY - days(1), 11)), NOW)
    with tenancy.inside(practice.establishment):
        Appointment.objects.filter(id=before.id).update(
            starts_at=NOW - days(9), ends_at=NOW - days(9) + timedelta(minutes=30)
        )
    booking.book(actor, practice.booking(file, NINE, first_visit=False), NOW)


def test_a_practice_made_twice_keeps_its_own_rooms() -> None:
    one, two = make_practice(1), make_practice(2)
    with_rooms(one, 1)
    with_rooms(two, 0)
    assert free_at(one)
    assert not free_at(two)
