"""Rows of continuity in the keeper's store: sites' keys, and what each line last said, as digests.

Writes belong into ``store.transaction()``.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from serment.keeper.keys import Box
from serment.keeper.store import SearchRow, Store, ZoneKeys, search_key


class SiteKey(msgspec.Struct, array_like=True, frozen=True):
    """To whom a site's sheets are sealed since ``at`` (µs)."""

    establishment: bytes
    recipient: str
    at: int


def site_key(store: Store, site: bytes) -> SiteKey | None:
    """The key of a site, where it has one."""
    tag = store.tag("site", site)
    row = store.database.execute("SELECT body FROM site_key WHERE site = ?", (tag,)).fetchone()
    if row is None:
        return None
    return msgspec.msgpack.decode(store.open_body(row[0], b"site" + tag), type=SiteKey)


def put_site_key(store: Store, site: bytes, key: SiteKey) -> None:
    """From now on this key, or none where it names no recipient; the new reader starts afresh."""
    tag = store.tag("site", site)
    store.drop_rows("site_key", site=tag)
    store.drop_rows("sheet_line", site=tag)
    if key.recipient:
        body = store.close_body(key, b"site" + tag)
        store.put_row("site_key", tag, body)


def lines_of(store: Store, site: bytes) -> dict[bytes, bytes]:
    """Record tag → digest of what the last sheet said of it."""
    tag = store.tag("site", site)
    rows = store.database.execute("SELECT record, digest FROM sheet_line WHERE site = ?", (tag,))
    return dict(rows.fetchall())


def keep_lines(store: Store, site: bytes, digests: Mapping[bytes, bytes]) -> None:
    """What this sheet says takes the place of what the last one said."""
    tag = store.tag("site", site)
    store.database.execute("DELETE FROM sheet_line WHERE site = ?", (tag,))
    store.database.executemany(
        "INSERT INTO sheet_line VALUES (?, ?, ?)",
        [(tag, record, digest) for record, digest in digests.items()],
    )


def texts_of(store: Store, record: bytes, key_of: ZoneKeys) -> dict[str, str]:
    """A record's searchable values by field; those whose key was destroyed are left out."""
    tag = store.tag("record", record)
    rows = store.database.execute(
        "SELECT field, body, subject, zone FROM search WHERE record = ? AND subject IS NOT NULL",
        (tag,),
    ).fetchall()
    found = {}
    for field, body, subject, zone in rows:
        key = key_of(subject, zone)
        if key is not None:
            plain = Box(search_key(key)).open(body, tag + field.encode())
            found[field] = msgspec.msgpack.decode(plain, type=SearchRow).text
    return found
