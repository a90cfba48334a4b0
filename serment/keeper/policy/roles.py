"""What a session of each staff role may ask: a second table beside the pages' own. Pure.

The pages hold every request against theirs first (``identity/rights.py``, tests/keeper/test_roles
holds the two together). This one stands where pages that lie cannot pass: a trainee's session
finds nobody and reads no telephone number, an officer's opens no patient but whose erasure two
are asked to approve. A role nobody knows may do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

EVERYBODY: Final = frozenset(
    {"open_session", "close_session", "reveal", "batch", "challenge", "enrol", "passkeys",
     "asserted", "vouch", "revoke", "grants", "grant_revoke"}
)  # fmt: skip
"""One's own passkeys, colleagues' names, and stopping what waits in a practice of one."""

DESK: Final = EVERYBODY | frozenset(
    {"seal", "delete", "find", "records_of", "files_behind", "link", "errand", "history",
     "relate", "alike", "marked", "holders", "tell_apart", "break_glass", "glasses",
     "glass_justify", "grant_propose", "grant_add", "grant_close", "act_for", "acting", "act_end",
     "act_until", "keep"}
)  # fmt: skip

OFFICER: Final = EVERYBODY | frozenset(
    {"seal", "delete", "errand", "history", "receipt", "perimeter", "measure", "end_staff",
     "staff_role", "freeze", "unfreeze", "freezes", "alarms", "grant_propose", "grant_add",
     "grant_close", "grant_approve", "grant_subjects", "grant_erase", "glasses", "glass_review"}
)  # fmt: skip

PRACTITIONER: Final = DESK | frozenset({"join"})
"""And says that two files are one person."""

TRUSTEE: Final = EVERYBODY | frozenset({"grant_approve", "errand"})
"""Approves and refuses from outside what waits in a practice of one (``trustee``)."""

TRAINEE: Final = EVERYBODY | frozenset({"files_behind"})
MANAGER: Final = OFFICER | frozenset({"find"})
"""And the import, which looks whether somebody is known here already."""

ANY: Final[frozenset[str] | None] = None
NAMES: Final = frozenset({"identity"})
FRONT: Final = frozenset({"identity", "contact", "administrative"})
"""All a reception works with: what was answered about one's health is for those who care."""
NONE: Final[frozenset[str]] = frozenset()

OWN_HOUSE: Final = frozenset({"staff"})
"""Kinds of records that are no patient's; any new kind is a patient's until it stands here."""


@dataclass(frozen=True, slots=True)
class Role:
    """``asks``: operations; ``zones``: of patients' data that open, None for all; ``writes``: may
    patients' data be made, changed and signed for?"""

    asks: frozenset[str]
    zones: frozenset[str] | None
    writes: bool


ROLES: Final[Mapping[str, Role]] = {
    "secretary": Role(DESK, FRONT, writes=True),
    "practitioner": Role(PRACTITIONER, ANY, writes=True),
    "substitute": Role(DESK, ANY, writes=True),
    "trainee": Role(TRAINEE, NAMES, writes=False),
    "trustee": Role(TRUSTEE, NONE, writes=False),
    "manager": Role(MANAGER, NONE, writes=True),
    "privacy_officer": Role(OFFICER, NONE, writes=False),
    "security_officer": Role(OFFICER, NONE, writes=False),
}
_NOTHING: Final = Role(NONE, NONE, writes=False)


def of(role: str) -> Role:
    """What a role may; nothing where it is unknown."""
    return ROLES.get(role, _NOTHING)


def may_ask(role: str, op: str) -> bool:
    """May a session of this role ask this at all?"""
    return op in of(role).asks


def may_read(role: str, kind: str, zones: Iterable[str]) -> bool:
    """May these zones of a record of this kind be opened by this role by itself?"""
    allowed = of(role).zones
    return allowed is None or kind in OWN_HOUSE or allowed.issuperset(zones)


def may_sign(role: str, kind: str) -> bool:
    """May tickets be signed for records of this kind? They open without their signer: nobody signs
    for what their own role does not open. What is medical no ticket opens, whoever signed it."""
    zones = of(role).zones
    whole = zones is None or zones >= FRONT
    return may_write(role, [kind]) and (whole or kind in OWN_HOUSE)


def may_write(role: str, kinds: Iterable[str]) -> bool:
    """May records of these kinds be sealed, signed for or forgotten?"""
    return of(role).writes or OWN_HOUSE.issuperset(kinds)
