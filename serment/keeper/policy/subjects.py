"""The persons a grant is about: named by keyed tags, their ids closed under the store's key."""

from __future__ import annotations

from collections.abc import Iterator

from serment.keeper.house import House


def put_subject(house: House, tag: bytes, subject: bytes) -> None:
    """Add a person, inside the caller's transaction."""
    name = house.store.subject_tag(subject)
    house.store.put_row("grant_subject", tag, name, house.store.close_raw(subject, tag + name))


def subjects_of(house: House, tag: bytes) -> Iterator[bytes]:
    """The persons a grant is about."""
    for name, body in house.store.database.execute(
        "SELECT subject, body FROM grant_subject WHERE tag = ?", (tag,)
    ):
        yield house.store.open_body(body, tag + name)


def count(house: House, tag: bytes) -> int:
    """How many persons."""
    (count,) = house.store.database.execute(
        "SELECT count(*) FROM grant_subject WHERE tag = ?", (tag,)
    ).fetchone()
    return int(count)


def covers(house: House, tag: bytes, subject: bytes) -> bool:
    """Is this person one of them?"""
    found = house.store.database.execute(
        "SELECT 1 FROM grant_subject WHERE tag = ? AND subject = ?",
        (tag, house.store.subject_tag(subject)),
    ).fetchone()
    return found is not None
