"""Identifiers: single UUIDs made in the application (PostgreSQL 15 has no uuidv7 of its own)."""

import uuid


def new_id() -> uuid.UUID:
    """A random UUID (RFC 9562, version 4).

    Personal rows take this one and no time-ordered kind: ids made in the same second would
    otherwise tie a patient's rows together in a stolen dump.
    """
    return uuid.uuid4()
