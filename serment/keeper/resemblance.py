"""Which files of one establishment may be one person, from what finds them. Pure.

A shared birth date, telephone or address brings two files together; they are proposed when their
names agree as well. Twins (same date, other given name) are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Final

GROUP_MAX: Final = 24
"""More files of one birth date or one telephone than this say nothing about any two of them."""

NEAR_LETTERS: Final = 4
"""Shorter names are near no other name."""
NEAR_MANY: Final = 8

Tokens = Callable[[bytes, str], set[str]]
Pair = tuple[bytes, bytes]


def pairs(groups: Iterator[Sequence[bytes]]) -> Iterator[Pair]:
    """Every two files of each group, each two in one order; the same two may come again."""
    for group in groups:
        if len(group) <= GROUP_MAX:
            yield from combinations(sorted(set(group)), 2)


def reasons(tokens: Tokens, one: bytes, other: bytes) -> list[str]:
    """Why these two may be one person, the weightiest first; empty where nothing proposes it."""

    def shared(*fields: str) -> bool:
        return bool(_of(tokens, one, fields) & _of(tokens, other, fields))

    found = [name for name in ("birth_date", "phone", "email") if shared(name)]
    family = _likeness(tokens, one, other, ("family_name", "birth_name"))
    given = _likeness(tokens, one, other, ("given_name", "first_birth_given_name"))
    swapped = bool(
        _of(tokens, one, ("family_name",)) & _of(tokens, other, ("given_name",))
        and _of(tokens, one, ("given_name",)) & _of(tokens, other, ("family_name",))
    )
    names = ["names_swapped"] if swapped else []
    names += [f"family_{family}"] if family else []
    names += [f"given_{given}"] if given else []
    alike = swapped or (family and given)
    if found and alike:
        return [*found, *names]
    # Married since: another family name, and a telephone or an address that stayed.
    if "birth_date" in found and len(found) > 1 and given == "same":
        return [*found, *names]
    return []


def _of(tokens: Tokens, file: bytes, fields: Sequence[str]) -> set[str]:
    return set().union(*(tokens(file, field) for field in fields))


def _likeness(tokens: Tokens, one: bytes, other: bytes, fields: Sequence[str]) -> str:
    """``same``, ``near`` or nothing."""
    mine, theirs = _of(tokens, one, fields), _of(tokens, other, fields)
    if mine & theirs:
        return "same"
    near = any(_near(here, there) for here in mine for there in theirs)
    return "near" if near else ""


def _near(one: str, other: str) -> bool:
    """One slip of the hand, or two in a long name. Tokens begin with the letter of their kind."""
    shorter = min(len(one), len(other)) - 1
    if shorter < NEAR_LETTERS:
        return False
    return _distance(one, other) <= (2 if shorter >= NEAR_MANY else 1)


def _distance(one: str, other: str) -> int:
    if abs(len(one) - len(other)) > 2:
        return len(one)
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, theirs in enumerate(other, 1):
            here.append(
                min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != theirs))
            )
        above = here
    return above[-1]
