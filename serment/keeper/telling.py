"""Acts that tell about disclosures: history for a person, raw rows for a perimeter, figures."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from serment.keeper.acting.standing import OPENED, Mandate, relation_of, tellable
from serment.keeper.erasure import Erasure
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access
from serment.keeper.listing import acted_subjects
from serment.keeper.policy.evidence import kept_for
from serment.keeper.policy.grants import Grant
from serment.keeper.policy.officers_reading import officer_reads
from serment.keeper.rights import OFFICERS, Capability, Reach, check, own_subjects
from serment.keeper.wire import (
    Body,
    ClockAsk,
    DisclosureRow,
    Disclosures,
    Figures,
    HistoryAsk,
    Nothing,
    PerimeterAsk,
    Request,
)
from serment.keeper.words import KIND_QUERY, LEASE_SECONDS, REPLAY_SECONDS

PAGE_ROWS = 5_000
READ_OF_ANOTHER = 500
PAGES_OF_ANOTHER = 20
"""How far back somebody else's history is read for what may be told of it."""

WIDENED_SECONDS = LEASE_SECONDS + REPLAY_SECONDS
"""How long before a window a key may have been released and still be used in it without a leaf:
an answer is given again for ten minutes, and then used for the length of a lease."""


async def history(house: House, ask: Request, peer: int) -> Body:
    """op ``history``: who opened this account's, file's or record's data, newest first."""
    wanted = msgspec.msgpack.decode(ask.body, type=HistoryAsk)
    capability = check(house, ask, peer)
    if capability is None:
        raise NoAccess
    subjects, record = _asked_about(house, ask, capability, wanted.subject)
    known = [(one, house.store.record(one)) for one in sorted(subjects)]
    asked = [Access(one, row.tenant, [], KIND_QUERY) for one, row in known if row is not None]
    await house.recorder.record(ask, peer, asked or [Access(None, NOBODY, [], KIND_QUERY)])
    check(house, ask, peer)
    tags = [house.store.subject_tag(one) for one in subjects]
    limit = wanted.limit if record is None else wanted.limit * 20
    mandate = None if record is not None else _acted_under(house, ask, capability, subjects)
    if mandate is not None:
        rows = list(_tellable(house, mandate, tags, wanted, capability.id))
        return Disclosures(rows, lease=LEASE_SECONDS)
    rows = [
        told(house, seq, body, {})
        for seq, body in house.index.of_subjects(tags, wanted.before, limit)
    ]
    if record is not None:
        rows = [row for row in rows if any(item.record == record for item in row.items)]
    return Disclosures(rows[: wanted.limit], lease=LEASE_SECONDS)


def _asked_about(
    house: House, ask: Request, capability: Capability, subject: bytes
) -> tuple[set[bytes], bytes | None]:
    """The subjects, and the one record where a record was named."""
    if capability.kind == "patient" and subject == capability.id:
        return own_subjects(house, subject), None
    row, reach = house.store.record(subject), Reach(house, ask, capability)
    if row is None or not reach.opens(row):
        raise NoAccess
    if subject in reach.mandates:
        if row.record != row.subject or OPENED not in reach.mandates[subject].scopes:
            raise NoAccess
        return acted_subjects(house, reach, subject), None
    if row.subject in reach.mandates:
        raise NoAccess
    if row.record == row.subject:
        return set(house.joined.all_of(row.subject)), None
    return {row.subject}, row.record


def _acted_under(
    house: House, ask: Request, capability: Capability, subjects: set[bytes]
) -> Mandate | None:
    """The mandate a patient asks under; None for one's own and for staff."""
    if capability.kind != "patient" or capability.id in subjects:
        return None
    mandates = Reach(house, ask, capability).mandates
    return next((mandates[one] for one in sorted(subjects) if one in mandates), None)


def _tellable(
    house: House, mandate: Mandate, tags: list[bytes], wanted: HistoryAsk, reader: bytes
) -> Iterator[DisclosureRow]:
    """The lines of a person's history that who acts for them may read, newest first."""
    before, found = wanted.before, 0
    for _page in range(PAGES_OF_ANOTHER):
        page = list(house.index.of_subjects(tags, before, READ_OF_ANOTHER))
        for seq, body in page:
            row = told(house, seq, body, {})
            if found < wanted.limit and tellable(house, mandate, row, reader):
                found += 1
                yield msgspec.structs.replace(row, relation=relation_of(house, row))
        if len(page) < READ_OF_ANOTHER or found >= wanted.limit:
            return
        before = page[-1][0]


def told(house: House, seq: int, body: bytes, persons: dict[bytes, bytes]) -> DisclosureRow:
    """A row of the index as an answer gives it; ``persons`` names the person behind a file."""
    actor, patient = house.recorder.leaves.parts(body)
    person = None if patient.subject is None else persons.get(patient.subject, patient.subject)
    return DisclosureRow(
        seq, actor.at, actor.kind, actor.purpose, actor.actor_kind, actor.actor, actor.role,
        actor.establishment, actor.evidence, actor.client, actor.process, actor.session,
        patient.subject, person, patient.subject_kind, patient.items, recipient=actor.recipient,
    )  # fmt: skip


async def perimeter(house: House, ask: Request, peer: int) -> Body:
    """op ``perimeter``: rows of a window widened back by the lease; each page is recorded."""
    wanted = msgspec.msgpack.decode(ask.body, type=PerimeterAsk)
    if wanted.end <= wanted.start:
        raise AskUnusable
    establishment = allowed_establishment(house, ask, peer, wanted.establishment)
    asked = Access(None, establishment or NOBODY, [], KIND_QUERY)
    await house.recorder.record(ask, peer, [asked, *officer_reads(house, ask)])
    lease = WIDENED_SECONDS * 1_000_000
    chosen = selectors(house, wanted, establishment)
    rows = house.index.window(wanted.start - lease, wanted.end, wanted.after, PAGE_ROWS, chosen)
    found = [told(house, seq, body, {}) for seq, body in rows]
    _resolve_persons(house, found, wanted.end)
    _hide_erased(house, found)
    held = _held(house, wanted.end, establishment)
    return Disclosures(found, held, LEASE_SECONDS, house.isolated, WIDENED_SECONDS)


def _held(house: House, end: int, establishment: bytes | None) -> int:
    """Persons held by an instant: a file and its person's own account are one person."""
    joined = house.joined.fewer(end, establishment)
    if establishment is not None:
        return house.index.held(end, house.store.subject_tag(establishment)) - joined
    return house.index.held(end, None) - house.store.own_links(end) - joined


def allowed_establishment(
    house: House, ask: Request, peer: int, wanted: bytes | None
) -> bytes | None:
    """The operator asks about all; an officer about the own establishment."""
    if ask.actor.kind == "operator":
        return wanted
    capability = check(house, ask, peer)
    if capability is None or capability.role not in OFFICERS or capability.kind != "staff":
        raise NoAccess
    if wanted not in (None, capability.establishment):
        raise NoAccess
    return capability.establishment


def selectors(house: House, wanted: PerimeterAsk, establishment: bytes | None) -> dict[str, bytes]:
    """The keyed tags a selection goes by. A process is its number, whatever it called itself."""
    tag = house.store.tag
    found: dict[str, bytes] = {}
    if wanted.actor is not None:
        found["actor"] = tag("actor", wanted.actor)
    for column in ("client", "session", "recipient"):
        value: str = getattr(wanted, column)
        if value:
            found[column] = tag(column, value.encode())
    if wanted.process:
        found["process"] = process_tag(house, wanted.process)
    if establishment is not None:
        found["establishment"] = house.store.subject_tag(establishment)
    if wanted.export:
        found["export"] = _export_tag(house, wanted.export, establishment)
    return found


def _export_tag(house: House, digest: str, establishment: bytes | None) -> bytes:
    """Tag of the grant whose digest its approvers saw; NoAccess for one of somebody else's."""
    try:
        wanted = bytes.fromhex(digest)
    except ValueError as wrong:
        raise AskUnusable from wrong
    for tag, grant in house.standing.rows.all("bulk_grant", Grant):
        if grant.closed and grant.digest == wanted and establishment in (None, grant.establishment):
            return tag
    raise NoAccess


def process_tag(house: House, process: str) -> bytes:
    """Tag of ``web-1234`` or ``1234``: the number the kernel told counts, the name is a claim."""
    return house.store.tag("process", process.rpartition("-")[2].encode())


def _hide_erased(house: House, rows: list[DisclosureRow]) -> None:
    """An erased person is told by a keyed tag, and named only while evidence is held."""
    known: dict[bytes, bool] = {}
    for row in rows:
        if row.subject is None or row.person is None:
            continue
        if row.person not in known:
            known[row.person] = _erased_and_closed(house, {row.subject, row.person})
        if known[row.person]:
            row.erased = True
            row.person = house.store.subject_tag(row.person)
            row.subject = house.store.subject_tag(row.subject)
            for item in row.items:
                item.record = house.store.tag("record", item.record)


def _erased_and_closed(house: House, subjects: set[bytes]) -> bool:
    for subject in subjects:
        body = house.store.erasure(house.store.subject_tag(subject))
        if body is not None:
            tenant = msgspec.msgpack.decode(body, type=Erasure).tenant
            return not kept_for(house.store, tenant, house.now())
    return False


def _resolve_persons(house: House, rows: list[DisclosureRow], end: int) -> None:
    """A file whose person had linked the own account before the window's end is that person; so
    are files that were joined by then."""
    known = house.joined.persons(end)
    for row in rows:
        if row.subject is None or row.person_kind != "patient":
            continue
        if row.subject not in known:
            own = [
                link.account
                for link in house.store.links(file=row.subject)
                if link.relation == "self" and link.at < end
            ]
            known[row.subject] = own[0] if own else row.subject
        row.person = known[row.subject]


async def figures(house: House, ask: Request, _peer: int) -> Body:
    """ops ``hello`` and ``stats``."""
    size, behind = house.segment.size, house.index.writer.behind
    counted, journal = ask.op == "stats", house.store.journal
    stamped = house.stamping.newest if house.stamping else None
    return Figures(
        origin=house.origin,
        size=size,
        indexed=size - behind,
        index_lag_seconds=house.index.writer.lag_seconds,
        isolated=house.isolated,
        drill=house.drill,
        records=house.store.count("record") if counted else 0,
        searchable=len(house.search),
        capabilities=house.store.count("capability") if counted else 0,
        segment_bytes=house.segment.length_bytes,
        signed=house.signing.size if house.signing else None,
        signing_lag_seconds=house.signing.lag_seconds if house.signing else 0.0,
        key_backup_seconds=None if journal is None else journal.idle_seconds,
        timestamp_seconds=None if stamped is None else (house.now() - stamped.at) / 1e6,
        clock_difference_seconds=None if stamped is None else stamped.difference / 1e6,
    )


async def drive_clock(house: House, ask: Request, _peer: int) -> Body:
    """op ``drive_clock``: a drill sets the instant; zero lets the clock go again.

    Never in a trial, whose people are real; never before what is recorded, for instants rise with
    the numbers of the leaves.
    """
    instant = msgspec.msgpack.decode(ask.body, type=ClockAsk).now
    recorded = house.index.latest()
    if not house.drill or house.trial or 0 < instant < recorded:
        raise NoAccess
    house.recorder.clock.drive(instant, recorded)
    return Nothing()
