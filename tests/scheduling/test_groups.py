"""Visits in groups: offered where a session was set, until its seats are taken."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from serment.directory import tenancy
from tests.scheduling.practice import NOW, TUESDAY, Practice, count, free_at, make_practice, paris

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
