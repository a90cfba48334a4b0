"""Rows of the policy in the keeper's store: named by keyed tags, closed under the store key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from serment.keeper.store import Store

Row = TypeVar("Row", bound=msgspec.Struct)


class PolicyRows:
    """Reads and writes; a write belongs into ``store.gathered()`` or ``store.transaction()``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, table: str, tag: bytes, row: msgspec.Struct) -> None:
        """Insert or replace one closed row."""
        self._store.put_row(table, tag, self._store.close_body(row, table.encode() + tag))

    def get(self, table: str, tag: bytes, kind: type[Row]) -> Row | None:
        """One row, opened."""
        found = self._store.database.execute(
            f"SELECT body FROM {table} WHERE tag = ?", (tag,)
        ).fetchone()
        return None if found is None else self._open(table, tag, found[0], kind)

    def all(self, table: str, kind: type[Row]) -> Iterator[tuple[bytes, Row]]:
        """Every row of a small table."""
        for tag, body in self._store.database.execute(f"SELECT tag, body FROM {table}").fetchall():
            yield tag, self._open(table, tag, body, kind)

    def drop(self, table: str, tag: bytes) -> None:
        """Forget one row."""
        self._store.drop_rows(table, tag=tag)

    def _open(self, table: str, tag: bytes, body: bytes, kind: type[Row]) -> Row:
        return msgspec.msgpack.decode(self._store.open_body(body, table.encode() + tag), type=kind)
