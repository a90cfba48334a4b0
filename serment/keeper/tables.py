"""Every table of the keeper's store, and which of them a lost store gets back.

What decides who may open something is on the key backup before anybody is answered: keys and whose
they are, and as much what a person decided, for a freeze that a recovery forgets would open what
somebody closed. What may be lost stands here with its reason; docs/operate/keys.md says it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS establishment_key (
  tenant BLOB, epoch INTEGER, wrapped BLOB, PRIMARY KEY (tenant, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject_key (
  subject BLOB, zone TEXT, tenant BLOB, epoch INTEGER, wrapped BLOB,
  PRIMARY KEY (subject, zone)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  record BLOB PRIMARY KEY, subject BLOB, body BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_of_subject ON record (subject);
CREATE TABLE IF NOT EXISTS link (
  account BLOB, file BLOB, own INTEGER, at INTEGER, body BLOB,
  PRIMARY KEY (account, file)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_of_file ON link (file);
CREATE TABLE IF NOT EXISTS joined (
  gone BLOB, kept BLOB, at INTEGER, body BLOB, PRIMARY KEY (gone, kept, at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS apart (
  one BLOB, other BLOB, PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS search (
  record BLOB, field TEXT, body BLOB, subject BLOB, zone TEXT,
  PRIMARY KEY (record, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS capability (tag BLOB PRIMARY KEY, expires INTEGER, body BLOB);
CREATE TABLE IF NOT EXISTS session_of (
  number INTEGER PRIMARY KEY, owner BLOB, tag BLOB UNIQUE);
CREATE INDEX IF NOT EXISTS session_of_owner ON session_of (owner);
CREATE TABLE IF NOT EXISTS newcomer (record BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof_of_root (body BLOB);
CREATE TABLE IF NOT EXISTS erasure (subject BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence_hold (name BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_origin (number INTEGER PRIMARY KEY, body BLOB, seq INTEGER);
CREATE TABLE IF NOT EXISTS ledger_edge (number INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE IF NOT EXISTS errand (tag BLOB PRIMARY KEY, expires INTEGER, body BLOB);
CREATE TABLE IF NOT EXISTS passkey (
  name BLOB PRIMARY KEY, owner BLOB, establishment BLOB, body BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passkey_of_owner ON passkey (owner);
CREATE INDEX IF NOT EXISTS passkey_at ON passkey (establishment);
CREATE TABLE IF NOT EXISTS passkey_count (name BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staff_known (actor BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS site_key (site BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sheet_line (
  site BLOB, record BLOB, digest BLOB, PRIMARY KEY (site, record)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS relation (
  establishment BLOB, subject BLOB, not_before INTEGER, not_after INTEGER, glass INTEGER,
  PRIMARY KEY (establishment, subject, glass)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS freeze (tag BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bulk_grant (tag BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grant_subject (
  tag BLOB, subject BLOB, body BLOB, PRIMARY KEY (tag, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS glass (tag BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS solo (establishment BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS officer_asked (number INTEGER PRIMARY KEY, actor BLOB, at INTEGER);
CREATE TABLE IF NOT EXISTS time_stamp (number INTEGER PRIMARY KEY, body BLOB);
"""

KEPT: Final = frozenset(
    {
        "establishment_key", "subject_key", "record", "link", "joined", "apart", "search",
        "newcomer", "erasure", "evidence_hold", "errand", "passkey", "staff_known", "site_key",
        "relation", "freeze", "bulk_grant", "grant_subject", "glass", "solo",
    }
)  # fmt: skip
"""On the key backup before the act that wrote it is answered."""

ENDED: Final = ("capability", "session_of")
"""Emptied in a store that was rebuilt: a session that ended since would be alive again."""

LOST: Final[Mapping[str, str]] = {
    "capability": "sessions: everybody signs in again",
    "session_of": "sessions: everybody signs in again",
    "passkey_count": "what authenticators counted: the next count stands",
    "ledger_edge": "how far the ledger was read again: it is read from its beginning",
    "log_origin": "recoveries: ordered while nothing runs, in the base that the start makes",
    "proof_of_root": "written with the store's first row, so in every base",
    "sheet_line": "what the last continuity sheet said: the next one says all of it",
    "officer_asked": "how often officers asked the record this hour: counted from the base on",
    "time_stamp": "the newest time-stamp, whose files and leaf lie elsewhere",
}
"""Not there after a rebuild, or as the base had it, and why that may be."""
