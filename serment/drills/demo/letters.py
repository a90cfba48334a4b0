"""The demo's pile at the desk: letters to print, and somebody who only wants to be called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from serment.directory import tenancy
from serment.drills.demo import named
from serment.drills.demo.past_days import signed_in
from serment.drills.demo.people import Person
from serment.drills.demo.plan import HousePlan
from serment.drills.demo.planting import Planted
from serment.drills.demo.staffing import Manned
from serment.identity import contact, reaching
from serment.outbox import post
from serment.outbox.models import AT_ONCE, Channel, Message, State

LETTERS: Final = 3
POST: Final = timedelta(days=3)
"""A letter about a sooner visit would come too late."""
WANTS_CALLS: Final = contact.Wishes(mail=False, letter=False, hours="Le matin, avant midi")
WANTS_PAPER: Final = contact.Wishes(mail=False)


def chosen(house: HousePlan, people: Sequence[Person], now: datetime) -> list[int]:
    """Places of visits to come, each of another person: the last one's is called, the others are
    written to. Who has no e-mail comes first."""
    first: dict[int, int] = {}
    for place, visit in enumerate(house.visits):
        coming = visit.status == "booked" and visit.starts_at > now + POST
        if coming and visit.person >= len(named.FAMILY) and people[visit.person].phone:
            first.setdefault(visit.person, place)
    found = sorted(first, key=lambda person: (bool(people[person].email), first[person]))
    return [first[person] for person in found[: LETTERS + 1]]


def pile(
    houses: Sequence[Planted], manned: Manned, people: Sequence[Person], now: datetime
) -> None:
    """In the eye practice, where the desk's day begins with them."""
    quais = next((house for house in houses if house.plan.slug == named.QUAIS), None)
    places = [] if quais is None else chosen(quais.plan, people, now)
    if quais is None or not places:
        return
    *written, called = places
    _say(quais, manned, called, WANTS_CALLS)
    rows = [_message(quais, called, Channel.CALL)]
    for place in written:
        if people[quais.plan.visits[place].person].email:
            _say(quais, manned, place, WANTS_PAPER)
        rows.append(_message(quais, place, Channel.LETTER))
    with tenancy.inside(quais.establishment):
        Message.objects.bulk_create(rows)


def _say(house: Planted, manned: Manned, place: int, wishes: contact.Wishes) -> None:
    """As the desk notes it, told by telephone."""
    with signed_in(house, manned.secretaries[house.plan.slug]) as desk:
        reaching.say_at_desk(desk, house.files[house.plan.visits[place].person], wishes)


def _message(house: Planted, place: int, channel: Channel) -> Message:
    """As the worker leaves one: its ticket has served, a person's hands do the rest."""
    return Message(
        establishment_id=house.establishment,
        kind=post.CONFIRMATION,
        record_id=house.appointments[place].pk,
        channel=channel,
        state=State.WAITING,
        send_after=AT_ONCE,
    )
