"""Acts that write: seal and delete. Recorded like readings, with the hash before and after."""

from __future__ import annotations

import hashlib
import os
from collections import Counter

import msgspec

from serment.keeper.continuity import tickets
from serment.keeper.house import NOBODY, AskUnusable, House, NoAccess
from serment.keeper.keys import Box, SubjectErased
from serment.keeper.leaves import Access
from serment.keeper.policy.admitting import Admitted, admit_first
from serment.keeper.policy.relations import DAY_US, RELATION_DAYS_MAX, Window
from serment.keeper.rights import Reach, check
from serment.keeper.sealing import VERSION_BYTES, bound_to, record_key, seal
from serment.keeper.search import tokens_of
from serment.keeper.store import Newcomer, RecordRow, SearchRow, search_key
from serment.keeper.wire import (
    Body,
    IdAsk,
    Item,
    Nothing,
    Request,
    SealAnswer,
    SealAsk,
    SealItem,
    SealValue,
)
from serment.keeper.words import (
    KIND_WRITE,
    RECORDS_A_LEAF,
    SEARCHED_LETTERS_MAX,
    SEARCHES,
    SUBJECTS_MAX,
    VALUE_BYTES_MAX,
    VALUES_MAX,
    ZONES,
)


async def seal_values(house: House, ask: Request, peer: int) -> Body:
    """op ``seal``: store who owns what, make the writing durable, then give the sealed bytes.

    All or nothing, one leaf for each subject. New keys are in the synced store before the leaf.
    """
    items = msgspec.msgpack.decode(ask.body, type=SealAsk).items
    tenant = ask.tenant or NOBODY
    _must_fit(items)
    reach = Reach(house, ask, check(house, ask, peer))
    admitted = await _new_relations_admitted(house, ask, peer, items, tenant)
    rows = [house.store.record(item.record) for item in items]
    for item, row in zip(items, rows, strict=True):
        if not reach.writes(row, item.subject, tenant, (item.record, item.kind)):
            raise NoAccess
    made = [item for item, row in zip(items, rows, strict=True) if row is None]
    answer: list[list[bytes | None]] = []
    try:
        with house.recorder.together():
            for item, row in zip(items, rows, strict=True):
                if row is None:
                    house.store.add_record(_fresh(ask, item, tenant))
                answer.append(seal_item(house, item, tenant))
                _relate(house, item, tenant)
                tickets.give(house, item)
            accesses = accesses_of_sealing(house, items, answer, tenant, admitted.counted)
            leaves = house.recorder.prepare(ask, peer, [*accesses, *admitted.alarms])
            # Last: what follows changes the memory too, and nothing may fail behind it.
            _note_newcomers(house, ask, made)
            meet(house, ask, [item.subject for item in items])
    except SubjectErased as gone:
        raise NoAccess from gone
    _make_findable(house, items, tenant)
    if ask.actor.kind == "system":
        house.made.note(peer, [item.record for item in made], house.now())
    await house.recorder.write(leaves)
    await admitted.turn()
    return SealAnswer(answer)


def _fresh(ask: Request, item: SealItem, tenant: bytes) -> RecordRow:
    return RecordRow(item.record, item.subject, tenant, item.kind, ask.actor.id, ask.actor.kind)


async def _new_relations_admitted(
    house: House, ask: Request, peer: int, items: list[SealItem], tenant: bytes
) -> Admitted:
    """A relation that staff make counts like an opening, once: booking is no way round a budget."""
    now = house.now()
    related = [item for item in items if item.related_until > now]
    if related and tenant == NOBODY:
        raise AskUnusable
    return await admit_first(house, ask, peer, [_fresh(ask, item, tenant) for item in related])


def _relate(house: House, item: SealItem, tenant: bytes) -> None:
    now = house.now()
    if item.related_until > now:
        until = min(item.related_until, now + RELATION_DAYS_MAX * DAY_US)
        house.standing.relations.make(
            house.store.subject_tag(tenant),
            house.store.subject_tag(item.subject),
            Window(now, until),
        )


def _note_newcomers(house: House, ask: Request, made: list[SealItem]) -> None:
    """A patient makes a findable record: it stands behind those the establishment knows."""
    for item in made if ask.actor.kind == "patient" else ():
        if any(value.search for value in item.values):
            at = house.now()
            house.store.add_newcomer(Newcomer(item.record, at))
            house.search.newcomer(item.record, at)


def meet(house: House, ask: Request, subjects: list[bytes]) -> None:
    """Somebody of the establishment, or Serment itself, worked on these persons' data."""
    for subject in subjects:
        if ask.actor.kind != "patient" and house.search.is_newcomer(subject):
            house.store.drop_newcomer(subject)
            house.search.met(subject)


def _must_fit(items: list[SealItem]) -> None:
    of_subject = Counter(item.subject for item in items)
    if len(of_subject) > SUBJECTS_MAX or max(of_subject.values()) > RECORDS_A_LEAF:
        raise AskUnusable
    if len({item.record for item in items}) != len(items):
        raise AskUnusable
    values = [value for item in items for value in item.values]
    if len(values) > VALUES_MAX:
        raise AskUnusable
    for value in values:
        if value.zone not in ZONES or value.zone == "audit" or value.search not in SEARCHES:
            raise AskUnusable
        text = value.value or ""
        if len(text.encode()) > VALUE_BYTES_MAX:
            raise AskUnusable
        if value.search and len(text) > SEARCHED_LETTERS_MAX:
            raise AskUnusable


def seal_item(house: House, item: SealItem, tenant: bytes) -> list[bytes | None]:
    """The sealed bytes of one record's values, under keys made where there are none."""
    tag = house.store.subject_tag(item.subject)
    owner = house.store.subject_tag(tenant)
    house.keys.zone_key(tag, "audit", owner)
    sealed: list[bytes | None] = []
    for value in item.values:
        _store_search(house, item, value, tenant)
        if value.value is None:
            sealed.append(None)
            continue
        zone_key = house.keys.zone_key(tag, value.zone, owner)
        assert zone_key is not None  # noqa: S101 -- an owner was given, so it was made
        version = os.urandom(VERSION_BYTES)
        key = record_key(zone_key, item.kind, value.field, item.record, version)
        bound = bound_to(
            tenant, item.subject, value.zone, item.kind, value.field, item.record, version
        )
        sealed.append(seal(key, bound, version, value.value))
    return sealed


def _store_search(house: House, item: SealItem, value: SealValue, tenant: bytes) -> None:
    if value.search:
        text = value.value or ""
        row = SearchRow(item.record, tenant, item.kind, value.search, text)
        tag = house.store.subject_tag(item.subject)
        key = house.keys.zone_key(tag, value.zone, house.store.subject_tag(tenant))
        assert key is not None  # noqa: S101 -- an owner was given, so it was made
        house.store.put_search(value.field, row, (tag, value.zone), Box(search_key(key)))


def _make_findable(house: House, items: list[SealItem], tenant: bytes) -> None:
    house.search.put_many(
        (
            item.record,
            value.field,
            (tenant, item.kind),
            tokens_of(value.search, value.value or ""),
        )
        for item in items
        for value in item.values
        if value.search
    )


def accesses_of_sealing(
    house: House,
    items: list[SealItem],
    answer: list[list[bytes | None]],
    tenant: bytes,
    counted: frozenset[bytes],
) -> list[Access]:
    """What is told of a sealing: a leaf for each person."""
    of_subject: dict[bytes, list[Item]] = {}
    kinds: dict[bytes, str] = {}
    for item, sealed in zip(items, answer, strict=True):
        of_subject.setdefault(item.subject, []).append(
            Item(
                item.record,
                item.kind,
                [value.field for value in item.values]
                + ["relation"] * bool(item.related_until)
                + ["errand"] * bool(item.visit_until),
                [value.before for value in item.values],
                [b"" if one is None else hashlib.sha256(one).digest() for one in sealed],
            )
        )
        if item.record == item.subject:
            kinds[item.subject] = item.kind
    return [
        Access(
            subject,
            tenant,
            parts,
            KIND_WRITE,
            kinds.get(subject) or kind_of(house, subject),
            counted=subject in counted,
        )
        for subject, parts in of_subject.items()
    ]


def kind_of(house: House, subject: bytes) -> str:
    """What a subject is: patient, account, staff; empty when not known yet."""
    row = house.store.record(subject)
    return "" if row is None else row.kind


async def delete(house: House, ask: Request, peer: int) -> Body:
    """op ``delete``: record the deletion, then forget whose the record was and what found it."""
    record = msgspec.msgpack.decode(ask.body, type=IdAsk).id
    reach = Reach(house, ask, check(house, ask, peer))
    row = house.store.record(record)
    if row is None or not reach.deletes(row):
        raise NoAccess
    gone = Item(record, row.kind, ["deleted"])
    subject_kind = kind_of(house, row.subject)
    await house.recorder.record(
        ask, peer, [Access(row.subject, row.tenant, [gone], KIND_WRITE, subject_kind)]
    )
    with house.store.transaction():
        house.store.drop_record(record)
    house.search.drop(record)
    return Nothing()
