"""All the keeper holds, opened together: root key, store, ledger, index, search."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serment.errors import Refused
from serment.keeper.aliases import AliasCount
from serment.keeper.index import Index
from serment.keeper.joined import Joined
from serment.keeper.keeper_clock import KeeperClock
from serment.keeper.keys import Box, KeyGone, KeyRing
from serment.keeper.listed import Listings
from serment.keeper.made import Made
from serment.keeper.passkeys.challenges import Challenges
from serment.keeper.passkeys.checking import Site
from serment.keeper.policy.budgets import DAY_US, Key, Scope
from serment.keeper.policy.standing import Standing, standing_of
from serment.keeper.recorder import Recorder
from serment.keeper.root_key.vault import Known, Vault
from serment.keeper.search import SearchIndex, tokens_of
from serment.keeper.sessions import Sessions
from serment.keeper.starting import alone
from serment.keeper.store import Store
from serment.keeper.unlocking import KeyPlaces, Terms, unlock
from serment.keeper.verified import Verified, older
from serment.ledger.checkpoint import DRILL
from serment.ledger.publish import SIGNED
from serment.ledger.segment import Segment, SegmentShorter

if TYPE_CHECKING:
    from serment.keeper.timestamps import Stamping

NOBODY: Final = bytes(16)
"""The tenant of accounts: no establishment, the operator keeps them."""

TRIAL: Final = f"/trial{DRILL}"
"""How the log of a copy ends that was made to try a backup: it never passes for the living one."""

REPLAY_GROUP: Final = 1_000
DISK_FAILED: Final = 74
"""The exit status after a failed sync (sysexits.h: EX_IOERR)."""


class NoAccess(Refused):
    """Not there, not yours, or not now: the three look alike."""


class SessionOver(Refused):
    """This session has ended. Please sign in again."""


class AskUnusable(Refused):
    """The keeper cannot use what it was asked."""


@dataclass(slots=True)
class Signing:
    """How far publication is: leaves signed, and since when others wait (monotonic; 0: none)."""

    size: int = 0
    since: float = 0.0

    @property
    def lag_seconds(self) -> float:
        """How long leaves have been waiting to be signed."""
        return time.monotonic() - self.since if self.since else 0.0


@dataclass(slots=True)
class Passkeys:
    """Where passkeys of staff are good, None where no address is known, and what was asked."""

    site: Site | None = None
    challenges: Challenges = field(default_factory=Challenges)


@dataclass(slots=True)
class House:
    """One keeper's state. Everything in it belongs to the event loop's thread."""

    store: Store
    keys: KeyRing
    search: SearchIndex
    index: Index
    segment: Segment
    recorder: Recorder
    standing: Standing
    folder: Path
    drill: bool
    trial: bool
    """A copy of another instance, to try a backup: a drill whose clock nobody drives."""
    vault: Vault
    verified: Verified
    isolated: bool = False
    sessions: Sessions = field(default_factory=Sessions)
    made: Made = field(default_factory=Made)
    listings: Listings = field(default_factory=Listings)
    aliases: AliasCount = field(default_factory=AliasCount)
    terms: Terms = field(default_factory=Terms)
    forgetters: list[Callable[[], None]] = field(default_factory=list)
    tending: asyncio.Lock = field(default_factory=asyncio.Lock)
    erasing: asyncio.Lock = field(default_factory=asyncio.Lock)
    verifying: asyncio.Lock = field(default_factory=asyncio.Lock)
    own_accounts: dict[bytes, int] = field(default_factory=dict)
    public: Path | None = None
    """Where the signed checkpoint lies, for answers that name it."""
    signing: Signing | None = None
    stamping: Stamping | None = None
    """Where a time-stamping authority is named."""
    passkeys: Passkeys = field(default_factory=Passkeys)
    swept: int = 0
    based: bool = False

    @property
    def origin(self) -> str:
        """Name of the log; a throw-away instance never passes for a real one."""
        return origin_of(self.store, drill=self.drill, trial=self.trial)

    @property
    def joined(self) -> Joined:
        """Which files are one person."""
        return self.standing.joined

    def now(self) -> int:
        """The keeper's instant (µs)."""
        return self.recorder.clock.now()

    def close(self) -> None:
        """A clean stop: all is written, its threads end, its files are let go of."""
        self.verified.close()
        self.store.close()
        self.index.close()
        self.segment.close()
        self.recorder.close()

    def end_session(self, name: bytes) -> None:
        """Forget in memory what a session was given, by its capability's tag."""
        self.sessions.end(name)
        self.listings.end(name)

    def signed(self) -> str:
        """The newest signed checkpoint as text; empty where nothing is published."""
        if self.public is None:
            return ""
        try:
            return (self.public / SIGNED).read_text("utf-8")
        except OSError:
            return ""

    def sweep(self) -> None:
        """Forget sessions, tickets, relations and counts whose time is over."""
        now = self.now()
        with self.store.transaction():
            self.store.drop_expired(now)
            self.standing.relations.drop_over(now)
            self.standing.forget_readings(now)
        self.standing.sweep(now)
        self.made.sweep(now)
        self.listings.sweep(now)
        self.sessions.clear()  # read again from the store, which holds the living ones
        self.index.forget_counted(now - DAY_US)


def origin_of(store: Store, *, drill: bool, trial: bool = False) -> str:
    """Name of this store's log, no other's; each recovery from an older store began a new one."""
    number = store.recoveries()
    name = f"serment/{store.tag('log', b'').hex()[:12]}"
    name = f"{name}/{number + 1}" if number else name
    if trial:
        return f"{name}{TRIAL}"
    return f"{name}{DRILL}" if drill else name


def enter(
    folder: Path,
    *,
    drill: bool = False,
    trial: bool = False,
    on_fatal: Callable[[], None] | None = None,
    places: KeyPlaces | None = None,
    terms: Terms | None = None,
) -> House:
    """Open a keeper's folder, making a new one at the first start; replay what the index lacks.

    Raises SegmentDamaged, SegmentShorter or LedgerAltered for a ledger that is not the one kept,
    RootKeyUnusable where a store exists without its key, StoreTooOld for a backup past its time.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with alone(folder):
        unlocked = unlock(folder, places or KeyPlaces())
        store, keys, vault = unlocked.store, unlocked.keys, unlocked.vault
        verified = Verified(folder, store)
    segment = verified.segment
    index = Index(folder / "index.sqlite")
    try:
        segment.must_hold(index.promised)
        known = vault.contents.known
        begun = known is not None and known.origin.endswith(TRIAL)
        drill = drill or trial or _is_known_drill(known)
        if begun or not trial:
            trial = begun
            _must_be_known(known, origin_of(store, drill=drill, trial=trial), segment.size, store)
    except SegmentShorter:
        segment.close()
        raise
    recorder = Recorder(
        segment, index, store, keys, Box(vault.contents.index), on_fatal or _end_process,
        KeeperClock(last=index.latest()),
    )  # fmt: skip
    store.on_fatal = vault.on_fatal = recorder.on_fatal
    _replay(recorder)
    search = SearchIndex()
    for name, row in store.searchable(partial(_key_of, keys)):
        search.put(row.record, name, (row.tenant, row.kind), tokens_of(row.search, row.text))
    for newcomer in store.newcomers():
        search.newcomer(newcomer.record, newcomer.at)
    store.drop_expired(recorder.clock.now())
    standing = standing_of(store)
    _recount(standing, index, recorder.clock.now())
    return House(
        store, keys, search, index, segment, recorder, standing, folder, drill, trial, vault,
        verified, terms=terms or Terms(),
    )  # fmt: skip


def _must_be_known(known: Known | None, origin: str, size: int, store: Store) -> None:
    """A store and ledger from before do not quietly take the place of longer ones.

    Only a recovery that two persons ordered may, and it says so in the log (``recovery``).
    """
    if known is None or store.recovery_waits() is not None:
        return
    if known.origin != origin or size < known.size:
        raise older(size, known.size)


def _is_known_drill(known: Known | None) -> bool:
    """A throw-away instance stays one, also where a restore or a command opens it."""
    return known is not None and known.origin.endswith(DRILL)


def _key_of(keys: KeyRing, subject: bytes, zone: str) -> bytes | None:
    """A zone key to read search rows with; None where it was destroyed."""
    try:
        return keys.zone_key(subject, zone, None)
    except KeyGone:
        return None


def _replay(recorder: Recorder) -> None:
    """Bring the index up to the segment."""
    done = recorder.index.size
    if done == recorder.segment.size:
        return
    new = (frame for _end, frame in recorder.segment.frames(done))
    while group := [recorder.leaves.replay(frame) for frame in islice(new, REPLAY_GROUP)]:
        recorder.index.add(group)
    recorder.clock.last = recorder.index.latest()


def _recount(standing: Standing, index: Index, now: int) -> None:
    """Fill the budgets with what was opened in the last day: a restart gives nobody a new one."""
    for at, subject, counted in index.counted_since(now - DAY_US):
        if subject is None:  # a patient signed in
            signed_in = Key(Scope.SIGN_IN, counted.process)
            standing.budgets.replay([signed_in], frozenset({counted.actor}), at)
            continue
        keys = [Key(Scope.PROCESS, counted.process)]
        if counted.actor:  # but on a grant
            keys.append(Key(Scope.ACTOR, counted.actor))
        if counted.client is not None:
            keys.append(Key(Scope.CLIENT, counted.client))
        if counted.establishment is not None:
            keys.append(Key(Scope.ESTABLISHMENT, counted.establishment))
        standing.budgets.replay(keys, frozenset({subject}), at)


def _end_process() -> None:
    """A failed sync: nothing more can be promised, so nothing more is answered."""
    with suppress(OSError):
        os.write(2, b"The keeper's disk failed; nothing more can be promised, and it ends.\n")
    os._exit(DISK_FAILED)
