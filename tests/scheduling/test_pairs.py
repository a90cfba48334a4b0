"""Two persons booked at once: both or none, kept together, and apart from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from tests.scheduling.practice import (
    NOW,
    TUESDAY,
    Practice,
    count,
    free_at,
    make_file,
    make_role,
    paris,
)  # fmt: skip

pytestmark = pytest.mark.django_db(databases=["default", "search"])
NINE, HALF_PAST = paris(TUESDAY, 9), paris(TUESDAY, 9, 30)


def pair_of(practice: Practice, mother: tuple[Actor, UUID], **second: Any) -> list[Any]:
    """Of one form: two files, one after the other."""
    from serment import ids

    other = ids.new_id()
    make_file(practice.establishment, other, given_name="Noé")
    gate.link(SYSTEM, account=mother[0].id, patient_file=other)
    one = practice.booking(mother[1], NINE, request_key=b"k" * 16)
    two = practice.booking(other, HALF_PAST, request_key=b"l" * 16)
    return [one, replace(two, **second)]


def halves(pair: list[Any]) -> list[tuple[UUID, UUID, Any]]:
    return [(one.role_id, one.reason_id, one.starts_at) for one in pair]


def test_both_are_kept_and_booked_together_and_cancelled_apart(practice: Practice) -> None:
    from serment.scheduling import booking, pairs, refusals

    mother, stranger = practice.patient(), practice.patient()
    pair = pair_of(practice, mother)
    kept = pairs.hold(mother[0], halves(pair), NOW)
    assert pairs.hold(mother[0], halves(pair), NOW + timedelta(minutes=2)) == kept
    pairs.look(mother[0], halves(pair), NOW, ())
    assert free_at(practice)[0] == "10:00"
    for at in (NINE, HALF_PAST):
        with pytest.raises(refusals.SlotTaken):
            booking.book(stranger[0], practice.booking(stranger[1], at), NOW)
    made = pairs.book(mother[0], pair, NOW)
    again = pairs.book(mother[0], pair, NOW)
    assert [one.id for one in again] == [one.id for one in made]
    assert count(practice) == 2
    assert count(practice, "Occupancy") == 2
    with tenancy.inside(practice.establishment):
        booking.cancel(practice.secretary(), made[0].id, "", NOW)
    assert free_at(practice)[:2] == ["09:00", "10:00"], "the other's time stays taken"


def test_where_one_is_gone_nothing_is_booked_nor_sealed(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.scheduling import booking, pairs

    mother, stranger = practice.patient(), practice.patient()
    pair = pair_of(practice, mother)
    booking.book(stranger[0], practice.booking(stranger[1], HALF_PAST), NOW)
    with pytest.raises(pairs.PairTaken):
        pairs.hold(mother[0], halves(pair), NOW)
    with monkeypatch.context() as without:
        without.setattr(pairs, "_guard", lambda *_asked: NOW)
        with pytest.raises(pairs.PairTaken):
            pairs.book(mother[0], pair, NOW)
    records = len(gate.records_of(mother[0], mother[0].id))
    with pytest.raises(pairs.PairTaken):
        pairs.book(mother[0], pair, NOW)
    assert len(gate.records_of(mother[0], mother[0].id)) == records
    assert records == 1, "without the guard the keeper had a visit that nobody booked"
    assert count(practice) == 1
    assert "09:00" in free_at(practice)


def test_what_either_may_not_stops_both(practice: Practice) -> None:
    from serment.scheduling import pairs, refusals

    mother = practice.patient()
    with pytest.raises(refusals.ModeRefused):
        pairs.book(mother[0], pair_of(practice, mother, mode="video"), NOW)
    assert count(practice) == 0


def test_ways_to_come_together(practice: Practice) -> None:
    from serment.directory.models import PractitionerRole
    from serment.scheduling import pairs
    from serment.scheduling.availability import Public
    from serment.scheduling.models import VisitReason

    with tenancy.inside(practice.establishment):
        colleague = make_role(practice.establishment, practice.site, 1)
        reason = VisitReason.objects.get(id=practice.reason)
        theirs = VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=colleague, name_fr=reason.name_fr,
            name_en="Visit", duration_minutes=30, notice_minutes=60, horizon_days=60,
        )  # fmt: skip
        role = PractitionerRole.objects.get(id=practice.role)
    mother = practice.patient()
    pair = pair_of(practice, mother, role_id=colleague, reason_id=theirs.id, starts_at=NINE)
    made = pairs.book(mother[0], pair, NOW)
    assert {one.starts_at for one in made} == {NINE}
    from serment.scheduling import search

    with tenancy.inside(practice.establishment), pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "ALIAS", "default")
        found = pairs.arrangements(role, reason, HALF_PAST, NOW, Public.EVERYONE)
    said = [(one.starts_at, two.starts_at, one.role_id == two.role_id) for one, two in found[:2]]
    ten = paris(TUESDAY, 10)
    assert said == [(HALF_PAST, HALF_PAST, False), (HALF_PAST, ten, True)]
