"""Mandates as links: over whom they are, and writing one down, on record first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from serment.keeper.acting.asks import NAMED
from serment.keeper.acting.standing import files_of, mandates_of, stands
from serment.keeper.house import House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.rights import check
from serment.keeper.store import LinkRow, RecordRow
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_WRITE

Admission = tuple[frozenset[bytes], Sequence[Access]]
"""Who counts, and the alarms to record beside it (``admit``)."""

NOBODY_COUNTS: Final[Admission] = (frozenset(), ())
BY_SELF: Final = frozenset({"helper", NAMED})
"""What persons give, and end, themselves. Parents and guardians are named and ended by law: an
establishment that saw the paper does it."""


def persons_of(house: House, subject: bytes) -> set[bytes]:
    """The subject, and the account or made-up person whose file it is."""
    links = house.store.links(file=subject)
    return {subject, *(link.account for link in links if link.relation == "self")}


def of_persons(house: House, persons: set[bytes]) -> list[LinkRow]:
    """The mandates over these, whatever became of them."""
    found = [link for one in sorted(persons) for link in house.store.links(file=one)]
    return [link for link in found if link.relation != "self" and link.record]


def over_shared_files(house: House, account: bytes) -> list[LinkRow]:
    """Mandates over a made-up person one of whose files is this account's own since: who has one
    goes on seeing that file's visits, and the account is told so."""
    now, found = house.now(), []
    for file in sorted(files_of(house, account) - {account}):
        for person in sorted(persons_of(house, file) - {file, account}):
            made_up = house.store.record(person)
            if made_up is None or made_up.kind != "dependant":
                continue
            for link in of_persons(house, {person}):
                theirs = mandates_of(house, house.store.links(account=link.account))
                if stands(link, now) and file in theirs and link not in found:
                    found.append(link)
    return found


async def write(  # noqa: PLR0913 -- what is written, and what it depends on, each by name
    house: House, ask: Request, peer: int, person: RecordRow, what: str, link: LinkRow, *,
    instead_of: LinkRow | None = None, admitted: Admission = NOBODY_COUNTS,
    unless: Callable[[], bool] | None = None,
) -> None:  # fmt: skip
    """On record first, of the person acted for; then the link is what it says. ``unless`` is asked
    once it is on record: what was decided meanwhile goes before."""
    (counted, alarms), told = admitted, Item(link.record, "relation", [what])
    access = Access(person.subject, person.tenant, [told], KIND_WRITE, person.kind,
                    counted=bool(counted))  # fmt: skip
    await house.recorder.record(ask, peer, [access, *alarms])
    check(house, ask, peer)
    if unless is not None and unless():
        raise NoAccess
    with house.store.transaction():
        if instead_of is not None:
            if instead_of not in house.store.links(account=instead_of.account):
                raise NoAccess  # of two at once the second finds it gone, or changed, here
            house.store.drop_link(instead_of)
        house.store.put_link(link)
