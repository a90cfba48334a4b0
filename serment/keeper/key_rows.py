"""Rows of the keeper's store that decide what opens: wrapped keys, erasures, evidence, origins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from serment.keeper.durable import Durable


class KeyTables(Durable):
    """Wrapped keys and what was decided about them."""

    _erased: set[bytes] | None = None
    """Who was erased: asked at every opening. Read anew after an act that failed."""

    def establishment_key(self, tenant: bytes, epoch: int) -> bytes | None:
        """Wrapped key of an establishment."""
        row = self._one(
            "SELECT wrapped FROM establishment_key WHERE tenant = ? AND epoch = ?", tenant, epoch
        )
        return None if row is None else row[0]

    def put_establishment_key(self, tenant: bytes, epoch: int, wrapped: bytes) -> None:
        """Store an establishment key, or the same one wrapped anew."""
        self.put_row("establishment_key", tenant, epoch, wrapped)

    def establishment_keys(self) -> list[tuple[bytes, int, bytes]]:
        """Every (tenant, epoch, wrapped)."""
        return self.database.execute(
            "SELECT tenant, epoch, wrapped FROM establishment_key"
        ).fetchall()

    def drop_establishment_keys(self, epoch: int) -> None:
        """Forget an epoch's establishment keys: nothing lies under them any more."""
        self.drop_rows("establishment_key", epoch=epoch)

    def subject_keys_before(
        self, epoch: int, after: tuple[bytes, str], limit: int
    ) -> list[tuple[bytes, str, bytes, int, bytes]]:
        """A bucket of (subject, zone, tenant, epoch, wrapped) of earlier epochs, in order."""
        return self.database.execute(
            "SELECT subject, zone, tenant, epoch, wrapped FROM subject_key"
            " WHERE (subject, zone) > (?, ?) AND epoch < ? ORDER BY subject, zone LIMIT ?",
            (*after, epoch, limit),
        ).fetchall()

    def rewrap_subject_keys(self, rows: Iterable[tuple[int, bytes, bytes, str]]) -> None:
        """Store keys wrapped anew: (epoch, wrapped, subject, zone). A key backup learns them
        with its next base: until the old epoch ends, its older form opens too."""
        self.database.executemany(
            "UPDATE subject_key SET epoch = ?, wrapped = ? WHERE subject = ? AND zone = ?", rows
        )

    def subject_key(self, subject: bytes, zone: str) -> tuple[bytes, int, bytes] | None:
        """Tenant, epoch and wrapped key of a subject's zone."""
        row = self._one(
            "SELECT tenant, epoch, wrapped FROM subject_key WHERE subject = ? AND zone = ?",
            subject,
            zone,
        )
        return None if row is None else (row[0], row[1], row[2])

    def add_subject_key(
        self, subject: bytes, zone: str, tenant: bytes, epoch: int, wrapped: bytes
    ) -> None:
        """Store a new zone key."""
        self.put_row("subject_key", subject, zone, tenant, epoch, wrapped)

    def key_owners(self, subject: bytes) -> set[bytes]:
        """Tags of the establishments under which a subject has keys; none where it has none."""
        rows = self.database.execute(
            "SELECT DISTINCT tenant FROM subject_key WHERE subject = ?", (subject,)
        )
        return {tenant for (tenant,) in rows}

    def drop_subject_keys(self, subject: bytes, zones: Iterable[str]) -> int:
        """Destroy a subject's keys of these zones; how many there were."""
        return sum(self.drop_rows("subject_key", subject=subject, zone=zone) for zone in zones)

    def is_erased(self, subject: bytes) -> bool:
        """Were this subject's keys destroyed?"""
        if self._erased is None:
            self._erased = {one for (one,) in self.database.execute("SELECT subject FROM erasure")}
        return subject in self._erased

    def any_erased(self, subjects: Iterable[bytes]) -> bool:
        """Were the keys of any of these (ids, not tags) destroyed?"""
        if self._erased is None:
            self._erased = {one for (one,) in self.database.execute("SELECT subject FROM erasure")}
        gone = self._erased
        return bool(gone) and any(self.subject_tag(one) in gone for one in subjects)

    def put_erasure_body(self, subject: bytes, plain: bytes) -> None:
        """Remember an erasure told by the vault."""
        self._erased = None
        self.put_row("erasure", subject, self._box.close(plain, subject + b"erasure"))

    def put_erasure(self, subject: bytes, row: msgspec.Struct) -> None:
        """Remember an erasure, or how far it is."""
        self._erased = None
        self.put_row("erasure", subject, self.close_body(row, subject + b"erasure"))

    def erasures(self) -> Iterator[tuple[bytes, bytes]]:
        """All erasures: (subject tag, contents)."""
        rows = self.database.execute("SELECT subject, body FROM erasure").fetchall()
        for subject, body in rows:
            yield subject, self.open_body(body, subject + b"erasure")

    def erasure(self, subject: bytes) -> bytes | None:
        """Contents of one erasure."""
        row = self._one("SELECT body FROM erasure WHERE subject = ?", subject)
        return None if row is None else self.open_body(row[0], subject + b"erasure")

    def recoveries(self) -> int:
        """How many times this store was gone on with after a loss; each began a log's origin."""
        return self.count("log_origin")

    def add_recovery(self, plain: bytes) -> None:
        """A recovery was ordered; its leaf is written at the next start."""
        body = self._box.close(plain, b"recovery")
        self.database.execute("INSERT INTO log_origin (body) VALUES (?)", (body,))

    def recovery_waits(self) -> tuple[int, bytes] | None:
        """The recovery whose leaf is not written yet: number and contents."""
        row = self._one("SELECT number, body FROM log_origin WHERE seq IS NULL ORDER BY number")
        return None if row is None else (int(row[0]), self._box.open(row[1], b"recovery"))

    def recovered(self, number: int, seq: int) -> None:
        """The recovery's leaf is durable."""
        self.database.execute("UPDATE log_origin SET seq = ? WHERE number = ?", (seq, number))

    def ledger_edge(self) -> bytes | None:
        """How much of the ledger was verified (``verified.Edge``)."""
        row = self._one("SELECT body FROM ledger_edge WHERE number = 1")
        return None if row is None else self._box.open(row[0], b"ledger edge")

    def put_ledger_edge(self, plain: bytes) -> None:
        """Remember how much of the ledger was verified."""
        body = self._box.close(plain, b"ledger edge")
        self.put_row("ledger_edge", 1, body)

    def put_hold(self, name: bytes, row: msgspec.Struct | None) -> None:
        """Keep evidence, or keep it no longer."""
        tag = self.tag("hold", name)
        if row is None:
            self.drop_rows("evidence_hold", name=tag)
        else:
            self.put_row("evidence_hold", tag, self.close_body(row, tag))

    def holds(self) -> list[bytes]:
        """Contents of what is being kept as evidence."""
        rows = self.database.execute("SELECT name, body FROM evidence_hold")
        return [self.open_body(body, name) for name, body in rows]

    def put_passkey(self, name: bytes, owner: bytes, establishment: bytes, body: bytes) -> None:
        """Store a passkey of staff, or what became of it."""
        self.put_row("passkey", name, owner, establishment, body)

    def passkey_rows(
        self, by: Literal["name", "owner", "establishment"], tag: bytes
    ) -> list[tuple[bytes, bytes]]:
        """(name, contents) of one passkey, of a person's, or of an establishment's."""
        return self.database.execute(
            f"SELECT name, body FROM passkey WHERE {by} = ?", (tag,)
        ).fetchall()

    def passkey_count(self, name: bytes) -> bytes | None:
        """What an authenticator last counted."""
        row = self._one("SELECT body FROM passkey_count WHERE name = ?", name)
        return None if row is None else bytes(row[0])

    def put_passkey_count(self, name: bytes, body: bytes) -> None:
        """Remember a count. Not in the key backup: without it the next one stands."""
        self.put_row("passkey_count", name, body)

    def staff_row(self, actor: bytes) -> bytes | None:
        """What is known of a member of staff."""
        row = self._one("SELECT body FROM staff_known WHERE actor = ?", actor)
        return None if row is None else bytes(row[0])

    def put_staff_row(self, actor: bytes, body: bytes) -> None:
        """Remember a member of staff's role, or that they left."""
        self.put_row("staff_known", actor, body)

    def sessions_of(self, owner: bytes) -> list[tuple[bytes, bytes]]:
        """(tag, contents) of the capabilities that live under an owner's tag."""
        return self.database.execute(
            "SELECT capability.tag, body FROM session_of"
            " JOIN capability ON capability.tag = session_of.tag WHERE owner = ?",
            (owner,),
        ).fetchall()

    def drop_sessions(self, tags: Iterable[bytes]) -> None:
        """Forget capabilities by their tags."""
        for tag in tags:
            self.database.execute("DELETE FROM capability WHERE tag = ?", (tag,))
            self.database.execute("DELETE FROM session_of WHERE tag = ?", (tag,))
