"""Files of one establishment that are one person: joined, parted again, or said to be two.

Nothing moves. Every record stays in the file it was made in, under that file's keys; a join only
says that two files are one person, from an instant on and until it is parted. So parting gives
back exactly what was there, whatever was written in between.

A join says so of files, not of accounts: anybody signs up in anybody's name. What an account read
before it goes on reading; the rest opens to it once a house that had its person before it signed
for it since (``LinkRow.proved``), and shuts again when the two are parted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from serment.keeper.store import LinkRow, RecordRow, Store

_JOINED: Final = "SELECT gone, kept, at, body FROM joined"


class Join(msgspec.Struct, array_like=True, frozen=True):
    """``gone`` is the person of ``kept`` since ``at`` and until ``until`` (µs, 0: still)."""

    gone: bytes
    kept: bytes
    at: int
    until: int = 0


class Joined:
    """All joins and all verdicts of two persons. One thread.

    Joins that hold are remembered; an act that fails forgets them. Depth is one: who is joined to a
    file has none joined to itself.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holding: dict[bytes, Join] | None = None
        self._under: dict[bytes, set[bytes]] = {}
        store.on_undone.append(self._forget)

    def kept(self, subject: bytes) -> bytes:
        """The file that stands for this one's person: itself, unless it is joined to another."""
        join = self._held().get(subject)
        return subject if join is None else join.kept

    def all_of(self, subject: bytes) -> frozenset[bytes]:
        """Every file of this one's person."""
        held = self._held()
        if not held:
            return frozenset({subject})
        kept = self.kept(subject)
        return frozenset({kept, *self._under.get(kept, ())})

    def holds(self, gone: bytes, kept: bytes) -> bool:
        """Is it joined to that file now?"""
        join = self._held().get(gone)
        return join is not None and join.kept == kept

    def has_others(self, subject: bytes) -> bool:
        """Are other files joined to this one?"""
        self._held()
        return bool(self._under.get(subject))

    def since(self, subject: bytes) -> int:
        """When the last file of this one's person was joined to it (µs); 0: it has one only."""
        kept = self.kept(subject)
        return max((join.at for join in self._held().values() if join.kept == kept), default=0)

    def join(self, gone: bytes, kept: bytes, at: int) -> None:
        """Inside the caller's transaction."""
        self._put(Join(gone, kept, at))

    def part(self, one: bytes, other: bytes, at: int) -> None:
        """Inside the caller's transaction; whichever of the two was joined to the other."""
        for gone, kept in ((one, other), (other, one)):
            if self.holds(gone, kept):
                self._put(msgspec.structs.replace(self._held()[gone], until=at))

    def tell_apart(self, one: bytes, other: bytes) -> None:
        """These two are two persons: nobody is asked again. Inside the caller's transaction."""
        tags = sorted(self._store.subject_tag(subject) for subject in (one, other))
        self._store.put_apart(*tags)

    def are_apart(self, one: bytes, other: bytes) -> bool:
        """Was it said that these are two?"""
        return self._store.is_apart(*sorted(map(self._store.subject_tag, (one, other))))

    def at(self, end: int) -> list[Join]:
        """The joins that held just before an instant: a window that ended stays as it was."""
        return [
            join for join in self._all() if join.at < end and (join.until == 0 or join.until >= end)
        ]

    def persons(self, end: int) -> dict[bytes, bytes]:
        """File → whom it counts as by an instant: the own account of any of them, else the file
        that was kept. Only of files that were joined."""
        found: dict[bytes, bytes] = {}
        for join in self.at(end):
            person = self._own(join.kept, end) or self._own(join.gone, end) or join.kept
            found[join.gone] = person
            if person != join.kept:
                found.setdefault(join.kept, person)
        return found

    def fewer(self, end: int, tenant: bytes | None) -> int:
        """By how many joins lessen the persons held: files of one account were one before."""
        return sum(
            tenant is not None
            or not (
                self._own(join.kept, end) and self._own(join.kept, end) == self._own(join.gone, end)
            )
            for join in self.at(end)
            if tenant is None or self._tenant(join.kept) == tenant
        )

    def accounts(self, subject: bytes) -> set[bytes]:
        """The own accounts of this file's person."""
        return {link.account for file in self.all_of(subject) for link in self._links(file)}

    def reached(self, link: LinkRow) -> frozenset[bytes]:
        """What an own account's link leads to: its file, and those that were one person with it
        when a house last vouched for the account."""
        if not link.proved:
            return frozenset({link.file})
        vouched = link.proved
        return frozenset(
            file
            for file in self.all_of(link.file)
            if file == link.file or max(self._at(file), self._at(link.file)) < vouched
        )

    def written_to(self, subject: bytes) -> bytes:
        """The file whose address serves for this one's visits: the one that was kept, unless an
        account of either does not reach the other. Its own address is nobody's proof."""
        kept = self.kept(subject)
        return kept if kept == subject or self.are_reached({subject, kept}) else subject

    def are_reached(self, files: Iterable[bytes]) -> bool:
        """Does every own account of these files' persons reach all of them?"""
        together = frozenset(file for one in files for file in self.all_of(one))
        reach: dict[bytes, frozenset[bytes]] = {}
        for link in (link for file in together for link in self._links(file)):
            reach[link.account] = reach.get(link.account, frozenset()) | self.reached(link)
        return all(together <= reached for reached in reach.values())

    def _at(self, file: bytes) -> int:
        """Since when it is joined to another; 0: it is not."""
        join = self._held().get(file)
        return 0 if join is None else join.at

    def _own(self, file: bytes, end: int) -> bytes | None:
        found = [link.account for link in self._links(file) if link.at < end]
        return found[0] if found else None

    def _links(self, file: bytes) -> Iterable[LinkRow]:
        return (link for link in self._store.links(file=file) if link.relation == "self")

    def _tenant(self, file: bytes) -> bytes:
        row: RecordRow | None = self._store.record(file)
        return b"" if row is None else row.tenant

    def _held(self) -> dict[bytes, Join]:
        if self._holding is None:
            self._under = {}
            self._holding = {join.gone: join for join in self._all() if join.until == 0}
            for join in self._holding.values():
                self._under.setdefault(join.kept, set()).add(join.gone)
        return self._holding

    def _all(self) -> list[Join]:
        return [
            msgspec.msgpack.decode(self._store.open_body(body, gone + kept), type=Join)
            for gone, kept, _at, body in self._store.database.execute(_JOINED)
        ]

    def _put(self, join: Join) -> None:
        self._forget()
        tag = self._store.subject_tag
        gone, kept = tag(join.gone), tag(join.kept)
        self._store.put_join(gone, kept, join.at, self._store.close_body(join, gone + kept))

    def _forget(self) -> None:
        self._holding = None
