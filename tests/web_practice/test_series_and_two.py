"""By telephone: a series booked, ended and put back by one press each; two persons at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from serment.directory import tenancy
from serment.outbox.models import Message
from serment.scheduling import putting_back
from serment.scheduling.models import Appointment, VisitReason
from tests.web_practice.house import PEOPLE, House, make_house
from tests.web_practice.test_telephone import _form, _made, _standing

pytestmark = pytest.mark.django_db
TWO = "/cabinet/reserver/a-deux"


def _text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def house(db: None) -> House:
    return make_house(horizon_days=60)


def _as_series(house: House, sessions: int = 3) -> None:
    with tenancy.inside(house.practice.establishment):
        VisitReason.objects.filter(id=house.practice.reason).update(
            sessions=sessions, apart_least_days=6, apart_most_days=8
        )


def _new(house: House) -> list[Appointment]:
    return [one for one in _standing(house) if one.id not in house.visits]


def test_a_series_is_booked_ended_and_put_back_by_one_press_each(
    house: House, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_series(house)
    form = _form(house, 15)
    shown = _text(desk.post("/cabinet/reserver/", {**form, "choisir": form["heure"]}))
    dates = re.findall(r'<option value="([^"]+)" selected>', shown.split("Les 3 séances")[1])
    assert len(dates) == 2
    assert "appellera avant" in shown
    short = desk.post("/cabinet/reserver/", {**form, "seance": dates[:1]})
    assert short.status_code == 422
    assert _new(house) == [], "all or none"
    first = _made(desk.post("/cabinet/reserver/", {**form, "seance": dates}))
    assert _made(desk.post("/cabinet/reserver/", {**form, "seance": dates})) == first
    assert [one.starts_at for one in _new(house)][1:] == [datetime.fromisoformat(d) for d in dates]
    address = f"/cabinet/visite/{first}/serie"
    assert f"{address}" in _text(desk.get(house.agenda(rdv=first)))
    page = _text(desk.get(address))
    ids = re.findall(r'name="visite" value="([^"]+)"', page)
    assert len(ids) == 3
    desk.post(address, {"acte": "annuler", "visite": ids[:2]})
    assert len(_new(house)) == 3, "not what the page showed: nothing is ended"
    ended = _text(desk.post(address, {"acte": "annuler", "visite": ids}, follow=True))
    assert "3 rendez-vous annulés" in ended
    assert _new(house) == []
    with monkeypatch.context() as gone:
        gone.setattr(putting_back, "_again", _elsewhere(house))
        assert "n’est plus libre" in _text(desk.post(address, {"acte": "remettre"}, follow=True))
    assert _new(house) == [], "all or none"
    assert "remise à sa place" in _text(desk.post(address, {"acte": "remettre"}, follow=True))
    again = _new(house)
    assert [one.starts_at for one in again][1:] == [datetime.fromisoformat(d) for d in dates]
    with tenancy.inside(house.practice.establishment):
        waiting = Message.objects.filter(state="waiting", kind__in=("cancellation", "confirmation"))
        about = {one.record_id for one in waiting}
    assert not about & set(map(UUID, ids)), "nobody reads that it was cancelled"
    page = _text(desk.get(f"/cabinet/visite/{again[0].id}/serie"))
    assert len(re.findall(r'name="visite" value', page)) == 3, "still one series"
    alone = _text(desk.get(f"/cabinet/visite/{house.visits[1]}/serie"))
    assert "a été pris seul" in alone


def _elsewhere(house: House) -> Any:
    """The control: one of the former times is somebody else's."""
    real = putting_back._again

    def again(former: Appointment, details: Any, file: UUID, *, over: bool) -> Any:
        from dataclasses import replace

        wanted = real(former, details, file, over=over)
        later = former.starts_at > house.at(23)
        return replace(wanted, starts_at=house.at(9)) if later else wanted

    return again


def test_two_are_booked_by_one_press_or_neither(house: House, desk: Client) -> None:
    form = _form(house, 15)
    page = _text(desk.get("/cabinet/reserver/", {**form, "mot": ""}))
    found = re.search(r'href="(/cabinet/reserver/a-deux\?[^"]+)"', page)
    assert found is not None
    shown = _text(desk.get(found[1].replace("&amp;", "&")))
    assert PEOPLE[1][0] in shown
    assert "15 h 30" in shown, "the next time is proposed"
    suite = re.search(r'name="suite" value="([^"]+)"', shown)
    assert suite is not None
    query = suite[1].replace("&amp;", "&")
    hit = _text(desk.post("/cabinet/patients/", {"q": "Nguyen", "suite": query}))
    second = re.search(r'href="(/cabinet/reserver/a-deux\?[^"]+)"', hit)
    assert second is not None
    ready = _text(desk.get(second[1].replace("&amp;", "&")))
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', ready))
    sent = {
        name: value.replace("&amp;", "&").replace("&#x27;", "'") for name, value in sent.items()
    }
    sent |= {"mot-1": "avec sa sœur", "mot-2": "fauteuil roulant"}
    same = desk.post(TWO, {**sent, "patient": sent["premier"]})
    assert same.status_code == 422
    assert "fauteuil roulant" in _text(same)
    made = _made(desk.post(TWO, sent))
    assert _made(desk.post(TWO, sent)) == made, "sent twice, booked once"
    both = _new(house)
    assert [one.starts_at for one in both] == [house.at(15), house.at(15, 30)]
    other = {**sent, "cle": "AAAAAAAAAAAAAAAAAAAAAA==", "heure": house.at(14, 30).isoformat(),
             "ensuite": house.at(15).isoformat()}  # fmt: skip
    refused = desk.post(TWO, other)
    assert refused.status_code == 409
    far = {"agenda": sent["agenda"], "motif": sent["motif"], "premier": sent["premier"]}
    elsewhere = _text(desk.get(TWO, {**far, "heure": house.at(17, 30).isoformat()}))
    assert "16 h 00" in elsewhere or "17 h 00" in elsewhere
    assert "fauteuil roulant" in _text(refused)
    ways = re.findall(r'name="choisir" value="([^"]+)"', _text(refused))
    assert len(ways) >= 1, "the other ways are a press away"
    chosen = desk.post(TWO, {**other, "choisir": ways[0]})
    assert "fauteuil roulant" in _text(chosen)
    assert "Confirmer les deux" in _text(chosen)
    assert _new(house) == both, "both or none"


def test_a_series_is_for_one_and_is_not_awaited(house: House, desk: Client) -> None:
    _as_series(house)
    form = _form(house, 15)
    assert "a-deux" not in _text(desk.get("/cabinet/reserver/", {**form, "mot": ""}))
    query = {
        "agenda": form["agenda"], "motif": form["motif"], "heure": form["heure"],
        "premier": form["patient"], "patient": str(house.files[2]), "avec": form["agenda"],
        "motif2": form["motif"], "ensuite": (house.at(15) + timedelta(minutes=30)).isoformat(),
    }  # fmt: skip
    told = "Une série de séances se réserve pour une personne à la fois."
    assert told in _text(desk.get(TWO, query))
    refused = desk.post(TWO, query)
    assert refused.status_code == 422
    assert told in _text(refused)
    wish = {"motif": form["motif"], "jour-1": "1"}
    answer = desk.post(f"/cabinet/patients/{house.files[1]}/attente", wish)
    assert answer.status_code == 422
    assert "une série en prend plusieurs" in _text(answer)
    assert _new(house) == []
