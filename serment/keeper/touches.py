"""What each leaf touched, as small numbers: who is counted in a perimeter without opening a row.

A number stands for a keyed tag (its first eight bytes): in 10⁷ persons the chance that two share
one is three in a million; lists of persons go by the whole ids. The rows are derived from the
ledger like the rest of the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from serment.keeper.keys import Box
from serment.keeper.wire import Item
from serment.keeper.words import KIND_READ, KIND_SEARCH, KIND_WRITE

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS touch (
  seq INTEGER, place INTEGER, act INTEGER, actor INTEGER, process INTEGER, session INTEGER,
  client INTEGER, establishment INTEGER, export INTEGER, subject INTEGER, record INTEGER,
  what INTEGER, PRIMARY KEY (seq, place)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touch_process ON touch (process, seq, act, subject, record, what);
CREATE INDEX IF NOT EXISTS touch_actor ON touch (actor, seq, act, subject, record, what);
CREATE INDEX IF NOT EXISTS touch_session ON touch (session, seq) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS touch_export ON touch (export, seq) WHERE export IS NOT NULL;
CREATE TABLE IF NOT EXISTS what (number INTEGER PRIMARY KEY, body BLOB);
"""

ACTS: Final = {KIND_READ: 1, KIND_SEARCH: 2, KIND_WRITE: 3}
WRITES: Final = ACTS[KIND_WRITE]
SHEETS: Final = 4
"""Read onto a continuity sheet: whoever holds the site's key can read it, nobody was seen to."""

PLACE: Final = b"what"

Tag = Callable[[str, bytes], bytes]


def number(tag: bytes) -> int:
    """A tag as the index counts with it."""
    return int.from_bytes(tag[:8], "big", signed=True)


class What(msgspec.Struct, array_like=True, frozen=True):
    """What was done to one record: its kind, the fields, a write over an earlier value."""

    kind: str
    fields: tuple[str, ...]
    subject_kind: str
    replaced: bool


class Touch(msgspec.Struct, array_like=True, frozen=True):
    """One record of one leaf; ``body`` is the closed ``What`` behind its number."""

    record: int
    what: int
    body: bytes


@dataclass(slots=True)
class Whats:
    """Numbers of the few hundred different things that are ever done to a record."""

    tag: Tag
    box: Box
    _known: dict[What, tuple[int, bytes]] = field(default_factory=dict)

    def touches(self, items: list[Item], subject_kind: str) -> list[Touch]:
        """The touches of one access, in order."""
        return [self._touch(item, subject_kind) for item in items]

    def _touch(self, item: Item, subject_kind: str) -> Touch:
        what = What(item.kind, tuple(item.fields), subject_kind, any(item.before))
        known = self._known.get(what)
        if known is None:
            plain = msgspec.msgpack.encode(what)
            known = number(self.tag("what", plain)), self.box.close(plain, PLACE)
            if len(self._known) < _WHATS_MAX:
                self._known[what] = known
        return Touch(number(self.tag("record", item.record)), *known)

    def read(self, rows: Iterator[tuple[int, bytes]]) -> dict[int, What]:
        """The meanings of the numbers."""
        return {
            one: msgspec.msgpack.decode(self.box.open(body, PLACE), type=What) for one, body in rows
        }


_WHATS_MAX: Final = 10_000
