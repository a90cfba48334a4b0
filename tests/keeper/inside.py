"""A keeper without its socket, asked by several people; small budgets fit in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.house import House, enter
from serment.keeper.policy.budgets import DAY_US, HOUR_US, Limit, Scope
from serment.keeper.server import Desk
from serment.keeper.unlocking import KeyPlaces
from serment.keeper.words import OPERATOR_ID
from tests.apart import apart

Answer = TypeVar("Answer", bound=msgspec.Struct)
HERE, THERE = b"e" * 16, b"f" * 16
SMALL = {
    Scope.ACTOR: (Limit(5, HOUR_US), Limit(9, DAY_US)),
    Scope.CLIENT: (Limit(5, HOUR_US),),
    Scope.PROCESS: (Limit(12, HOUR_US),),
    Scope.ESTABLISHMENT: (Limit(12, HOUR_US),),
}


class Refused(Exception):  # noqa: N818
    """The keeper's error word."""


@dataclass(slots=True)
class Person:
    """Somebody signed in."""

    actor: wire.ActorWire
    capability: bytes = b""
    session: str = ""


@dataclass(slots=True)
class Inside:
    """One keeper over one folder, with a clock the test drives."""

    folder: Path
    peer: int = 1
    limits: Mapping[Scope, tuple[Limit, ...]] = field(default_factory=lambda: SMALL)
    places: KeyPlaces = field(default_factory=KeyPlaces)
    house: House = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start, also after ``crash``."""
        former = getattr(self, "house", None)
        self.house = enter(self.folder, drill=True, places=self.places)
        if former is not None:
            self.house.recorder.clock.driven = former.recorder.clock.driven
        self.house.standing.budgets.limits = self.limits
        self.desk = Desk(self.house)

    def crash(self) -> None:
        """End as a killed process does: nothing is closed but what the kernel closes."""
        end(self.house)

    def later(self, microseconds: int) -> None:
        """Drive the clock."""
        self.house.recorder.clock.driven = self.house.recorder.clock.last + microseconds

    def ask(
        self, who: Person, op: str, body: msgspec.Struct, answer: type[Answer], **more: object
    ) -> Answer:
        """One request; Refused with the keeper's word when it says no."""
        more.setdefault("client", "web")
        request = wire.Request(
            id=new_id().bytes,
            op=op,
            actor=msgspec.structs.replace(who.actor),
            capability=who.capability,
            session=who.session,
            body=wire.raw(body),
            **more,  # type: ignore[arg-type]
        )
        reply = apart(self.desk.answer(request, self.peer))
        if reply.error:
            raise Refused(reply.error)
        return msgspec.msgpack.decode(reply.body, type=answer)

    def staff(self, role: str = "secretary", establishment: bytes = HERE) -> Person:
        """Somebody of an establishment, signed in."""
        name = new_id()
        who = Person(
            wire.ActorWire("staff", name.bytes, role, establishment), session=f"s-{name.hex[:8]}"
        )
        token = self.ask(who, "open_session", wire.OpenSession(12), wire.Token32)
        who.capability = token.token
        return who

    def patient(self, establishment: bytes = HERE) -> wire.RevealAsk:
        """A sealed file: what to ask to open it."""
        record = new_id().bytes
        value = wire.SealValue("family_name", "identity", "Quatrevaux")
        item = wire.SealItem(record, "patient", record, [value])
        [[made]] = self.ask(
            SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=establishment
        ).sealed
        assert made is not None
        field_ = wire.RevealField("family_name", "identity", made[1:17])
        return wire.RevealAsk([wire.RevealItem(record, "patient", [field_])])

    def reveal(self, who: Person, *files: wire.RevealAsk, **more: object) -> None:
        """Open these files in one request."""
        items = [item for file in files for item in file.items]
        more.setdefault("purpose", "reception")
        self.ask(who, "reveal", wire.RevealAsk(items), wire.RevealAnswer, **more)


def end(house: House) -> None:
    """Let go of all a keeper holds, without the writing of a clean stop.

    The threads that write index and ledger would outlive it, with the files they hold.
    """
    house.segment.close()
    house.store.database.close()
    house.index.writer.close()
    house.index.database.close()
    house.recorder.close()


SYSTEM = Person(wire.ActorWire("system", bytes(16)))
OPERATOR = Person(wire.ActorWire("operator", OPERATOR_ID))


def record_of(file: wire.RevealAsk) -> bytes:
    """The file's record id, which is its subject's too."""
    return file.items[0].record


def word(inside: Inside, who: Person, op: str, body: msgspec.Struct, **more: object) -> str:
    """The keeper's word; empty where it did what was asked."""
    try:
        inside.ask(who, op, body, dict, **more)  # type: ignore[type-var]
    except Refused as refused:
        return str(refused)
    return ""
