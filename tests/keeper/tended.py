"""A keeper in this process, its clock driven, and the few acts that tests of keys need."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec

from serment.ids import new_id
from serment.keeper import rights, tending, wire
from serment.keeper.erasure import ErasureState
from serment.keeper.house import House, enter
from serment.keeper.policy.asks import FreezeAsk, UnfreezeAsk
from serment.keeper.recovery import record_ordered
from serment.keeper.sealing import open_sealed
from serment.keeper.server import Desk
from serment.keeper.unlocking import KeyPlaces, Terms
from serment.keeper.words import OPERATOR_ID
from tests.apart import apart
from tests.keeper.inside import end

HERE = b"e" * 16
DAY = 86_400_000_000
NAME = "Quatrevaux"
OPERATOR = wire.ActorWire("operator", OPERATOR_ID)
SYSTEM = wire.ActorWire("system", bytes(16))


@dataclass
class Kept:
    """One keeper's folder, opened as often as wanted."""

    folder: Path
    places: KeyPlaces = field(default_factory=KeyPlaces)
    terms: Terms = field(default_factory=Terms)
    house: House | None = None
    now: int = 0

    def open(self) -> Kept:
        self.house = enter(self.folder, drill=True, places=self.places, terms=self.terms)
        apart(record_ordered(self.house))
        clock = self.house.recorder.clock
        clock.driven = self.now or clock.now()
        self.now = clock.driven
        self.desk = Desk(self.house)
        return self

    def close(self) -> None:
        assert self.house is not None
        end(self.house)
        self.house = None

    def pass_days(self, days: float) -> None:
        assert self.house is not None
        self.now += int(days * DAY)
        self.house.recorder.clock.driven = self.now

    def ask(self, op: str, body: msgspec.Struct, **more: object) -> wire.Reply:
        ours = OPERATOR if op in rights.ASKS["operator"] else SYSTEM
        actor = more.pop("actor", ours)
        request = wire.Request(id=new_id().bytes, op=op, actor=actor, body=wire.raw(body), **more)
        return apart(self.desk.answer(request, 1))

    def seal(self, subject: bytes, text: str = NAME, search: str = "name") -> bytes | None:
        """Sealed bytes, or None where the keeper refuses."""
        value = wire.SealValue("family_name", "identity", text, search=search)
        item = wire.SealItem(subject, "patient", subject, [value])
        reply = self.ask("seal", wire.SealAsk([item]), tenant=HERE)
        if reply.error:
            return None
        return msgspec.msgpack.decode(reply.body, type=wire.SealAnswer).sealed[0][0]

    def opened(self, subject: bytes, sealed: bytes) -> str | None:
        """The value, or None where the keeper gives no key for it."""
        secretary = wire.ActorWire("staff", b"s" * 16, "secretary", HERE)
        token = self.ask("open_session", wire.OpenSession(1), actor=secretary)
        if token.error:
            return None
        capability = msgspec.msgpack.decode(token.body, type=wire.Token32).token
        wanted = wire.RevealField("family_name", "identity", sealed[1:17])
        reply = self.ask(
            "reveal", wire.RevealAsk([wire.RevealItem(subject, "patient", [wanted])]),
            actor=secretary, capability=capability, purpose="care", tenant=HERE,
        )  # fmt: skip
        if reply.error:
            return None
        [[(key, bound)]] = msgspec.msgpack.decode(reply.body, type=wire.RevealAnswer).keys
        return open_sealed(key, bound, sealed)

    def erase(self, subject: bytes) -> ErasureState:
        return self._state("erase", subject)

    def erasure(self, subject: bytes) -> ErasureState:
        return self._state("erasure_state", subject)

    def _state(self, op: str, subject: bytes) -> ErasureState:
        reply = self.ask(op, wire.IdAsk(subject))
        assert reply.error == ""
        return msgspec.msgpack.decode(reply.body, type=ErasureState)

    def hold(self, name: bytes, *, why: str = "incident", held: bool = True) -> None:
        value = str(UUID(bytes=name))
        ask: msgspec.Struct = FreezeAsk(why, value, "essai")
        if not held:
            ask = UnfreezeAsk(why, value, "fini")
        assert self.ask("freeze" if held else "unfreeze", ask).error == ""

    def tend(self, *, advance: bool = False) -> tending.KeysState:
        reply = self.ask("tend", tending.TendAsk(advance=advance))
        assert reply.error == ""
        return msgspec.msgpack.decode(reply.body, type=tending.KeysState)

    def backup(self, to: Path) -> Path:
        to.mkdir()
        assert self.ask("backup", wire.FolderAsk(str(to))).error == ""
        return to


def copied(folder: Path, to: Path) -> Path:
    """A folder as it lies, in another place."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))
