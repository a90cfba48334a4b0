"""Bodies of the policy's operations on the socket; see docs/reference/keeper-wire-v1.md."""

from __future__ import annotations

from typing import Annotated

import msgspec

from serment.keeper.wire import Body, Bytes16, Secret, Token, Word

INSTANT_MAX = 1 << 53
Instant = Annotated[int, msgspec.Meta(ge=0, le=INSTANT_MAX)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
SUBJECTS_A_CALL = 2_000


class RelateAsk(Body):
    """op ``relate``: this record's person and its establishment, for a window (µs).

    ``fields`` (``patient.phone``): what the continuity sheet may show meanwhile; the answer is
    then a ticket for them.
    """

    record: Bytes16
    not_before: Instant
    not_after: Instant
    fields: Annotated[list[Word], msgspec.Meta(max_length=16)] = []


class GlassAsk(Body):
    """op ``break_glass``: open this record's person to the own establishment for an hour."""

    record: Bytes16
    why: Why
    reason: Word = "other"
    tell: Annotated[list[Bytes16], msgspec.Meta(max_length=20)] = []
    """Members of staff to whom a message is to be sent."""


class GlassAnswer(Body):
    """Its name, tickets for one message each (to the person, then those to tell), and until when
    the file is open (µs)."""

    glass: bytes
    tickets: list[bytes]
    until: int


class JustifyAsk(Body):
    """op ``glass_justify``."""

    glass: Bytes16
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]


class ReviewAsk(Body):
    """op ``glass_review``: ``accepted``, ``asked`` (say more) or ``abusive``."""

    glass: Bytes16
    outcome: Word
    remark: Annotated[str, msgspec.Meta(max_length=500)] = ""


class GlassRow(Body):
    """One broken glass. Instants in µs, 0: not yet; the texts of an erased person's are empty."""

    glass: bytes
    file: bytes
    by: bytes
    role: str
    evidence: str
    at: int
    reason: str
    why: str
    justification: str
    justified_at: int
    outcome: str
    remark: str
    reviewed_by: bytes | None
    reviewed_at: int
    due: int


class GlassList(Body):
    """op ``glasses``."""

    rows: list[GlassRow]


class FreezeAsk(Body):
    """op ``freeze``: ``value`` names a session, a client, a process (``web-4711``) or, for an
    actor, a subject or an establishment's exports, a UUID in its canonical form; a process also
    by its kind (``web``). Of an ``incident`` or ``evidence``, ``value`` is a name, also a UUID, and
    ``establishment`` whose it is, where it is one's alone."""

    what: Word
    value: Token
    why: Why
    until: Instant | None = None
    establishment: Bytes16 | None = None


class UnfreezeAsk(Body):
    """op ``unfreeze``."""

    what: Word
    value: Token
    why: Why


class FreezeRow(Body):
    """One freeze as officers read it."""

    what: str
    value: str
    at: int
    until: int | None
    human: bool
    establishment: bytes | None
    why: str
    by: bytes | None = None
    """Who set it, for the officers of the same establishment; nobody else's officers are named."""


class FreezeList(Body):
    """op ``freezes``."""

    rows: list[FreezeRow]


class AlarmsAsk(Body):
    """op ``alarms``: newest first, below ``before``."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    before: Annotated[int, msgspec.Meta(ge=0, le=INSTANT_MAX)] | None = None


class ProposeAsk(Body):
    """op ``grant_propose``; ``target`` is whose budget is raised, or who gets ``role``."""

    kind: Word
    purpose: Word = ""
    fields: Annotated[list[Token], msgspec.Meta(max_length=200)] = []
    not_after: Instant = 0
    target: Bytes16 | None = None
    factor: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    role: Word = ""


class GrantAsk(Body):
    """op ``grant_close``: one grant by its token."""

    grant: Secret


class AddAsk(Body):
    """op ``grant_add``: persons the grant covers, before it is closed."""

    grant: Secret
    subjects: Annotated[list[Bytes16], msgspec.Meta(min_length=1, max_length=SUBJECTS_A_CALL)]


class DigestAsk(Body):
    """ops ``grant_approve``, ``grant_revoke``, ``grant_subjects``, ``grant_erase``: a closed grant
    by the digest the officer saw."""

    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class SoloAsk(Body):
    """op ``solo``."""

    establishment: Bytes16
    solo: bool = True


class GrantRow(Body):
    """A grant as it stands. Instants in µs; ``good_from`` 0: it needs one more approval;
    ``used`` 0: not carried out."""

    kind: str
    establishment: bytes
    purpose: str
    fields: list[str]
    by: bytes
    at: int
    not_after: int
    count: int
    digest: bytes
    approved_by: list[bytes]
    good: bool
    revoked: bool
    target: bytes = b""
    factor: int = 1
    role: str = ""
    good_from: int = 0
    used: int = 0
    solo: bool = False
    final_on: int = 0
    """Of an erasure carried out now: from when no copy holds the keys any more."""
    lapsed: list[bytes] = []
    """Who approved and has left since, or has another role: theirs counts no more."""


class GrantList(Body):
    """op ``grants``; ``solo``: is it a practice of one, whether or not a trustee seconds it?"""

    rows: list[GrantRow]
    solo: bool = False
