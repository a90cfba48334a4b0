"""Act ``receipt``: the statement behind one public commitment, for whom it concerns.

A patient gets what was recorded about the own account and files, an officer what was recorded in
the own establishment; both parts, so that who asked may be shown to a third party. What
``history`` does not tell, a patient's receipt does not either. The asking is itself recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.index import ActorPart, PatientPart
from serment.keeper.keys import AUDIT, Box, KeyGone
from serment.keeper.leaves import Access, Opening
from serment.keeper.rights import OFFICERS, Capability, check, own_subjects
from serment.keeper.wire import Body, ReceiptAnswer, ReceiptAsk, Request
from serment.keeper.words import KIND_QUERY
from serment.ledger.segment import Frame
from serment.ledger.statement import PART_BYTES_MAX, Part, Statement

INCIDENT: Final = "incident"


@dataclass(frozen=True, slots=True)
class Found:
    """A frame and what may be shown of it."""

    frame: Frame
    opening: Opening


async def receipt(house: House, ask: Request, peer: int) -> Body:
    """op ``receipt``: both salted parts of a leaf; NoAccess for what is not there or not theirs."""
    wanted = msgspec.msgpack.decode(ask.body, type=ReceiptAsk)
    found = _found(house, wanted.seq)
    capability = _concerned(house, found.opening, check(house, ask, peer))
    statement = _statement(house, ask, found)
    _must_be_tellable(statement, capability)
    await house.recorder.record(ask, peer, [_asking(statement, capability)])
    _concerned(house, found.opening, check(house, ask, peer))
    return ReceiptAnswer(wanted.seq, statement.encode())


def _found(house: House, seq: int) -> Found:
    frame = house.segment.frame(seq)
    if frame is None:
        raise NoAccess
    return Found(frame, msgspec.msgpack.decode(frame.opening, type=Opening))


def _concerned(house: House, opening: Opening, capability: Capability | None) -> Capability:
    """Patients: the own account or a linked file. Officers: their establishment."""
    tag = house.store.subject_tag
    if capability is None:
        raise NoAccess
    if capability.kind == "patient":
        mine = any(
            opening.subject == tag(subject) for subject in own_subjects(house, capability.id)
        )
    else:
        mine = (
            capability.role in OFFICERS
            and capability.establishment is not None
            and opening.establishment == tag(capability.establishment)
        )
    if not mine:
        raise NoAccess
    return capability


def _statement(house: House, ask: Request, found: Found) -> Statement:
    """The actor's part, and the patient's; of an erased person only its hash, but for an
    incident. After the end of the audit key nothing is told any more."""
    opening, leaf = found.opening, found.frame.leaf
    actor = _part(house, opening.establishment, opening.actor, leaf)
    patient = _part(house, opening.subject, opening.patient, leaf)
    if house.store.is_erased(opening.subject) and ask.purpose != INCIDENT:
        patient = Part(None, opening.patient_hash)
    made = Statement(actor, patient)
    if made.entry() != leaf:
        raise AskUnusable  # an opening that does not lead to its own leaf proves nothing
    if any(len(one.salted or b"") > PART_BYTES_MAX for one in (actor, patient)):
        raise AskUnusable
    return made


def _part(house: House, subject: bytes, sealed: bytes, leaf: bytes) -> Part:
    try:
        key = house.keys.zone_key(subject, AUDIT, None)
    except KeyGone as gone:
        raise NoAccess from gone
    if key is None:
        raise NoAccess
    return Part.shown(Box(key).open(sealed, leaf))


def _must_be_tellable(statement: Statement, capability: Capability) -> None:
    """Who asked the record about a person is told to officers, not in the person's history."""
    assert statement.actor.contents is not None  # noqa: S101 -- ``_statement`` shows it always
    actor = msgspec.msgpack.decode(statement.actor.contents, type=ActorPart)
    if capability.kind == "patient" and actor.kind == KIND_QUERY:
        raise NoAccess


def _asking(statement: Statement, capability: Capability) -> Access:
    """The record of the asking: about the same person, where it is known who that is."""
    if statement.patient.contents is None:
        return Access(None, capability.establishment or NOBODY, [], KIND_QUERY)
    patient = msgspec.msgpack.decode(statement.patient.contents, type=PatientPart)
    return Access(patient.subject, patient.tenant, [], KIND_QUERY)
