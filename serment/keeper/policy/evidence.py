"""Freezes of evidence: what one reaches is not destroyed, and its erased persons stay named.

``incident`` and ``evidence`` are frozen and lifted by the operator like all else (``deciding``)
and stop no access. They stop forgetting: no audit key in their reach is destroyed, and a perimeter
names the erased. Several may reach the same; each is lifted by its own name. They lie beside the
keys and in the key backup: what they keep cannot be made again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from serment.keeper.policy.freezes import What
from serment.keeper.store import Store

EVIDENCE: Final = frozenset({What.INCIDENT, What.EVIDENCE})


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """One freeze of evidence, of one establishment or of all; its name in ``value``.

    Rows of before hold no more than the first three.
    """

    what: str
    establishment: bytes | None
    at: int
    value: str = ""
    until: int | None = None
    why: str = ""

    def reaches(self, tenant: bytes, now: int) -> bool:
        """Is it on, and is this establishment's among what it keeps?"""
        return self.establishment in (None, tenant) and (self.until is None or now < self.until)


def keep(store: Store, name: bytes, kept: Kept | None) -> None:
    """Freeze under a name, or lift what is frozen under it; inside the caller's gathering."""
    store.put_hold(name, kept)


def all_kept(store: Store) -> list[Kept]:
    """Every one, the latest first, those included whose time is over."""
    rows = [msgspec.msgpack.decode(body, type=Kept) for body in store.holds()]
    return sorted(rows, key=lambda one: -one.at)


def kept_for(store: Store, tenant: bytes, now: int) -> str:
    """Why nothing of this establishment is forgotten now; empty where it may be."""
    return next((one.what for one in all_kept(store) if one.reaches(tenant, now)), "")
