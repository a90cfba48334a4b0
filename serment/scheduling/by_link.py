"""What the link in a message does to its visit at once: cancel it, or move it; signed in as nobody.

Within what the house lets a patient do by themself. Nothing is opened: what is needed lies in the
visit's right to remind, which also lets be sealed, once, why it was cancelled (0064); with its
ticket the person is told what was done, at the address they gave. Whoever uses the link by mistake,
or another's, is found out by that message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import translation

from serment.directory import tenancy
from serment.directory.pipeline import together
from serment.disclosure import KeeperUnavailable, NotYours, Purpose, ticket_seals
from serment.outbox import answers, post, reminders
from serment.outbox.answers import Asked
from serment.outbox.reminders import Given
from serment.scheduling import (
    booking,
    cancelling,
    freed,
    occupying,
    offering,
    refusals,
    search,
    terms,
)
from serment.scheduling.availability import Public
from serment.scheduling.booking import Booking
from serment.scheduling.models import Appointment, VisitReason
from serment.scheduling.sealed_details import Details

LOOK: Final = 40
"""Free hours that a page shows at most."""
WORDS_MAX: Final = 300
_SOON: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Open:
    """What may be done by the link now."""

    cancel: bool
    move: bool
    linked: bool = False
    """Neither, for it goes with another visit."""
    words: bool = False
    """Whether why it is cancelled can be said with it."""


def open_to(asked: Asked, now: datetime) -> Open:
    """Within the house's deadlines; a visit that somebody arrived for is the desk's."""
    with tenancy.inside(asked.establishment):
        visit = Appointment.objects.filter(id=asked.record).first()
        given = reminders.given(asked.establishment, asked.record)
        if visit is None or given is None or not _is_to_come(visit, now):
            return Open(cancel=False, move=False)
        if given.linked:
            return Open(cancel=False, move=False, linked=True)
        own = terms.of_house(asked.establishment)
        return Open(
            cancel=now <= terms.until(visit, own.cancel_hours),
            move=given.reason is not None and now <= terms.until(visit, own.move_hours),
            words=given.seals,
        )


def _is_to_come(visit: Appointment, now: datetime) -> bool:
    return visit.status in freed.STANDING and visit.starts_at > now


def cancel(asked: Asked, seen_at: datetime | None, now: datetime, words: str = "") -> None:
    """Cancel, free the hour for whoever waits, tell the person; the link is used up with it.
    ``words``: why, if whoever has the link says so.

    Raises ``LinkUsed``, ``AlreadyOver``, ``MovedSince`` where it is not ``seen_at`` any more,
    ``TooLate`` after the house's deadline, and ``NotAlone`` for a step of a booking.
    """
    with _taken_up(asked, seen_at, now) as (visit, given):
        terms.must_cancel_in_time(visit, now)
        awaited = freed.begin(visit.role_id)
        visit.status = Appointment.Status.CANCELLED
        visit.save(update_fields=["status"])
        occupying.release(asked.establishment, visit.id)
        if given.counted:
            cancelling.give_place_back(visit, Details(given.reason))
        with translation.override(given.language):
            post.cancellation(visit.id, asked.establishment, given.ticket, given.opens_from)
        if awaited:
            freed.serve(asked.establishment, visit.role_id, now)
        _seal_why(visit, given, words)  # last: the right to is used up with it


def _seal_why(visit: Appointment, given: Given, words: str) -> None:
    """Without words the hour is given back even where the keeper does not answer."""
    if not given.seals:
        return
    why = json.dumps({"by": "link", "reason": words[:WORDS_MAX]}, ensure_ascii=False)
    try:
        ticket_seals.seal(given.ticket, visit, "cancellation", why, Purpose.MESSAGE)
    except NotYours:
        return  # of an erased person, or one who keeps the visit to themself, nothing is written
    except KeeperUnavailable:
        if words:
            raise
        return
    visit.save(update_fields=["cancellation"])


def hours(asked: Asked, now: datetime) -> list[datetime]:
    """Free hours with the same practitioner for the same reason, soonest first; none where the
    right to write to the person would end before them."""
    with tenancy.inside(asked.establishment):
        visit = Appointment.objects.filter(id=asked.record).first()
        given = reminders.given(asked.establishment, asked.record)
    if visit is None or given is None or given.reason is None or now + _SOON >= given.opens_until:
        return []
    window = now + _SOON, given.opens_until
    found = search.next_slots(
        [visit.role_id], given.reason, window, now, LOOK, audience=_public(given.reason)
    )[visit.role_id]
    return [one.starts_at for one in found if one.starts_at != visit.starts_at]


def move(asked: Asked, seen_at: datetime | None, to: datetime, now: datetime) -> None:
    """Give the hour up for another; all of it or nothing, and the link is used up with it.

    Raises as ``cancel`` does, and ``SlotTaken`` or another ``NotOffered`` where the new hour is not
    free for everybody.
    """
    with _taken_up(asked, seen_at, now) as (visit, given):
        terms.must_move_in_time(visit, now)
        if given.reason is None or not now < to <= given.opens_until:
            raise refusals.NotOffered
        wish = offering.wish(visit.role_id, given.reason, to)
        awaited = freed.begin(visit.role_id)
        occupying.release(asked.establishment, visit.id)
        if given.counted:
            cancelling.give_place_back(visit, Details(given.reason))
        visit.ends_at, counted = _take(wish, visit, given.reason, now)
        visit.starts_at = wish.starts_at
        visit.status = Appointment.Status.BOOKED
        visit.save(update_fields=["starts_at", "ends_at", "status"])
        with translation.override(given.language):
            reminders.keep_on(asked.establishment, visit.id, given, counted=counted)
            post.move(visit.id, asked.establishment, given.ticket, opens=given.opens_from)
        if awaited:
            freed.serve(asked.establishment, visit.role_id, now)


def _public(reason: UUID) -> Public:
    """Whoever was invited may move what they were invited to."""
    invited = VisitReason.objects.filter(id=reason, by_invitation=True).exists()
    return Public.INVITED if invited else Public.EVERYONE


def _take(
    wish: offering.Wish, visit: Appointment, reason: UUID, now: datetime
) -> tuple[datetime, bool]:
    """Take the new time by the rules for everybody: when it ends, and whether it is counted."""
    (rows,) = together([wish.taken_statement(now)])
    offer = offering.check(wish, rows, now, _public(reason))
    form = Booking(
        role_id=visit.role_id, reason_id=reason, starts_at=wish.starts_at, mode="in_person",
        request_key=b"", patient_file=visit.id, first_visit=False,
    )  # fmt: skip
    taken = booking.take_time(offer, form, visit.id, now)
    if taken is None:
        raise refusals.SlotTaken
    return offer.ends_at, taken.counted


@contextmanager
def _taken_up(
    asked: Asked, seen_at: datetime | None, now: datetime
) -> Iterator[tuple[Appointment, Given]]:
    """The visit, locked, and what its right to remind says; the link is used up. All of it is
    undone where the block fails."""
    with tenancy.inside(asked.establishment):
        if not answers.use(asked):
            raise refusals.LinkUsed
        rows = Appointment.objects.select_for_update(of=("self",)).filter(id=asked.record)
        visit = rows.select_related("role__site").first()
        given = reminders.given(asked.establishment, asked.record)
        if visit is None or given is None or not _is_to_come(visit, now):
            raise refusals.AlreadyOver
        if visit.starts_at != seen_at:
            raise refusals.MovedSince
        if given.linked:
            raise refusals.NotAlone
        yield visit, given
