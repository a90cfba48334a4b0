"""Who was turned away, counted: a sign-in that failed, a door that was closed to somebody.

Whoever refuses says ``noted``; when the answer stands and every transaction has ended, ``Counting``
writes what is due as sightings: what, at which door, in which hour, at which house. Never who, nor
from where: places are told apart in this process's memory, by tags under a key that ends with it,
and only how many they were is written.

Nobody fills the disk with it. The first few of an hour are written one by one, then each time
their number has doubled: a million tries at one door are some thirty rows, true to a factor of two.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from allauth.core.internal import ratelimit
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest, HttpResponse

from serment.directory import tenancy
from serment.identity import staff
from serment.sightings import writing
from serment.sightings.models import DOOR_LETTERS_MAX, Kind, this_hour

_log = logging.getLogger(__name__)

EACH: Final = 8
"""So many of an hour are written one by one."""

PLACES_MAX: Final = 400
"""Doors and houses counted apart in an hour; beyond, by their kind alone."""

SOURCES_MAX: Final = 1_000
_TAG_BYTES: Final = 8
_NOTED: Final = "serment_turned_away"


class Place(NamedTuple):
    """What is counted apart. ``door``: a route's name, of the program's own closed list."""

    kind: Kind
    house: UUID | None = None
    door: str = ""


@dataclass(slots=True)
class _Count:
    times: int = 0
    sources: set[bytes] = field(default_factory=set)
    times_written: int = 0
    sources_written: int = 0


class Tally:
    """The counts of one hour in one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self.forget()

    def forget(self) -> None:
        """As in an hour in which nothing was counted."""
        self._hour: datetime | None = None
        self._counts: dict[Place, _Count] = {}

    def count(self, place: Place, source: str, hour: datetime) -> tuple[Place, dict[str, int]]:
        """One more. What is to be written of it: nothing, or what came since the last time."""
        if hour != self._hour:
            self.forget()
            self._hour = hour
        if place not in self._counts and len(self._counts) >= PLACES_MAX:
            place = Place(place.kind)
        counted = self._counts.setdefault(place, _Count())
        counted.times += 1
        if len(counted.sources) < SOURCES_MAX:
            tag = hmac.digest(self._key, source.encode(), "sha256")
            counted.sources.add(tag[:_TAG_BYTES])
        if counted.times > EACH and counted.times & (counted.times - 1):
            return place, {}
        facts = {
            "times": counted.times - counted.times_written,
            "sources": len(counted.sources) - counted.sources_written,
        }
        counted.times_written, counted.sources_written = counted.times, len(counted.sources)
        return place, facts


TALLY: Final = Tally()


class Counting:
    """Middleware; outside every transaction, and outside the pages of failure."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        for kind, house in request.__dict__.pop(_NOTED, ()):
            _write(request, kind, house)
        return answer


def noted(request: HttpRequest, kind: Kind, *, account: UUID | None = None) -> None:
    """Count this once the answer stands; nothing is written before.

    ``account``: who is about to sign in, whose house is then the one where it is counted.
    """
    member = staff.of_request(request)
    if member is None and account is not None:
        with tenancy.inside(account=account):
            member = staff.member_of(account)
    house = None if member is None else member.establishment_id
    request.__dict__.setdefault(_NOTED, []).append((kind, house))


def missed(request: HttpRequest, *, at_the_door: bool) -> None:
    """Somebody signed in met the page of what is not there. Strangers trying addresses do so all
    day, and are not counted.

    ``at_the_door``: the door is none of theirs, whatever the address names. Else staff asked for a
    record that their house does not have: another's, or one that is gone.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    beyond = staff.of_request(request) is not None and not at_the_door
    noted(request, Kind.CROSS_TENANT if beyond else Kind.CLOSED_DOOR)


def _write(request: HttpRequest, kind: Kind, house: UUID | None) -> None:
    match, hour = request.resolver_match, this_hour()
    door = (match.view_name if match is not None else "")[:DOOR_LETTERS_MAX]
    place, facts = TALLY.count(Place(kind, house, door), ratelimit.get_ip(request), hour)
    if not facts:
        return
    try:
        with transaction.atomic():
            writing.note(place.kind, establishment=place.house, door=place.door, **facts)
    except (DatabaseError, InterfaceError) as error:
        _log.warning("%s was counted and not written: %s", kind.value, type(error).__name__)
