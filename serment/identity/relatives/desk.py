"""The desk's side: who acts for a file, what was shown for it, and ending or shutting it out.

Each house checks for itself: what one was shown another does not read. The paper is not kept; what
it was, who read it and when, is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, acting, gate
from serment.errors import NotThere
from serment.identity import account_told
from serment.identity.models import PatientFile, Role
from serment.identity.relatives import people
from serment.identity.relatives.models import RelationProof
from serment.identity.relatives.people import Known
from serment.identity.relatives.terms import Document, Relation, Seen, is_minor, majority

_KIND: Final = "relationproof"
RENEW_DAYS: Final = 60
"""How long before its end a measure is said to need renewing: a judge takes as long."""


@dataclass(slots=True)
class AtDesk:
    """One relation as a desk reads it."""

    known: Known
    seen: list[Seen] = field(default_factory=list)
    shut_here: bool = False
    shut_by: UUID | None = None
    """Who of the house shut it; an offer lets the same account in again only once it is open."""

    @property
    def is_offered(self) -> bool:
        """Waits for whoever was invited."""
        return self.known.mandate.state == acting.OFFERED

    def stands(self, now: datetime) -> bool:
        """Does it open anything of this house's file?"""
        return self.known.mandate.stands(now) and not self.shut_here

    def is_over(self, now: datetime) -> bool:
        """Did it end by its own date?"""
        until = self.known.mandate.until
        return not self.known.mandate.state and until is not None and until <= now

    def ends_soon(self, now: datetime) -> bool:
        """Does a measure end within the time that renewing it takes?"""
        until, by_law = self.known.mandate.until, bool(self.known.terms.measure)
        return by_law and self.stands(now) and until is not None and until < now + _RENEWAL

    def left_behind(self, now: datetime) -> bool:
        """May the file still hold their address and number? A parent or protector wrote their own
        into it, and their mandate ended of itself within a year, or was shut here."""
        mandate = self.known.mandate
        if mandate.relation not in {Relation.PARENT, Relation.GUARDIAN} or self.is_offered:
            return False
        if self.shut_here or mandate.state:
            return True
        return mandate.until is not None and mandate.until <= now < mandate.until + _LEFT_BEHIND


_LEFT_BEHIND: Final = timedelta(days=365)
_RENEWAL: Final = timedelta(days=RENEW_DAYS)


def of_file(actor: Actor, file: UUID) -> list[AtDesk]:
    """Who acts, acted, was invited or was named for this file; opened on record."""
    if not PatientFile.objects.filter(pk=file).exists():
        raise NotThere
    mandates = acting.of(actor, file)
    shut = {one.record: one.shut_by for one in mandates if one.shut_by}
    own = [one for one in mandates if one.state != acting.BARRED]
    known = people.in_words(actor, own, Purpose.RECEPTION)
    seen = _proofs(actor, file) if known else []
    return [
        AtDesk(
            one,
            [proof for proof in seen if proof.relation == one.mandate.record.hex],
            one.mandate.record in shut,
            shut.get(one.mandate.record),
        )
        for one in sorted(known, key=lambda one: one.mandate.since, reverse=True)
    ]


def _proofs(actor: Actor, file: UUID) -> list[Seen]:
    ids = gate.records_of(actor, file, _KIND)
    if not ids:
        return []
    with tenancy.inside(records=ids):
        rows = list(RelationProof.objects.filter(pk__in=ids))
    opened = gate.reveal_openable(actor, Purpose.RECEPTION, rows, ["seen"])
    found = [Seen.read(values["seen"]) for values in opened.values()]
    return sorted(found, key=lambda one: one.on, reverse=True)


def note_seen(
    actor: Actor, file: UUID, relation: UUID, document: Document, by: str, now: datetime
) -> None:
    """Write down that this paper was shown for a relation of this file."""
    tenant = actor.establishment
    if tenant is None or all(one.record != relation for one in acting.of(actor, file)):
        raise NotThere
    proof = RelationProof()
    said = Seen(relation.hex, str(document), now.isoformat(), by)
    with tenancy.inside(records=[proof.pk]):
        values = {"seen": said.as_json()}
        gate.seal(actor, Purpose.RECEPTION, proof, values, subject=file, tenant=tenant)
        proof.save(force_insert=True)


def tell_offered(actor: Actor, file_id: UUID, now: datetime) -> None:
    """To the file's person: somebody was invited to act for them. Not by whom, nor what for."""
    account_told.tell(account_told.ACTING, actor, _file(file_id), now)


def cut(actor: Actor, file_id: UUID, relation: UUID, now: datetime) -> None:
    """From this minute whoever acted by it reaches nothing of this house's file.

    Its person is told, but a minor is not: the address in the file is often that of whoever is
    shut out, and a message would ask why, which may be care that was kept from them.
    """
    waits = any(one.record == relation and one.state == acting.OFFERED
                for one in acting.of(actor, file_id))  # fmt: skip
    acting.end(actor, file_id, relation)
    birth = birth_of(actor, file_id)
    if not waits and birth is not None and not is_minor(birth, now):
        account_told.tell(account_told.ACTING_OVER, actor, _file(file_id), now)


def reopen(actor: Actor, file: UUID, relation: UUID) -> None:
    """What was cut opens again, or may be offered again. NotYours but for who cut it, and for a
    practitioner."""
    acting.reopen(actor, file, relation)


def may_reopen(actor: Actor, one: AtDesk) -> bool:
    """As the keeper decides it (``keeper/acting/shutting.py``)."""
    return one.shut_by is not None and (one.shut_by == actor.id or actor.role == Role.PRACTITIONER)


def until_majority(actor: Actor, file: UUID, relation: UUID) -> None:
    """Bind a parent's mandate to the birth date that this house has checked."""
    birth = birth_of(actor, file)
    if birth is not None:
        acting.until(actor, file, relation, majority(birth))


def birth_of(actor: Actor, file: UUID) -> date | None:
    """The birth date in the file."""
    row = _file(file)
    opened = gate.reveal(actor, Purpose.RECEPTION, [row], ["birth_date"])[row.pk]["birth_date"]
    return date.fromisoformat(opened) if opened else None


def _file(file_id: UUID) -> PatientFile:
    row = PatientFile.objects.filter(pk=file_id).first()
    if row is None:
        raise NotThere
    return row


def measures(rows: list[AtDesk], now: datetime) -> list[AtDesk]:
    """What the head of a file must say: measures that stand, and those that ended unrenewed."""
    by_law = [one for one in rows if one.known.terms.relation == Relation.GUARDIAN]
    standing = [one for one in by_law if one.stands(now)]
    return standing or [one for one in by_law if one.is_over(now)]
