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
    "identity",
    "administration",
    "sign_in",
    "continuity",
    "export",
    "incident",
    "transparency",
)

SHEET_PURPOSE: Final = "continuity"
"""What is read for it stands on a sheet that only a site's own key opens."""

PATIENT_PURPOSES: Final = frozenset(
    {"booking", "self", "message", "sign_in", "transparency", "administration"}
)
"""What a patient may open their own data for; the rest is an establishment's work."""

OWN_DOORS: Final = frozenset({"web", "worker", "command", "live", "system"})
"""Clients that are ours; a partner's client id has a budget of its own."""

CALENDAR: Final = "calendar"
"""As whom the pages ask for a patient's calendar feed: it is shown nothing kept secret."""

SEARCHES: Final = ("", "name", "phone", "email", "birth_date", "marks")

CLAIMED: Final = "claimed"
VERIFIED: Final = "verified"
"""On what evidence a record says who it was: the pages' word, or a signature the keeper checked."""

KIND_READ: Final = "read"
KIND_WRITE: Final = "write"
KIND_SEARCH: Final = "search"
KIND_SESSION: Final = "session"
KIND_QUERY: Final = "query"
KIND_RECOVERED: Final = "recovered"
KIND_ALARM: Final = "alarm"
KIND_TIMESTAMPED: Final = "timestamped"

SUBJECTS_MAX: Final = 200
"""Distinct subjects in one request; each gets its own leaf, all in one group commit."""

VALUES_MAX: Final = 4_000
"""Fields in one request."""

RECORDS_A_LEAF: Final = 1_000
"""Records of one subject in one leaf: with all fields of a request it stays below 1 MiB."""

FILES_AN_ACCOUNT_MAX: Final = 100
"""Files one account acts for: a family's, a guardian's; never a practice's."""

SESSIONS_AN_ACTOR_MAX: Final = 50
"""Live sessions of one person; a further one ends the oldest."""

LINK_SECONDS: Final = 900
"""How long a process may link a file that it had Serment make."""

SYSTEM_ID: Final = bytes(16)
WORKER_ID: Final = bytes(15) + b"\x01"
OPERATOR_ID: Final = bytes(15) + b"\x02"
FIXED_IDS: Final = {"system": SYSTEM_ID, "worker": WORKER_ID, "operator": OPERATOR_ID}
"""These kinds are nobody in particular: no id of a person is ever taken for one of theirs."""

SEALED_BY_TICKET: Final = {"seal.cancellation": ("appointment", "cancellation", "administrative")}
"""What a ticket may let somebody seal who is signed in as nobody: of which kind of record, which
field, in which zone. Nothing medical, and nothing that is found or opened by it."""

STAFF_NAME_FIELDS: Final = frozenset({"family_name", "given_name"})
"""What a ticket for the names of staff may open."""

PARTS_MAX: Final = 8
"""Acts in one batch."""

VALUE_BYTES_MAX: Final = 64_000
SEARCHED_LETTERS_MAX: Final = 400
"""A value that is found by its words is a name, a number or an address, never a text."""

FOUND_MAX: Final = 10
FOUND_UNVISITED: Final = 3
"""Places among the hits for files that their own patients made and nobody at the desk has met."""

REPLAY_SECONDS: Final = 600
LEASE_SECONDS: Final = 300

SESSION_HOURS_MAX: Final = {"staff": 12, "patient": 30 * 24}
"""How long a capability may live: a working day, or a month on one's own telephone."""

DAY: Final = 24 * 3_600 * 1_000_000
"""Microseconds."""

ERRAND_WIDTH_MAX: Final = 31 * DAY
ERRAND_AHEAD_MAX: Final = 400 * DAY
"""A ticket is good for a month at most, and ends within the horizon of an agenda."""

CLOSING_TICKET_SOONEST: Final = 730 * DAY
CLOSING_TICKET_WIDTH_MAX: Final = 5 * 366 * DAY
"""Nor soon nor short: what tells an account's person, years after they were last here, that it is
about to close."""

NAME_TICKET_MAX: Final = 3_660 * DAY
"""But who opened a file is told by name for as long as the record is kept."""

ALIASES_A_LEAF: Final = 50
ALIAS_SECONDS: Final = 60
ALIASES_A_SECOND: Final = 500
"""One leaf stands for at most fifty aliases of one process within a minute."""

GLASS_REASONS: Final = ("life", "care", "asked", "other")
"""Why a file was opened in an emergency: what its person reads of it."""

NOT_FIELDS: Final = frozenset(
    {
        "found",
        "listed",
        "patient",
        "link",
        "errand",
        "deleted",
        "alias",
        "relation",
        "acting",
        "acting_ended",
        "kept",
        "kept_no_more",
        "joined",
        "parted",
        "told_apart",
        "break_glass",
        "break_glass.life",
        "break_glass.care",
        "break_glass.asked",
        "break_glass.other",
        "session",
        "passkey_enrolled",
        "passkey_vouched",
        "passkey_revoked",
        "passkey_count",
        "staff_ended",
        "staff_role",
    }
)
"""What a record says of an access that opened no field: a search hit, a relation, a ticket."""
