"""What the desk may do that a patient may not, what it posts, and data that arrives in bulk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Purpose
from tests.scheduling.practice import NOW, TUESDAY, Practice, count, free_at, make_practice, paris

pytestmark = pytest.mark.django_db

NINE = paris(TUESDAY, 9)


def test_the_desk_overbooks_only_when_it_says_so(practice: Practice) -> None:
    from serment.scheduling import booking, refusals
    from serment.scheduling.models import Occupancy

    desk = practice.secretary()
    actor, file = practice.patient()
    booking.book(actor, practice.booking(file, NINE), NOW)
    with pytest.raises(refusals.SlotTaken):
        booking.book(desk, practice.booking(file, NINE), NOW)
    over = booking.book(desk, practice.booking(file, NINE, overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        assert list(
            Occupancy.objects.filter(appointment_id=over.id).values_list("exclusive", flat=True)
        ) == [False]
    lunch = paris(TUESDAY, 12, 30)
    with pytest.raises(refusals.NotOffered):
        booking.book(desk, practice.booking(file, lunch), NOW)
    outside = booking.book(desk, practice.booking(file, lunch, overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        assert Occupancy.objects.get(appointment_id=outside.id).exclusive


def test_over_one_who_was_booked_over_another_is_on_record_too(practice: Practice) -> None:
    """The constraint passes over the second, so the third finds no row in its way."""
    from serment.scheduling import booking, cancelling, sealed_details
    from serment.scheduling.models import Appointment

    desk = practice.secretary()
    actor, file = practice.patient()
    first = booking.book(actor, practice.booking(file, NINE), NOW)
    booking.book(desk, practice.booking(file, NINE, overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        cancelling.cancel(desk, first.id, "", NOW)
    third = booking.book(desk, practice.booking(file, NINE, overbook=True), NOW)
    with tenancy.inside(practice.establishment):
        row = Appointment.objects.get(id=third.id)
        told = sealed_details.reveal(desk, Purpose.BOOKING, [row])
    assert told[third.id].overbooked


def test_a_patient_cannot_overbook(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    booking.book(actor, practice.booking(file, NINE), NOW)
    other, other_file = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        booking.book(other, practice.booking(other_file, NINE, overbook=True), NOW)


def test_the_desk_of_another_house_has_no_desk_rights(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    stranger = make_practice(1).secretary()
    form = practice.booking(ids.new_id(), paris(TUESDAY, 12, 30), overbook=True)
    with pytest.raises(refusals.NotOffered):
        booking.book(stranger, form, NOW)


def test_the_desk_marks_who_came(practice: Practice) -> None:
    from serment.scheduling import attending, booking, refusals

    desk = practice.secretary()
    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    with tenancy.inside(practice.establishment):
        assert attending.mark(desk, made.id, "arrived", NOW).status == "arrived"
        with pytest.raises(refusals.AlreadyOver):
            attending.mark(desk, made.id, "cancelled", NOW)
        with pytest.raises(refusals.NoSuchAppointment):
            attending.mark(actor, made.id, "noshow", NOW)


def test_a_booking_posts_its_confirmation_and_cancelling_calls_it_back(
    practice: Practice,
) -> None:
    from serment.outbox.models import Message
    from serment.scheduling import booking

    actor, file = practice.patient(email="lou@exemple.fr")
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    with tenancy.inside(practice.establishment, records=[made.id]):
        assert [m.kind for m in Message.objects.filter(record_id=made.id)] == ["confirmation"]
        booking.cancel(actor, made.id, "", NOW)
        states = dict(Message.objects.filter(record_id=made.id).values_list("kind", "state"))
    assert states == {"confirmation": "cancelled", "cancellation": "waiting"}


def test_many_arrive_at_once_and_a_second_arrival_adds_nothing(practice: Practice) -> None:
    from serment.disclosure import SYSTEM
    from serment.scheduling import bulk
    from serment.scheduling.sealed_details import Details

    many = [
        bulk.Placed(
            role_id=practice.role,
            starts_at=paris(TUESDAY, 9) + timedelta(minutes=30 * number),
            ends_at=paris(TUESDAY, 9, 30) + timedelta(minutes=30 * number),
            patient_file=ids.new_id(),
            details=Details(reason=practice.reason),
            source_key=f"source-{number}",
        )
        for number in range(5)
    ]
    assert len(bulk.place(SYSTEM, practice.establishment, many)) == 5
    assert bulk.place(SYSTEM, practice.establishment, many) == []
    assert count(practice) == 5
    assert free_at(practice)[0] == "11:30"


def test_a_form_whose_visit_was_cancelled_books_nothing_more(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    desk = practice.secretary()
    _, file = practice.patient()
    form = practice.booking(file, NINE)
    made = booking.book(desk, form, NOW)
    assert booking.book(desk, form, NOW).id == made.id
    with tenancy.inside(practice.establishment):
        booking.cancel(desk, made.id, "", NOW)
    with pytest.raises(refusals.CancelledSince):
        booking.book(desk, form, NOW)
