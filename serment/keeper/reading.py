"""Acts that open: reveal, find, and the patient file behind a record.

Each makes its leaves durable first and checks the capability again afterwards: a session closed
while the disk was syncing gets nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.leaves import Access, Leaf
from serment.keeper.policy import roles
from serment.keeper.policy.admitting import admit
from serment.keeper.policy.granting import granted, is_to_be_erased, knew_approvers
from serment.keeper.rights import (
    Errand,
    Reach,
    check,
    check_session,
    errand_covers,
    errand_of,
)
from serment.keeper.sealing import RecordKeys
from serment.keeper.store import RecordRow
from serment.keeper.wire import (
    Body,
    FindAsk,
    Found,
    Ids,
    IdsAsk,
    Item,
    Request,
    RevealAnswer,
    RevealItem,
    reveal_from,
)
from serment.keeper.words import (
    KIND_READ,
    KIND_SEARCH,
    LEASE_SECONDS,
    PURPOSES,
    RECORDS_A_LEAF,
    SEALED_BY_TICKET,
    SUBJECTS_MAX,
    VALUES_MAX,
    ZONES,
)
from serment.keeper.writing import kind_of, meet

ALL_ZONES: Final = frozenset(ZONES)


def must_have_purpose(ask: Request) -> None:
    """No opening without a reason from the closed list."""
    if ask.purpose not in PURPOSES:
        raise AskUnusable


async def reveal(house: House, ask: Request, peer: int) -> Body:
    """op ``reveal``: keys of exactly the named fields, all or nothing."""
    must_have_purpose(ask)
    items = reveal_from(ask.body).items
    zones = [field.zone for item in items for field in item.fields]
    if len(zones) > VALUES_MAX or not ALL_ZONES.issuperset(zones):
        raise AskUnusable
    rows = _rows_reached(house, ask, items)
    if len({row.subject for row in rows}) > SUBJECTS_MAX:
        raise AskUnusable
    _must_be_for_role(house, ask, rows, items)
    _must_stand(house, ask, peer, rows)
    _must_open(house, ask, rows, items)
    opened = [
        (row, Item(item.record, row.kind, [field.field for field in item.fields]))
        for row, item in zip(rows, items, strict=True)
    ]
    counted, alarms = await _admitted(house, ask, peer, rows)
    accesses = accesses_of(house, opened, KIND_READ, counted)
    leaves = _prepared(house, ask, peer, [*accesses, *alarms], rows)
    await house.recorder.write(leaves)
    _check_again(house, ask, peer, rows)
    _must_open(house, ask, rows, items)
    keys = [_keys(house, row, item) for row, item in zip(rows, items, strict=True)]
    return RevealAnswer(keys, LEASE_SECONDS)


def _must_be_for_role(
    house: House, ask: Request, rows: list[RecordRow], items: list[RevealItem]
) -> None:
    """What the role of a session opens, with a colleague's ticket too. A grant decides for itself;
    whose erasure others ask officers to approve, they read by name."""
    if ask.actor.kind != "staff" or ask.grant:
        return
    role = ask.actor.role
    if roles.of(role).zones is None:
        return
    for row, item in zip(rows, items, strict=True):
        zones = {field.zone for field in item.fields}
        if roles.may_read(role, row.kind, zones):
            continue
        if not (zones <= roles.NAMES and is_to_be_erased(house, ask, row.subject)):
            raise NoAccess


def _prepared(
    house: House, ask: Request, peer: int, accesses: list[Access], rows: list[RecordRow]
) -> list[Leaf]:
    """The leaves; whoever cares for newcomers has met them by then."""
    new = ask.purpose == "care" and any(house.search.is_newcomer(row.subject) for row in rows)
    if not new:
        return house.recorder.prepare_opening(ask, peer, accesses)
    with house.recorder.together():
        leaves = house.recorder.prepare(ask, peer, accesses)
        meet(house, ask, [row.subject for row in rows])
    return leaves


def _rows_reached(house: House, ask: Request, items: list[RevealItem]) -> list[RecordRow]:
    if ask.errand:
        errand = errand_of(house, ask)
        return [_by_errand(house, errand, item) for item in items]
    if ask.grant:
        check_session(house, ask)
        return [_by_grant(house, item) for item in items]
    reach = Reach(house, ask, check_session(house, ask))
    rows = [reached(house, reach, item.record, item.kind) for item in items]
    if reach.mandates:
        for row, item in zip(rows, items, strict=True):
            if not reach.opens_fields(row, [field.field for field in item.fields]):
                raise NoAccess
    return rows


def _by_grant(house: House, item: RevealItem) -> RecordRow:
    row = house.store.record(item.record)
    if row is None or row.kind != item.kind:
        raise NoAccess
    return row


def _must_stand(house: House, ask: Request, peer: int, rows: Sequence[RecordRow]) -> None:
    if house.standing.freezes:
        house.standing.must_stand(ask, peer, house.now(), rows)


def _must_open(house: House, ask: Request, rows: list[RecordRow], items: list[RevealItem]) -> None:
    """No file of it is frozen or erased, and a grant covers it where one is named.

    Asked before the record too: a request that is refused tells of nobody that they were opened.
    """
    if house.standing.freezes:
        now = house.now()
        if any(house.standing.subject_frozen(row, now) for row in rows):
            raise NoAccess
    if house.store.any_erased(row.subject for row in rows):
        raise NoAccess
    if ask.grant and not ask.errand:
        fields = [[field.field for field in item.fields] for item in items]
        granted(house, ask, list(zip(rows, fields, strict=True)))


async def _admitted(
    house: House, ask: Request, peer: int, rows: list[RecordRow]
) -> tuple[frozenset[bytes], list[Access]]:
    """Budgets count what somebody opens for others; tickets and one's own do not, nor a grant
    whose approvers the keeper itself knew. Others are the pages' word, which slows."""
    if ask.errand or ask.actor.kind == "patient":
        return frozenset(), []
    if ask.grant and knew_approvers(house, ask):
        return frozenset(), []
    return await admit(house, ask, peer, rows)


def reached(house: House, reach: Reach, record: bytes, kind: str) -> RecordRow:
    """The record's row, or NoAccess; missing and forbidden look alike."""
    row = house.store.record(record)
    if row is None or row.kind != kind or not reach.opens(row):
        raise NoAccess
    return row


def _by_errand(house: House, errand: Errand, item: RevealItem) -> RecordRow:
    row, owner = house.store.record(item.record), house.store.record(errand.record)
    if row is None or owner is None or row.kind != item.kind or owner.kept:
        raise NoAccess
    if any(field.zone == "medical" for field in item.fields):
        raise NoAccess  # nothing medical goes out, and no ticket stands for a role that may not
    kept = msgspec.structs.replace(owner, subject=house.joined.written_to(owner.subject))
    if not all(
        errand_covers(errand, row, owner, field.field)
        or errand_covers(errand, row, kept, field.field)
        for field in item.fields
    ):
        raise NoAccess
    return row


def _check_again(house: House, ask: Request, peer: int, rows: Sequence[RecordRow] = ()) -> None:
    """After the sync: is the ticket or the session still good, and nothing frozen?"""
    if ask.errand:
        errand_of(house, ask)
    else:
        check_session(house, ask)
    _must_stand(house, ask, peer, rows)


def accesses_of(
    house: House,
    opened: list[tuple[RecordRow, Item]],
    kind: str,
    counted: frozenset[bytes] = frozenset(),
) -> list[Access]:
    """An access for each subject, with all its records; several where one leaf holds no more."""
    of_subject: dict[bytes, list[Item]] = {}
    tenants: dict[bytes, bytes] = {}
    for row, item in opened:
        of_subject.setdefault(row.subject, []).append(item)
        tenants[row.subject] = row.tenant
    return [
        Access(
            subject,
            tenants[subject],
            items[start : start + RECORDS_A_LEAF],
            kind,
            kind_of(house, subject),
            counted=subject in counted,
        )
        for subject, items in of_subject.items()
        for start in range(0, len(items), RECORDS_A_LEAF)
    ]


def _keys(house: House, row: RecordRow, item: RevealItem) -> list[tuple[bytes, bytes]]:
    """Asked after the sync, of the store as it is then: an erased person's keys are not there."""
    tag = house.store.subject_tag(row.subject)
    keys: dict[str, RecordKeys] = {}
    found = []
    for field in item.fields:
        of = keys.get(field.zone)
        if of is None:
            begun = house.keys.begun(tag, field.zone)
            if begun is None:
                raise NoAccess
            of = keys[field.zone] = RecordKeys(
                begun, row.tenant, row.subject, field.zone, row.kind, row.record
            )
        found.append(of.of(field.field, field.version))
    return found


async def find(house: House, ask: Request, peer: int) -> Body:
    """op ``find``: at most ten record ids; the hits are recorded, what was typed is not."""
    must_have_purpose(ask)
    wanted = msgspec.msgpack.decode(ask.body, type=FindAsk)
    capability = check(house, ask, peer)
    if ask.tenant is None or capability is None or capability.establishment != ask.tenant:
        raise NoAccess
    if ask.tenant == NOBODY:  # accounts lie there: no establishment finds by their addresses
        raise NoAccess
    if capability.kind != "staff":
        raise NoAccess
    hits = house.search.find(ask.tenant, wanted.kind, wanted.text)
    now = house.now()
    rows = [
        row
        for record in dict.fromkeys(map(house.joined.kept, hits.records))
        if (row := house.store.record(record)) is not None
        and not house.standing.subject_frozen(row, now)
    ]
    opened = [(row, Item(row.record, row.kind, ["found"])) for row in rows]
    counted, alarms = await _admitted(house, ask, peer, rows)
    accesses = accesses_of(house, opened, KIND_SEARCH, counted)
    nothing = Access(None, ask.tenant, [], KIND_SEARCH)
    await house.recorder.record(ask, peer, [*(accesses or [nothing]), *alarms])
    check(house, ask, peer)
    return Found([row.record for row in rows], hits.more)


async def files_behind(house: House, ask: Request, peer: int) -> Body:
    """op ``files_behind``: the patient file of each record, in order; recorded per patient.

    Of files that are one person, the one that was kept.
    """
    must_have_purpose(ask)
    ids = msgspec.msgpack.decode(ask.body, type=IdsAsk).ids
    if ask.errand:
        rows = [_subject_by_errand(house, errand_of(house, ask), record) for record in ids]
    else:
        reach = Reach(house, ask, check(house, ask, peer))
        found = [house.store.record(record) for record in ids]
        rows = [row for row in found if row is not None and reach.opens(row)]
    if not ids or len(rows) != len(ids) or len({row.subject for row in rows}) > SUBJECTS_MAX:
        raise NoAccess
    if any(house.standing.subject_frozen(row, house.now()) for row in rows):
        raise NoAccess
    opened = [(row, Item(row.record, row.kind, ["patient"])) for row in rows]
    counted, alarms = await _admitted(house, ask, peer, rows)
    accesses = accesses_of(house, opened, KIND_READ, counted)
    await house.recorder.record(ask, peer, [*accesses, *alarms])
    _check_again(house, ask, peer)
    behind = house.joined.written_to if ask.errand else house.joined.kept
    return Ids([behind(row.subject) for row in rows])


def _subject_by_errand(house: House, errand: Errand, record: bytes) -> RecordRow:
    row = house.store.record(record)
    opens = [field for field in errand.fields if field not in SEALED_BY_TICKET]
    about_patient = any("." in field for field in opens)
    if row is None or record != errand.record or not about_patient or row.kept:
        raise NoAccess
    return row
