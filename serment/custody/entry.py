"""What every arrival has in common: who may bring in, one at a time, and what it did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from serment.disclosure import SYSTEM, Actor, gate
from serment.errors import Conflict, NotThere
from serment.identity import rights

ROWS_A_STATEMENT = 500
_READING = int.from_bytes(hashlib.sha256(b"reading a file").digest()[:8], "big", signed=True)

COMMAND = Actor(kind="system", id=SYSTEM.id, client="command")
"""The operator's shell: brings in, opens nothing."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What an arrival did: rows that are new, and those that stood here already."""

    added: int
    already: int


def require(actor: Actor, establishment_id: UUID) -> None:
    """Staff with the right, at home, or the command line; NotThere for anybody else."""
    if actor.kind == "staff":
        rights.require(actor, rights.Act.IMPORT)
        if actor.establishment != establishment_id:
            raise NotThere
    elif actor.kind != "system":
        raise NotThere


def one_at_a_time(establishment_id: UUID) -> None:
    """Until the transaction ends: what one arrival takes back is never what another just made."""
    said = hashlib.sha256(b"arrival" + establishment_id.bytes).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(said[:8], "big", signed=True)]
        )


class AnotherIsRead(Conflict):
    """Un autre fichier est en cours de lecture. Réessayez dans un instant."""


def read_alone() -> None:
    """Until the transaction ends, no other page reads a file: reading may take seconds.

    However many files arrive at once, they hold one web process. Raises ``AnotherIsRead``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_READING])
        row = cursor.fetchone()
    if not (row and row[0]):
        raise AnotherIsRead(
            _("Un autre fichier est en cours de lecture. Réessayez dans un instant.")
        )


def marking_key(what: str, of: UUID) -> bytes:
    """A key that no row holds: the rows of a stolen database cannot be compared with a list.

    The keeper gives it, once for each arrival; it counts who asks.
    """
    return hashlib.sha256(gate.alias(f"arrival {what} {of}").encode()).digest()
