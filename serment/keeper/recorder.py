"""Every access becomes a durable leaf before anything leaves: released ⊆ durable.

``record`` returns only after one write and one sync that carried its leaves, and what its act put
into the store was synced before them. While a sync runs in its own thread, the next group gathers:
group commit without timers. The index is told behind the sync and writes beside the answers. An
error of any of them ends the process through ``on_fatal``.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

from serment.errors import Refused
from serment.keeper.index import ActorPart, Counted, Index, IndexRow, PatientPart, forgotten
from serment.keeper.index_writer import BEHIND_MAX
from serment.keeper.keeper_clock import KeeperClock
from serment.keeper.keys import AUDIT, NONCE_BYTES, Box, KeyRing
from serment.keeper.peers import kin_of
from serment.keeper.store import Store
from serment.keeper.touches import Whats
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_READ, OWN_DOORS, SHEET_PURPOSE
from serment.ledger import commitment
from serment.ledger.segment import OPENING_BYTES_MAX, Frame, Segment

OPENING_VERSION: Final = 1

ASKINGS_MAX: Final = 10_000

_NOISE: Final = 2 * commitment.SALT_BYTES + 2 * NONCE_BYTES

QUICK_SECONDS: Final = 0.001
"""A disk that syncs within it is waited for in the loop's thread."""


class LeafTooLarge(Refused):
    """One record of this access would hold more than a record may."""


class Opening(msgspec.Struct, array_like=True, frozen=True):
    """What a frame carries behind its leaf: both parts sealed, and the hashes of both."""

    version: int
    establishment: bytes
    subject: bytes
    actor_hash: bytes
    patient_hash: bytes
    actor: bytes
    patient: bytes


class Access(msgspec.Struct, frozen=True):
    """One access to one subject, about to be recorded."""

    subject: bytes | None
    tenant: bytes
    items: list[Item]
    kind: str = KIND_READ
    subject_kind: str = ""
    counted: bool = False
    """Does it count on budgets: a person outside any care relation?"""
    note: str = ""
    """Why, in a person's words; sealed with the rest."""


class Leaf(msgspec.Struct, frozen=True):
    """One access, ready to be made durable: nothing asked can fail from here on."""

    leaf: bytes
    opening: bytes
    row: IndexRow


class Waiting(msgspec.Struct):
    """Leaves of one request, and who waits for them."""

    leaves: list[Leaf]
    done: asyncio.Future[int]


class Asking(msgspec.Struct, frozen=True):
    """What all leaves of one request have in common: who asks, and by which tags they are found."""

    actor: bytes
    session: bytes | None
    client: bytes
    process: bytes
    counted: Counted


@dataclass(slots=True)
class Recorder:
    """Builds leaves, groups them, makes them durable, tells the index."""

    segment: Segment
    index: Index
    store: Store
    keys: KeyRing
    box: Box
    on_fatal: Callable[[], None]
    clock: KeeperClock = field(default_factory=KeeperClock)
    unpublished: list[bytes] | None = None
    """Durable leaves that wait to be made public; None where nothing is published."""
    whats: Whats = field(init=False)
    _askings: dict[tuple[object, ...], Asking] = field(default_factory=dict)
    """Who asked of late, by name."""
    _none: dict[str, bytes] = field(init=False)
    _waiting: list[Waiting] = field(default_factory=list)
    _alone: bool = False
    _busy: bool = False
    _draining: asyncio.Task[None] | None = None
    _sync_seconds: float = QUICK_SECONDS
    """How long a sync took of late."""
    _disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ledger"))

    def __post_init__(self) -> None:
        self.whats = Whats(self.store.tag, self.box)
        self._none = {what: self.store.tag(what, b"")[:8] for what in ("grant", "errand")}
        self.tell(self.index)

    def tell(self, index: Index) -> None:
        """From now on this index is told what is recorded."""
        self.index = index
        index.writer.on_fatal = self.on_fatal

    async def record(self, ask: Request, peer: int, accesses: Sequence[Access]) -> int:
        """Make the accesses durable, one leaf each; the sequence number of the first."""
        return await self.write(self.prepare(ask, peer, accesses))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Rows of the store and the leaves prepared among them: both, or neither.

        Keys made meanwhile are forgotten with the rows where the block fails. ``write`` comes
        directly behind the block.
        """
        try:
            with self.store.gathered():
                yield
        except BaseException:
            self.keys.forget_fresh()
            raise
        self.keys.keep_fresh()

    def prepare(self, ask: Request, peer: int, accesses: Sequence[Access]) -> list[Leaf]:
        """The leaves of these accesses; LeafTooLarge before anything is stored or queued."""
        asking = self._asking(
            ask.actor.id, ask.actor.establishment, ask.session, ask.client, ask.process, peer
        )
        noise = os.urandom(_NOISE * len(accesses))
        return [
            self._prepare(ask, peer, access, asking, noise[place * _NOISE : (place + 1) * _NOISE])
            for place, access in enumerate(accesses)
        ]

    def prepare_opening(self, ask: Request, peer: int, accesses: Sequence[Access]) -> list[Leaf]:
        """The same of an act that stores nothing itself: where each subject has its audit key
        already, nothing is written to the store at all."""
        tag, box = self.store.subject_tag, self.keys.box
        if all(box(tag(one.subject or one.tenant), AUDIT, None) for one in accesses):
            return self.prepare(ask, peer, accesses)
        with self.together():
            return self.prepare(ask, peer, accesses)

    async def write(self, leaves: list[Leaf]) -> int:
        """Make prepared leaves durable; the sequence number of the first."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(leaves, loop.create_future())
        self._waiting.append(waiting)
        if not self._busy:
            # All who ask within this turn of the loop are one group.
            self._busy = True
            loop.call_soon(self._record_waiting)
        return await waiting.done

    def _record_waiting(self) -> None:
        """One group, here or in a thread.

        Here where the disk is quick, or where request after request comes alone: a thread would
        make no sync shorter, and handing over to one costs more than the loop loses. Whoever comes
        meanwhile would have waited for the end of this sync too.
        """
        before, self._alone = self._alone, len(self._waiting) == 1
        if self._sync_seconds < QUICK_SECONDS or (before and self._alone):
            group, self._waiting = self._waiting, []
            with self._fatal(group):
                self.store.settle()
                self._answer(group, self._append(_records(group)))
            if self.index.writer.behind <= BEHIND_MAX:
                self._busy = False
                return
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        """Group after group, synced in a thread, until nobody waits."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                if self.index.writer.behind > BEHIND_MAX:
                    await asyncio.to_thread(self.index.writer.wait)
                if not self._waiting:
                    return
                group, self._waiting = self._waiting, []
                with self._fatal(group):
                    self.store.settle()
                    append = loop.run_in_executor(self._disk, self._append, _records(group))
                    self._answer(group, await append)
        finally:
            self._busy = False

    @contextmanager
    def _fatal(self, group: list[Waiting]) -> Iterator[None]:
        """A ledger that cannot sync promises nothing; an index with a gap would hide it."""
        try:
            yield
        except Exception as fault:
            self.on_fatal()
            self._busy = False
            for waiting in group + self._waiting:
                if not waiting.done.done():
                    waiting.done.set_exception(fault)
            raise

    def _append(self, records: list[tuple[bytes, bytes]]) -> int:
        """Write and sync: on return they are durable. The number of the first."""
        began = time.perf_counter()
        first = self.segment.append(records)
        self._sync_seconds += (time.perf_counter() - began - self._sync_seconds) / 8
        return first

    def _answer(self, group: list[Waiting], first: int) -> None:
        """Their leaves are durable: tell the index, then whoever waits."""
        rows: list[IndexRow] = []
        for waiting in group:
            for seq, leaf in enumerate(waiting.leaves, first + len(rows)):
                leaf.row.seq = seq
                rows.append(leaf.row)
                if self.unpublished is not None:
                    self.unpublished.append(leaf.leaf)
        self.index.put(rows)
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(first)
            first += len(waiting.leaves)

    def _prepare(
        self, ask: Request, peer: int, access: Access, asking: Asking, noise: bytes
    ) -> Leaf:
        """Leaf, opening and index row of one access; ``noise``: fresh, for its salts and nonces."""
        establishment = self.store.subject_tag(access.tenant)
        subject = (
            establishment if access.subject is None else self.store.subject_tag(access.subject)
        )
        actor_part = self._actor_part(ask, peer, access, subject)
        patient_part = PatientPart(
            access.subject, access.subject_kind, access.tenant, access.items, ask.relation,
            self._ticket("grant", ask.grant), self._ticket("errand", ask.errand), access.note,
        )  # fmt: skip
        parts = _encode(actor_part), _encode(patient_part)
        actor = commitment.salted(parts[0], noise[:32])
        patient = commitment.salted(parts[1], noise[32:64])
        hashes = commitment.part_hash(actor), commitment.part_hash(patient)
        leaf = commitment.leaf_of(*hashes)
        opening = Opening(
            OPENING_VERSION, establishment, subject, *hashes,
            self._audit_box(establishment, establishment).close(actor, leaf, noise[64:76]),
            self._audit_box(subject, establishment).close(patient, leaf, noise[76:88]),
        )  # fmt: skip
        packed = _encode(opening)
        if len(packed) > OPENING_BYTES_MAX:
            raise LeafTooLarge
        return Leaf(leaf, packed, self._row(actor_part, patient_part, parts, establishment, asking))

    def _actor_part(self, ask: Request, peer: int, access: Access, pseudonym: bytes) -> ActorPart:
        mask = sorted({name for item in access.items for name in item.fields})
        return ActorPart(
            OPENING_VERSION, self.clock.now(), access.kind, ask.purpose, ask.actor.kind,
            ask.actor.id, ask.actor.role, ask.actor.establishment, ask.evidence, ask.client,
            ask.process, peer, ask.session, ask.id, mask, pseudonym, access.counted,
        )  # fmt: skip

    def _row(
        self, actor: ActorPart, patient: PatientPart, parts: tuple[bytes, bytes],
        establishment: bytes, asking: Asking,
    ) -> IndexRow:  # fmt: skip
        """The index row, the same whether made now or from an opening after a crash."""
        return IndexRow(
            seq=-1,
            at=actor.at,
            kind=actor.kind,
            establishment=establishment,
            actor=asking.actor,
            subject=None if patient.subject is None else self.store.subject_tag(patient.subject),
            session=asking.session,
            client=asking.client,
            process=asking.process,
            body=self.box.close(_encode(parts), b"index"),
            subject_kind=patient.subject_kind,
            sheet=(actor.kind, actor.purpose) == (KIND_READ, SHEET_PURPOSE),
            counted=self._counted(asking.counted, patient) if actor.counted else None,
            export=patient.grant if patient.grant not in (b"", self._none["grant"]) else None,
            touched=self.whats.touches(patient.items, patient.subject_kind),
        )

    def _counted(self, own: Counted, patient: PatientPart) -> Counted:
        """On whose budgets. What was opened on a grant is on nobody's own: it only slows."""
        if patient.grant in (b"", self._none["grant"]):
            return own
        return Counted(b"", own.process, None, self.store.subject_tag(patient.tenant))

    def _asking(
        self, actor: bytes, establishment: bytes | None, session: str, client: str, process: str,
        peer: int,
    ) -> Asking:  # fmt: skip
        """The selectors; ``counted`` names the budgets that ``policy.standing`` counts on."""
        name = actor, establishment, session, client, process, peer
        known = self._askings.get(name)
        if known is None:
            if len(self._askings) >= ASKINGS_MAX:
                self._askings.clear()
            known = self._askings[name] = self._asking_of(*name)
        return known

    def _asking_of(
        self, actor: bytes, establishment: bytes | None, session: str, client: str, process: str,
        peer: int,
    ) -> Asking:  # fmt: skip
        tag = self.store.tag
        who, door = tag("actor", actor), tag("client", client.encode())
        return Asking(
            who,
            tag("session", session.encode()) if session else None,
            door,
            tag("process", str(peer).encode()),
            Counted(
                who,
                tag("process", kin_of(process).encode()),
                None if client in OWN_DOORS else door,
                None if establishment is None else self.store.subject_tag(establishment),
            ),
        )

    def _ticket(self, what: str, token: bytes) -> bytes:
        """How a leaf names a grant or an errand, or that there was none."""
        return self.store.tag(what, token)[:8] if token else self._none[what]

    def _audit_box(self, subject: bytes, tenant: bytes) -> Box:
        box = self.keys.box(subject, AUDIT, tenant)
        assert box is not None  # noqa: S101 -- a tenant was given, so a missing key was made
        return box

    def parts(self, body: bytes) -> tuple[ActorPart, PatientPart]:
        """An index row's contents."""
        actor, patient = msgspec.msgpack.decode(
            self.box.open(body, b"index"), type=tuple[bytes, bytes]
        )
        return _actors.decode(actor), _patients.decode(patient)

    def replay(self, frame: Frame) -> IndexRow:
        """The index row of a frame that was durable before its row was.

        Of a subject whose audit key was destroyed nothing is told but that a leaf stands here.
        """
        opening = msgspec.msgpack.decode(frame.opening, type=Opening)
        tenant = opening.establishment
        packed = commitment.unsalted(
            self._audit_box(tenant, tenant).open(opening.actor, frame.leaf)
        )
        actor = _actors.decode(packed)
        box = self.keys.box(opening.subject, AUDIT, None)
        if box is None:
            return forgotten(frame.seq, actor.at)
        parts = packed, commitment.unsalted(box.open(opening.patient, frame.leaf))
        asking = self._asking(
            actor.actor, actor.establishment, actor.session, actor.client, actor.process, actor.peer
        )
        row = self._row(actor, _patients.decode(parts[1]), parts, tenant, asking)
        row.seq = frame.seq
        return row


def _records(group: list[Waiting]) -> list[tuple[bytes, bytes]]:
    return [(leaf.leaf, leaf.opening) for waiting in group for leaf in waiting.leaves]


_encode = msgspec.msgpack.Encoder().encode
_actors = msgspec.msgpack.Decoder(ActorPart)
_patients = msgspec.msgpack.Decoder(PatientPart)
