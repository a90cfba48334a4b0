"""For whom a visit is booked: oneself, or somebody one acts for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from serment import clock
from serment.disclosure import Actor
from serment.errors import NotThere
from serment.identity import files, policy
from serment.identity.policy import Strength
from serment.identity.relatives import filing, people
from serment.identity.relatives.people import Person
from serment.identity.relatives.terms import Scope
from serment.web import asked

MEANT_FOR: Final = timedelta(minutes=30)
"""How long the choice made beside somebody's name stands: long enough to find an hour, short enough
not to be somebody else's visit later in the day."""
_KEY: Final = "booked_for"


def is_sure(request: HttpRequest) -> bool:
    """Two factors: nothing about anybody else is shown or done with less."""
    return policy.strength_of(request) >= Strength.TWO_FACTORS


def mean(request: HttpRequest, actor: Actor, relation: UUID) -> None:
    """The next visit is to be for this person, until one is booked or the half hour is over; the
    forms still ask. Raises ``NotThere`` for whom the account may not book."""
    if not is_sure(request) or not people.one_acted_for(actor, relation).may(Scope.APPOINTMENTS):
        raise NotThere
    until = (clock.now() + MEANT_FOR).timestamp()
    request.session[_KEY] = [str(relation), until]


def booked(request: HttpRequest) -> None:
    """The visit is made: whom the next is for is asked from the start."""
    request.session.pop(_KEY, None)


def first_choice(request: HttpRequest, actor: Actor, house: UUID) -> UUID | None:
    """What a form that says nothing yet begins with: whom the account meant; None for oneself."""
    relation, until = request.session.get(_KEY, ("", 0.0))
    if not relation or until < clock.now().timestamp() or not is_sure(request):
        return None
    meant = asked.uuid(relation)
    known = (one for one in people.acted_for(actor) if one.mandate.record == meant)
    return meant if any(_bookable(one, house) for one in known) else None


def chosen(request: HttpRequest, actor: Actor, relation: UUID | None, house: UUID) -> Person | None:
    """Whom the form names; None for oneself. Raises ``NotThere`` for whom the account may not book
    here: no such person, no such right, one factor only, or known to another house only."""
    if relation is None:
        return None
    if not is_sure(request):
        raise NotThere
    person = people.one_acted_for(actor, relation)
    if not _bookable(person, house):
        raise NotThere
    return person


def _bookable(person: Person, house: UUID) -> bool:
    return person.may(Scope.APPOINTMENTS) and person.house in (None, house)


def file_of(actor: Actor, whom: Person | None, house: UUID) -> UUID:
    """The file that the visit goes into; made at the first booking in a house."""
    if whom is None:
        return files.find_or_create_for_account(actor, house)
    return filing.file_for(actor, whom, house)


def counted(actor: Actor, whom: Person | None) -> tuple[UUID, ...]:
    """Whose visits the bounds count; the first is who comes. A person with an account has bounds of
    their own; people without one share those of who acts for them, so that made-up children book no
    more than one account does."""
    if whom is None:
        return ()
    if whom.has_account:
        return (whom.mandate.person,)
    others = [one.mandate.person for one in people.acted_for(actor) if not one.has_account]
    return tuple(dict.fromkeys((whom.mandate.person, actor.id, *others)))


def shown(request: HttpRequest, actor: Actor, relation: UUID | None, house: UUID) -> dict[str, Any]:
    """What the form asks: the choice where there is one, and what may be kept to oneself."""
    if actor.kind != "patient":
        return {"name": "", "choices": [], "chosen": None, "may_keep": False}
    own = people.own_values(actor)
    sure = is_sure(request)
    found = [one for one in people.acted_for(actor) if _bookable(one, house)] if sure else []
    return {
        "name": f"{own['given_name']} {own['family_name']}".strip(),
        "choices": found,
        "chosen": relation,
        "may_keep": people.may_keep_to_oneself(actor, own["birth_date"], clock.now()),
    }
