"""A keeper that knows its site, its staff, and what they ask with their passkeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from serment.keeper import wire
from serment.keeper.passkeys import asks
from serment.keeper.passkeys.checking import Site
from serment.keeper.rights import OFFICERS
from tests.keeper.authenticator import URL, Authenticator
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, Inside, Person

Answer = TypeVar("Answer", bound=msgspec.Struct)
A_DAY_US = 86_400_000_000


@dataclass(slots=True)
class Colleague:
    """A member of staff with a session of the pages' word, and their passkey."""

    who: Person
    passkey: Authenticator
    name: bytes = b""


def opened(inside: Inside) -> Inside:
    """The same keeper, told where its pages are."""
    inside.house.passkeys.site = Site.of(URL)
    return inside


def registered(inside: Inside, role: str = "secretary", at: bytes = HERE) -> Person:
    """Somebody whose name is sealed as a member of staff, signed in by the pages' word."""
    who = inside.staff(role, at)
    value = wire.SealValue("family_name", "identity", "Delattre")
    item = wire.SealItem(who.actor.id, "staff", who.actor.id, [value])
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=at)
    return who


def challenge(
    inside: Inside, who: Person, what: str, digest: bytes = b"", process: str = "web-1"
) -> asks.ChallengeAnswer:
    wanted = asks.ChallengeAsk(what, digest)
    return inside.ask(who, "challenge", wanted, asks.ChallengeAnswer, process=process)


def enrolled(inside: Inside, role: str = "secretary", at: bytes = HERE) -> Colleague:
    """A colleague with a first passkey, made just now."""
    one = Colleague(registered(inside, role, at), Authenticator())
    if role in OFFICERS:
        named(inside, one)
    one.name = enrol(inside, one.who, one.passkey).passkey
    return one


def named(inside: Inside, one: Colleague) -> None:
    """By the operator, as an officer is where there are not two yet."""
    told = asks.StaffAsk(one.who.actor.id, one.who.actor.role)
    inside.ask(OPERATOR, "staff_role", told, wire.Nothing)
    again(inside, one)


def enrol(inside: Inside, who: Person, passkey: Authenticator) -> asks.PasskeyRow:
    asked = challenge(inside, who, "enrol")
    made = passkey.make(asked.challenge, asked.user, "téléphone")
    return inside.ask(who, "enrol", made, asks.PasskeyRow, process="web-1")


def settled(inside: Inside, role: str = "secretary", at: bytes = HERE) -> Colleague:
    """A colleague whose passkey counts: its first day is over, and their session is new."""
    one = enrolled(inside, role, at)
    inside.later(A_DAY_US + 1)
    return again(inside, one)


def again(inside: Inside, one: Colleague) -> Colleague:
    """Signed in anew by the pages' word: a session lasts half a day."""
    token = inside.ask(one.who, "open_session", wire.OpenSession(12), wire.Token32)
    one.who.capability = token.token
    return one


def signed_in(inside: Inside, passkey: Authenticator, process: str = "web-1") -> asks.SignedIn:
    asked = challenge(inside, SYSTEM, "sign_in", process=process)
    wanted = asks.SignInAsk(passkey.sign(asked.challenge), 12, "s-passkey")
    return inside.ask(SYSTEM, "assert", wanted, asks.SignedIn, process=process)


def session_of(told: asks.SignedIn) -> Person:
    actor = wire.ActorWire("staff", told.actor, told.role, told.establishment)
    return Person(actor, told.token, "s-passkey")


def asserted(
    inside: Inside, one: Colleague, op: str, body: msgspec.Struct, answer: type[Answer]
) -> Answer:
    """A sensitive act, signed with the passkey."""
    part = wire.Part(op, body=wire.raw(body))
    asked = challenge(inside, one.who, "act", asks.digest_of(part))
    wanted = asks.AssertedAsk(part, one.passkey.sign(asked.challenge))
    return inside.ask(one.who, "asserted", wanted, answer, process="web-1")
