"""Which record a message is about, as the table holds it: a number that leads to no appointment.

In a stolen dump a letter says "nobody gave an e-mail address", a language "not French", a failure
"this mailbox bounces". Beside a record's own number each would tie a person's visits together, so
the number stands enciphered, one block, under a key that only the keeper gives. The same record is
always the same number: a message is found by its record, and none is posted twice.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import models

from serment.disclosure import gate


@lru_cache(maxsize=1)
def _cipher() -> Cipher[modes.ECB]:
    key = hashlib.sha256(gate.alias("outbox records").encode()).digest()
    # One block of one random number: what chaining would hide cannot occur.
    return Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305


def veiled(record: UUID) -> UUID:
    """The number that the table holds. Raises ``KeeperUnavailable`` before the key is known."""
    hidden = _cipher().encryptor()
    return UUID(bytes=hidden.update(record.bytes) + hidden.finalize())


def unveiled(number: UUID) -> UUID:
    """The record's own number."""
    shown = _cipher().decryptor()
    return UUID(bytes=shown.update(number.bytes) + shown.finalize())


class VeiledRecord(models.UUIDField):  # type: ignore[type-arg]
    """A record's number: itself in Python and in queries, veiled in the table."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Veil what is written or looked for."""
        known = self.to_python(value)
        hidden = None if known is None else veiled(known)
        return super().get_db_prep_value(hidden, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> UUID | None:
        """Unveil what is read."""
        return None if value is None else unveiled(value)
