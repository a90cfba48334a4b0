"""What a mandate reaches: the person, and the files that are theirs, within its scope and time.

Asked at every opening, so an end needs nobody to carry it out. Three things stay closed to whoever
acts for somebody, whatever the mandate says: what lets the person sign in, how the person and the
others who act for them are reached, and what was kept from them (CSP L1111-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serment.keeper.acting.asks import BARRED
from serment.keeper.house import House
from serment.keeper.store import LinkRow, RecordRow
from serment.keeper.wire import DisclosureRow
from serment.keeper.words import KIND_SEARCH

APPOINTMENTS: Final = "appointments"
OPENED: Final = "opened"

_NAME: Final = frozenset({"family_name", "given_name", "birth_name", "birth_date", "sex"})
_VISIT: Final = frozenset({"details", "cancellation", "objection", "answered", "answers"})
OPENS: Final = {
    "patient": _NAME,
    "dependant": _NAME,
    # The person's own account: their address goes into the file that is made for a booking.
    "account": _NAME | {"email", "phone"},
    "appointment": _VISIT,
    "relation": frozenset({"name", "terms"}),
    "relationproof": frozenset({"seen"}),
}
"""Kind of record → the fields that open to whoever acts for its person."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """One account's word for one person, as it stands now."""

    person: bytes
    relation: str
    scopes: frozenset[str]
    record: bytes

    def opens(self, row: RecordRow) -> bool:
        """May who acts see this record at all?"""
        if row.kept or row.kind not in OPENS:
            return False
        if row.kind == "relation":
            return row.record == self.record
        return row.kind != "appointment" or APPOINTMENTS in self.scopes

    def writes(self, row: RecordRow | None, record: bytes, kind: str) -> bool:
        """May who acts make or change it: visits, and the own name in the own mandate?"""
        if kind == "relation":
            return record == self.record
        seen = row is None or self.opens(row)
        return kind == "appointment" and seen and APPOINTMENTS in self.scopes


def stands(link: LinkRow, now: int) -> bool:
    """Does it hold at this instant?"""
    return link.relation != "self" and not link.state and (not link.until or now < link.until)


def files_of(house: House, person: bytes) -> set[bytes]:
    """The person, and the files that are theirs; files joined to them are not: they were let to
    who acts by nobody."""
    own = house.store.links(account=person)
    return {person, *(link.file for link in own if link.relation == "self")}


def mandates_of(house: House, links: list[LinkRow]) -> dict[bytes, Mandate]:
    """Subject → the mandate under which an account with these links reaches it."""
    now = house.now()
    barred = {link.file for link in links if link.state == BARRED}
    found: dict[bytes, Mandate] = {}
    for link in links:
        if not stands(link, now):
            continue
        mandate = Mandate(link.file, link.relation, frozenset(link.scopes.split()), link.record)
        for subject in files_of(house, link.file) - barred:
            former = found.get(subject)
            if former is None or former.scopes < mandate.scopes:
                found[subject] = mandate
    return found


def relation_of(house: House, row: DisclosureRow) -> str:
    """As what an account did this to a person's visit: by its own link to the file or to whose file
    it is. Empty where it was no account, or where nothing is left of its link."""
    if row.actor_kind != "patient" or row.subject is None:
        return ""
    own = (link.account for link in house.store.links(file=row.subject) if link.relation == "self")
    persons = {row.subject, *own}
    if row.actor in persons:
        return "self"
    links = house.store.links(account=row.actor)
    return next((link.relation for link in links if link.file in persons), "")


def tellable(house: House, mandate: Mandate, row: DisclosureRow, reader: bytes) -> bool:
    """May this line of the person's history be told to who acts for them?

    One's own acts, and what was done to visits one sees. That the file itself was opened is told of
    nobody's: it would say where the person goes on a day of which no visit is shown. Nor that a
    house looked which visits there are: opening the file does that.
    """
    records = [house.store.record(item.record) for item in row.items]
    if not records or any(one is None or one.kept for one in records):
        return False
    if row.actor_kind == "patient" and row.actor == reader:
        return True
    if row.kind == KIND_SEARCH and row.actor_kind != "patient":
        return False
    return all(
        one is not None and one.kind == "appointment" and mandate.opens(one) for one in records
    )
