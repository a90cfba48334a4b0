"""How many distinct persons outside a care relation may be opened, in sliding windows. Pure.

A budget of somebody (``actor``, ``client``) ends: what goes beyond is refused. A budget of
something care depends on (``process``, ``establishment``, ``sign_in``) never stops: what goes
beyond waits, at ``SLOWED_PER_SECOND`` persons, and an alarm stands. Counting is by person, not by
request: reading one file a hundred times is one person.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US

SLOWED_PER_SECOND: Final = 4
"""New persons a second once a process or an establishment is past its budget."""

WAIT_US_MAX: Final = 8_000_000
"""Whoever would wait longer is told to come back: callers give up at ten seconds."""


class Scope(StrEnum):
    """Whose budget it is."""

    ACTOR = "actor"
    CLIENT = "client"
    PROCESS = "process"
    ESTABLISHMENT = "establishment"
    SIGN_IN = "sign_in"


SLOWS: Final = frozenset({Scope.PROCESS, Scope.ESTABLISHMENT, Scope.SIGN_IN})
"""Budgets that alarm and slow, and never stop care."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Distinct persons within a window."""

    persons: int
    window_us: int


DEFAULT_LIMITS: Final[Mapping[Scope, tuple[Limit, ...]]] = {
    Scope.ACTOR: (Limit(600, HOUR_US), Limit(2_500, DAY_US)),
    Scope.CLIENT: (Limit(600, HOUR_US), Limit(2_500, DAY_US)),
    Scope.PROCESS: (Limit(8_000, HOUR_US),),
    Scope.ESTABLISHMENT: (Limit(3_000, HOUR_US), Limit(12_000, DAY_US)),
    Scope.SIGN_IN: (Limit(4_000, HOUR_US),),
}
"""What a busy desk stays well below; a raise is a grant that two people approve.

``process``: all processes of one kind together, the pages' two for one. ``sign_in``: the patients'
accounts they say are signed in to, for what a person opens of the own data is counted nowhere else.
"""


class Key(NamedTuple):
    """One budget: its scope, and the tag of whose it is."""

    scope: Scope
    tag: bytes


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that an access passed; ``first``: nobody had been told in this window."""

    key: Key
    limit: Limit
    first: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an access: refused, or allowed after ``wait_us``."""

    allowed: bool
    wait_us: int = 0
    exceeded: tuple[Exceeded, ...] = ()


ALLOWED: Final = Verdict(allowed=True)


class Sliding:
    """Distinct persons seen within one window, the longest unseen first."""

    def __init__(self, window_us: int) -> None:
        self.window_us = window_us
        self._last: OrderedDict[bytes, int] = OrderedDict()
        self._oldest = 0
        """Nobody was seen before; perhaps nobody then either."""

    def with_these(self, persons: Iterable[bytes], now: int) -> tuple[int, int]:
        """Distinct persons in the window if these were added, and how many of these are new."""
        last = self._last
        if self._oldest <= now - self.window_us:
            self._forget(now)
        fresh = 0
        for person in persons:
            if person not in last:
                fresh += 1
        return len(last) + fresh, fresh

    def add(self, persons: Iterable[bytes], now: int) -> None:
        """Count these as seen now."""
        last = self._last
        for person in persons:
            last[person] = now
            last.move_to_end(person)

    def _forget(self, now: int) -> None:
        while self._last:
            person, self._oldest = next(iter(self._last.items()))
            if self._oldest > now - self.window_us:
                return
            del self._last[person]
        self._oldest = now


Slidings = tuple[tuple[Limit, Sliding], ...]


@dataclass(slots=True)
class Budgets:
    """All budgets of one keeper, in memory; ``replay`` fills them at start from the index."""

    limits: Mapping[Scope, tuple[Limit, ...]] = field(default_factory=lambda: DEFAULT_LIMITS)
    _raised: dict[Key, tuple[int, int]] = field(default_factory=dict)
    _seen: dict[Key, tuple[tuple[Limit, ...], Slidings]] = field(default_factory=dict)
    _told: dict[tuple[Key, int], int] = field(default_factory=dict)
    _free_at: dict[Key, int] = field(default_factory=dict)

    def raise_to(self, key: Key, factor: int, until: int) -> None:
        """Multiply one budget until an instant; two people approved."""
        self._raised[key] = (factor, until)

    def lower_all(self) -> None:
        """As if nobody's were raised."""
        self._raised.clear()

    def charge(self, keys: Iterable[Key], persons: frozenset[bytes], now: int) -> Verdict:
        """Count the persons on every budget, or on none where one that ends is passed."""
        wanted = list(keys)
        past: list[tuple[Key, Limit, int]] = []
        counting: list[Sliding] = []
        for key in wanted:
            for limit, sliding in self._slidings(key):
                counting.append(sliding)
                total, fresh = sliding.with_these(persons, now)
                if fresh and total > self._persons(key, limit, now):
                    past.append((key, limit, fresh))
        if not past:
            for sliding in counting:
                sliding.add(persons, now)
            return ALLOWED
        exceeded = tuple(
            Exceeded(key, limit, self._first(key, limit, now)) for key, limit, _ in past
        )
        if any(key.scope not in SLOWS for key, _limit, _fresh in past):
            return Verdict(allowed=False, exceeded=exceeded)
        wait = self._wait({key: fresh for key, _limit, fresh in past}, now)
        if wait > WAIT_US_MAX:
            return Verdict(allowed=False, wait_us=wait, exceeded=exceeded)
        self._count(wanted, persons, now)
        self._queue({key: fresh for key, _limit, fresh in past}, now)
        return Verdict(allowed=True, wait_us=wait, exceeded=exceeded)

    def replay(self, keys: Iterable[Key], persons: frozenset[bytes], at: int) -> None:
        """Count an access that was recorded before the keeper started."""
        self._count(list(keys), persons, at)

    def sweep(self, now: int) -> None:
        """Forget who has not been counted for a whole window."""
        for key, (_limits, held) in list(self._seen.items()):
            if not any(sliding.with_these((), now)[0] for _limit, sliding in held):
                del self._seen[key]
        self._told = {name: at for name, at in self._told.items() if at > now - name[1]}
        self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        self._raised = {key: raised for key, raised in self._raised.items() if raised[1] > now}

    def _persons(self, key: Key, limit: Limit, now: int) -> int:
        factor, until = self._raised.get(key, (1, 0))
        return limit.persons * factor if now < until else limit.persons

    def _slidings(self, key: Key) -> Slidings:
        limits = self.limits.get(key.scope, ())
        found = self._seen.get(key)
        if found is None or found[0] is not limits:  # what was counted stays where limits change
            held = {} if found is None else {one.window_us: one for _limit, one in found[1]}
            found = self._seen[key] = (
                limits,
                tuple((one, held.get(one.window_us) or Sliding(one.window_us)) for one in limits),
            )
        return found[1]

    def _count(self, keys: list[Key], persons: frozenset[bytes], now: int) -> None:
        for key in keys:
            for _limit, sliding in self._slidings(key):
                sliding.add(persons, now)

    def _first(self, key: Key, limit: Limit, now: int) -> bool:
        """Has nobody been told of this limit within its window? Told from now on."""
        name = (key, limit.window_us)
        if self._told.get(name, -limit.window_us) > now - limit.window_us:
            return False
        self._told[name] = now
        return True

    def _wait(self, fresh: Mapping[Key, int], now: int) -> int:
        """µs until the last of these persons' turn comes."""
        return max((self._turn(key, count, now) - now for key, count in fresh.items()), default=0)

    def _queue(self, fresh: Mapping[Key, int], now: int) -> None:
        for key, count in fresh.items():
            self._free_at[key] = self._turn(key, count, now)

    def _turn(self, key: Key, count: int, now: int) -> int:
        return max(now, self._free_at.get(key, 0)) + count * 1_000_000 // SLOWED_PER_SECOND
