"""A receipt's statement in plain words: when, who, why, which fields of whom.

Reads the arrays that ``serment/keeper/index.py`` writes (``ActorPart``, ``PatientPart``), by
place; what a later version appends is counted, not guessed. Nothing here decides whether the
statement is true: the proof does. Letters that could steer a terminal are shown as their codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from serment.ledger.messagepack import NotReadable, Value, decode
from serment.ledger.statement import Part, Statement

Line = tuple[str, str]
Kind = TypeVar("Kind", str, bytes, int, list[Value])

WITHHELD: Final = "withheld by whoever gave this receipt; only its hash stands here"
ACTOR_VALUES: Final = 18
PATIENT_VALUES: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: Final = {
    "read": "opened fields",
    "write": "wrote",
    "search": "found or listed",
    "query": "asked who had opened what",
    "alarm": "an alarm of the keeper",
    "recovered": "the ledger went on after a recovery",
}
_EVIDENCE: Final = {
    "claimed": "claimed by the program that asked; the keeper did not check the sign-in itself",
    "verified": "the keeper checked the sign-in itself",
}
_NO_FIELDS: Final = {
    "found": "a search found the file",
    "listed": "the file's records were listed",
    "patient": "whose record it is was looked up",
    "link": "an account was linked to the file",
    "errand": "a later message was allowed",
    "relation": "a care relation began",
    "acting": "somebody was let act for the person, or that was offered",
    "acting_ended": "somebody's acting for the person ended",
    "kept": "a visit was closed to all who act for the person",
    "kept_no_more": "a visit was opened again to those who act for the person",
    "joined": "two files were said to be one person's",
    "parted": "two files were parted again",
    "told_apart": "two files were said to be two persons'",
    "deleted": "the record was deleted",
    "break_glass": "the glass was broken: emergency access",
    "erased": "the data were erased",
}


def in_words(statement: Statement) -> list[Line]:
    """What it tells, a label and its words each. Raises NotReadable."""
    return [*_actor(statement.actor), *_patient(statement.patient)]


def _actor(part: Part) -> Iterator[Line]:
    """Version, instant, kind, purpose, actor (kind, id, role, house), evidence, client, process
    and its number, session, request, fields, pseudonym, counted, recipient."""
    if part.contents is None:
        yield "who, when, why", f"{WITHHELD}: {part.hash.hex()}"
        return
    values = _values(part.contents, ACTOR_VALUES - 2)
    kind = _a(values[2], str)
    yield "when", _instant(_a(values[1], int))
    yield "what", _KINDS.get(kind, clean(kind))
    yield "who", f"{clean(_a(values[4], str))} {_id(values[5])}{_role(values[6])}"
    if values[7] is not None:
        yield "of the establishment", _id(values[7])
    yield "why", clean(_a(values[3], str)) or "no purpose was named"
    yield "fields", _fields(_a(values[14], list)) or "none was opened"
    yield "through", _through(values)
    evidence = _a(values[8], str)
    yield "sign-in", _EVIDENCE.get(evidence, clean(evidence))
    if len(values) == ACTOR_VALUES and values[-1]:
        yield "handed to", clean(_a(values[-1], str))
    if len(values) > ACTOR_VALUES:
        yield "beside", f"{len(values) - ACTOR_VALUES} values this verifier does not know"


def _through(values: list[Value]) -> str:
    client, process, session = (clean(_a(values[at], str)) for at in (9, 10, 12))
    number = _a(values[11], int)
    said = f"{client or 'unnamed client'}, process {process or 'unnamed'} (system number {number})"
    return f"{said}, session {session}" if session else said


def _patient(part: Part) -> Iterator[Line]:
    """Subject and its kind, tenant, records, marks of relation, grant and errand (they mean
    something inside the keeper only), note."""
    if part.contents is None:
        yield "whose data", f"{WITHHELD}: {part.hash.hex()}"
        return
    values = _values(part.contents, PATIENT_VALUES - 1)
    subject, kind = values[0], clean(_a(values[1], str))
    yield "whose data", "nobody's in particular" if subject is None else f"{kind} {_id(subject)}"
    yield "kept by", _keeper_of(_a(values[2], bytes))
    for item in _a(values[3], list):
        yield "record", _record(item)
    note = _a(values[7], str) if len(values) > 7 else ""
    if note:
        yield "reason given", clean(note)


def _keeper_of(tenant: bytes) -> str:
    return f"establishment {_id(tenant)}" if tenant.strip(b"\0") else "the operator (an account)"


def _record(item: Value) -> str:
    """Record, kind, fields, hashes before and after."""
    values = _a(item, list)
    if len(values) < 3:
        raise NotReadable
    record = _a(values[0], bytes)
    before = _a(values[3], list) if len(values) > 3 else []
    after = _a(values[4], list) if len(values) > 4 else []
    told = [
        _field(name, _hash(before, place), _hash(after, place))
        for place, name in enumerate(_a(values[2], list))
    ]
    named = f"{clean(_a(values[1], str))} {_id(record) if record else ''}".strip()
    return f"{named}: {', '.join(told) or 'no field'}"


def _hash(hashes: Sequence[Value], place: int) -> bytes:
    return _a(hashes[place], bytes) if place < len(hashes) else b""


def _field(name: Value, before: bytes, after: bytes) -> str:
    said = _word(name)
    if after:
        return f"{said} (SHA-256 of what is sealed now: {after.hex()})"
    return f"{said} (cleared)" if before else said


def _fields(names: list[Value]) -> str:
    return ", ".join(_word(name) for name in names)


def _word(name: Value) -> str:
    text = _a(name, str)
    return _NO_FIELDS.get(text, clean(text))


def _values(contents: bytes, fewest: int) -> list[Value]:
    values = _a(decode(contents), list)
    if len(values) < fewest:
        raise NotReadable
    return values


def _a(value: Value, kind: type[Kind]) -> Kind:
    """The value, where it is of this kind. Raises NotReadable."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise NotReadable
    return value


def _id(value: Value) -> str:
    raw = _a(value, bytes)
    return str(UUID(bytes=raw)) if len(raw) == 16 else raw.hex() or "unnamed"


def _role(value: Value) -> str:
    role = clean(_a(value, str))
    return f" ({role})" if role else ""


def _instant(microseconds: int) -> str:
    try:
        when = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds} µs after 1970"
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clean(text: str) -> str:
    """Text that cannot steer a terminal nor pass for another line."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
