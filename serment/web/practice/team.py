"""The practitioners of the signed-in establishment, and whose agendas the desk looks at."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import get_language

from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.identity import staff
from serment.web import asked
from serment.web.practice.desk import Desk

SHOWN_AT_FIRST = 3
SHOWN_MAX = 12


@dataclass(frozen=True, slots=True)
class Member:
    """A practitioner role as the agenda heads its column."""

    role: PractitionerRole

    @property
    def id(self) -> UUID:
        """The role's id."""
        return self.role.id

    @property
    def name(self) -> str:
        """ "Dr Tissandier", or "L. Costa" where there is no title."""
        who = self.role.practitioner
        return f"{who.title or who.given_name[:1] + '.'} {who.family_name}"

    @property
    def does(self) -> str:
        """What they do."""
        return self.role.person(get_language() or "fr")

    @property
    def zone(self) -> ZoneInfo:
        """The clock of their site."""
        return ZoneInfo(self.role.site.timezone)


def members(establishment_id: UUID) -> list[Member]:
    """Everybody who receives patients here, in the order of the house."""
    found = PractitionerRole.objects.select_related(
        "practitioner", "site", "specialty", "profession"
    ).filter(establishment_id=establishment_id, active=True)
    ordered = found.order_by("position", "practitioner__family_name", "id")
    return [Member(role) for role in ordered]


def too_many(named: Iterable[str], everybody: Sequence[Member]) -> int:
    """How many of those asked for in the address are more than fit side by side."""
    known = {str(one.id) for one in everybody}
    return max(0, len(known & set(named)) - SHOWN_MAX)


def by_trade(everybody: Sequence[Member]) -> list[tuple[str, list[Member]]]:
    """The same people under what they do, in the order of the house."""
    groups: dict[str, list[Member]] = {}
    for one in everybody:
        groups.setdefault(one.does, []).append(one)
    return list(groups.items())


def shown(
    request: HttpRequest,
    desk: Desk,
    everybody: Sequence[Member],
    named: Iterable[str],
    receiving: Container[UUID] = (),
    *,
    at_first: int = SHOWN_AT_FIRST,
) -> list[Member]:
    """Those asked for in the address, else those chosen before, else one's own or the first.

    Of a large house the first are those who receive that day (``receiving``), where it is known.
    A link to one appointment names its practitioner (``avec``), who joins those shown.
    """
    chosen = _chosen(request, desk, everybody, named, receiving, at_first)
    also = next((one for one in everybody if str(one.id) == asked.query(request).get("avec")), None)
    if also is not None and also.id not in {one.id for one in chosen}:
        chosen = [*chosen[: SHOWN_MAX - 1], also]
        desk.choose([one.id for one in chosen])
    return chosen


def _chosen(
    request: HttpRequest,
    desk: Desk,
    everybody: Sequence[Member],
    named: Iterable[str],
    receiving: Container[UUID],
    at_first: int,
) -> list[Member]:
    known = {str(one.id): one for one in everybody}
    wanted = [known[text] for text in dict.fromkeys(named) if text in known][:SHOWN_MAX]
    if wanted:
        if [one.id for one in wanted] != desk.roles:
            desk.choose([one.id for one in wanted])
        return wanted
    kept = [known[str(role)] for role in desk.roles if str(role) in known]
    if kept:
        return kept
    member = staff.of_request(request)
    own = known.get(str(member.practitioner_role_id)) if member else None
    if own:
        return [own]
    present = [one for one in everybody if one.id in receiving]
    return (present or list(everybody))[:at_first]


def follows_the_day(
    request: HttpRequest, desk: Desk, everybody: Sequence[Member], receiving: Container[UUID]
) -> bool:
    """Whether nobody chose who is shown, so that the next day may show others."""
    known = {one.id for one in everybody}
    if known & set(desk.roles) or len(known) <= SHOWN_AT_FIRST:
        return False
    member = staff.of_request(request)
    own = member is not None and member.practitioner_role_id in known
    return not own and any(one in receiving for one in known)


def establishment_of(actor: Actor) -> UUID:
    """Where a staff member works; staff always do."""
    if actor.establishment is None:
        raise ValueError("A staff member without an establishment.")
    return actor.establishment
