"""Who is signed in, as the head of every page shows it: their own name, role and house.

The name is opened like any other, on record, and shown again under its lease. Where it cannot be
opened the page goes without it: a head is no reason to refuse a page.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.middleware import get_user
from django.core.cache import cache
from django.http import HttpRequest

from serment.directory.models import Establishment
from serment.disclosure import AccessFrozen, KeeperUnavailable, Purpose, gate
from serment.errors import SermentError
from serment.identity import accounts, staff
from serment.identity.models import Account, Role, StaffMember

if TYPE_CHECKING:
    from uuid import UUID

NAME = ("given_name", "family_name")
SILENCE_SECONDS = 5
"""A keeper that did not answer is not asked again for a head of page before this."""
HOUSE_SECONDS = 300

_silent_until = 0.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What stands in the head; ``role`` and ``house`` are empty for patients.

    ``frozen``: nothing opens for this member of staff, which the page says before they press.
    """

    name: str = ""
    role: str = ""
    house: str = ""
    frozen: bool = False


def of_request(request: HttpRequest) -> SignedIn:
    """Who is signed in here; without a name when the keeper does not open it."""
    member = staff.of_request(request)
    if member is None:
        account = get_user(request)
        try:
            return SignedIn(_name(request, account) if isinstance(account, Account) else "")
        except AccessFrozen:
            return SignedIn()
    role, house = str(Role(member.role).label), _house(member.establishment_id)
    try:
        return SignedIn(_name(request, member), role, house)
    except AccessFrozen:
        return SignedIn("", role, house, frozen=True)


def _name(request: HttpRequest, own: Account | StaffMember) -> str:
    global _silent_until  # noqa: PLW0603 - one keeper for the whole process
    if time.monotonic() < _silent_until:
        return ""
    try:
        opened = gate.reveal(accounts.actor_for(request), Purpose.SELF, [own], NAME)
    except KeeperUnavailable:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        return ""
    except AccessFrozen:
        raise
    except SermentError:
        return ""
    return " ".join(part for field in NAME if (part := opened[own.pk][field]))


def _house(establishment: UUID) -> str:
    """Its published name; asked of the database once in a while."""
    key = f"house-name:{establishment}"
    known: str | None = cache.get(key)
    if known is None:
        named = Establishment.objects.filter(pk=establishment).values_list("name", flat=True)
        known = named.first() or ""
        cache.set(key, known, HOUSE_SECONDS)
    return known
