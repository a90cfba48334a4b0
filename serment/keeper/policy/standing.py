"""What stands at this instant: who is frozen, who is cared for, what is left of each budget.

``admit`` is asked before anything is recorded as opened; its alarms go into the same group commit
as the opening that raised them. ``must_stand`` is asked again after the sync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from serment.errors import Refused
from serment.keeper.joined import Joined
from serment.keeper.peers import kin_of
from serment.keeper.policy.budgets import (
    HOUR_US,
    Budgets,
    Exceeded,
    Key,
    Scope,
)
from serment.keeper.policy.freezes import Freeze, Freezes, What
from serment.keeper.policy.relations import Relations
from serment.keeper.policy.rows import PolicyRows
from serment.keeper.store import RecordRow, Store
from serment.keeper.wire import Request
from serment.keeper.words import OWN_DOORS

KEYS_REMEMBERED_MAX: Final = 10_000

REFUSALS_MAX: Final = 20
"""After so many refusals within an hour the keeper freezes the session itself, for an hour."""

READINGS_KEPT: Final = 2_000
"""Of one officer in an hour; past it more rows would say nothing more."""

GLASS_PER_ACTOR: Final = 10
GLASS_PER_ESTABLISHMENT: Final = 60
"""Files an hour whose glass may be broken: enough for a bad night, too few for a theft."""


class Frozen(Refused):
    """This access is frozen. An officer of the establishment can say why and lift the freeze."""


class BudgetOver(Refused):
    """More files than usual were opened in a short time; two people can approve more."""


class ComeBack(Refused):
    """Many files are being opened at once; try again in a few seconds."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What to record beside the opening: who was counted, and which alarms stand."""

    counted: frozenset[bytes] = frozenset()
    alarms: tuple[Exceeded, ...] = ()
    wait_seconds: float = 0.0
    """Until their turn comes, where the act waits itself."""


@dataclass(slots=True)
class Standing:
    """The policy of one keeper, in memory and in its store."""

    store: Store
    rows: PolicyRows
    relations: Relations
    freezes: Freezes
    budgets: Budgets
    joined: Joined
    _keys: dict[tuple[object, ...], list[Key]] = field(default_factory=dict)
    """Budgets of those who asked of late: names, no counts."""
    _refusals: dict[bytes, list[int]] = field(default_factory=dict)
    """In memory alone: a refusal opens nothing, and the budgets it comes from outlive a restart."""
    _glass: dict[bytes, list[int]] = field(default_factory=dict)
    _readings: dict[bytes, list[int]] = field(default_factory=dict)

    def freeze_on(self, ask: Request, peer: int, now: int) -> Freeze | None:
        """The freeze that stops this request, a person's before the keeper's own."""
        if not self.freezes:
            return None
        found = [
            freeze
            for tag in self._tags(ask, peer)
            if (freeze := self.freezes.of(tag, now)) is not None
            and freeze.establishment in (None, ask.actor.establishment)
        ]
        return max(found, key=lambda freeze: freeze.human, default=None)

    def must_stand(self, ask: Request, peer: int, now: int, rows: Sequence[RecordRow] = ()) -> None:
        """Raise Frozen. Broken glass passes the keeper's own freezes, for those files only."""
        freeze = self.freeze_on(ask, peer, now)
        if freeze is None:
            return
        if not freeze.human and (ask.op == "break_glass" or self._all_glass(rows, now)):
            return
        raise Frozen

    def subject_frozen(self, row: RecordRow, now: int) -> bool:
        """Was this person's file frozen? It is answered like a file that is not there."""
        return bool(self.freezes) and any(
            self.freezes.of(self.frozen_tag(What.SUBJECT, file, by), now) is not None
            for file in self.joined.all_of(row.subject)
            for by in (None, row.tenant)
        )

    def exports_frozen(self, establishment: bytes, now: int) -> bool:
        """Does nothing granted leave this establishment?"""
        return any(
            self.freezes.of(self.frozen_tag(What.ESTABLISHMENT_EXPORTS, establishment, by), now)
            is not None
            for by in (None, establishment)
        )

    async def admit(self, ask: Request, now: int, rows: Iterable[RecordRow]) -> Admission:
        """Count these persons; wait where a process or an establishment is past its budget.

        Raises BudgetOver where the actor's or the client's own budget is spent, ComeBack where
        the wait would outlast the caller. Alarms of a refusal have to be recorded by the caller.
        """
        admission = self.count(ask, now, rows)
        if admission.wait_seconds:
            await asyncio.sleep(admission.wait_seconds)
        return admission

    def count(self, ask: Request, now: int, rows: Iterable[RecordRow]) -> Admission:
        """``admit`` of an act that waits when all is stored, before it answers.

        Files that are one person count once, and are cared for where one of them is.
        """
        tag, joined = self.store.subject_tag, self.joined
        tags = {row.subject: tag(joined.kept(row.subject)) for row in rows}
        tenants = {row.subject: tag(row.tenant) for row in rows}
        strangers = frozenset(
            [
                one
                for subject, one in tags.items()
                if not self._cared_for(tenants[subject], subject, now)
            ]
        )
        if not strangers:
            return Admission()
        keys = self.keys(ask) if not ask.grant else self._granted_keys(ask, tenants.values())
        counted = frozenset(subject for subject, tag in tags.items() if tag in strangers)
        return self._charge(keys, strangers, now, counted)

    def _cared_for(self, establishment: bytes, subject: bytes, now: int) -> bool:
        tag = self.store.subject_tag
        return any(
            self.relations.holds(establishment, tag(file), now)
            for file in self.joined.all_of(subject)
        )

    async def admit_sign_in(self, ask: Request, now: int) -> Admission:
        """Count a patient's account that is said to be signed in to; wait past the budget.

        What its session opens is the person's own and counted nowhere. Raises ComeBack.
        """
        key = Key(Scope.SIGN_IN, self.tag(What.PROCESS, kin_of(ask.process).encode()))
        account = frozenset({self.tag(What.ACTOR, ask.actor.id)})
        admission = self._charge([key], account, now)
        if admission.wait_seconds:
            await asyncio.sleep(admission.wait_seconds)
        return admission

    def _charge(
        self, keys: list[Key], persons: frozenset[bytes], now: int,
        counted: frozenset[bytes] = frozenset(),
    ) -> Admission:  # fmt: skip
        """Count them, or raise Refusal."""
        verdict = self.budgets.charge(keys, persons, now)
        alarms = tuple(one for one in verdict.exceeded if one.first)
        if not verdict.allowed:
            raise Refusal(ComeBack if verdict.wait_us else BudgetOver, alarms)
        return Admission(counted, alarms, verdict.wait_us / 1_000_000)

    def _granted_keys(self, ask: Request, tenants: Iterable[bytes]) -> list[Key]:
        """What was granted passes the budget of who asks: it slows, and does not end."""
        process = self.tag(What.PROCESS, kin_of(ask.process).encode())
        houses = [Key(Scope.ESTABLISHMENT, tenant) for tenant in set(tenants)]
        return [Key(Scope.PROCESS, process), *houses]

    def keys(self, ask: Request) -> list[Key]:
        """The budgets an access counts on; all processes of one kind share theirs.

        Counted by number, it would be spent anew by each process that forks.
        """
        name = ask.actor.id, ask.actor.establishment, ask.process, ask.client
        known = self._keys.get(name)
        if known is None:
            if len(self._keys) >= KEYS_REMEMBERED_MAX:
                self._keys.clear()
            known = self._keys[name] = self._keys_of(ask)
        return known

    def _keys_of(self, ask: Request) -> list[Key]:
        keys = [
            Key(Scope.ACTOR, self.tag(What.ACTOR, ask.actor.id)),
            Key(Scope.PROCESS, self.tag(What.PROCESS, kin_of(ask.process).encode())),
        ]
        if ask.client not in OWN_DOORS:
            keys.append(Key(Scope.CLIENT, self.tag(What.CLIENT, ask.client.encode())))
        if ask.actor.establishment is not None:
            keys.append(Key(Scope.ESTABLISHMENT, self.store.subject_tag(ask.actor.establishment)))
        return keys

    def refused(self, ask: Request, now: int) -> bool:
        """Count one refusal; True when the session is to be frozen for it.

        One without a name is nobody's in particular: frozen, it would stop all the others.
        """
        if not ask.session:
            return False
        times = self._within(self._refusals, self.tag(What.SESSION, ask.session.encode()), now)
        times.append(now)
        return len(times) == REFUSALS_MAX

    def may_break_glass(self, ask: Request, now: int) -> bool:
        """Is the hourly cap of this actor and this establishment not reached? Counts if so."""
        mine = self._within(self._glass, self.tag(What.ACTOR, ask.actor.id), now)
        house = self._within(self._glass, ask.actor.establishment or b"", now)
        if len(mine) >= GLASS_PER_ACTOR or len(house) >= GLASS_PER_ESTABLISHMENT:
            return False
        self.count_glass(ask.actor.id, ask.actor.establishment or b"", now)
        return True

    def count_glass(self, actor: bytes, establishment: bytes, at: int) -> None:
        """One more broken glass of this actor and establishment."""
        for name in (self.tag(What.ACTOR, actor), establishment):
            self._glass.setdefault(name, []).append(at)

    def count_reading(self, ask: Request, now: int) -> int:
        """Count a question about the record; how many this actor asked within the hour."""
        actor = self.tag(What.ACTOR, ask.actor.id)
        times = self._within(self._readings, actor, now)
        times.append(now)
        if len(times) <= READINGS_KEPT:
            with self.store.gathered():  # durable with the leaf of the question
                self.store.put_row("officer_asked", None, actor, now)
        return len(times)

    def read_readings(self) -> None:
        """At a start: what was asked before counts on."""
        rows = self.store.database.execute("SELECT actor, at FROM officer_asked ORDER BY at")
        for actor, at in rows:
            self._readings.setdefault(actor, []).append(at)

    def forget_readings(self, now: int) -> None:
        """What was asked longer than an hour ago; inside the caller's transaction."""
        self.store.database.execute("DELETE FROM officer_asked WHERE at <= ?", (now - HOUR_US,))

    def is_solo(self, establishment: bytes) -> bool:
        """Has this practice no second person who could approve?"""
        found = self.store.database.execute(
            "SELECT 1 FROM solo WHERE establishment = ?", (self.store.subject_tag(establishment),)
        ).fetchone()
        return found is not None

    def set_solo(self, establishment: bytes, *, solo: bool = True) -> None:
        """This practice has no second person, told at its set-up; or has one by now."""
        tag = self.store.subject_tag(establishment)
        with self.store.transaction():
            if solo:
                self.store.put_row("solo", tag)
            else:
                self.store.drop_rows("solo", establishment=tag)

    def tag(self, what: What, value: bytes) -> bytes:
        """The keyed name of something that can be frozen or counted; a process is its number, a
        kind of process its name."""
        if what is What.SUBJECT:
            return self.store.subject_tag(value)
        return self.store.tag(what, value)

    def frozen_tag(self, what: What, value: bytes, by: bytes | None) -> bytes:
        """Where a freeze of the operator's or the keeper's own (``by`` None) lies, or one of an
        establishment's officers: nobody puts theirs in another's place.
        """
        return self.tag(what, value) if by is None else self.store.tag(f"{what}.by", by + value)

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        self.budgets.sweep(now)
        for held in (self._refusals, self._glass, self._readings):
            for name in [name for name in held if not self._within(held, name, now)]:
                del held[name]

    def _tags(self, ask: Request, peer: int) -> list[bytes]:
        session, houses = ask.session.encode(), {None, ask.actor.establishment}
        return [
            *(self.frozen_tag(What.SESSION, session, by) for by in houses),
            *(self.frozen_tag(What.ACTOR, ask.actor.id, by) for by in houses),
            self.tag(What.CLIENT, ask.client.encode()),
            self.tag(What.PROCESS, str(peer).encode()),
            self.tag(What.PROCESS, kin_of(ask.process).encode()),
        ]

    def _all_glass(self, rows: Sequence[RecordRow], now: int) -> bool:
        return bool(rows) and all(
            self.relations.glass_holds(
                self.store.subject_tag(row.tenant), self.store.subject_tag(row.subject), now
            )
            for row in rows
        )

    @staticmethod
    def _within(held: dict[bytes, list[int]], name: bytes, now: int) -> list[int]:
        times = [at for at in held.get(name, ()) if at > now - HOUR_US]
        held[name] = times
        return times


class Refusal(Exception):  # noqa: N818
    """A refusal that has to be recorded before it is told."""

    def __init__(self, why: type[Refused], alarms: tuple[Exceeded, ...]) -> None:
        super().__init__()
        self.why = why
        self.alarms = alarms


def standing_of(store: Store) -> Standing:
    """The policy as the store has it; budgets are counted anew by ``replayed``."""
    rows = PolicyRows(store)
    made = Standing(store, rows, Relations(store), Freezes(rows), Budgets(), Joined(store))
    made.read_readings()
    return made
