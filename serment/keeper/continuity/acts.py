"""Acts of continuity: a site's key is registered, a site's sheet is made.

The sheet is written from what the keeper holds itself (its searchable values), so nobody outside
learns which file an appointment belongs to, nor sees a name: the answer is ciphertext for the site.
Whoever's lines changed since the last sheet gets a leaf before it is closed; nothing changed,
nothing recorded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from serment.keeper.continuity import rows, sheet, tickets
from serment.keeper.continuity.asks import LineAsk, SheetAnswer, SheetAsk, SiteKeyAsk
from serment.keeper.continuity.rows import SiteKey
from serment.keeper.house import AskUnusable, House, NoAccess
from serment.keeper.keys import KeyGone
from serment.keeper.leaves import Access
from serment.keeper.publishing import signer_of
from serment.keeper.wire import Body, Item, Nothing, Request
from serment.keeper.words import KIND_ALARM, KIND_WRITE
from serment.keeper.writing import kind_of


async def continuity_key(house: House, ask: Request, peer: int) -> Body:
    """op ``continuity_key``: recorded, and an alarm for the establishment's officers.

    Whoever may name the key may read the sheets: the operator, at the operator's entrance.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=SiteKeyAsk)
    if wanted.recipient and not sheet.is_recipient(wanted.recipient):
        raise AskUnusable
    former = rows.site_key(house.store, wanted.site)
    if former is not None and former.establishment != wanted.establishment:
        raise NoAccess
    told = ["continuity_key" if wanted.recipient else "continuity_key.gone"]
    await house.recorder.record(
        ask,
        peer,
        [
            Access(None, wanted.establishment, [Item(wanted.site, "site", told)], KIND_WRITE),
            Access(None, wanted.establishment, [Item(b"", "alarm", told)], KIND_ALARM),
        ],
    )
    key = SiteKey(wanted.establishment, wanted.recipient, house.now())
    with house.store.transaction():
        rows.put_site_key(house.store, wanted.site, key)
    return Nothing()


async def continuity_sheet(house: House, ask: Request, peer: int) -> Body:
    """op ``continuity_sheet``: who comes within 36 hours, for the site's own key.

    A visit without a ticket, or outside its hours, stands without its name; so does a frozen file.
    NoAccess for a site without a key.
    """
    wanted = msgspec.msgpack.decode(ask.body, type=SheetAsk)
    key = rows.site_key(house.store, wanted.site)
    if key is None or key.establishment != ask.tenant:
        raise NoAccess
    if ask.purpose != tickets.PURPOSE:
        raise AskUnusable
    house.standing.must_stand(ask, peer, house.now())
    issued = house.now()
    heading = sheet.Heading(
        wanted.house, wanted.place, wanted.site, house.origin, _clock(wanted.zone), issued,
        issued + tickets.AHEAD,
    )  # fmt: skip
    asked = [one for one in wanted.lines if one.starts < heading.until and one.ends > issued]
    at = (wanted.site, key)
    lines = [_line(house, at, one) for one in asked]
    await _disclose(house, ask, peer, at, lines)
    lines = [_still(house, at, one, line) for one, line in zip(asked, lines, strict=True)]
    if rows.site_key(house.store, wanted.site) != key:
        raise NoAccess
    named = sum(line.state == sheet.NAMED for line in lines)
    signed = sheet.signed(sheet.written(heading, lines), signer_of(house))
    sealed = sheet.closed(signed, key.recipient)
    return SheetAnswer(sealed, key.recipient, issued, len(lines), named)


async def _disclose(
    house: House, ask: Request, peer: int, place: tuple[bytes, SiteKey], lines: list[sheet.Line]
) -> None:
    """One leaf for each person whose lines are new or other than on the last sheet."""
    site, key = place
    known = rows.lines_of(house.store, site)
    named = {
        house.store.tag("record", line.record): line for line in lines if line.state == sheet.NAMED
    }
    digests = {tag: _digest(house, key, line) for tag, line in named.items()}
    changed = [line for tag, line in named.items() if known.get(tag) != digests[tag]]
    if changed:
        await house.recorder.record(ask, peer, _accesses(house, key, changed))
        house.standing.must_stand(ask, peer, house.now())
    if known != digests:
        with house.store.transaction():
            rows.keep_lines(house.store, site, digests)


def _accesses(house: House, key: SiteKey, changed: list[sheet.Line]) -> list[Access]:
    of_subject: dict[bytes, list[Item]] = {}
    shown: dict[bytes, set[str]] = {}
    for line in changed:
        row = house.store.record(line.record)
        if row is not None:
            of_subject.setdefault(row.subject, []).append(Item(row.record, row.kind, ["listed"]))
            fields = {name for name in tickets.FIELDS if getattr(line, name)}
            shown.setdefault(row.subject, set()).update(fields)
    return [
        Access(
            subject,
            key.establishment,
            [Item(subject, "patient", sorted(shown[subject])), *items],
            subject_kind=kind_of(house, subject),
        )
        for subject, items in of_subject.items()
    ]


def _line(house: House, at: tuple[bytes, SiteKey], asked: LineAsk) -> sheet.Line:
    """A line as this instant allows it; the hours are the ticket's where there is one."""
    nameless = sheet.Line(
        asked.record, asked.starts, asked.ends, asked.practitioner, sheet.NAMELESS
    )
    site, key = at
    row = house.store.record(asked.record)
    if row is None or row.tenant != key.establishment:
        return nameless
    visit = tickets.visit_of(house.store, asked.record, site, house.now())
    if visit is None:
        return nameless
    if house.standing.subject_frozen(row, house.now()):
        return replace(nameless, state=sheet.FROZEN)
    texts = rows.texts_of(house.store, row.subject, partial(_zone_key, house))
    if not any(texts.get(name) for name in tickets.FIELDS):
        return nameless
    return sheet.Line(
        asked.record, visit.starts, visit.ends, asked.practitioner, sheet.NAMED,
        *(texts.get(name, "") for name in tickets.FIELDS),
    )  # fmt: skip


def _still(house: House, at: tuple[bytes, SiteKey], asked: LineAsk, line: sheet.Line) -> sheet.Line:
    """After the sync: a file frozen or erased meanwhile is not on the sheet any more, and one
    that could be named only now waits for the next: its leaf is not made."""
    if line.state != sheet.NAMED:
        return line
    present = _line(house, at, asked)
    return line if present.state == sheet.NAMED else present


def _zone_key(house: House, subject: bytes, zone: str) -> bytes | None:
    try:
        return house.keys.zone_key(subject, zone, None)
    except KeyGone:
        return None


def _digest(house: House, key: SiteKey, line: sheet.Line) -> bytes:
    """What of this line reaches whom: another key is another reader."""
    content = (
        key.recipient, line.starts, line.ends, line.practitioner,
        line.family_name, line.given_name, line.birth_date, line.phone,
    )  # fmt: skip
    return house.store.tag("sheet line", msgspec.msgpack.encode(content))


def _clock(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:
        raise AskUnusable from unknown


Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {
    "continuity_key": continuity_key,
    "continuity_sheet": continuity_sheet,
}
