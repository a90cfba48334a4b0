"""What one access leaves behind: its leaf, the sealed opening of it, its row in the index.

Nothing here waits for a disk. ``recorder`` makes leaves durable before anything leaves; the same
rows are made again from openings where a crash left the index behind (``replay``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from serment.errors import Refused
from serment.keeper.index import ActorPart, Counted, IndexRow, PatientPart, forgotten
from serment.keeper.keeper_clock import KeeperClock
from serment.keeper.keys import AUDIT, NONCE_BYTES, Box, KeyRing
from serment.keeper.peers import kin_of
from serment.keeper.store import Store
from serment.keeper.touches import Whats
from serment.keeper.wire import Item, Request
from serment.keeper.words import KIND_READ, OWN_DOORS, SHEET_PURPOSE
from serment.ledger import commitment
from serment.ledger.segment import OPENING_BYTES_MAX, Frame

OPENING_VERSION: Final = 1

ASKINGS_MAX: Final = 10_000

_NOISE: Final = 2 * commitment.SALT_BYTES + 2 * NONCE_BYTES


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


class Asking(msgspec.Struct, frozen=True):
    """What all leaves of one request have in common: who asks, and by which tags they are found."""

    actor: bytes
    session: bytes | None
    client: bytes
    process: bytes
    counted: Counted


@dataclass(slots=True)
class Leaves:
    """Builds leaves, and reads what they were built of."""

    store: Store
    keys: KeyRing
    box: Box
    clock: KeeperClock
    whats: Whats = field(init=False)
    _askings: dict[tuple[object, ...], Asking] = field(default_factory=dict)
    """Who asked of late, by name."""
    _none: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.whats = Whats(self.store.tag, self.box)
        self._none = {what: self.store.tag(what, b"")[:8] for what in ("grant", "errand")}

    def of(self, ask: Request, peer: int, accesses: Sequence[Access]) -> list[Leaf]:
        """The leaves of these accesses; LeafTooLarge before anything is stored or queued."""
        asking = self._asking(
            ask.actor.id, ask.actor.establishment, ask.session, ask.client, ask.process, peer
        )
        noise = os.urandom(_NOISE * len(accesses))
        return [
            self._prepare(ask, peer, access, asking, noise[place * _NOISE : (place + 1) * _NOISE])
            for place, access in enumerate(accesses)
        ]

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
            ask.recipient,
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
            recipient=self._recipient(actor.recipient),
            touched=self.whats.touches(patient.items, patient.subject_kind),
        )

    def _recipient(self, name: str) -> bytes | None:
        return self.store.tag("recipient", name.encode()) if name else None

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


_encode = msgspec.msgpack.Encoder().encode
_actors = msgspec.msgpack.Decoder(ActorPart)
_patients = msgspec.msgpack.Decoder(PatientPart)
