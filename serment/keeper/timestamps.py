"""Time-stamps of an authority outside over the keeper's signed checkpoints: a second clock.

The keeper has no network: it makes the question, the worker carries it to the authority and the
answer back, and needs to be believed in nothing. An answer counts once, for the last question, for
two minutes. The authority's instant must lie between question and answer; how far it does not is
the difference, recorded with the token's digest, and past a bound an alarm in the same commit.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from serment.keeper.authority import Authority, AuthorityUnusable, Query, TokenRefused
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.publishing import signer_of
from serment.keeper.store import Store
from serment.keeper.wire import Body, Item, Nothing, Request
from serment.keeper.words import KIND_ALARM, KIND_TIMESTAMPED
from serment.ledger import checkpoint, durable
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.note import NoteUnusable, SignatureWrong

log = logging.getLogger("serment.keeper")

ANSWER_BYTES_MAX: Final = 1 << 16
QUERY_US_MAX: Final = 120_000_000
DIFFERENCE_US_MAX: Final = 60_000_000
TICK_US: Final = 1_000_000
"""Authorities cut their instants to the second: one lies up to that much later than it says."""

_BOUND: Final = b"time_stamp"


class StampQuery(Body):
    """op ``timestamp_query``'s answer: a TimeStampReq (RFC 3161, DER) for the authority."""

    query: bytes


class StampAsk(Body):
    """op ``timestamp``: the authority's TimeStampResp (DER) to the last question."""

    answer: Annotated[bytes, msgspec.Meta(min_length=1, max_length=ANSWER_BYTES_MAX)]


class Stamped(msgspec.Struct, array_like=True, frozen=True):
    """The newest time-stamp, whole. Instants in µs: ``at`` the keeper's, ``told`` the authority's;
    ``difference``: how far ``told`` lies outside the span from question to answer, signed."""

    at: int
    told: int
    difference: int
    size: int
    note: bytes
    token: bytes


@dataclass(slots=True)
class Stamping:
    """What the keeper holds while an authority is named."""

    authority: Authority
    folder: Path
    """Where tokens lie for everybody, each beside its note."""
    newest: Stamped | None = None
    asked: Query | None = None


def begin(house: House, certificate: Path, folder: Path) -> None:
    """From now on time-stamps are taken. A certificate that cannot be read stops no care: it is
    said, and none is taken."""
    try:
        authority = Authority.read(certificate)
    except AuthorityUnusable as wrong:
        log.error("%s", wrong.sentence)
        return
    house.stamping = Stamping(authority, folder, _newest(house.store))


async def timestamp_query(house: House, ask: Request, peer: int) -> Body:
    """op ``timestamp_query``: about the newest checkpoint the keeper signed itself."""
    stamping = _stamping(house)
    house.standing.must_stand(ask, peer, house.now())
    note = house.signed().encode()
    _own(house, note)
    stamping.asked = stamping.authority.query(note, house.now())
    return StampQuery(stamping.asked.request.as_bytes())


async def timestamp(house: House, ask: Request, peer: int) -> Body:
    """op ``timestamp``: check the answer, record it, keep it. A refused one changes nothing."""
    stamping = _stamping(house)
    wanted = msgspec.msgpack.decode(ask.body, type=StampAsk)
    now = house.now()
    house.standing.must_stand(ask, peer, now)
    asked = stamping.asked
    if asked is None or now > asked.at + QUERY_US_MAX:
        raise AskUnusable
    try:
        told = stamping.authority.time_of(asked, wanted.answer)
    except TokenRefused as refused:
        log.warning("A time-stamp was refused: %s", type(refused.__cause__).__name__)
        raise AskUnusable from refused
    stamping.asked = None
    signed = _own(house, asked.note)
    difference = apart(told, asked.at, now)
    made = Stamped(now, told, difference, signed.size, asked.note, wanted.answer)
    with house.recorder.together():
        body = house.store.close_body(made, _BOUND)
        house.store.put_row("time_stamp", 1, body)
        leaves = house.recorder.prepare(ask, peer, _accesses(made, signed))
    await house.recorder.write(leaves)
    stamping.newest = made
    await asyncio.to_thread(_lay_down, stamping.folder, made)
    return Nothing()


def apart(told: int, asked: int, now: int) -> int:
    """How far (µs) an instant lies behind the answer (+) or before the question (−); 0 between."""
    if told > now:
        return told - now
    return min(0, told + TICK_US - asked)


def _accesses(made: Stamped, signed: Checkpoint) -> list[Access]:
    facts = [
        ("size", str(made.size).encode()),
        ("root", signed.root),
        ("token", hashlib.sha256(made.token).digest()),
        ("told", str(made.told).encode()),
        ("difference", str(made.difference).encode()),
    ]
    item = Item(b"", "timestamp", [name for name, _ in facts], after=[fact for _, fact in facts])
    found = [Access(None, NOBODY, [item], KIND_TIMESTAMPED)]
    if abs(made.difference) > DIFFERENCE_US_MAX:
        log.error("ALARM: the keeper's clock and the time-stamping authority's are apart.")
        alarm = Item(b"", "alarm", ["clock.difference"])
        found.append(Access(None, NOBODY, [alarm], KIND_ALARM))
    return found


def _lay_down(folder: Path, made: Stamped) -> None:
    """For outsiders, with ``openssl ts -verify``. The leaf stands and the store holds both, so a
    disk that refuses the files is said and nothing more."""
    try:
        durable.write(folder / f"{made.size}.note", made.note)
        durable.write(folder / f"{made.size}.tsr", made.token)
    except OSError as fault:
        log.error("A time-stamp could not be laid down: %s", type(fault).__name__)


def _stamping(house: House) -> Stamping:
    if house.stamping is None:
        raise NoAccess
    return house.stamping


def _own(house: House, note: bytes) -> Checkpoint:
    """The checkpoint of a note this keeper signed; AskUnusable for any other, or none yet."""
    try:
        return checkpoint.open_signed(note, [signer_of(house).verifier]).checkpoint
    except (NoteUnusable, SignatureWrong) as other:
        log.warning("There is no checkpoint to have stamped: %s", type(other).__name__)
        raise AskUnusable from other


def _newest(store: Store) -> Stamped | None:
    row = store.database.execute("SELECT body FROM time_stamp WHERE number = 1").fetchone()
    if row is None:
        return None
    return msgspec.msgpack.decode(store.open_body(row[0], _BOUND), type=Stamped)


Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {"timestamp_query": timestamp_query, "timestamp": timestamp}
