"""Who may use each door, declared once beside it and checked in one place.

    @policy.staff(Act.CANCEL)
    def cancel(request, appointment_id): ...

A declaration changes nothing about the view; ``admit`` is asked before every view (by
``serment.web.doorkeeper``) and refuses what is undeclared. What a door refuses looks like a door
that is not there. Doors outside Django stand in ``OUTSIDE``, partners' in ``OPERATIONS``.
``docs/reference/rights.md`` is made from all of it; ``tests/rights`` holds it against a table
written by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from serment.errors import NotThere
from serment.identity import accounts, rights, staff, turned_away
from serment.identity.means import strength
from serment.identity.models import Role
from serment.identity.rights import Act
from serment.sightings.models import Kind

_log = logging.getLogger(__name__)
_ATTRIBUTE = "serment_door"
_ASKING = frozenset({"GET", "HEAD"})

View = TypeVar("View", bound=Callable[..., Any])
Place = Callable[[HttpRequest], None]


class Who(StrEnum):
    """For whom a door is."""

    EVERYBODY = "everybody"
    SIGNED_IN = "signed_in"
    PATIENT = "patient"
    STAFF = "staff"


class Strength(IntEnum):
    """How surely it is known who asks; a door demands at least one of these."""

    NOBODY = 0
    ONE_FACTOR = 1
    TWO_FACTORS = 2
    VERIFIED = 3
    """The keeper itself checked the passkey."""


FLOORS: dict[Who, Strength] = {
    Who.EVERYBODY: Strength.NOBODY,
    Who.SIGNED_IN: Strength.ONE_FACTOR,
    Who.PATIENT: Strength.ONE_FACTOR,
    Who.STAFF: Strength.TWO_FACTORS,
}
"""What every door of a kind demands, whatever it declares itself."""

DIRECTORY: Final = "the public directory: practitioners' published entries and free times"
SIGNING_IN: Final = "a way in: nobody has signed in yet"

STRONGER: Final = "account_reauthenticate"
"""Where whoever is not known surely enough, or not recently enough, is sent."""


@dataclass(frozen=True, slots=True)
class Door:
    """One declaration.

    ``acts``: what a member's role must include, all of them. ``why``: why it is open to everybody.
    ``recent_minutes``: signing in must be no longer ago. ``place``: where the request must come
    from; raises what it answers elsewhere.
    """

    who: Who
    why: str = ""
    acts: frozenset[Act] = frozenset()
    strength: Strength = Strength.NOBODY
    recent_minutes: int | None = None
    demo: bool = False
    place: Place | None = None

    @property
    def demands(self) -> Strength:
        """Its own strength or its kind's, whichever is more."""
        return max(self.strength, FLOORS[self.who])


class Answer(StrEnum):
    """What a door answers, whatever its address names."""

    OPEN = "open"
    SIGN_IN = "sign in"
    """The sign-in page, and then back."""
    WORK = "work"
    """To where a member of staff works."""
    MISSING = "missing"
    """As if there were no such door."""


SIGNED_OUT: Final = "signed_out"
PATIENT: Final = "patient"
ASKING: Final = (SIGNED_OUT, PATIENT, *(str(role.value) for role in Role))
"""Everybody a door tells apart: nobody signed in, an account as itself, each role of staff."""


def answer(door: Door, asks: str) -> Answer:
    """What the door answers one of ``ASKING``; how surely they are known comes after."""
    if door.who is Who.EVERYBODY:
        return Answer.OPEN
    if asks == SIGNED_OUT:
        return Answer.SIGN_IN
    if door.who is Who.PATIENT:
        return Answer.OPEN if asks == PATIENT else Answer.WORK
    if door.who is Who.STAFF:
        may = asks != PATIENT and door.acts <= rights.ACTS_OF[Role(asks)]
        return Answer.OPEN if may else Answer.MISSING
    return Answer.OPEN


class DeclaredTwiceError(TypeError):
    """One view, two policies."""


def everybody(why: str) -> Callable[[View], View]:
    """Open to whoever comes, signed in or not; says why that is right."""
    return _declare(Door(Who.EVERYBODY, why=why))


def signed_in(
    *, strength: Strength = Strength.NOBODY, recent_minutes: int | None = None
) -> Callable[[View], View]:
    """For any account; others are sent to sign in."""
    return _declare(Door(Who.SIGNED_IN, strength=strength, recent_minutes=recent_minutes))


def patient(
    *, strength: Strength = Strength.NOBODY, recent_minutes: int | None = None
) -> Callable[[View], View]:
    """For an account as itself; staff are led to where they work.

    Staff book for themselves with an account of their own: the two are recorded apart.
    """
    return _declare(Door(Who.PATIENT, strength=strength, recent_minutes=recent_minutes))


def staff_may(
    *acts: Act,
    strength: Strength = Strength.NOBODY,
    recent_minutes: int | None = None,
    demo: Place | None = None,
) -> Callable[[View], View]:
    """For staff whose role includes all these acts; for any other account it is not there.

    ``demo`` opens it on a demo instance only, to whom that place lets in.
    """
    if not acts:
        raise TypeError("A door for staff names an act.")
    return _declare(
        Door(
            Who.STAFF,
            acts=frozenset(acts),
            strength=strength,
            recent_minutes=recent_minutes,
            demo=demo is not None,
            place=demo,
        )
    )


def demo(place: Place) -> Callable[[View], View]:
    """On a demo instance only, for whom ``place`` lets in; elsewhere it is not there."""
    return _declare(Door(Who.EVERYBODY, why="demo", demo=True, place=place))


def _declare(door: Door) -> Callable[[View], View]:
    def declared(view: View) -> View:
        if getattr(view, _ATTRIBUTE, door) != door:
            raise DeclaredTwiceError(f"{view.__module__}.{getattr(view, '__qualname__', view)}")
        setattr(view, _ATTRIBUTE, door)
        return view

    return declared


def door_of(view: Callable[..., Any]) -> Door | None:
    """What a view declares; None where nobody may."""
    found: Door | None = getattr(view, _ATTRIBUTE, None)
    return found


def admit(request: HttpRequest, view: Callable[..., Any]) -> HttpResponse | None:
    """None lets the request in; else the way to sign in, or to where this account belongs.

    Raises NotThere for whom the door is none: decided before anything the address names is looked
    up, so that what exists and what does not answer alike.
    """
    door = door_of(view)
    if door is None:
        _log.error("a route without a policy: %s", getattr(view, "__module__", "?"))
        raise NotThere
    if door.demo and not settings.DEMO:
        raise NotThere
    if door.place is not None:
        door.place(request)
    if door.who is Who.EVERYBODY:
        return None
    match answer(door, _asks(request)):
        case Answer.SIGN_IN:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        case Answer.WORK:
            return HttpResponseRedirect(accounts.home_of(request))
        case Answer.MISSING:
            raise rights.NotAllowed
    return _known_well_enough(request, door)


def _asks(request: HttpRequest) -> str:
    if not request.user.is_authenticated:
        return SIGNED_OUT
    member = staff.of_request(request)
    return PATIENT if member is None else member.role


def strength_of(request: HttpRequest) -> Strength:
    """How surely this session's person is known."""
    if accounts.is_verified(request):
        return Strength.VERIFIED
    return Strength(strength.factors(request))


def minutes_since_sign_in(request: HttpRequest) -> float | None:
    """Since the account last proved who it is in this session; None where that is not known."""
    since = strength.seconds_since_proof(request)
    return None if since is None else since / 60


def _known_well_enough(request: HttpRequest, door: Door) -> HttpResponse | None:
    """None, or the way to prove more."""
    enough = strength_of(request) >= door.demands
    if enough and door.recent_minutes is not None:
        since = minutes_since_sign_in(request)
        enough = since is not None and since < door.recent_minutes
    if enough:
        return None
    if request.method not in _ASKING:  # to be led there from a page is the way of every day
        turned_away.noted(request, Kind.STRONGER_ASKED)
    return redirect_to_login(request.get_full_path(), resolve_url(STRONGER))


@dataclass(frozen=True, slots=True)
class Outside:
    """A door that Django does not serve."""

    path: str
    why: str


OUTSIDE: Final = (
    Outside("/healthz", "state of the parts, in words and counts"),
    Outside("/-/alive", "the supervisor's knock; an empty answer"),
    Outside("/ledger", "the public ledger: hashes that say nothing about anybody"),
    Outside("/static", "style, script, type and pictures"),
)
"""Open to everybody. No WebSocket is accepted at any path (``live.serving``)."""

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {}
"""Partner operations and the scopes each needs, all of them. None is open yet."""


def partner_may(operation: str, scopes: Collection[str]) -> bool:
    """Whether a partner that was granted these scopes may; what is undeclared nobody may."""
    needed = OPERATIONS.get(operation)
    return needed is not None and needed <= set(scopes)
