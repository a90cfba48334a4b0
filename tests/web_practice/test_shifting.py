"""A visit taken by hand: moved, stretched, refused with the rule's words, and put back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.core import signing
from django.test import Client

from serment.directory import tenancy
from serment.disclosure import Purpose
from serment.scheduling import sealed_details, shifting
from serment.scheduling.models import Appointment, Occupancy
from tests.web_practice.house import PEOPLE, House, make_house

pytestmark = pytest.mark.django_db


def _row(house: House, at: int = 0) -> Appointment:
    with tenancy.inside(house.practice.establishment):
        return Appointment.objects.get(pk=house.visits[at])


def _shift(desk: Client, house: House, to: str, at: int = 0, **more: Any) -> str:
    row = _row(house, at)
    values = {
        "visite": str(row.id), "agenda": str(row.role_id), "de": str(row.role_id), "vers": to,
        "vu": row.starts_at.isoformat(), "retour": house.agenda(),
    }  # fmt: skip
    answer = desk.post("/cabinet/visite/deplacer", values | more)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def _local(house: House, hour: int, minute: int = 0) -> str:
    return f"{house.day.isoformat()}T{hour:02}:{minute:02}"


def test_a_visit_is_moved_and_put_back_within_its_minute(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = _shift(desk, house, _local(house, 11, 30))
    assert _row(house).starts_at == house.at(11, 30)
    page = desk.get(there).content.decode()
    assert "Rendez-vous déplacé" in page
    assert all(family not in page for family, *_rest in PEOPLE), "no name opens by it"
    (undo,) = parse_qs(urlsplit(there).query)["fait"]
    sent = {"defaire": undo, "retour": house.agenda()}
    late = signing.time.time() + 120  # type: ignore[attr-defined]
    with monkeypatch.context() as later:
        later.setattr(signing.time, "time", lambda: late)  # type: ignore[attr-defined]
        assert desk.post("/cabinet/visite/redeplacer", sent).status_code == 404
    back = desk.post("/cabinet/visite/redeplacer", sent)
    assert "dit=defait" in back["Location"]
    assert _row(house).starts_at == house.at(9)


def test_what_a_rule_refuses_is_said_before_it_is_done(house: House, desk: Client) -> None:
    refused = _shift(desk, house, _local(house, 10))
    assert _row(house).starts_at == house.at(9), "nothing was done"
    page = desk.get(refused)
    told = page.context["shifted"]
    assert told.why == "Ce temps est déjà pris."
    assert told.form is not None
    desk.post("/cabinet/visite/deplacer", told.form | {"retour": house.agenda()})
    assert _row(house).starts_at == house.at(10), "wanted all the same"
    closed = _shift(desk, house, _local(house, 3), 2)
    assert "ne reçoit pas à cette heure" in desk.get(closed).context["shifted"].why


def test_the_second_secretary_sees_what_the_first_did(house: House, desk: Client) -> None:
    seen = _row(house).starts_at.isoformat()
    _shift(desk, house, _local(house, 11, 30))
    other = house.enter()
    there = _shift(other, house, _local(house, 14), vu=seen)
    assert "dit=change" in there
    assert _row(house).starts_at == house.at(11, 30), "the first one's move stands"
    assert "déplacé entre-temps" in other.get(there).content.decode()
    # Control: whoever says nothing of what they saw has the last word.
    _shift(other, house, _local(house, 14), vu="")
    assert _row(house).starts_at == house.at(14)


def test_a_longer_visit_takes_its_time_and_meets_its_neighbour(house: House, desk: Client) -> None:
    row = _row(house)
    stays = row.starts_at.isoformat()
    longer = _shift(desk, house, stays, minutes="40")
    assert (_row(house).ends_at - row.starts_at).total_seconds() == 40 * 60
    assert "40 minutes" in desk.get(longer).context["shifted"].sentence
    assert "fait=" in _shift(desk, house, _local(house, 14))
    moved = _row(house)
    assert (moved.ends_at - moved.starts_at).total_seconds() == 40 * 60, "its length goes with it"
    back = _shift(desk, house, _local(house, 9))
    assert "fait=" in back
    over = _shift(desk, house, stays, minutes="90")
    assert desk.get(over).context["shifted"].why == "Ce temps est déjà pris."
    assert (_row(house).ends_at - row.starts_at).total_seconds() == 40 * 60


def test_nobody_moves_the_neighbours_visit(house: House, desk: Client) -> None:
    other = make_house(7)
    values = {"visite": str(other.visits[0]), "agenda": str(house.practice.role),
              "vers": _local(house, 14)}  # fmt: skip
    assert desk.post("/cabinet/visite/deplacer", values).status_code == 404
    values = {"visite": str(house.visits[0]), "agenda": str(other.practice.role),
              "vers": _local(house, 14)}  # fmt: skip
    assert desk.post("/cabinet/visite/deplacer", values).status_code == 404
    assert _row(house).starts_at == house.at(9)


def test_another_column_takes_it_only_with_the_same_reason(house: House, desk: Client) -> None:
    refused = _shift(desk, house, _local(house, 11), agenda=str(house.second))
    told = desk.get(refused).context["shifted"]
    assert "n’existe pas chez ce soignant" in told.why
    assert told.form is None
    assert _row(house).role_id == UUID(str(house.practice.role))


def _is_alone(house: House, at: int = 0) -> bool:
    with tenancy.inside(house.practice.establishment):
        rows = Occupancy.objects.filter(appointment_id=house.visits[at])
        return bool(rows.get().exclusive)


def _is_recorded_over(house: House, at: int = 0) -> bool:
    row, actor = _row(house, at), house.practice.secretary()
    with tenancy.inside(house.practice.establishment):
        return sealed_details.reveal(actor, Purpose.AGENDA, [row])[row.id].overbooked


def test_time_taken_over_a_neighbour_s_is_asked_for_and_on_record_however_it_is_taken(
    house: House, desk: Client
) -> None:
    stays = _row(house).starts_at.isoformat()
    refused = _shift(desk, house, stays, minutes="90")
    assert not _is_recorded_over(house), "nothing was done"
    form = desk.get(refused).context["shifted"].form
    sent = form | {"retour": house.agenda()}
    done = desk.post("/cabinet/visite/deplacer", sent)["Location"]
    assert (_is_alone(house), _is_recorded_over(house)) == (False, True)
    # Put back, the time is its own again, and longer is asked for again.
    (undo,) = parse_qs(urlsplit(done).query)["fait"]
    desk.post("/cabinet/visite/redeplacer", {"defaire": undo, "retour": house.agenda()})
    assert _is_alone(house)
    over = _shift(desk, house, stays, minutes="90")
    assert desk.get(over).context["shifted"].why == "Ce temps est déjà pris."


def test_a_visit_booked_over_another_grows_over_no_third_unasked(
    house: House, desk: Client
) -> None:
    """The constraint passes over what is not exclusive: the control takes the look away."""
    moved = desk.get(_shift(desk, house, _local(house, 10))).context["shifted"].form
    desk.post("/cabinet/visite/deplacer", moved | {"retour": house.agenda()})
    desk.post("/cabinet/visite/deplacer", {
        "visite": str(house.visits[2]), "agenda": str(house.practice.role), "minutes": "20",
        "vers": _local(house, 10, 30), "en_plus": "oui", "retour": house.agenda(),
    })  # fmt: skip
    assert _row(house, 2).starts_at == house.at(10, 30)
    assert not _is_alone(house)
    length = _row(house).ends_at - _row(house).starts_at
    refused = _shift(desk, house, _row(house).starts_at.isoformat(), minutes="60")
    assert desk.get(refused).context["shifted"].why == "Ce temps est déjà pris."
    assert _row(house).ends_at - _row(house).starts_at == length
    with pytest.MonkeyPatch.context() as unguarded:
        unguarded.setattr(shifting, "_MORE_IS_TAKEN", "SELECT 1 WHERE %(by)s IS NULL")
        _shift(desk, house, _row(house).starts_at.isoformat(), minutes="60")
    assert _row(house).ends_at > _row(house, 2).starts_at
