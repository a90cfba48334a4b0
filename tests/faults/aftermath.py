"""What must hold after any fault: looked at offline, with the folder of the ended keeper."""

from __future__ import annotations

import msgspec

from serment.keeper import wire
from serment.keeper.house import House, enter
from serment.keeper.publishing import Publishing, signer_of
from serment.keeper.sealing import open_sealed
from serment.keeper.server import Desk
from serment.ledger import checkpoint, tree
from serment.ledger.segment import read
from tests.apart import apart
from tests.faults.asked import NAME, SECRETARY, Asked
from tests.faults.trial import Trial

RECORDED = frozenset(
    {"seal", "reveal", "find", "errand", "relate", "freeze", "enrol", "assert", "revoke"}
)
"""Operations whose acknowledgement stands on a leaf that carries their request's id."""


class Lost(AssertionError):  # noqa: N818 -- what it says
    """Something acknowledged has no record, or two histories were signed."""


def check(trial: Trial, asked: Asked) -> int:
    """Start again without the fault, look at everything, end; the ledger's size."""
    before = _reopened(trial, asked)
    for path in trial.state.glob("index.sqlite*"):
        path.unlink()
    if _reopened(trial, asked)[: len(before)] != before:
        raise Lost("The index made anew from the ledger is another one.")
    return len(before)


def _reopened(trial: Trial, asked: Asked) -> list[tuple[object, ...]]:
    house = enter(trial.state, drill=True)
    try:
        told = _recorded(house)
        recorded = {request for _seq, request, *_rest in told}
        for op, request in asked.acknowledged:
            if op in RECORDED and request not in recorded:
                raise Lost(f"{op} was acknowledged and has no record")
        _all_open(house, asked)
        _one_history(house, trial, asked)
    finally:
        house.recorder._disk.shutdown()
        for database in (house.store.database, house.index.database):
            database.close()
        house.segment.close()
    return told


def _recorded(house: House) -> list[tuple[object, ...]]:
    rows = house.index.database.execute("SELECT seq, body FROM disclosure ORDER BY seq").fetchall()
    if len(rows) != house.segment.size:
        raise Lost("The index does not hold every leaf.")
    parts = [(seq, *house.recorder.leaves.parts(body)) for seq, body in rows]
    return [(seq, actor.request, actor.kind, actor.at, patient.subject)
            for seq, actor, patient in parts]  # fmt: skip


def _all_open(house: House, asked: Asked) -> None:
    """Every value whose sealing was acknowledged opens: its key was durable."""
    desk = Desk(house)
    token = apart(desk.answer(wire.Request(b"o" * 16, "open_session", SECRETARY,
                                           body=wire.raw(wire.OpenSession(1))), 1))  # fmt: skip
    capability = msgspec.msgpack.decode(token.body, type=wire.Token32).token
    for person, sealed in asked.sealed.items():
        fields = [wire.RevealField("family_name", "identity", sealed[1:17])]
        body = wire.RevealAsk([wire.RevealItem(person, "patient", fields)])
        reply = apart(desk.answer(wire.Request(
            person, "reveal", SECRETARY, capability=capability, purpose="reception",
            body=wire.raw(body)), 1))  # fmt: skip
        if reply.error:
            raise Lost(f"A sealed value no longer opens: {reply.error}")
        [[(key, bound)]] = msgspec.msgpack.decode(reply.body, type=wire.RevealAnswer).keys
        if open_sealed(key, bound, sealed) not in {NAME, "Bonnefoy"}:
            raise Lost("A sealed value opens as another one.")


def _one_history(house: House, trial: Trial, asked: Asked) -> None:
    """Publication goes on, and all that was ever signed is a beginning of what now is."""
    asked.look()
    Publishing(house, trial.public).close()
    asked.look()
    leaves = [tree.leaf_hash(frame.leaf) for frame in read(house.segment.path)]
    verifier = signer_of(house).verifier
    for note in asked.checkpoints:
        signed = checkpoint.open_signed(note, [verifier]).checkpoint
        if tree.root_of(leaves[: signed.size]) != signed.root or signed.size > len(leaves):
            raise Lost("A signed checkpoint is no beginning of this ledger.")
