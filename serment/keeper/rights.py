"""Who may open what: small rules over capabilities, decided inside the keeper.

A patient opens records of the own account and of files linked to it; staff open records
registered under the establishment of their capability; a worker opens what its errand ticket
names; Serment itself (``system``) seals and registers what is new or its own, and the operator
counts and copies: neither opens anything. What each kind may ask at all stands in ``ASKS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from serment.keeper.acting import standing
from serment.keeper.house import NOBODY, House, NoAccess, SessionOver
from serment.keeper.peers import kin_of
from serment.keeper.policy import roles
from serment.keeper.store import RecordRow
from serment.keeper.untouched import is_slip, is_unconfirmed, is_untouched
from serment.keeper.wire import ActorWire, Request
from serment.keeper.words import FIXED_IDS, PATIENT_PURPOSES, STAFF_NAME_FIELDS, VERIFIED

OFFICERS = frozenset({"manager", "privacy_officer", "security_officer"})

_PROGRAMS: Final = frozenset({"web", "worker"})

LINK: Final = "link"
"""The field of a ticket that lets a patient link one file, once."""

ASKS: Final[dict[str, frozenset[str]]] = {
    "patient": frozenset(
        {"seal", "delete", "reveal", "records_of", "files_behind", "link", "files_of",
         "open_session", "close_session", "errand", "history", "receipt", "batch", "relate",
         "act_for", "act_accept", "acting", "act_end", "keep"}
    ),
    "staff": frozenset(
        {"seal", "delete", "reveal", "find", "records_of", "files_behind", "link",
         "open_session", "close_session", "errand", "history", "receipt", "perimeter", "measure",
         "batch", "relate", "join", "tell_apart", "alike", "marked", "holders",
         "challenge", "enrol", "passkeys", "asserted", "vouch", "revoke",
         "end_staff", "staff_role",
         "break_glass", "glasses", "glass_justify", "glass_review", "freeze", "unfreeze",
         "freezes", "alarms", "grant_propose", "grant_add", "grant_subjects", "grant_erase",
         "grant_close", "grant_approve", "grant_revoke", "grants",
         "act_for", "acting", "act_end", "act_until", "keep"}
    ),
    "worker": frozenset(
        {"reveal", "files_behind", "by_tickets", "in_use", "forget_visits", "continuity_sheet",
         "timestamp_query", "timestamp"}
    ),
    "operator": frozenset(
        {"hello", "stats", "perimeter", "measure", "reindex", "backup", "backup_mark", "erase",
         "erasure_state", "tend", "solo", "freeze", "unfreeze", "freezes", "alarms",
         "continuity_key", "end_staff", "staff_role"}
    ),
    "partner": frozenset(),
    "system": frozenset(
        {"hello", "seal", "delete", "link", "act_for", "errand", "batch", "alias", "close_session",
         "drive_clock", "relate", "challenge", "assert", "seal_by_ticket"}
    ),
}  # fmt: skip
"""The operations of each kind of actor; whatever is not named here is refused.

``system`` and ``operator`` carry no capability: whoever speaks to the socket may claim to be one.
So they open nothing, and ``system`` changes only what it made itself and no person used since, or
what a ticket names that a person signed (``ticket_seals``).
What may be asked at which socket stands in ``entrances.PASSES``.
"""


class Capability(msgspec.Struct, array_like=True, frozen=True):
    """What a sign-in minted; ``evidence`` is verified where a settled passkey signed for it."""

    kind: str
    id: bytes
    role: str
    establishment: bytes | None
    session: str
    evidence: str
    expires: int
    passkey: bytes = b""
    """The keeper's name of the passkey that signed in; empty where the pages' word was taken."""


class Errand(msgspec.Struct, array_like=True, frozen=True):
    """One record, these fields, this purpose, this window: all a worker may open."""

    record: bytes
    fields: list[str]
    purpose: str
    not_before: int
    not_after: int
    site: bytes = b""
    """Of a continuity ticket: on whose sheet the person may stand."""
    signed: int = 0
    """When (µs), by the keeper's clock: what was joined later was not meant."""


def may_ask(actor: ActorWire, op: str) -> None:
    """NoAccess for an operation that is not this kind's, or an id that is not its own.

    Those who are nobody in particular have one id: otherwise what they make could pass for a
    person's, and a person's for theirs.
    """
    if op not in ASKS.get(actor.kind, ()):
        raise NoAccess
    if FIXED_IDS.get(actor.kind, actor.id) != actor.id:
        raise NoAccess


def capability_of(house: House, ask: Request) -> Capability | None:
    """The capability the request carries; SessionOver when it is not, or no longer, good.

    What the capability says replaces what the request claims, so the record holds the former; and
    its role says what may be asked at all.
    """
    if not ask.capability:
        return None
    held = house.sessions.of(ask.capability)
    if held is None:
        row = house.store.token("capability", ask.capability)
        if row is None:
            raise SessionOver
        held = msgspec.msgpack.decode(row, type=Capability)
        house.sessions.put(ask.capability, house.store.tag("capability", ask.capability), held)
    actor = ask.actor
    if held.expires < house.now() or held.kind != actor.kind or held.id != actor.id:
        raise SessionOver
    if actor.establishment is not None and actor.establishment != held.establishment:
        raise SessionOver
    if actor.role and actor.role != held.role:
        raise SessionOver
    actor.role, actor.establishment = held.role, held.establishment
    ask.session = held.session or ask.session
    if held.evidence == VERIFIED:
        ask.evidence = VERIFIED
    if held.kind == "staff" and not roles.may_ask(held.role, ask.op):
        raise NoAccess
    return held


def check(house: House, ask: Request, peer: int) -> Capability | None:
    """The first check of an act, and the last one before anything leaves: signed in, not frozen."""
    capability = check_session(house, ask)
    house.standing.must_stand(ask, peer, house.now())
    return capability


def check_session(house: House, ask: Request) -> Capability | None:
    """Is the request's session good? Freezes are asked apart, where it matters what is opened."""
    capability = capability_of(house, ask)
    if ask.actor.kind in ("patient", "staff") and capability is None:
        raise SessionOver
    if ask.actor.kind == "patient" and ask.purpose and ask.purpose not in PATIENT_PURPOSES:
        raise NoAccess
    return capability


def staff_of(house: House, ask: Request, peer: int) -> Capability:
    """The session of a member of staff; NoAccess for anybody else."""
    capability = check(house, ask, peer)
    if capability is None or capability.kind != "staff" or capability.establishment is None:
        raise NoAccess
    return capability


def own_subjects(house: House, account: bytes) -> set[bytes]:
    """The account, its own files and what it was let to of those joined to them; what it reaches
    for others is a mandate's (``acting``)."""
    found = {account}
    for link in house.store.links(account=account):
        if link.relation == "self":
            found |= house.joined.reached(link)
    return found


class Reach:
    """What one request's actor reaches, worked out once a request."""

    def __init__(self, house: House, ask: Request, capability: Capability | None) -> None:
        self._house = house
        self._ask = ask
        self._capability = capability
        patient = capability is not None and capability.kind == "patient"
        self._own = own_subjects(house, ask.actor.id) if patient else set()
        links = house.store.links(account=ask.actor.id) if patient else []
        self.mandates = standing.mandates_of(house, links)

    def opens(self, row: RecordRow | None) -> bool:
        """May this record's fields be opened?"""
        if row is None or self._capability is None:
            return False
        if self._capability.kind == "patient":
            mandate = self.mandates.get(row.subject)
            return row.subject in self._own or (mandate is not None and mandate.opens(row))
        if self._capability.kind == "staff":
            here = self._capability.establishment
            return here in (row.tenant, *self._houses_of(row)) and here != NOBODY
        return False

    def opens_fields(self, row: RecordRow, fields: Iterable[str]) -> bool:
        """And these of its fields? Whoever acts for somebody opens few."""
        if not self.mandates or row.subject in self._own:
            return True
        return standing.OPENS.get(row.kind, frozenset()).issuperset(fields)

    def keeps(self, row: RecordRow) -> bool:
        """May this actor close it to those who act for its person? Not they themselves."""
        return row.subject in self._own or (not self.mandates and self.opens(row))

    def _houses_of(self, row: RecordRow) -> Iterator[bytes]:
        """Who acts for a person concerns the establishments that have that person's file."""
        for link in self._house.store.links(file=row.subject) if row.kind == "relation" else ():
            if link.record == row.record:
                yield from self._tenants_of(row.subject)
                return

    def _tenants_of(self, person: bytes) -> Iterator[bytes]:
        for file in standing.files_of(self._house, person):
            known = self._house.store.record(file)
            if known is not None:
                yield known.tenant

    def writes(
        self,
        row: RecordRow | None,
        subject: bytes,
        tenant: bytes,
        new: tuple[bytes, str] = (b"", ""),
    ) -> bool:
        """May this record be written as this subject's, in this tenant? ``new``: id and kind."""
        if row is not None and not _is_still(row, subject, tenant, new[1]):
            return False
        person = self._house.store.record(subject)
        if not (
            self._is_free(subject, tenant) if person is None else person.tenant in (tenant, NOBODY)
        ):
            return False
        if self._ask.actor.kind == "system":
            return row is None or (self.creates_for(row) and is_untouched(self._house, row))
        if self._capability is None:
            return False
        if self._capability.kind == "patient":
            fresh = row is None and person is None
            mandate = self.mandates.get(subject)
            acts = mandate is not None and mandate.writes(row, *new)
            return subject in self._own or fresh or acts
        kind = new[1] if row is None else row.kind
        return (
            tenant != NOBODY
            and tenant == self._capability.establishment
            and roles.may_write(self._capability.role, [kind])
        )

    def deletes(self, row: RecordRow | None) -> bool:
        """May this record be forgotten? Serment itself also forgets accounts nobody confirmed; of a
        patient's records in a house one person forgets no more than their own slip."""
        if row is None:
            return False
        actor = self._ask.actor
        if actor.kind == "system" and is_unconfirmed(self._house, row):
            return True
        if not self.writes(row, row.subject, row.tenant) or self._is_a_programs(row):
            return False
        alone = actor.kind == "system" or row.tenant == NOBODY or row.kind in roles.OWN_HOUSE
        return alone or is_slip(self._house, row, actor)

    def _is_a_programs(self, row: RecordRow) -> bool:
        """Does Serment itself ask, from the pages or the worker, and not of sign-in? What an import
        made that nobody has seen yet is forgotten at the shell, where imports are."""
        program = kin_of(self._ask.process) in _PROGRAMS
        return self._ask.actor.kind == "system" and row.tenant != NOBODY and program

    def signs(self, row: RecordRow | None, purpose: str, fields: list[str]) -> bool:
        """May work be signed for this record? Serment itself signs only for names of staff."""
        if row is not None and self._ask.actor.kind == "system":
            named = row.kind == "staff" and set(fields) <= STAFF_NAME_FIELDS
            return named and purpose == "transparency" and self.creates_for(row)
        if row is not None and row.kept:
            return False  # nothing goes out about it: an address of the file may be a parent's
        if row is None or not self.opens(row):
            return False
        if self._ask.actor.kind == "staff":
            return roles.may_sign(self._ask.actor.role, row.kind)
        return self._signs_plainly(row, _own_fields(fields))

    def _signs_plainly(self, row: RecordRow, plain: list[str]) -> bool:
        """Fields that a ticket opens in whoever's session brings it: it would outlast a mandate, or
        a join. So only its own person signs for them; to link a file is its house's to sign."""
        own = standing.files_of(self._house, self._ask.actor.id)
        return not plain or (row.subject in own and LINK not in plain)

    def links(self, account: bytes, wanted: bytes, peer: int) -> bool:
        """May this account be let to this file? Patients: the own account to a file just made.

        Serment itself: a file that the process asking had it make, not long ago; whoever claims
        to be it hands over nothing that was imported or planted before.
        """
        file = self._house.store.record(wanted)
        if self._ask.actor.kind == "system":
            now = self._house.now()
            return (
                file is not None
                and self.creates_for(file)
                and self._house.made.by(peer, file.record, now)
            )
        if self._capability is not None and self._capability.kind == "patient":
            fresh = self._is_free(wanted, None) if file is None else self.creates_for(file)
            mine = account == self._capability.id or self._acts_for(account)
            return fresh and mine and self._is_nobody_elses(account, wanted)
        return self.opens(file)

    def _acts_for(self, person: bytes) -> bool:
        """Does the actor make that person's visits, so that their files may be made too?"""
        mandate = self.mandates.get(person)
        return mandate is not None and standing.APPOINTMENTS in mandate.scopes

    def _is_nobody_elses(self, account: bytes, wanted: bytes) -> bool:
        """Whoever acts for somebody makes that person's files too; they are not theirs for it."""
        owned = (one for one in self._house.store.links(file=wanted) if one.relation == "self")
        return all(one.account == account for one in owned)

    def _is_free(self, subject: bytes, tenant: bytes | None) -> bool:
        """Is nobody else behind this number? The keys of a forgotten record's person still lie
        here: whoever registered the number anew would open what was sealed before.
        """
        if subject == self._ask.actor.id and self._ask.actor.kind == "patient":
            return True
        tag = self._house.store.subject_tag
        theirs = set() if tenant is None or self._ask.actor.kind == "patient" else {tag(tenant)}
        return self._house.store.key_owners(tag(subject)) <= theirs

    def creates_for(self, row: RecordRow) -> bool:
        """Did this very actor make the record? Its kind counts: anybody's id can be claimed."""
        actor = self._ask.actor
        kind = row.creator_kind or "system"
        return (row.creator, kind) == (actor.id, actor.kind)


def _is_still(row: RecordRow, subject: bytes, tenant: bytes, kind: str) -> bool:
    """Whose a record is and of what kind never changes: rights go by it. Empty: none was named."""
    return (row.subject, row.tenant) == (subject, tenant) and kind in ("", row.kind)


def _own_fields(fields: list[str]) -> list[str]:
    """Without those of the patient file behind it, which the worker alone opens."""
    return [name for name in fields if "." not in name]


def errand_of(house: House, ask: Request) -> Errand:
    """The ticket the request carries, good at this instant and for this purpose.

    A worker needs no more; anybody else opens with it in no other name than a session's.
    """
    if ask.actor.kind != "worker" and capability_of(house, ask) is None:
        raise SessionOver
    row = house.store.token("errand", ask.errand)
    if row is None:
        raise NoAccess
    errand = msgspec.msgpack.decode(row, type=Errand)
    if not errand.not_before <= house.now() <= errand.not_after:
        raise NoAccess
    if ask.purpose != errand.purpose:
        raise NoAccess
    if ask.actor.kind == "patient" and _own_fields(errand.fields) != errand.fields:
        raise NoAccess  # how a person is reached opens to the worker, not to who acts for them
    return errand


def errand_covers(errand: Errand, row: RecordRow, owner: RecordRow, field: str) -> bool:
    """Does the ticket name this field of this record?

    ``field`` of its own record by name; fields of the patient file behind it as ``patient.field``.
    """
    if row.record == owner.record and field in errand.fields:
        return True
    return row.record == owner.subject and f"{row.kind}.{field}" in errand.fields
