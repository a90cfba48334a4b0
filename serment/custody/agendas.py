"""An agenda brought in, brought up to date, and taken back. All or nothing.

What each file said of each event is kept as times under a mark; the time taken in the agenda is
derived from that: of each event what the latest file says, less what is booked already. So the
same file twice changes nothing, a moved event moves, and undoing an arrival gives back what the
earlier ones said.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from serment import clock, ids
from serment.custody import entry
from serment.custody.models import MARK_BYTES, AgendaArrival, ArrivedEvent
from serment.custody.reports import AgendaReport
from serment.custody.times import Known, Times, differs, what_becomes, without
from serment.directory import tenancy
from serment.directory.models import PractitionerRole
from serment.disclosure import Actor
from serment.errors import Conflict, NotThere
from serment.interchange.calendars import Span, merged
from serment.scheduling.models import Appointment, Occupancy

WINDOW_DAYS = (7, 366)
"""Of an agenda, a week back and a year ahead."""
RECENT_MAX = 10


class AgendaMoved(Conflict):
    """L’agenda a changé pendant la reprise. Rien n’a été repris ; recommencez."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What bringing a file in would do, in events; ``clashes`` are appointments in its way."""

    new: int
    moved: int
    freed: int
    same: int
    clashes: Times

    @property
    def changes(self) -> bool:
        """Whether there is anything to bring in."""
        return bool(self.new or self.moved or self.freed)


@dataclass(frozen=True, slots=True)
class AgendaBrought(entry.Brought):
    """What became of the agenda, in blocks of time; ``arrival`` can be taken back."""

    freed: int
    arrival: UUID | None


def usual_window(now: datetime) -> Span:
    """The time of an agenda that is worth bringing in, in whole days."""
    before, after = WINDOW_DAYS
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=before), today + timedelta(days=after)


def look_at_agenda(actor: Actor, role: UUID, report: AgendaReport) -> Preview:
    """What bringing in would do. Nothing changes and nothing is opened."""
    tenant = _tenant(actor, role)
    with tenancy.inside(tenant):
        known = _known(tenant, role)
        count = dict.fromkeys(("new", "moved", "freed", "same", ""), 0)
        for mark, times in _marked(role, report).items():
            count[what_becomes(known.get(mark), times, report.window)] += 1
        clashes = _in_the_way(tenant, role, report)
    return Preview(count["new"], count["moved"], count["freed"], count["same"], clashes)


def bring_in_agenda(actor: Actor, role: UUID, report: AgendaReport) -> AgendaBrought:
    """Take the report's busy time in a practitioner's agenda, where it is not taken yet.

    Blocks hold no word: their kind is ``import`` and that is all. Events of an earlier file that
    are not in this one stay. Raises ``AgendaMoved`` when somebody books the same time meanwhile,
    with nothing brought in.
    """
    tenant = _tenant(actor, role)
    marked = _marked(role, report)
    try:
        with tenancy.inside(tenant):
            entry.one_at_a_time(tenant)
            _adopt(tenant, role, report.window)
            known = _known(tenant, role)
            stood = sorted([*_blocks(tenant, role), *_taken(tenant, role, report.window)])
            told = {
                mark: times
                for mark, times in marked.items()
                if differs(known.get(mark), times, report.window)
            }
            arrival = _write(tenant, role, report.window, told)
            added, freed = _rebuild(tenant, role)
    except IntegrityError as moved:
        raise AgendaMoved(
            _("L’agenda a changé pendant la reprise. Rien n’a été repris ; recommencez.")
        ) from moved
    already = sum(1 for span in report.spans if not without(span, stood))
    return AgendaBrought(added, already, freed, arrival)


def take_back(actor: Actor, arrival_id: UUID) -> AgendaBrought:
    """Undo one arrival: its events are again what earlier files said of them, or nothing.

    Raises ``NotThere``, and ``AgendaMoved`` as ``bring_in_agenda`` does.
    """
    if actor.establishment is None:
        raise NotThere
    entry.require(actor, actor.establishment)
    tenant = actor.establishment
    try:
        with tenancy.inside(tenant):
            entry.one_at_a_time(tenant)
            arrivals = AgendaArrival.objects.filter(establishment_id=tenant, pk=arrival_id)
            role = arrivals.values_list("role_id", flat=True).first()
            if role is None:
                raise NotThere
            arrivals.delete()
            added, freed = _rebuild(tenant, role)
    except IntegrityError as moved:
        raise AgendaMoved from moved
    return AgendaBrought(added, 0, freed, None)


def recent(actor: Actor) -> list[AgendaArrival]:
    """The latest arrivals of the actor's establishment, newest first; ``.told`` counts events."""
    if actor.establishment is None:
        return []
    entry.require(actor, actor.establishment)
    with tenancy.inside(actor.establishment):
        found = AgendaArrival.objects.filter(establishment_id=actor.establishment)
        counted = found.annotate(told=Count("events")).order_by("-brought_at", "id")
        return list(counted[:RECENT_MAX])


def _tenant(actor: Actor, role: UUID) -> UUID:
    roles = PractitionerRole.objects.filter(pk=role)
    tenant = roles.values_list("establishment_id", flat=True).first()
    if tenant is None:
        raise NotThere
    entry.require(actor, tenant)
    return tenant


def _marked(role: UUID, report: AgendaReport) -> dict[bytes, Times]:
    """The file's events by mark. A UID often holds a name: its mark is a hash, keyed."""
    key = entry.marking_key("agenda", role)
    found: dict[bytes, Times] = {}
    for identity, spans in report.entries:
        mark = hmac.digest(key, identity.encode(), "sha256")[:MARK_BYTES]
        found[mark] = merged((*found.get(mark, ()), *spans))
    return found


def _known(tenant: UUID, role: UUID) -> dict[bytes, Known]:
    """Of each mark what the arrivals so far say; time before an arrival's window stays."""
    rows = (
        ArrivedEvent.objects.filter(establishment_id=tenant, arrival__role_id=role)
        .order_by("arrival__brought_at", "arrival_id")
        .values_list("mark", "spans", "arrival__brought_at")
    )
    found: dict[bytes, Known] = {}
    for raw, ranges, brought_at in rows.iterator():
        mark, window = bytes(raw), usual_window(brought_at)
        times = tuple((one.lower, one.upper) for one in ranges)
        earlier = found[mark].times if mark in found else ()
        past = (span for span in earlier if span[0] < window[0])
        found[mark] = Known(merged((*past, *times)), window[1])
    return found


def _write(tenant: UUID, role: UUID, window: Span, told: Mapping[bytes, Times]) -> UUID | None:
    if not told:
        return None
    earlier = AgendaArrival.objects.filter(establishment_id=tenant, role_id=role)
    latest = earlier.aggregate(Max("brought_at"))["brought_at__max"]
    now = clock.now()  # of two arrivals within one tick the second is still the later
    arrival = AgendaArrival.objects.create(
        establishment_id=tenant,
        role_id=role,
        brought_at=max(now, latest + timedelta(microseconds=1)) if latest else now,
    )
    events = [
        ArrivedEvent(
            establishment_id=tenant, arrival=arrival, mark=mark,
            spans=[DateTimeTZRange(*span) for span in times],
        )
        for mark, times in told.items()
    ]  # fmt: skip
    ArrivedEvent.objects.bulk_create(events, batch_size=entry.ROWS_A_STATEMENT)
    return arrival.pk


def _adopt(tenant: UUID, role: UUID, window: Span) -> None:
    """Blocks from before arrivals were kept become an arrival of their own."""
    if AgendaArrival.objects.filter(establishment_id=tenant, role_id=role).exists():
        return
    blocks = merged(_blocks(tenant, role))
    if blocks:
        _write(tenant, role, window, {ids.new_id().bytes: blocks})


def _blocks(tenant: UUID, role: UUID) -> dict[Span, UUID]:
    rows = Occupancy.objects.filter(
        establishment_id=tenant, claimant_id=role, kind=Occupancy.Kind.IMPORT
    ).values_list("span", "id")
    return {(span.lower, span.upper): row for span, row in rows}


def _rebuild(tenant: UUID, role: UUID) -> tuple[int, int]:
    """Make the agenda's blocks what the arrivals say; how many are new, how many were freed."""
    said = merged(span for known in _known(tenant, role).values() for span in known.times)
    around = (said[0][0], said[-1][1]) if said else None
    present, taken = _blocks(tenant, role), _taken(tenant, role, around)
    wanted = {piece for span in said for piece in without(span, taken)}
    gone = present.keys() - wanted
    Occupancy.objects.filter(
        establishment_id=tenant, pk__in=[present[span] for span in gone]
    ).delete()
    new = sorted(wanted - present.keys())
    Occupancy.objects.bulk_create(
        [_block(tenant, role, span) for span in new], batch_size=entry.ROWS_A_STATEMENT
    )
    stand = sorted(wanted)
    return len(new), sum(1 for span in gone if without(span, stand) == [span])


def _taken(tenant: UUID, role: UUID, around: Span | None) -> list[Span]:
    """Exclusive time of other kinds, in order; PostgreSQL keeps it free of overlaps."""
    if around is None:
        return []
    rows = Occupancy.objects.filter(
        establishment_id=tenant, claimant_id=role, exclusive=True,
        span__overlap=DateTimeTZRange(*around),
    )  # fmt: skip
    spans = rows.exclude(kind=Occupancy.Kind.IMPORT).values_list("span", flat=True)
    return sorted((span.lower, span.upper) for span in spans)


def _in_the_way(tenant: UUID, role: UUID, report: AgendaReport) -> Times:
    """Booked appointments whose time the file takes too: their time, never whose they are."""
    rows = Occupancy.objects.filter(
        establishment_id=tenant, claimant_id=role, kind=Occupancy.Kind.APPOINTMENT,
        span__overlap=DateTimeTZRange(*report.window),
    ).values_list("appointment_id", "span")  # fmt: skip
    met: list[UUID] = []
    for appointment, taken in rows:
        span = taken.lower, taken.upper
        if appointment and without(span, report.spans) != [span]:
            met.append(appointment)
    found = Appointment.objects.filter(establishment_id=tenant, pk__in=met)
    return tuple(sorted(found.values_list("starts_at", "ends_at")))


def _block(tenant: UUID, role: UUID, span: Span) -> Occupancy:
    return Occupancy(
        establishment_id=tenant,
        claimant_id=role,
        span=DateTimeTZRange(*span),
        kind=Occupancy.Kind.IMPORT,
        exclusive=True,
    )
