"""A key in five printed lines, of which any three give it back (Shamir, 1979).

Each byte of the key is the value at 0 of a random polynomial of degree ``threshold - 1`` over
GF(2⁸) (the field of AES, x⁸+x⁴+x³+x+1); share *n* holds all polynomials' values at *n*. Fewer
shares than the threshold tell nothing about the key.

A line is ``serment-share-1 SET INDEX/COUNT THRESHOLD GROUPS-OF-FOUR CHECK``. ``SET`` names the set,
so that a share of another one is told; ``CHECK`` covers the line, so that a slip of the pen is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from serment.keeper.root_key.closing import RootKeyUnusable

HEAD: Final = "serment-share-1"
SET_BYTES: Final = 4
SHARES_MAX: Final = 255
_LINE: Final = re.compile(
    r"serment-share-1\s+([0-9a-f]{8})\s+(\d{1,3})/(\d{1,3})\s+(\d{1,3})"
    r"\s+([A-Z2-7][A-Z2-7\- ]*)\s+([0-9a-f]{8})",
    re.IGNORECASE,
)
_POLYNOMIAL: Final = 0x11B


class ShareUnusable(RootKeyUnusable):
    """This line is not a share of Serment's root key."""


class ShareDamaged(ShareUnusable):
    """This share was miscopied: its check does not fit. Compare it letter by letter."""


class ShareForeign(ShareUnusable):
    """This share belongs to another root key."""


class ShareTwice(ShareUnusable):
    """This share was given already; another person's is needed."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share; ``index`` from 1 to ``count``."""

    set_id: str
    index: int
    count: int
    threshold: int
    value: bytes

    def line(self) -> str:
        """What is printed or written down."""
        letters = base64.b32encode(self.value).decode().rstrip("=")
        groups = "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
        body = f"{HEAD} {self.set_id} {self.index}/{self.count} {self.threshold} {groups}"
        return f"{body} {_check(body)}"


def split(key: bytes, *, threshold: int = 3, count: int = 5) -> list[Share]:
    """Shares of a key, any ``threshold`` of which give it back."""
    if not 2 <= threshold <= count <= SHARES_MAX:
        raise ValueError("At least two shares, and no more needed than there are.")
    set_id = os.urandom(SET_BYTES).hex()
    polynomials = [bytes((byte,)) + os.urandom(threshold - 1) for byte in key]
    return [
        Share(set_id, x, count, threshold, bytes(_value_at(one, x) for one in polynomials))
        for x in range(1, count + 1)
    ]


def join(shares: Sequence[Share]) -> bytes:
    """The key behind enough shares of one set.

    Raises ShareForeign, ShareTwice, and ShareUnusable where they are too few. It cannot tell a
    well-made false share: whoever uses the key has to see whether it opens what it should.
    """
    if not shares:
        raise ShareUnusable
    first = shares[0]
    if any(_kind_of(one) != _kind_of(first) for one in shares):
        raise ShareForeign
    if len({one.index for one in shares}) != len(shares):
        raise ShareTwice
    if len(shares) < first.threshold:
        raise ShareUnusable(f"{first.threshold} shares are needed, {len(shares)} were given.")
    used = shares[: first.threshold]
    points = [one.index for one in used]
    weights = [_weight(points, x) for x in points]
    return bytes(
        _sum(_times(weight, one.value[place]) for weight, one in zip(weights, used, strict=True))
        for place in range(len(first.value))
    )


def read_line(text: str) -> Share:
    """A share from what a person typed. Raises ShareUnusable and ShareDamaged."""
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise ShareUnusable
    set_id, index, count, threshold, groups, check = match.groups()
    letters = re.sub(r"[\s\-]", "", groups).upper()
    try:
        value = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as wrong:
        raise ShareDamaged from wrong
    share = Share(set_id.lower(), int(index), int(count), int(threshold), value)
    if share.line().rsplit(" ", 1)[1] != check.lower() or not 1 <= share.index <= share.count:
        raise ShareDamaged
    return share


def _kind_of(share: Share) -> tuple[str, int, int, int]:
    return share.set_id, share.count, share.threshold, len(share.value)


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8]


def _tables() -> tuple[list[int], list[int]]:
    powers, logarithms, value = [0] * 510, [0] * 256, 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        doubled = value << 1
        value ^= doubled ^ _POLYNOMIAL if doubled & 0x100 else doubled
    return powers, logarithms


_POWERS, _LOGARITHMS = _tables()


def _times(one: int, other: int) -> int:
    if not one or not other:
        return 0
    return _POWERS[_LOGARITHMS[one] + _LOGARITHMS[other]]


def _over(one: int, other: int) -> int:
    return 0 if not one else _POWERS[_LOGARITHMS[one] - _LOGARITHMS[other] + 255]


def _sum(values: Iterable[int]) -> int:
    return reduce(xor, values, 0)


def _value_at(polynomial: bytes, x: int) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = _times(value, x) ^ coefficient
    return value


def _weight(points: Sequence[int], x: int) -> int:
    """Lagrange's weight of the point x for the value at 0: ∏ other / (other − x)."""
    weight = 1
    for other in points:
        if other != x:
            weight = _over(_times(weight, other), other ^ x)
    return weight
