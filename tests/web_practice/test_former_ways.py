"""An address changed just before an emergency: told where its person was written to before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.identity import contact, files, former_ways, merging, reaching
from serment.outbox import envelopes
from serment.outbox.rendering import Letter
from serment.web.practice import glass_messages
from tests.web_practice.house import House

pytestmark = pytest.mark.django_db
TRUE, FALSE = "aurore@exemple.fr", "complice@exemple.fr"


@pytest.fixture
def file(house: House) -> UUID:
    """Of somebody whom the house writes to."""
    found = house.files[1]
    with tenancy.inside(tenant=house.practice.establishment):
        files.change(house.practice.secretary(), found, {"email": TRUE})
    return found


@pytest.fixture
def corrected(house: House, desk: Client, file: UUID) -> Callable[[str], None]:
    """The desk writes another address into the form."""

    def write(email: str) -> None:
        names = ("family_name", "given_name", "birth_date")
        with tenancy.inside(tenant=house.practice.establishment):
            desk_ = house.practice.secretary()
            known = files.open(desk_, [file], names, Purpose.RECEPTION)[file]
        answer = desk.post(f"/cabinet/patients/{file}/corriger", known | {"email": email})
        assert answer.status_code == 302, answer.content.decode()

    return write


def _told(house: House, file: UUID, now: datetime) -> list[str]:
    """Where else an emergency of that moment is told."""
    envelopes.send_waiting(clock.now())  # what the desk's own sign-in had to say
    mail.outbox.clear()
    with tenancy.inside(tenant=house.practice.establishment):
        said = Letter("Un message pour vous", "Il y a du nouveau.\n")
        former_ways.tell(house.practice.secretary(), file, said, now)
    envelopes.send_waiting(clock.now())
    return sorted(one.to[0] for one in mail.outbox)


def test_who_changes_an_address_and_breaks_the_glass_does_not_keep_it_from_the_person(
    house: House, desk: Client, file: UUID, corrected: Callable[[str], None]
) -> None:
    now = datetime.now(UTC)
    assert _told(house, file, now) == []  # the control: nothing was changed
    for number in range(former_ways.KEPT_MAX + 2):
        corrected(f"{number}.{FALSE}")
    assert TRUE in _told(house, file, now), "changed ever so often"
    assert _told(house, file, now + timedelta(days=former_ways.DAYS + 1)) == []
    reason = {"raison": "life", "pourquoi": "Malaise au comptoir"}
    mail.outbox.clear()
    desk.post(f"/cabinet/urgence/{file}/", reason)
    envelopes.send_waiting(clock.now())
    [letter] = [one for one in mail.outbox if one.to == [TRUE]]
    assert "Il y a du nouveau à lire" in letter.body
    assert "Cabinet" not in letter.body + letter.subject


def test_nothing_goes_where_the_person_said_that_it_may_not(
    house: House, file: UUID, corrected: Callable[[str], None]
) -> None:
    now, safe = datetime.now(UTC), "chez.ma.soeur@exemple.fr"
    corrected(FALSE)
    with tenancy.inside(tenant=house.practice.establishment):
        actor = house.practice.secretary()
        reaching.say_at_desk(actor, file, contact.Wishes(email=safe))
    corrected("autre@exemple.fr")
    assert _told(house, file, now) == []
    with tenancy.inside(tenant=house.practice.establishment):
        reaching.say_at_desk(actor, file, contact.Wishes(email=FALSE))
    assert _told(house, file, now) == [safe], "the control: a safe way was one"


def test_an_address_that_others_have_was_said_by_nobody(
    house: House, desk: Client, file: UUID, corrected: Callable[[str], None]
) -> None:
    """As it was, whoever gave the person's address to another file, or theirs to the person's, had
    the former way forgotten: the house notes by itself that an address is shared."""
    now = datetime.now(UTC)
    with tenancy.inside(tenant=house.practice.establishment):
        actor = house.practice.secretary()
        files.change(actor, house.files[2], {"email": FALSE})
    corrected(FALSE)
    assert _told(house, file, now) == [TRUE]
    with tenancy.inside(tenant=house.practice.establishment):
        assert reaching.of_file(actor, file).shared
    corrected("tiers@exemple.fr")
    assert TRUE in _told(house, file, now)


@pytest.mark.parametrize("guarded", [True, False])
def test_an_address_changed_while_the_message_waits_does_not_keep_it_from_the_person(
    house: House, desk: Client, file: UUID, corrected: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch, guarded: bool,
) -> None:  # fmt: skip
    """Negative control: it waits a minute and goes where the file says then."""
    if not guarded:
        monkeypatch.setattr(glass_messages, "tell_changed", lambda *_: None)
    mail.outbox.clear()
    desk.post(f"/cabinet/urgence/{file}/", {"raison": "life", "pourquoi": "Malaise au comptoir"})
    corrected(FALSE)
    envelopes.send_waiting(clock.now())
    assert ([TRUE] in [one.to for one in mail.outbox]) is guarded


def test_files_joined_as_one_person_s_are_told_of_at_the_former_ways_of_each(
    house: House, file: UUID, corrected: Callable[[str], None]
) -> None:
    """The controls: apart, each by its own; and how to reach somebody, once said, spares them all
    of these, whichever of the two it was said for."""
    now, other, there = datetime.now(UTC), house.files[2], house.practice.establishment
    who = ids.new_id()
    capability = gate.open_session("staff", who, "practitioner", there, 1)
    doctor = Actor("staff", who, "practitioner", there, capability=capability)
    corrected(FALSE)
    with tenancy.inside(tenant=there):
        former_ways.note(doctor, other, {"email": "ana@exemple.fr"}, now)
    assert (_told(house, file, now), _told(house, other, now)) == ([TRUE], ["ana@exemple.fr"])
    with tenancy.inside(tenant=there):
        merging.merge(doctor, file, other, ())
    assert _told(house, file, now) == _told(house, other, now) == ["ana@exemple.fr", TRUE]
    with tenancy.inside(tenant=there):
        merging.undo(doctor, file, other)
    assert _told(house, file, now) == [TRUE]
    with tenancy.inside(tenant=there):
        reaching.say_at_desk(doctor, other, contact.Wishes(email="sure@exemple.fr"))
        merging.merge(doctor, file, other, ())
    assert _told(house, file, now) == _told(house, other, now) == []
