"""Reminders: a right to remind, signed with the booking, and the sweep that posts what is due.

No row says when: the sweep asks which visits begin where a reminder falls due now, and finds the
right to remind by the visit's veiled number (docs/decisions/0044). It goes on from where the last
one ended, so that a worker that was away catches up; what was posted is not posted again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.utils.translation import get_language

from serment import ids
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.directory.pipeline import together
from serment.disclosure import Purpose, gate
from serment.outbox import moments, references, registry
from serment.outbox.models import AT_ONCE, Channel, Message, ReminderPlan, ReminderTicket, State
from serment.outbox.post_fields import PERSON_FIELDS, SEALS_CANCELLATION
from serment.outbox.veil import veiled

CATCH_UP: Final = timedelta(hours=12)
"""How far back a sweep looks: a reminder later than that is none any more."""
_AHEAD: Final = timedelta(days=moments.DAYS_MAX + 1)
MOVES: Final = timedelta(days=21)
"""How far beyond its hour a visit may be moved by a link, and its person still be written to."""
_BATCH: Final = 500
_TERMS_LETTERS: Final = 64
"""Every row's terms are as long."""
_WITH_WINDOW: Final = 3
_LINKED: Final = 2
_SEALS: Final = 4
"""Beside whether it is counted, in one digit."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right to remind, as it goes into a row: the ticket, and language and kind, closed."""

    id: UUID
    ticket: bytes
    terms: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """What a right to remind says, and its ticket: when it opens the address, and until when."""

    ticket: bytes
    language: str
    reason: UUID | None
    counted: bool
    opens_from: datetime
    opens_until: datetime
    linked: bool = False
    """Whether it is a step of a booking: a link neither moves nor cancels it alone."""
    seals: bool = False
    """Whether its ticket lets a link seal why the visit was cancelled."""


def errand(record: UUID, starts_at: datetime) -> gate.Errand:
    """What whoever books signs besides: from eight days before the visit until three weeks after,
    for it may be moved by a link; and, from now on, why a link cancelled it may be sealed. The row
    goes with the visit."""
    since, until = window(starts_at)
    return gate.errand_of(
        record, [*PERSON_FIELDS, SEALS_CANCELLATION], Purpose.MESSAGE, since, until
    )


def window(starts_at: datetime) -> tuple[datetime, datetime]:
    """From when until when an ``errand`` opens."""
    return starts_at - _AHEAD, starts_at + MOVES


def right(
    record: UUID, ticket: bytes, reason: UUID | None, *, counted: bool = False,
    opens: tuple[datetime, datetime] | None = None, language: str = "", linked: bool = False,
    seals: bool = False,
) -> Right:  # fmt: skip
    """The row's values, in the reader's language. ``opens``: the ticket's window; without it, as
    rows of a former release have it that came off a waiting list, a link only tells the desk.
    ``counted``: whether the visit has a place among its day's; ``linked``: whether it is a step of
    a booking; ``seals``: whether an ``errand`` of here was signed."""
    language = language or get_language() or "fr"
    minutes = [] if opens is None else [int(one.timestamp()) // 60 for one in opens]
    marks = counted + _LINKED * linked + _SEALS * seals
    said = [language, "" if reason is None else reason.hex, marks, *minutes]
    told = json.dumps(said, separators=(",", ":"))
    terms = references.closed(told.ljust(_TERMS_LETTERS), record.bytes)
    return Right(ids.new_id(), ticket, terms)


_KEEP = """
INSERT INTO outbox_reminderticket (id, establishment_id, record_id, terms, ticket, answer)
VALUES (%s, %s, %s, %s, %s, '')
ON CONFLICT (establishment_id, record_id)
DO UPDATE SET terms = excluded.terms, ticket = excluded.ticket, answer = ''
"""


def keep(establishment_id: UUID, record: UUID, given: Right) -> None:
    """Write it down, in place of a former one; what was said and posted of the former time goes."""
    values = [given.id, establishment_id, veiled(record), given.terms, given.ticket]
    together([(_KEEP, values)])
    posted = Message.objects.filter(establishment_id=establishment_id, record_id=record)
    posted.filter(kind__startswith=registry.REMINDER).delete()


def given(establishment_id: UUID, record: UUID) -> Given | None:
    """The right to remind of a visit; None where there is none, or it says no window."""
    rows = ReminderTicket.objects.filter(establishment_id=establishment_id, record_id=record)
    row = rows.first()
    told = references.opened(bytes(row.terms), record.bytes) if row is not None else ""
    if row is None or not told:
        return None
    language, reason, *more = json.loads(told)
    if len(more) < _WITH_WINDOW:
        return None
    marks, since, until = more
    return Given(
        bytes(row.ticket), language, UUID(reason) if reason else None, bool(marks & 1),
        _instant(since), _instant(until), bool(marks & _LINKED), bool(marks & _SEALS),
    )  # fmt: skip


def _instant(minutes: int) -> datetime:
    return datetime.fromtimestamp(minutes * 60, UTC)


def keep_on(establishment_id: UUID, record: UUID, known: Given, *, counted: bool) -> None:
    """The same right for another hour of the visit, within its window."""
    opens = known.opens_from, known.opens_until
    keep(
        establishment_id, record,
        right(record, known.ticket, known.reason, counted=counted, opens=opens,
              language=known.language, seals=known.seals),
    )  # fmt: skip


def forget(establishment_id: UUID, record: UUID) -> None:
    """Nobody reminds of it any more; the transaction stands in the house."""
    known = ReminderTicket.objects.filter(establishment_id=establishment_id, record_id=record)
    known.delete()


def sweep(now: datetime) -> int:
    """Post every reminder that fell due at any house; how many."""
    houses = Establishment.objects.values_list("pk", flat=True)
    return sum(sweep_of(establishment_id, now) for establishment_id in houses)


def sweep_of(establishment_id: UUID, now: datetime) -> int:
    """Post what fell due at one house since the last sweep."""
    with tenancy.inside(tenant=establishment_id):
        house, _made = ReminderPlan.objects.get_or_create(
            establishment_id=establishment_id, reason=None,
            defaults={"moments": list(moments.DEFAULT)},
        )  # fmt: skip
        locked = ReminderPlan.objects.select_for_update(skip_locked=True).filter(pk=house.pk)
        standing = locked.first()
        if standing is None:
            return 0  # another worker is at it
        since = max(standing.swept, now - CATCH_UP)
        plans = plans_of(establishment_id)
        posted = sum(
            _post(establishment_id, some, plans, since, now)
            for some in _batches(_visits(establishment_id, plans, since, now))
        )
        locked.update(swept=now)
    return posted


def _batches(visits: Iterator[registry.Visit]) -> Iterator[list[registry.Visit]]:
    while some := list(islice(visits, _BATCH)):
        yield some


def plans_of(establishment_id: UUID) -> dict[UUID | None, list[int]]:
    """Moments by kind of visit, the house's own under None; the transaction stands in the house."""
    rows = ReminderPlan.objects.filter(establishment_id=establishment_id)
    found = {one.reason: list(one.moments) for one in rows}
    return {None: list(moments.DEFAULT)} | found


def _visits(
    house: UUID, plans: Mapping[UUID | None, Sequence[int]], since: datetime, now: datetime
) -> Iterator[registry.Visit]:
    """Visits of which a reminder may have fallen due, each once."""
    spans = {
        (zone, *span)
        for zone in registry.zones_of(house)
        for code in {code for codes in plans.values() for code in codes}
        for span in moments.spans(code, zone, since, now)
    }
    seen: set[UUID] = set()
    for zone, start, end in sorted(spans):
        for visit in registry.visits_of(house, max(start, now), end):
            if visit.zone == zone and (len(spans) == 1 or visit.record not in seen):
                if len(spans) > 1:
                    seen.add(visit.record)
                yield visit


def _post(
    house: UUID, visits: Iterable[registry.Visit], plans: Mapping[UUID | None, Sequence[int]],
    since: datetime, now: datetime,
) -> int:  # fmt: skip
    known = {visit.record: visit for visit in visits}
    rights = ReminderTicket.objects.filter(establishment_id=house, record_id__in=list(known))
    made = []
    for row in rights.exclude(answer=ReminderTicket.Answer.CANNOT):
        visit = known[row.record_id]
        language, reason = _terms(row)
        for code in plans.get(reason, plans[None]):
            at = moments.due(visit.starts_at, visit.zone, code)
            if at is not None and since < at <= now:
                made.append(_message(house, row, language, code))
    return len(Message.objects.bulk_create(made, ignore_conflicts=True))


def _terms(row: ReminderTicket) -> tuple[str, UUID | None]:
    told = references.opened(bytes(row.terms), row.record_id.bytes)
    if not told:
        return "fr", None
    language, reason, *_more = json.loads(told)
    return language, UUID(reason) if reason else None


def _message(house: UUID, row: ReminderTicket, language: str, code: int) -> Message:
    return Message(
        establishment_id=house,
        kind=f"{registry.REMINDER}.{code}",
        record_id=row.record_id,
        channel=Channel.MAIL,
        state=State.WAITING,
        language=language,
        send_after=AT_ONCE,
        ticket=row.ticket,
    )


def let_go(establishment_id: UUID, now: datetime) -> int:
    """Let go of rights to remind, and of reminders, of visits that are over or cancelled."""
    with tenancy.inside(tenant=establishment_id):
        rows = dict(
            ReminderTicket.objects.filter(establishment_id=establishment_id).values_list(
                "record_id", "pk"
            )
        )
        over = rows.keys() - registry.to_come(establishment_id, list(rows), now)
        ReminderTicket.objects.filter(pk__in=[rows[one] for one in over]).delete()
        left = Message.objects.filter(
            establishment_id=establishment_id, record_id__in=list(over)
        ).filter(kind__startswith=registry.REMINDER)
        left.delete()
    return len(over)
