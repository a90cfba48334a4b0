"""What may still be changed or forgotten alone: what nobody else has used since it was made.

A person takes back a slip: the file they made by mistake today. Whatever is more than that takes
two (``policy.carrying``).

``system`` carries no capability, so what is bounded by who made a record is bounded by use as well.
An import that could not be ended is taken up again over records that nobody ever saw; a sign-up
that nobody confirmed goes. A file somebody opened, an account somebody signed in to, stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from serment.keeper.house import NOBODY, House
from serment.keeper.index import ActorPart, PatientPart
from serment.keeper.store import RecordRow
from serment.keeper.wire import ActorWire
from serment.keeper.words import DAY, KIND_WRITE

PERSONS: Final = frozenset({"patient", "staff", "partner", "operator"})
UNSEEN: Final = frozenset({"found", "listed", "patient", "errand"})
"""What a leaf says of a record that nobody opened or wrote thereby."""

SIGN_IN: Final = "sign_in"
_LEAVES: Final = 100


def is_untouched(house: House, row: RecordRow) -> bool:
    """Has no person opened or written this record?

    Read back as far as Serment itself last sealed it: before that it was asked the same.
    """
    for actor, patient in _leaves(house, row.subject):
        for item in patient.items:
            if item.record != row.record or UNSEEN.issuperset(item.fields):
                continue
            if actor.actor_kind in PERSONS:
                return False
            if actor.actor_kind == "system" and item.after:
                return True
    return True


def is_unconfirmed(house: House, row: RecordRow) -> bool:
    """Is it an account that its own sign-up made, and that nobody ever signed in to?

    Before that an account has no file, and nothing of it is opened but for sign-in's messages.
    """
    own = row.kind == "account" and row.tenant == NOBODY and row.creator == row.record
    if not own or row.creator_kind not in ("patient", "") or house.store.links(account=row.record):
        return False
    return not any(
        actor.actor_kind in PERSONS and actor.purpose != SIGN_IN and actor.kind != KIND_WRITE
        for actor, _patient in _leaves(house, row.record)
    )


def is_slip(house: House, row: RecordRow, actor: ActorWire) -> bool:
    """Did this very person make it within a day, and did nobody else see or write it since?

    Of a file nothing else may hang on it: no other record, no account, no joined file.
    """
    if (row.creator, row.creator_kind) != (actor.id, actor.kind) or _is_hung_on(house, row):
        return False
    made = None
    for part, patient in _leaves(house, row.subject):
        for item in patient.items:
            if item.record != row.record or UNSEEN.issuperset(item.fields):
                continue
            if (part.actor, part.actor_kind) != (actor.id, actor.kind):
                return False
            made = part.at
    return made is not None and house.now() < made + DAY


def last_written(house: House, row: RecordRow) -> int | None:
    """When somebody last wrote this record (µs); None where no leaf tells."""
    for actor, patient in _leaves(house, row.subject):
        wrote = actor.kind == KIND_WRITE and any(
            item.record == row.record and not UNSEEN.issuperset(item.fields)
            for item in patient.items
        )
        if wrote:
            return actor.at
    return None


def _is_hung_on(house: House, row: RecordRow) -> bool:
    return row.record == row.subject and (
        len(house.store.records_of(row.subject)) > 1
        or bool(house.store.links(file=row.subject))
        or len(house.joined.all_of(row.subject)) > 1
    )


def _leaves(house: House, subject: bytes) -> Iterator[tuple[ActorPart, PatientPart]]:
    """What the index tells of a subject, newest first."""
    tag, before = house.store.subject_tag(subject), None
    while True:
        rows = list(house.index.of_subjects([tag], before, _LEAVES))
        for _seq, body in rows:
            yield house.recorder.leaves.parts(body)
        if len(rows) < _LEAVES:
            return
        before = rows[-1][0]
