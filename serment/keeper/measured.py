"""What op ``measure`` answers: the figures of a perimeter, in the keeper's own units."""

from __future__ import annotations

from serment.keeper.wire import Body, Seq


class Alarm(Body, array_like=True):
    """An alarm that stands in the selection."""

    seq: int
    at: int
    what: str


class Gap(Body, array_like=True):
    """A recovery: what was opened between these instants (µs) may be in no record."""

    seq: int
    since: int
    until: int


class Measured(Body):
    """The figures. Instants in µs, 0: none. ``fields``: records in which each was opened;
    ``reachable``: of the persons, those on a continuity sheet and nowhere else; ``possible``:
    persons opened shortly before the window only; ``forgotten``: leaves in it whose contents are
    gone; ``first_leaf`` to ``last_leaf``: every leaf of the window."""

    persons: int
    staff: int
    appointments: int
    records: int
    fields: dict[str, int]
    possible: int
    held: int
    erased: int
    altered: int
    unaltered: int
    unavailable: int
    first: int
    last: int
    leaves: int
    leaves_digest: bytes
    first_leaf: Seq
    last_leaf: Seq
    forgotten: int
    lease: int
    widened: int
    isolated: bool
    gaps: list[Gap]
    alarms: list[Alarm]
    checkpoint: str = ""
    reachable: int = 0
