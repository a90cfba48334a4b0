"""One hold an account, over all its sessions: kept, moved, given back, walled and forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from serment.directory import tenancy
from serment.disclosure import Actor
from tests.scheduling.practice import NOW, TUESDAY, Practice, count, free_at, make_practice, paris

pytestmark = pytest.mark.django_db

NINE = paris(TUESDAY, 9)
TEN = paris(TUESDAY, 10)


def keep(practice: Practice, actor: Actor, at: datetime = NINE, now: datetime = NOW) -> Any:
    from serment.scheduling import holding

    return holding.hold(actor, practice.role, practice.reason, at, now)


def holders_seen(tag: bytes | None = None) -> int:
    from serment.directory.pipeline import together
    from serment.scheduling import holders
    from serment.scheduling.models import Holder

    with transaction.atomic():
        together(holders.stand(tag or bytes(32)))
        return Holder.objects.count()


def test_a_hold_keeps_the_slot_for_who_fills_the_form(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    kept = keep(practice, actor)
    assert kept.expires_at == NOW + timedelta(minutes=10)
    assert "09:00" not in free_at(practice)
    stranger, stranger_file = practice.patient()
    with pytest.raises(refusals.SlotTaken):
        booking.book(stranger, practice.booking(stranger_file, NINE), NOW)
    with pytest.raises(refusals.SlotTaken):
        keep(practice, stranger)
    booking.book(actor, practice.booking(file, NINE), NOW)
    assert count(practice, "Occupancy") == 1


def test_the_same_slot_again_keeps_the_time_it_had(practice: Practice) -> None:
    actor, _ = practice.patient()
    first = keep(practice, actor)
    assert keep(practice, actor, now=NOW + timedelta(minutes=9)) == first


def test_an_expired_hold_gives_way(practice: Practice) -> None:
    from serment.scheduling import booking, holders

    holder, _ = practice.patient()
    keep(practice, holder)
    later = NOW + timedelta(minutes=11)
    assert "09:00" in free_at(practice, now=later)
    actor, file = practice.patient()
    booking.book(actor, practice.booking(file, NINE), later)
    assert count(practice, "Occupancy") == 1
    assert holders_seen(holders.tag_of(holder)) == 0
    assert keep(practice, holder, TEN, later).expires_at == later + timedelta(minutes=10)


def test_choosing_another_slot_gives_the_first_back(practice: Practice) -> None:
    from serment.scheduling import holding

    actor, _ = practice.patient()
    keep(practice, actor)
    keep(practice, actor, paris(TUESDAY, 9, 30))
    assert free_at(practice)[:2] == ["09:00", "10:00"]
    holding.let_go(actor)
    assert "09:30" in free_at(practice)
    assert count(practice, "Occupancy") == 0


def test_a_kept_slot_is_not_refused_because_its_notice_ran_out(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.scheduling import booking, holders, holding, refusals

    soon, five = NOW + timedelta(hours=1), NOW + timedelta(minutes=5)
    actor, file = practice.patient()
    stranger, strangers = practice.patient()
    keep(practice, actor, soon)
    with pytest.raises(refusals.NotOffered):
        booking.book(stranger, practice.booking(strangers, soon), five)
    with monkeypatch.context() as without:
        without.setattr(holders, "judged_at", lambda _kept, _claim, now: now)
        with pytest.raises(refusals.NoticeTooShort):
            booking.book(actor, practice.booking(file, soon), five)
    with pytest.raises(refusals.NoticeTooShort):
        booking.book(actor, practice.booking(file, soon), NOW + timedelta(minutes=10))
    holding.look(actor, practice.role, practice.reason, soon, five)
    assert booking.book(actor, practice.booking(file, soon), five).starts_at == soon


def test_also_at_another_practice(practice: Practice) -> None:
    other = make_practice(1)
    actor, _ = practice.patient()
    keep(practice, actor)
    keep(other, actor)
    assert "09:00" in free_at(practice)
    assert "09:00" not in free_at(other)


def test_a_refused_wish_leaves_the_hold_in_place(practice: Practice) -> None:
    from serment.scheduling import booking, refusals

    actor, file = practice.patient()
    keep(practice, actor)
    with pytest.raises(refusals.NotOffered):
        keep(practice, actor, paris(TUESDAY, 12, 30))
    with pytest.raises(refusals.ModeRefused):
        booking.book(actor, practice.booking(file, NINE, mode="video"), NOW)
    assert "09:00" not in free_at(practice)


def test_looking_keeps_nothing_and_the_own_hold_is_not_in_the_way(practice: Practice) -> None:
    from serment.scheduling import holding, refusals

    actor, _ = practice.patient()
    stranger, _ = practice.patient()
    asked = (practice.role, practice.reason, NINE, NOW)
    holding.look(actor, *asked)
    assert count(practice, "Occupancy") == 0
    keep(practice, actor)
    holding.look(actor, *asked)
    with pytest.raises(refusals.SlotTaken):
        holding.look(stranger, *asked)


def test_no_tag_lies_beside_an_appointment(practice: Practice) -> None:
    from serment.scheduling import booking, holders

    actor, file = practice.patient()
    keep(practice, actor)
    tag = holders.tag_of(actor)
    assert holders_seen(tag) == 1
    booking.book(actor, practice.booking(file, NINE), NOW)
    assert holders_seen(tag) == 0


def test_the_tag_says_nothing_without_the_webs_secret(practice: Practice, settings: Any) -> None:
    from serment.scheduling import holders

    actor, _ = practice.patient()
    tag = holders.tag_of(actor)
    assert len(tag) == 32
    settings.SECRET_KEY = "another"
    assert holders.tag_of(actor) != tag


def test_the_database_admits_one_row_an_account(practice: Practice) -> None:
    from serment.directory.pipeline import together
    from serment.scheduling import holders, occupying

    actor, _ = practice.patient()
    keep(practice, actor)
    tag = holders.tag_of(actor)
    claim = occupying.Claim(practice.establishment, practice.role, TEN, TEN + timedelta(hours=1))
    with tenancy.inside(practice.establishment):
        second = occupying.take(claim, NOW, kind="hold", expires_at=NOW)
        together(holders.stand(tag))
        row = [tag, practice.establishment, practice.role, second, NOW]
        with (
            pytest.raises(IntegrityError, match="scheduling_holder_pkey"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("INSERT INTO scheduling_holder VALUES (%s, %s, %s, %s, %s)",
                           [row[0], row[2], row[3], row[4], row[1]])  # fmt: skip
