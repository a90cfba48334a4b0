"""Breaking the glass: a file opens at once for an hour; it is told, and justified afterwards.

Who broke it owes a justification within three days, an officer accepts it, asks again or calls it
an abuse. What was typed lies here closed like the rest of the policy, and goes with its person.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import msgspec

from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.policy.asks import (
    GlassAnswer,
    GlassAsk,
    GlassList,
    GlassRow,
    JustifyAsk,
    ReviewAsk,
)
from serment.keeper.policy.budgets import DAY_US, HOUR_US
from serment.keeper.policy.relations import GLASS_US
from serment.keeper.policy.standing import BudgetOver
from serment.keeper.rights import OFFICERS, Capability, Errand, Reach, check, staff_of
from serment.keeper.store import RecordRow
from serment.keeper.tokens import TOKEN_BYTES
from serment.keeper.wire import ActorWire, Body, Item, Nothing, Request
from serment.keeper.words import (
    GLASS_REASONS,
    KIND_ALARM,
    KIND_QUERY,
    KIND_WRITE,
    SYSTEM_ID,
)
from serment.keeper.writing import kind_of

JUSTIFIED_WITHIN_US: Final = 72 * HOUR_US
KEPT_US: Final = 400 * DAY_US
MESSAGE_US: Final = 7 * DAY_US
NAME_BYTES: Final = 16

ACCEPTED: Final = "accepted"
ASKED: Final = "asked"
ABUSIVE: Final = "abusive"
OUTCOMES: Final = frozenset({ACCEPTED, ASKED, ABUSIVE})

_TABLE: Final = "glass"


class Glass(msgspec.Struct, array_like=True, frozen=True):
    """One broken glass; instants in µs, 0: not yet. ``reason`` is a word of the closed list."""

    name: bytes
    file: bytes
    establishment: bytes
    by: bytes
    role: str
    evidence: str
    at: int
    reason: str
    why: str
    justification: str = ""
    justified_at: int = 0
    outcome: str = ""
    remark: str = ""
    reviewed_by: bytes = b""
    reviewed_at: int = 0
    told_at: int = 0
    """When the officers were told that nothing was justified in time."""

    @property
    def due(self) -> int:
        """Until when it has to be justified; asked again, anew."""
        since = self.reviewed_at if self.outcome == ASKED else self.at
        return since + JUSTIFIED_WITHIN_US

    @property
    def waits(self) -> bool:
        """Is a justification owed?"""
        return not self.justified_at


async def break_glass(house: House, ask: Request, peer: int) -> Body:
    """op ``break_glass``: a file opens at once, whatever the budgets and the keeper's own freezes.

    For an hour, for this establishment, with the reason on record; capped per hour. A freeze that
    a person set stays. The answer has tickets for the message to the person and to each of the
    members of staff to ``tell``: a frozen session could sign none.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=GlassAsk)
    capability = check(house, ask, peer)
    row = house.store.record(wanted.record)
    reach = Reach(house, ask, capability)
    if capability is None or capability.kind != "staff" or row is None or not reach.opens(row):
        raise NoAccess
    _must_be_of_house(capability, row)
    if wanted.reason not in GLASS_REASONS:
        raise AskUnusable
    if house.standing.subject_frozen(row, house.now()):
        raise NoAccess
    _must_work_here(house, capability, wanted.tell)
    if not house.standing.may_break_glass(ask, house.now()):
        raise BudgetOver
    broken = _broken(ask, row, wanted, house.now())
    await house.recorder.record(ask, peer, _told_of(house, row, wanted))
    check(house, ask, peer)
    with house.store.transaction():
        house.standing.relations.break_glass(
            house.store.subject_tag(row.tenant), house.store.subject_tag(row.subject), house.now()
        )
        _put(house, broken)
        tickets = [
            _ticket(house, row.subject, "patient.email", "patient.safe_contact"),
            *(_ticket(house, who, "staff.email") for who in wanted.tell),
        ]
    return GlassAnswer(broken.name, tickets, broken.at + GLASS_US)


def _must_be_of_house(who: Capability, row: RecordRow) -> None:
    """Who acts for a person opens here too, and lies in no house whose officers are told."""
    if row.tenant != who.establishment:
        raise NoAccess


def _broken(ask: Request, row: RecordRow, wanted: GlassAsk, now: int) -> Glass:
    return Glass(
        os.urandom(NAME_BYTES), row.subject, row.tenant, ask.actor.id, ask.actor.role,
        ask.evidence, now, wanted.reason, wanted.why,
    )  # fmt: skip


def _told_of(house: House, row: RecordRow, wanted: GlassAsk) -> list[Access]:
    """To the person, with the reason's word; to the officers, with the words that were typed."""
    fields = ["break_glass", f"break_glass.{wanted.reason}", "errand"]
    kind = kind_of(house, row.subject)
    item = Item(wanted.record, row.kind, fields)
    alarm = Item(b"", "alarm", ["break_glass"])
    return [
        Access(row.subject, row.tenant, [item], KIND_WRITE, kind, note=wanted.why),
        Access(None, row.tenant, [alarm], KIND_ALARM, note=wanted.why),
    ]


def _must_work_here(house: House, who: Capability, colleagues: list[bytes]) -> None:
    rows = [house.store.record(one) for one in colleagues]
    if any(row is None or (row.kind, row.tenant) != ("staff", who.establishment) for row in rows):
        raise NoAccess


def _ticket(house: House, record: bytes, *fields: str) -> bytes:
    """For one message about it: nothing but the address and how to write to it opens."""
    ticket, now = os.urandom(TOKEN_BYTES), house.now()
    errand = Errand(record, list(fields), "message", now - HOUR_US, now + MESSAGE_US)
    house.store.put_token("errand", ticket, errand.not_after, errand)
    return ticket


async def glasses(house: House, ask: Request, peer: int) -> Body:
    """op ``glasses``: one's own; of the establishment for its officers. The latest first."""
    who = staff_of(house, ask, peer)
    here = who.establishment or b""
    await house.recorder.record(ask, peer, [Access(None, here, [], KIND_QUERY)])
    staff_of(house, ask, peer)
    found = [
        one
        for one in _all(house)
        if one.establishment == here and (one.by == who.id or who.role in OFFICERS)
    ]
    return GlassList([_row(house, one) for one in sorted(found, key=lambda one: -one.at)])


async def justify(house: House, ask: Request, peer: int) -> Body:
    """op ``glass_justify``: by who broke it, until an officer accepted it or called it an abuse."""
    wanted = msgspec.msgpack.decode(ask.body, type=JustifyAsk)
    who = staff_of(house, ask, peer)
    broken = _of(house, who, wanted.glass)
    if broken.by != who.id or broken.outcome in (ACCEPTED, ABUSIVE):
        raise NoAccess
    done = msgspec.structs.replace(
        broken, justification=wanted.text, justified_at=house.now(), outcome=""
    )
    await _keep(house, ask, peer, done, ["glass_justified"])
    return Nothing()


async def review(house: House, ask: Request, peer: int) -> Body:
    """op ``glass_review``: by an officer who did not break it. An abuse is an alarm."""
    wanted = msgspec.msgpack.decode(ask.body, type=ReviewAsk)
    who = staff_of(house, ask, peer)
    broken = _of(house, who, wanted.glass)
    if who.role not in OFFICERS or broken.by == who.id:
        raise NoAccess
    if wanted.outcome not in OUTCOMES or (wanted.outcome != ABUSIVE and broken.waits):
        raise AskUnusable
    again = wanted.outcome == ASKED
    done = msgspec.structs.replace(
        broken, outcome=wanted.outcome, remark=wanted.remark, reviewed_by=who.id,
        reviewed_at=house.now(), told_at=0 if again else broken.told_at,
        justified_at=0 if again else broken.justified_at,
    )  # fmt: skip
    await _keep(house, ask, peer, done, [f"glass_{wanted.outcome}"])
    return Nothing()


def puts_to_rest(house: House, wanted: ReviewAsk) -> bool:
    """Does this review end a worry: accept, or take back that it was an abuse?"""
    broken = house.standing.rows.get(_TABLE, _tag(house, wanted.glass), Glass)
    abuse = broken is not None and broken.outcome == ABUSIVE
    return wanted.outcome == ACCEPTED or (abuse and wanted.outcome != ABUSIVE)


def recount(house: House) -> None:
    """At a start: what was broken of late counts on the hour's cap as if nothing had happened."""
    for broken in sorted(_all(house), key=lambda one: one.at):
        house.standing.count_glass(broken.by, broken.establishment, broken.at)


async def tell_overdue(house: House) -> None:
    """What nobody justified in time is an alarm, once; what is older than a year goes.

    What an erased person's glass said goes with them.
    """
    now = house.now()
    for broken in list(_all(house)):
        if now > broken.at + KEPT_US or house.store.any_erased([broken.file]):
            with house.store.transaction():
                house.standing.rows.drop(_TABLE, _tag(house, broken.name))
            continue
        if not broken.waits or broken.told_at or broken.outcome == ABUSIVE or now <= broken.due:
            continue
        told = msgspec.structs.replace(broken, told_at=now)
        await _keep(house, _by_keeper(broken.establishment), 0, told, ["glass_overdue"])


def _by_keeper(tenant: bytes) -> Request:
    """The envelope of what the keeper says by itself."""
    return Request(
        id=bytes(16), op="tend", actor=ActorWire("system", SYSTEM_ID), purpose="administration",
        client="keeper", process="keeper", tenant=tenant,
    )  # fmt: skip


async def _keep(house: House, ask: Request, peer: int, broken: Glass, said: list[str]) -> None:
    """The row and the record of it, in one commit; what worries is an alarm."""
    worry = said[0] in ("glass_abusive", "glass_overdue")
    item = Item(b"", "alarm" if worry else "policy", said)
    kind = KIND_ALARM if worry else KIND_WRITE
    with house.recorder.together():
        _put(house, broken)
        leaves = house.recorder.prepare(
            ask, peer, [Access(None, broken.establishment, [item], kind)]
        )
    await house.recorder.write(leaves)


def _of(house: House, who: Capability, name: bytes) -> Glass:
    broken = house.standing.rows.get(_TABLE, _tag(house, name), Glass)
    if broken is None or broken.establishment != who.establishment:
        raise NoAccess
    return broken


def _all(house: House) -> Iterator[Glass]:
    for _name, broken in house.standing.rows.all(_TABLE, Glass):
        yield broken


def _put(house: House, broken: Glass) -> None:
    house.standing.rows.put(_TABLE, _tag(house, broken.name), broken)


def _tag(house: House, name: bytes) -> bytes:
    return house.store.tag(_TABLE, name)


def _row(house: House, one: Glass) -> GlassRow:
    gone = house.store.any_erased([one.file])
    why, justification = ("", "") if gone else (one.why, one.justification)
    return GlassRow(
        one.name, one.file, one.by, one.role, one.evidence, one.at, one.reason, why, justification,
        one.justified_at, one.outcome, one.remark, one.reviewed_by or None, one.reviewed_at,
        one.due,
    )  # fmt: skip
