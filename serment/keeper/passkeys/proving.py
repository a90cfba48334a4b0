"""A signature believed: over one challenge of ours, by a passkey we keep, at our site."""

from __future__ import annotations

import logging
from typing import Final

from serment.keeper.house import House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.passkeys import checking, rows
from serment.keeper.passkeys.asks import Assertion, EnrolAsk
from serment.keeper.passkeys.challenges import Purpose
from serment.keeper.passkeys.checking import Fresh, NotSigned, Site, SiteUnusable
from serment.keeper.passkeys.rows import Member, Passkey
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_ALARM, KIND_WRITE

log = logging.getLogger("serment.keeper")

NAME: Final = "passkey"


def begin(house: House, public_url: str) -> None:
    """From now on passkeys are good at this address. One that has no host stops no care: it is
    said, and nobody signs in by passkey."""
    try:
        house.passkeys.site = Site.of(public_url)
    except SiteUnusable as wrong:
        log.error("%s", wrong.sentence)


def site_of(house: House) -> Site:
    """Where passkeys are good; NoAccess for a keeper that was told no address."""
    if house.passkeys.site is None:
        raise NoAccess
    return house.passkeys.site


def name_of(house: House, credential: bytes) -> bytes:
    """The keeper's own name of a credential."""
    return house.store.tag(NAME, credential)


async def made(house: House, told: EnrolAsk, purpose: Purpose) -> Fresh:
    """A passkey made for a challenge of this purpose. Raises NoAccess."""
    site = site_of(house)
    await checking.load()
    try:
        challenge = checking.challenge_in(told.client_data)
        if not house.passkeys.challenges.take(challenge, purpose, house.now()):
            raise NoAccess
        return checking.made(site, challenge, told)
    except NotSigned as wrong:
        log.warning("A passkey was not taken: %s", type(wrong.__cause__).__name__)
        raise NoAccess from wrong


async def proved(
    house: House, ask: Request, peer: int, told: Assertion, purpose: Purpose
) -> Passkey:
    """Whose signature it is. Raises NoAccess; a count that does not rise is an alarm too."""
    site = site_of(house)
    await checking.load()
    kept = rows.passkey(house.store, name_of(house, told.credential))
    try:
        challenge = checking.challenge_in(told.client_data)
        if not house.passkeys.challenges.take(challenge, purpose, house.now()):
            raise NoAccess
        if kept is None or not kept.live or not _names(house, told, kept):
            raise NoAccess
        count = checking.signed(site, challenge, kept.key, told)
    except NotSigned as wrong:
        log.warning("A signature was not believed: %s", type(wrong.__cause__).__name__)
        raise NoAccess from wrong
    former = rows.count_of(house.store, kept.name)
    if max(count, former) and count <= former:
        await house.recorder.record(ask, peer, [alarm(kept.establishment, "passkey_count")])
        raise NoAccess
    with house.store.gathered():
        rows.put_count(house.store, kept.name, count)
    return kept


def _names(house: House, told: Assertion, kept: Passkey) -> bool:
    """The handle that the authenticator gave back, where it gave one, is its owner's."""
    return told.user in (b"", handle_of(house, kept.actor))


def handle_of(house: House, actor: bytes) -> bytes:
    """What an authenticator knows a person by: nothing that anybody else could read."""
    return house.store.tag("handle", actor)


def alarm(establishment: bytes, what: str) -> Access:
    """For the officers of an establishment."""
    return Access(None, establishment, [Item(b"", "alarm", [what])], KIND_ALARM)


def told(row: Passkey | Member, what: str) -> list[Access]:
    """What happened to a member of staff's access: to that person, and to the officers."""
    item = Item(row.actor, "staff", [what])
    return [
        Access(row.actor, row.establishment, [item], KIND_WRITE, "staff"),
        alarm(row.establishment, what),
    ]
