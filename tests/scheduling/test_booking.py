"""Holding, booking and cancelling at the promised interface, one client at a time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Purpose, gate
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

pytestmark = pytest.mark.django_db

NINE = paris(TUESDAY, 9)


def test_a_booking_takes_its_time_and_nothing_else(practice: Practice) -> None:
    from serment.scheduling import booking

    actor, file = practice.patient()
    before = free_at(practice)
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    assert (made.starts_at, made.ends_at) == (NINE, NINE + timedelta(minutes=30))
    assert made.status == "booked"
    assert before[0] == "09:00"
    assert free_at(practice) == before[1:]


def test_why_somebody_comes_is_sealed_and_opens_through_the_gate(practice: Practice) -> None:
    from serment.scheduling import booking, sealed_details

    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, NINE, note="ascenseur"), NOW)
    with tenancy.inside(practice.establishment):
        made.refresh_from_db()
    assert str(made.details) == "•••"
    assert b"ascenseur" not in made.details.sealed
    details = sealed_details.reveal(actor, Purpose.SELF, [made])[made.id]
    assert details.reason == practice.reason
    assert details.note == "ascenseur"
    assert gate.records_of(actor, actor.id) == [made.id]
    assert any("details" in seen.fields for seen in gate.history(actor, file))


def test_the_same_form_twice_is_one_appointment(practice: Practice) -> None:
    from serment.scheduling import booking

    actor, file = practice.patient()
    form = practice.booking(file, NINE)
    first = booking.book(actor, form, NOW)
    second = booking.book(actor, form, NOW + timedelta(seconds=5))
    assert first.id == second.id
    assert count(practice) == 1
    assert count(practice, "Occupancy") == 1


def test_a_used_form_cannot_book_another_time(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    form = practice.booking(file, NINE)
    booking.book(actor, form, NOW)
    other = practice.booking(file, paris(TUESDAY, 10), request_key=form.request_key)
    with pytest.raises(refusals.FormAlreadyUsed):
        booking.book(actor, other, NOW)


def test_a_taken_slot_is_refused_with_the_nearest_free_ones(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    booking.book(actor, practice.booking(file, paris(TUESDAY, 10)), NOW)
    other, other_file = practice.patient()
    with pytest.raises(refusals.SlotTaken) as refused:
        booking.book(other, practice.booking(other_file, paris(TUESDAY, 10)), NOW)
    assert refused.value.sentence == "Ce créneau vient d’être pris."
    near = [slot.starts_at for slot in refused.value.nearest]
    wanted = [(9, 0), (9, 30), (10, 30), (11, 0)]
    assert near == [paris(TUESDAY, hour, minute) for hour, minute in wanted]
    assert count(practice) == 1


def test_cancelling_frees_the_time_and_is_on_record(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    with tenancy.inside(records=gate.records_of(actor, actor.id)):
        ended = booking.cancel(actor, made.id, "empêchement", NOW)
        assert ended.status == "cancelled"
        with pytest.raises(refusals.AlreadyOver):
            booking.cancel(actor, made.id, "encore", NOW)
    assert "09:00" in free_at(practice)
    why = gate.reveal(actor, Purpose.SELF, [ended], ["cancellation"])[made.id]["cancellation"]
    assert json.loads(why) == {"by": "patient", "reason": "empêchement"}
    again, again_file = practice.patient()
    assert booking.book(again, practice.booking(again_file, NINE), NOW).id != made.id


def test_nobody_cancels_what_the_wall_does_not_show(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    stranger, _ = practice.patient()
    neighbour = make_practice(1)
    with (
        tenancy.inside(neighbour.establishment, records=gate.records_of(stranger, stranger.id)),
        pytest.raises(refusals.NoSuchAppointment),
    ):
        booking.cancel(stranger, made.id, "", NOW)
    assert "09:00" not in free_at(practice)


@pytest.mark.parametrize(
    ("starts_at", "error"),
    [
        (NOW - days(3), "PastTime"),
        (NOW + timedelta(minutes=30), "NoticeTooShort"),
        (paris(TUESDAY, 9) + days(70), "BeyondHorizon"),
        (paris(TUESDAY, 12, 30), "NotOffered"),
        (paris(TUESDAY, 9, 10), "NotOffered"),
        (paris(TUESDAY, 9) + timedelta(seconds=10), "NotOffered"),
        (paris(TUESDAY, 9) + days(4), "NotOffered"),
    ],
)
def test_times_that_cannot_be_derived_are_refused(
    practice: Practice, starts_at: datetime, error: str
) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    with pytest.raises(getattr(refusals, error)) as refused:
        booking.book(actor, practice.booking(file, starts_at), NOW)
    assert type(refused.value).__name__ == error
    assert refused.value.sentence.endswith(".")
    assert count(practice) == 0


def test_red_flags_must_all_be_denied(db: None) -> None:
    from serment.scheduling import booking, refusals

    practice = make_practice(red_flags=["chemical_splash", "sudden_sight_loss"])
    actor, file = practice.patient()
    for denied in (set(), {"chemical_splash"}):
        form = practice.booking(file, NINE, red_flags_denied=frozenset(denied))
        with pytest.raises(refusals.RedFlagUnanswered):
            booking.book(actor, form, NOW)
    both = frozenset({"chemical_splash", "sudden_sight_loss"})
    assert booking.book(actor, practice.booking(file, NINE, red_flags_denied=both), NOW)


def test_reasons_for_new_or_known_patients_keep_to_them(db: None) -> None:
    from serment.scheduling import booking, refusals

    for values, first, error in (
        ({"new_patients": False}, True, refusals.NewPatientsRefused),
        ({"known_patients": False}, False, refusals.KnownPatientsRefused),
    ):
        practice = make_practice(**values)
        actor, file = practice.patient()
        with pytest.raises(error):
            booking.book(actor, practice.booking(file, NINE, first_visit=first), NOW)
        assert booking.book(actor, practice.booking(file, NINE, first_visit=not first), NOW)


def test_times_off_the_grid_are_not_said_to_be_taken(practice: Practice) -> None:
    """9 h 01 was never a slot, whether or not somebody has the half hour."""
    from serment.scheduling import booking, refusals

    other, other_file = practice.patient()
    booking.book(other, practice.booking(other_file, NINE), NOW)
    actor, file = practice.patient()
    for minute in (1, 15):
        with pytest.raises(refusals.NotOffered, match="n’est pas proposée") as refused:
            booking.book(actor, practice.booking(file, paris(TUESDAY, 9, minute)), NOW)
        assert len(refused.value.nearest) == 4
    with pytest.raises(refusals.SlotTaken):
        booking.book(actor, practice.booking(file, NINE), NOW)


def test_a_slot_after_a_shorter_visit_is_taken_and_not_off_the_grid(db: None) -> None:
    """The walk goes on where the visit before it ends: that grid counts."""
    from serment.scheduling import booking, refusals
    from serment.scheduling.models import VisitReason

    practice = make_practice()
    with tenancy.inside(practice.establishment):
        short = VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            name_fr="Contrôle", name_en="Check", duration_minutes=20, horizon_days=60,
        )  # fmt: skip
    for at, reason in ((NINE, short.id), (paris(TUESDAY, 9, 20), practice.reason)):
        actor, file = practice.patient()
        booking.book(actor, practice.booking(file, at, reason_id=reason), NOW)
    actor, file = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        booking.book(actor, practice.booking(file, paris(TUESDAY, 9, 20)), NOW)


def test_the_own_visit_is_said_to_be_ones_own_and_to_nobody_else(practice: Practice) -> None:
    from serment.scheduling import booking, holding, refusals

    actor, file = practice.patient()
    made = booking.book(actor, practice.booking(file, NINE), NOW)
    with pytest.raises(refusals.AlreadyYours) as mine:
        booking.book(actor, practice.booking(file, NINE), NOW)
    with pytest.raises(refusals.AlreadyYours):
        holding.look(actor, practice.role, practice.reason, NINE, NOW)
    assert mine.value.appointment_id == made.id
    stranger, stranger_file = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        booking.book(stranger, practice.booking(stranger_file, NINE), NOW)
    with pytest.raises(refusals.SlotTaken):
        holding.look(stranger, practice.role, practice.reason, NINE, NOW)


def test_somebody_elses_form_tells_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key alone a stranger would be handed the appointment it made."""
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    stranger, stranger_file = practice.patient()

    def stolen(at: datetime, key: bytes) -> object:
        return practice.booking(stranger_file, at, request_key=key)

    with monkeypatch.context() as careless:
        careless.setattr(booking, "_key_of", lambda _actor, wanted: wanted.request_key)
        form = practice.booking(file, NINE)
        made = booking.book(actor, form, NOW)
        assert booking.book(stranger, stolen(NINE, form.request_key), NOW).id == made.id
    form = practice.booking(file, paris(TUESDAY, 10))
    booking.book(actor, form, NOW)
    with pytest.raises(refusals.SlotTaken):
        booking.book(stranger, stolen(paris(TUESDAY, 10), form.request_key), NOW)
    assert booking.book(stranger, stolen(paris(TUESDAY, 11), form.request_key), NOW)


def test_the_same_form_after_its_visit_was_cancelled_says_so(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    form = practice.booking(file, NINE)
    made = booking.book(actor, form, NOW)
    with tenancy.inside(records=[made.id]):
        booking.cancel(actor, made.id, "", NOW)
    with pytest.raises(refusals.CancelledSince):
        booking.book(actor, form, NOW)
    assert booking.book(actor, practice.booking(file, NINE), NOW).id != made.id


def test_visits_to_come_are_bounded_with_one_practitioner(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.scheduling import booking, holding, own_visits, refusals

    actor, file = practice.patient()
    made = [
        booking.book(actor, practice.booking(file, paris(TUESDAY, hour)), NOW)
        for hour in (9, 10, 11)
    ]
    fourth = paris(TUESDAY, 14)
    with pytest.raises(refusals.TooMany, match="téléphonez au cabinet"):
        booking.book(actor, practice.booking(file, fourth), NOW)
    with pytest.raises(refusals.TooMany):
        holding.look(actor, practice.role, practice.reason, fourth, NOW)
    assert booking.book(practice.secretary(), practice.booking(file, fourth), NOW)
    with tenancy.inside(records=[made[0].id]):
        booking.cancel(actor, made[0].id, "", NOW)
    with pytest.raises(refusals.TooMany):  # the desk's counts: three still stand
        booking.book(actor, practice.booking(file, paris(TUESDAY, 15)), NOW)
    with tenancy.inside(records=[made[1].id]):
        booking.cancel(actor, made[1].id, "", NOW)
    assert booking.book(actor, practice.booking(file, paris(TUESDAY, 15)), NOW)
    after = paris(TUESDAY, 18)
    assert booking.book(actor, practice.booking(file, paris(TUESDAY, 9) + days(1)), after)
    monkeypatch.setattr(own_visits, "WITH_ONE_MAX", 100)
    assert booking.book(actor, practice.booking(file, paris(TUESDAY, 16)), NOW)


def test_visits_to_come_are_bounded_in_all(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.scheduling import booking, own_visits, refusals
    from tests.scheduling.practice import make_file

    monkeypatch.setattr(own_visits, "IN_ALL_MAX", 2)
    actor, file = practice.patient()
    other = make_practice(1)
    booking.book(actor, practice.booking(file, NINE), NOW)
    booking.book(actor, practice.booking(file, paris(TUESDAY, 10)), NOW)
    file_there = ids.new_id()
    make_file(other.establishment, file_there)
    gate.link(SYSTEM, account=actor.id, patient_file=file_there)
    with pytest.raises(refusals.TooMany, match="déjà 2 rendez-vous à venir"):
        booking.book(actor, other.booking(file_there, paris(TUESDAY, 11)), NOW)
