"""What a reader answers by a message's link: comes, cannot come, wants no more of these.

Whoever has the link needs no account and learns the hour alone. What is answered here opens nothing
and cancels nothing: that is for ``scheduling.by_link``, within the house's deadline. After it the
desk reads that the person cannot come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from serment.directory import tenancy
from serment.directory.pipeline import together
from serment.disclosure import Purpose, gate
from serment.errors import NotThere
from serment.outbox import jobs, receipts, references, registry
from serment.outbox.models import HandOver, Message, ReminderTicket, State

Answer = ReminderTicket.Answer
_ADDRESSES = ("email", "phone")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about: the hour, and whether it was answered."""

    starts_at: datetime
    zone: str
    answered: bool
    establishment: UUID
    record: UUID
    reference: str
    kind: str = registry.REMINDER


@dataclass(frozen=True, slots=True)
class Behind:
    """The message behind a link."""

    kind: str
    establishment: UUID
    record: UUID
    reference: str
    answered: bool


def behind(secret: str) -> Behind:
    """Raises ``NotThere`` for no link of ours, or one whose message gave way to a later one."""
    row = HandOver.objects.filter(answer_key=references.answer_key(secret)).first()
    if row is None:
        raise NotThere
    with tenancy.inside(tenant=row.establishment_id):
        message = Message.objects.filter(pk=row.message_id).first()
    if message is None:
        raise NotThere
    return Behind(
        message.kind, row.establishment_id, message.record_id, row.reference, row.answered
    )


def use(found: Behind | Asked) -> bool:
    """Use the link up, in the transaction of what its reader wants; False where it was."""
    unused = HandOver.objects.filter(reference=found.reference, answered=False)
    return bool(unused.update(answered=True))


def is_used(secret: str) -> bool:
    """Whether a link of ours did what its reader wanted; its message may be gone since."""
    known = HandOver.objects.filter(answer_key=references.answer_key(secret), answered=True)
    return known.exists()


def of_link(secret: str, now: datetime) -> Asked:
    """Raises ``NotThere`` for no link of ours, and once the visit is over, moved or cancelled."""
    row = HandOver.objects.filter(answer_key=references.answer_key(secret)).first()
    if row is None:
        raise NotThere
    with tenancy.inside(tenant=row.establishment_id):
        message = Message.objects.filter(pk=row.message_id).first()
        facts = registry.facts_of(message.kind, message.record_id) if message else None
        if message is None or facts is None or facts.starts_at <= now:
            raise NotThere
        known = ReminderTicket.objects.filter(record_id=message.record_id)
        if not known.exists():
            raise NotThere
    return Asked(
        facts.starts_at, facts.timezone, row.answered, row.establishment_id, message.record_id,
        row.reference, message.kind.partition(".")[0],
    )  # fmt: skip


def answer(asked: Asked, *, comes: bool) -> bool:
    """Write it down for the desk; False where this link answered before."""
    with transaction.atomic(), tenancy.inside(tenant=asked.establishment):
        if not use(asked):
            return False
        said = Answer.COMES if comes else Answer.CANNOT
        rights = ReminderTicket.objects.filter(
            establishment_id=asked.establishment, record_id=asked.record
        )
        rights.update(answer=said)
        if not comes:
            Message.objects.filter(
                establishment_id=asked.establishment, record_id=asked.record,
                kind__startswith=registry.REMINDER, state=State.WAITING,
            ).update(state=State.CANCELLED, ticket=b"")  # fmt: skip
    return True


def no_more(asked: Asked) -> None:
    """No reminders to this address from now on; the worker sees to it, on record."""
    from serment.outbox import tasks

    with transaction.atomic(), tenancy.inside(tenant=asked.establishment):
        right = ReminderTicket.objects.get(record_id=asked.record)
        here, which = str(asked.establishment), str(right.pk)
        together([jobs.deferring(tasks.stop_reminders, establishment_id=here, right_id=which)])


def stop(establishment_id: UUID, right_id: UUID) -> None:
    """Know the addresses of one right again by their tags; gone with the visit, it does nothing."""
    with tenancy.inside(tenant=establishment_id):
        right = ReminderTicket.objects.filter(pk=right_id).first()
        if right is None:
            return
        ticket, record = bytes(right.ticket), right.record_id
        file = gate.files_behind_with_ticket(ticket, [record], Purpose.MESSAGE)[record]
        row = registry.person(file)
    if row is None:
        return
    fields = [name for name in (*_ADDRESSES, "safe_contact") if getattr(row, name, None)]
    opened = gate.reveal_with_ticket(ticket, [row], fields, Purpose.MESSAGE)[row.pk]
    for address in registry.addresses_in(opened):
        receipts.stop(address)


def said_cannot(establishment_id: UUID, record: UUID) -> bool:
    """Whether its person wrote beforehand that they cannot come; inside the house."""
    return ReminderTicket.objects.filter(
        establishment_id=establishment_id, record_id=record, answer=Answer.CANNOT
    ).exists()


def cannot_come(establishment_id: UUID) -> list[UUID]:
    """Records whose person wrote that they cannot come; visits over or ended may be among them."""
    with tenancy.inside(tenant=establishment_id):
        rows = ReminderTicket.objects.filter(
            establishment_id=establishment_id, answer=Answer.CANNOT
        )
        return list(rows.values_list("record_id", flat=True))
