"""Visits in groups: offered where a session was set, until its seats are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from serment.directory import tenancy
from tests.scheduling.practice import (
    NOW,
    TUESDAY,
    Practice,
    count,
    days,
    free_at,
    make_practice,
    paris,
)

pytestmark = pytest.mark.django_db(databases=["default", "search"])
EVENING = paris(TUESDAY, 18, 30)


@pytest.fixture
def workshop(db: None) -> Practice:
    return make_practice(in_groups=True, duration_minutes=60)


def test_a_session_is_offered_until_it_is_full_and_again_after(workshop: Practice) -> None:
    from serment.scheduling import booking, explain, fruitless, groups, orphans, refusals
    from serment.scheduling.models import Occupancy, VisitReason

    assert free_at(workshop) == [], "open hours offer no group"
    desk, people = workshop.secretary(), [workshop.patient() for _ in range(3)]
    with tenancy.inside(workshop.establishment):
        reason = VisitReason.objects.get(id=workshop.reason)
        assert "posez une première séance" in fruitless.reason(workshop.role, reason.id, NOW)
        session = groups.create(reason, EVENING, 2, NOW)
        with pytest.raises(refusals.SlotTaken):
            groups.create(reason, paris(TUESDAY, 19), 2, NOW)
    made = []
    for actor, file in people[:2]:
        assert free_at(workshop) == ["18:30"]
        made.append(booking.book(actor, workshop.booking(file, EVENING), NOW))
    assert free_at(workshop) == []
    with pytest.raises(groups.SessionFull):
        booking.book(desk, workshop.booking(people[2][1], EVENING), NOW)
    with pytest.raises(groups.NoSuchSession):
        booking.book(desk, workshop.booking(people[2][1], paris(TUESDAY, 9)), NOW)
    with tenancy.inside(workshop.establishment):
        said = explain.why_not(workshop.role, reason.id, EVENING, NOW, using="default")
        assert said.rule == "session_full"
        assert [row.kind for row in Occupancy.objects.all()] == ["session"]
        assert orphans.of_now([workshop.role], NOW) == [], "set after hours on purpose"
        with pytest.raises(groups.SeatsTaken):
            groups.remove(session)
        booking.cancel(desk, made[0].id, "", NOW)
    assert free_at(workshop) == ["18:30"]


def test_the_practitioner_is_nobody_else_s_during_a_session(workshop: Practice) -> None:
    from serment.scheduling import groups, search
    from serment.scheduling.models import VisitReason

    with tenancy.inside(workshop.establishment):
        reason = VisitReason.objects.get(id=workshop.reason)
        alone = VisitReason.objects.create(
            establishment_id=workshop.establishment, role_id=workshop.role, name_fr="Suivi",
            name_en="Follow-up", duration_minutes=30,
        )  # fmt: skip
        groups.create(reason, paris(TUESDAY, 9), 5, NOW)
        window = (paris(TUESDAY, 0), paris(TUESDAY, 23))
        found = search.next_slots([workshop.role], alone.id, window, NOW, 1, using="default")
    assert found[workshop.role][0].starts_at == paris(TUESDAY, 10)


def test_a_seat_is_kept_while_its_form_is_filled_and_no_longer(workshop: Practice) -> None:
    from serment.scheduling import booking, groups, holding
    from serment.scheduling.models import VisitReason

    with tenancy.inside(workshop.establishment):
        groups.create(VisitReason.objects.get(id=workshop.reason), EVENING, 2, NOW)
    (one, file), (other, others_file), (late, lates_file) = [workshop.patient() for _ in range(3)]
    asked = (workshop.role, workshop.reason, EVENING)
    holding.hold(one, *asked, NOW)
    assert free_at(workshop) == ["18:30"], "another may come"
    booking.book(other, workshop.booking(others_file, EVENING), NOW)
    assert free_at(workshop) == []
    for refused in (holding.hold, holding.look):
        with pytest.raises(groups.SessionFull):
            refused(late, *asked, NOW)
    with pytest.raises(groups.SessionFull):
        booking.book(late, workshop.booking(lates_file, EVENING), NOW)
    booking.book(one, workshop.booking(file, EVENING), NOW)
    with tenancy.inside(workshop.establishment):
        booking.cancel(workshop.secretary(), _made(workshop), "", NOW)
    holding.hold(one, *asked, NOW)
    holding.hold(late, workshop.role, workshop.reason, EVENING, NOW + timedelta(minutes=11))
    assert count(workshop, "Seat") == 2, "whose form was left gives way"


def _made(workshop: Practice) -> UUID:
    from serment.scheduling.models import Seat

    found = Seat.objects.filter(appointment_id__isnull=False).first()
    assert found is not None
    assert found.appointment_id is not None
    return found.appointment_id


@dataclass
class Morning:
    """A group of three at ten, all seated, one at eleven a week later, and the practitioner."""

    practice: Practice
    visits: list[UUID]

    def goes_away(self) -> None:
        """For that whole day."""
        from serment.scheduling.models import Absence

        Absence.objects.create(
            establishment_id=self.practice.establishment, role_id=self.practice.role,
            span=(paris(TUESDAY, 0), paris(TUESDAY + days(1), 0)),
        )  # fmt: skip


TEN, WEEK_AFTER = paris(TUESDAY, 10), paris(TUESDAY + days(7), 11)


@pytest.fixture
def morning(workshop: Practice) -> Morning:
    from serment.scheduling import booking, groups
    from serment.scheduling.models import VisitReason

    with tenancy.inside(workshop.establishment):
        reason = VisitReason.objects.get(id=workshop.reason)
        groups.create(reason, TEN, 3, NOW)
        groups.create(reason, WEEK_AFTER, 3, NOW)
    visits = []
    for number in range(2):
        actor, file = workshop.patient(email=f"assis{number}@exemple.fr")
        visits.append(booking.book(actor, workshop.booking(file, TEN), NOW).id)
    return Morning(workshop, visits)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_session_whose_practitioner_is_away_is_not_offered(
    morning: Morning, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    from serment.scheduling import booking, explain, groups, refusals

    practice = morning.practice
    if not guarded:
        monkeypatch.setattr(groups, "shut", lambda *_asked: None)
    assert free_at(practice) == ["10:00"]
    with tenancy.inside(practice.establishment):
        morning.goes_away()
        said = explain.why_not(practice.role, practice.reason, TEN, NOW, using="default")
    assert (free_at(practice), said.rule) == (
        ([], "absence") if guarded else (["10:00"], "offered")
    )
    actor, file = practice.patient(email="tard@exemple.fr")
    if not guarded:
        booking.book(actor, practice.booking(file, TEN), NOW)
        return
    for who in (actor, practice.secretary()):
        with pytest.raises(refusals.NotOffered, match="absent"):
            booking.book(who, practice.booking(file, TEN), NOW)
    booking.book(practice.secretary(), practice.booking(file, TEN, overbook=True), NOW)


def test_an_absence_over_a_group_leaves_its_people_to_be_moved_to_another(
    morning: Morning,
) -> None:
    from serment.scheduling import orphans, resettling, unsettling
    from serment.scheduling.models import Appointment, Seat

    practice, desk = morning.practice, morning.practice.secretary()
    with tenancy.inside(practice.establishment):
        tried = orphans.of_change([practice.role], morning.goes_away, NOW)
        assert {one.id for one in tried} == set(morning.visits)
        assert all("absent" in one.because for one in tried)
        assert orphans.of_now([practice.role], NOW) == [], "only tried"
        morning.goes_away()
        ticked = dict.fromkeys(morning.visits)
        done = resettling.settle_all(desk, ticked, resettling.Way.MOVE, NOW)
        assert [str(one.became) for one in done.outcomes] == ["moved", "moved"]
        starts = Appointment.objects.filter(id__in=morning.visits)
        assert {*starts.values_list("starts_at", flat=True)} == {WEEK_AFTER}
        assert Seat.objects.count() == 2
        undone = unsettling.undo_all(desk, done.outcomes, NOW, NOW)
        assert [one.why for one in undone.outcomes] == ["", ""]
        assert {*starts.values_list("starts_at", flat=True)} == {TEN}


def test_no_session_is_set_where_nobody_is_there(morning: Morning) -> None:
    from serment.scheduling import groups
    from serment.scheduling.models import VisitReason

    with tenancy.inside(morning.practice.establishment):
        morning.goes_away()
        reason = VisitReason.objects.get(id=morning.practice.reason)
        with pytest.raises(groups.NobodyThere), transaction.atomic():
            groups.create(reason, paris(TUESDAY, 14), 3, NOW)


def test_a_session_lasts_as_long_for_all(morning: Morning) -> None:
    from serment.scheduling import shifting
    from serment.scheduling.models import Appointment
    from serment.scheduling.shifting import Place

    desk, role = morning.practice.secretary(), morning.practice.role
    with tenancy.inside(morning.practice.establishment):
        visit = morning.visits[0]
        with pytest.raises(shifting.AsLongForAll), transaction.atomic():
            shifting.shift(desk, visit, Place(role, TEN, 120), NOW)
        shifting.shift(desk, visit, Place(role, WEEK_AFTER, 60), NOW)
        row = Appointment.objects.get(id=visit)
    assert (row.starts_at, row.ends_at - row.starts_at) == (WEEK_AFTER, timedelta(hours=1))


def test_who_joins_stays_as_long_as_the_session_was_set_for(morning: Morning) -> None:
    from serment.scheduling import booking
    from serment.scheduling.models import VisitReason

    practice = morning.practice
    with tenancy.inside(practice.establishment):
        VisitReason.objects.filter(id=practice.reason).update(duration_minutes=90)
    actor, file = practice.patient(email="apres@exemple.fr")
    made = booking.book(actor, practice.booking(file, TEN), NOW)
    assert made.ends_at - made.starts_at == timedelta(hours=1)
