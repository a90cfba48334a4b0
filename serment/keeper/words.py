"""The closed lists both ends of the keeper's socket agree on."""

from __future__ import annotations

from typing import Final

ZONES: Final = ("identity", "contact", "administrative", "medical", "documents", "audit")

ACTOR_KINDS: Final = ("patient", "staff", "worker", "operator", "partner", "system")

PURPOSES: Final = (
    "booking",
    "reception",
    "agenda",
    "care",
    "self",
    "message",
    "import",
    "search",
    "administration",
    "sign_in",
    "continuity",
    "export",
    "incident",
    "transparency",
)

PATIENT_PURPOSES: Final = frozenset(
    {"booking", "self", "message", "sign_in", "transparency", "administration"}
)
"""What a patient may open their own data for; the rest is an establishment's work."""

SEARCHES: Final = ("", "name", "phone", "email", "birth_date")

KIND_READ: Final = "read"
KIND_WRITE: Final = "write"
KIND_SEARCH: Final = "search"
KIND_QUERY: Final = "query"

SUBJECTS_MAX: Final = 200
"""Distinct subjects in one request; each gets its own leaf, all in one group commit."""

VALUES_MAX: Final = 4_000
"""Fields in one request."""

VALUE_BYTES_MAX: Final = 64_000
FOUND_MAX: Final = 10
REPLAY_SECONDS: Final = 600
LEASE_SECONDS: Final = 300
