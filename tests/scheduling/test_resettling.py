"""Many visits settled in one go: whom it moves, whom it has called, what it leaves; and undone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from serment import ids
from serment.directory import tenancy
from serment.disclosure import AccessFrozen, Actor, NotYours, gate, line, oversight
from serment.keeper import wire
from serment.keeper.policy.asks import FreezeAsk
from tests.scheduling.practice import NOW, TUESDAY, Practice, days, make_file, paris

pytestmark = pytest.mark.django_db(databases=["default", "search"])
LATER = TUESDAY + days(7)
WAYS: dict[str, dict[str, str]] = {
    "mail": {"email": "lou@exemple.fr"},
    "phone": {"phone": "+33149000001"},
    "letter": {"address": "1 rue du Port, 75011 Paris"},
    "nobody": {},
    "closed": {"email": "gel@exemple.fr"},
}


@dataclass
class Holiday:
    """One visit a way, half an hour each, on a day that is closed since."""

    practice: Practice
    desk: Actor
    visits: dict[str, UUID] = field(default_factory=dict)

    @property
    def ticked(self) -> dict[UUID, datetime | None]:
        """As the page sends them."""
        return {one: self.began(name) for name, one in self.visits.items()}

    def began(self, name: str) -> datetime:
        return _hour(list(self.visits).index(name))

    def now_at(self, name: str) -> Any:
        from serment.scheduling.models import Appointment

        return Appointment.objects.get(id=self.visits[name]).starts_at

    def settle(self, way: str = "move", **more: Any) -> Any:
        from serment.scheduling import resettling

        return resettling.settle_all(
            self.desk, more.pop("ticked", self.ticked), resettling.Way(way), NOW, **more
        )


def _hour(at: int) -> datetime:
    return paris(LATER, 9) + timedelta(minutes=30 * at)


@pytest.fixture
def holiday(practice: Practice) -> Any:
    from serment.scheduling import booking
    from serment.scheduling.models import Absence

    made = Holiday(practice, practice.secretary())
    for at, (name, values) in enumerate(WAYS.items()):
        file = ids.new_id()
        make_file(practice.establishment, file, **values)
        wanted = practice.booking(file, _hour(at))
        made.visits[name] = booking.book(made.desk, wanted, NOW).id
    asked = FreezeAsk("subject", str(file), "à vérifier")
    line.ask("freeze", oversight.OPERATOR, wire.Nothing, asked)
    with tenancy.inside(practice.establishment):
        Absence.objects.create(
            establishment_id=practice.establishment, role_id=practice.role,
            span=(paris(LATER, 0), paris(LATER + days(1), 0)),
        )  # fmt: skip
        _sent()
        yield made


def _sent() -> None:
    """The confirmations left long ago."""
    from serment.outbox.models import Message, State

    Message.objects.update(state=State.SENT, ticket=b"")


def _waiting() -> Counter[str]:
    from serment.outbox.models import Message, State

    return Counter(Message.objects.filter(state=State.WAITING).values_list("kind", flat=True))


def became(done: Any) -> dict[str, int]:
    return dict(Counter(str(one.became) for one in done.outcomes))


def test_how_each_can_be_told_is_known_from_one_recorded_opening(holiday: Holiday) -> None:
    from serment.scheduling import reached

    found = reached.of_visits(holiday.desk, list(holiday.visits.values()))
    assert {name: str(found[one]) for name, one in holiday.visits.items()} == {
        name: name for name in WAYS
    }
    file = gate.files_behind(holiday.desk, "booking", [holiday.visits["phone"]])
    (mine,) = file.values()
    named = [one for row in gate.history(holiday.desk, mine, 50) for one in row.fields]
    assert any(one.endswith("phone") for one in named)


def test_each_is_moved_called_or_stays_and_nobody_is_moved_unheard(holiday: Holiday) -> None:
    from serment.scheduling import calls
    from serment.scheduling.models import CallBack

    done = holiday.settle(why=lambda was: "à déplacer")
    assert became(done) == {"moved": 2, "to_call": 1, "stays": 2}
    assert _waiting() == {"move": 2}
    for name in ("phone", "nobody", "closed"):
        assert holiday.now_at(name) == holiday.began(name)
    for name in ("mail", "letter"):
        assert holiday.now_at(name).date() != LATER
    (call,) = CallBack.objects.all()
    assert calls.whys(holiday.desk, [call]) == {call.id: "à déplacer"}
    holiday.settle()
    assert CallBack.objects.count() == 1, "pressed twice, one call"
    calls.finish(holiday.desk, call.id, NOW.date())
    holiday.settle()
    call.refresh_from_db()
    assert call.done_on is None, "called, not moved: to be called again"


@pytest.mark.parametrize("seen", [True, False])
def test_what_a_colleague_moved_is_not_moved_again(holiday: Holiday, seen: bool) -> None:
    """Without the hour each was seen at, it is: that is the guard."""
    ticked = holiday.ticked
    holiday.settle(ticked=ticked)
    first = holiday.now_at("mail")
    again = holiday.settle(ticked=ticked if seen else dict.fromkeys(ticked))
    assert became(again).get("since", 0) == (2 if seen else 0)
    assert (holiday.now_at("mail") == first) is seen


def test_undone_within_the_minute_nobody_hears_and_all_is_as_before(holiday: Holiday) -> None:
    from serment.scheduling import unsettling
    from serment.scheduling.models import CallBack

    done = holiday.settle()
    kept = [one for one in done.outcomes if one.became != "stays"]
    with pytest.raises(unsettling.TooLateToUndo):
        unsettling.undo_all(holiday.desk, kept, NOW - days(1), NOW)
    undone = unsettling.undo_all(holiday.desk, kept, NOW, NOW)
    assert [one.why for one in undone.outcomes if one.became == "stays"] == []
    assert {name: holiday.now_at(name) for name in WAYS} == {
        name: holiday.began(name) for name in WAYS
    }
    assert (_waiting(), CallBack.objects.count()) == ({}, 0)
    assert became(holiday.settle()) == {"moved": 2, "to_call": 1, "stays": 2}, "and again"
    # Who was to be called before a round is to be called after it is undone.
    second = holiday.settle()
    undone = unsettling.undo_all(holiday.desk, second.outcomes, NOW, NOW)
    assert CallBack.objects.count() == 1
    assert any("déjà à rappeler" in one.why for one in undone.outcomes)


@pytest.mark.parametrize("way", ["link", "cancel"])
def test_a_link_offers_other_hours_and_is_undone_too(holiday: Holiday, way: str) -> None:
    from serment.scheduling import orphans, resettling, unsettling
    from serment.scheduling.models import BookingInvitation

    only = {holiday.visits["mail"]: holiday.began("mail")}
    if way == "link":
        done = holiday.settle("link", ticked=only)
        assert _waiting() == {"cancellation": 1, "invitation": 1}
        assert BookingInvitation.objects.count() == 1
    else:
        done = resettling.cancel_all(holiday.desk, only, "Absence", NOW)
        assert _waiting() == {"cancellation": 1}
    unsettling.undo_all(holiday.desk, done.outcomes, NOW, NOW)
    assert (_waiting(), BookingInvitation.objects.count()) == ({}, 0)
    starts = [one.starts_at for one in orphans.of_now([holiday.practice.role], NOW)]
    assert holiday.began("mail") in starts


def test_what_a_colleague_did_since_is_not_undone(holiday: Holiday) -> None:
    from serment.scheduling import shifting, unsettling
    from serment.scheduling.shifting import Place

    done = holiday.settle()
    other = paris(LATER + days(2), 16)
    to = Place(holiday.practice.role, other, 30)
    shifting.shift(holiday.desk, holiday.visits["mail"], to, NOW)
    kept = [one for one in done.outcomes if one.id == holiday.visits["mail"]]
    (left,) = unsettling.undo_all(holiday.desk, kept, NOW, NOW).outcomes
    assert left.why
    assert holiday.now_at("mail") == other


def test_above_the_budget_the_round_ends_with_a_sentence_and_goes_on_later(
    holiday: Holiday, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serment.scheduling import resettling

    whole, so_far = resettling._details, iter([True, True, False])

    def until_the_limit(actor: Actor, one: Any) -> Any:
        if not next(so_far, True):
            raise AccessFrozen("Cet accès est gelé.")
        return whole(actor, one)

    monkeypatch.setattr(resettling, "_details", until_the_limit)
    done = holiday.settle()
    assert (became(done), done.stopped) == ({"moved": 1, "to_call": 1}, "Cet accès est gelé.")
    assert became(holiday.settle()) == {"since": 1, "to_call": 1, "moved": 1, "stays": 2}


def test_one_without_a_free_hour_stays_and_is_said(practice: Practice) -> None:
    from serment.scheduling import booking, resettling
    from serment.scheduling.models import Closure

    desk, (_, file) = practice.secretary(), practice.patient(email="lou@exemple.fr")
    made = booking.book(desk, practice.booking(file, paris(LATER, 9)), NOW)
    with tenancy.inside(practice.establishment):
        Closure.objects.create(establishment_id=practice.establishment, span=(NOW, NOW + days(200)))
        for way in resettling.Way:
            (outcome,) = resettling.settle_all(desk, {made.id: None}, way, NOW).outcomes
            assert "Aucune heure libre" in outcome.why
        made.refresh_from_db()
        assert (made.starts_at, made.status) == (paris(LATER, 9), "booked")
        with pytest.raises(NotYours):
            gate.files_behind(desk, "booking", [ids.new_id()])


UNGUARDED = {"move": "moved", "link": "linked", "cancel": "cancelled"}


@pytest.mark.parametrize("way", UNGUARDED)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_visit_kept_from_a_parent_is_neither_changed_unheard_nor_told_by_a_link(
    holiday: Holiday, way: str, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's mailbox and telephone are often a parent's. Negative control."""
    from serment.scheduling import resettling, secrecy

    if not guarded:
        monkeypatch.setattr(resettling, "_must_be_for_many", lambda _details: None)
    ticked: dict[UUID, datetime | None] = {holiday.visits["mail"]: holiday.began("mail")}
    secrecy.keep_secret(holiday.desk, holiday.visits["mail"])
    done = (
        resettling.cancel_all(holiday.desk, ticked, "Congés", NOW)
        if way == "cancel"
        else holiday.settle(way, ticked=ticked)
    )
    assert became(done) == {"stays" if guarded else UNGUARDED[way]: 1}
    assert _waiting() == ({} if guarded or way != "link" else {"invitation": 1})
    if guarded:
        assert holiday.now_at("mail") == holiday.began("mail")
        assert "gardé secret" in done.outcomes[0].why


def test_nobody_is_told_to_call_about_a_visit_that_is_kept_secret(holiday: Holiday) -> None:
    from serment.scheduling import secrecy
    from serment.scheduling.models import CallBack

    ticked: dict[UUID, datetime | None] = {holiday.visits["phone"]: holiday.began("phone")}
    secrecy.keep_secret(holiday.desk, holiday.visits["phone"])
    assert became(holiday.settle(ticked=ticked)) == {"stays": 1}
    assert not CallBack.objects.exists()


def test_who_answered_stop_is_called_and_not_believed_told_by_a_text(
    practice: Practice, settings: Any, tmp_path: Any
) -> None:
    from serment.outbox import receipts
    from serment.outbox.sms import stand_in
    from serment.scheduling import booking, reached

    settings.SMS = {"provider": stand_in.NAME, "secret_file": str(tmp_path)}
    desk, file = practice.secretary(), ids.new_id()
    make_file(practice.establishment, file, phone="+33639980011")
    with tenancy.inside(practice.establishment):
        visit = booking.book(desk, practice.booking(file, _hour(0)), NOW).id
        assert reached.of_visits(desk, [visit]) == {visit: reached.By.SMS}
        receipts.stop("+33639980011")
        assert reached.of_visits(desk, [visit]) == {visit: reached.By.PHONE}
