"""Everything the keeper does for people, asked once each over its socket; what was acknowledged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from serment.keeper import wire
from serment.keeper.client import Client, Denied, Unreachable
from serment.keeper.passkeys import asks as passkeys
from serment.keeper.policy import asks
from serment.keeper.tending import KeysState, TendAsk
from serment.keeper.words import DAY
from tests.keeper.authenticator import Authenticator

HERE = b"e" * 16
SYSTEM = wire.ActorWire("system", bytes(16))
OPERATOR = wire.ActorWire("operator", bytes(15) + b"\2")
SECRETARY = wire.ActorWire("staff", b"s" * 16, "secretary", HERE)
NAME = "Quatrevaux"
SECONDS_MAX = 5.0
Answer = TypeVar("Answer", bound=msgspec.Struct)


@dataclass
class Asked:
    """One connection; ``acknowledged``: the id of each request that was answered well, by op."""

    socket: Path
    signed: Path
    capability: bytes = b""
    acknowledged: list[tuple[str, bytes]] = field(default_factory=list)
    sealed: dict[bytes, bytes] = field(default_factory=dict)
    """Person to sealed bytes of the name, as the application would have stored them."""
    checkpoints: list[bytes] = field(default_factory=list)
    """Every signed checkpoint that anybody could have read meanwhile."""
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = Client(lambda: str(self.socket), seconds_max=SECONDS_MAX)

    def ask(self, actor: wire.ActorWire, op: str, body: msgspec.Struct,
            answer: type[Answer], **more: Any) -> Answer | None:  # fmt: skip
        """One request; None where it was not answered well."""
        if actor is SECRETARY:
            more.setdefault("capability", self.capability)
        ask = wire.Request(
            os.urandom(16), op, actor, client="web", process="t", body=wire.raw(body), **more
        )
        try:
            got = self._client.call(ask, answer)
        except (Unreachable, Denied) as fault:
            self.failures.append(f"{op}: {getattr(fault, 'why', 'gone')}")
            return None
        finally:
            self.look()
        self.acknowledged.append((op, ask.id))
        return got

    def look(self) -> None:
        if self.signed.exists():
            note = self.signed.read_bytes()
            if note not in self.checkpoints:
                self.checkpoints.append(note)

    def seal(self, person: bytes, text: str = NAME) -> None:
        value = wire.SealValue("family_name", "identity", text, search="name")
        body = wire.SealAsk([wire.SealItem(person, "patient", person, [value])])
        got = self.ask(SYSTEM, "seal", body, wire.SealAnswer, tenant=HERE, purpose="booking")
        if got is not None and got.sealed[0][0] is not None:
            self.sealed[person] = got.sealed[0][0]

    def reveal(self, person: bytes) -> tuple[bytes, bytes] | None:
        """Key and binding of the person's name; None where nothing was released."""
        version = self.sealed.get(person, bytes(17))[1:17]
        fields = [wire.RevealField("family_name", "identity", version)]
        body = wire.RevealAsk([wire.RevealItem(person, "patient", fields)])
        got = self.ask(SECRETARY, "reveal", body, wire.RevealAnswer, purpose="reception")
        return None if got is None else got.keys[0][0]

    def sign_in(self) -> None:
        self.capability = b""
        got = self.ask(SECRETARY, "open_session", wire.OpenSession(1), wire.Token32)
        self.capability = b"" if got is None else got.token

    def everything(self) -> None:
        """The scripted run."""
        one, other = os.urandom(16), os.urandom(16)
        self.seal(one)
        self.sign_in()
        acts: list[Callable[[], object]] = [
            lambda: self.reveal(one), lambda: self.seal(other, "Bonnefoy"), self._find,
            lambda: self._errand(one), lambda: self._relate(other),
            self._freeze, self._passkey, self._advance, lambda: self.reveal(other),
        ]  # fmt: skip
        for act in acts:
            act()

    def close(self) -> None:
        self._client.hang_up()

    def _find(self) -> None:
        body = wire.FindAsk("patient", NAME[:5].lower())
        self.ask(SECRETARY, "find", body, wire.Found, tenant=HERE, purpose="reception")

    def _errand(self, person: bytes) -> None:
        now = self._now()
        body = wire.MintErrand(person, ["family_name"], "message", now, now + 3 * DAY)
        self.ask(SECRETARY, "errand", body, wire.Token32)

    def _relate(self, person: bytes) -> None:
        now = self._now()
        self.ask(SYSTEM, "relate", asks.RelateAsk(person, now, now + DAY), wire.Token32,
                 tenant=HERE, purpose="booking")  # fmt: skip

    def _freeze(self) -> None:
        self.ask(OPERATOR, "freeze", asks.FreezeAsk("session", "s-gone", "drill"), wire.Nothing)

    def _passkey(self) -> None:
        """Made, signed in with, stopped."""
        value = wire.SealValue("family_name", "identity", NAME)
        item = wire.SealItem(SECRETARY.id, "staff", SECRETARY.id, [value])
        self.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
        device = Authenticator()
        made = device.make(self.challenge(SECRETARY, "enrol"))
        row = self.ask(SECRETARY, "enrol", made, passkeys.PasskeyRow)
        signed = passkeys.SignInAsk(device.sign(self.challenge(SYSTEM, "sign_in")), 1)
        self.ask(SYSTEM, "assert", signed, passkeys.SignedIn)
        name = bytes(16) if row is None else row.passkey
        self.ask(SECRETARY, "revoke", passkeys.PasskeyAsk(name), passkeys.PasskeyRow)

    def challenge(self, who: wire.ActorWire, what: str) -> bytes:
        """What a passkey has to sign."""
        wanted = passkeys.ChallengeAsk(what)
        got = self.ask(who, "challenge", wanted, passkeys.ChallengeAnswer)
        return bytes(32) if got is None else got.challenge

    def _advance(self) -> None:
        self.ask(OPERATOR, "tend", TendAsk(advance=True), KeysState)

    @staticmethod
    def _now() -> int:
        return time.time_ns() // 1000
