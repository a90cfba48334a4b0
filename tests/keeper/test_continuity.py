"""Continuity sheets inside the keeper: who stands on them, what is recorded, who can read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pyrage
import pytest

from serment.custody import sheet_file
from serment.ids import new_id
from serment.keeper import publishing, wire
from serment.keeper.continuity import acts, rows, sheet, tickets
from serment.keeper.continuity.asks import LineAsk, SheetAnswer, SheetAsk, SiteKeyAsk
from serment.keeper.measured import Measured
from serment.keeper.policy import asks
from serment.keeper.policy.budgets import HOUR_US
from serment.ledger.note import Signer
from tests.keeper.inside import HERE, OPERATOR, SYSTEM, THERE, Inside, Person, Refused

SITE = b"s" * 16
WORKER = Person(wire.ActorWire("worker", UUID(int=1).bytes))
VALUES = {
    "family_name": ("identity", "name", "Quatrevaux"),
    "given_name": ("identity", "name", "Philomène"),
    "birth_date": ("identity", "birth_date", "1957-02-03"),
    "phone": ("contact", "phone", "+33612345678"),
}


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    yield opened
    opened.crash()


@pytest.fixture
def identity(inside: Inside) -> pyrage.x25519.Identity:
    """The site's key, known to the keeper by its public half."""
    made = pyrage.x25519.Identity.generate()
    register(inside, str(made.to_public()))
    return made


def register(inside: Inside, recipient: str, establishment: bytes = HERE) -> None:
    asked = SiteKeyAsk(establishment, SITE, recipient)
    inside.ask(OPERATOR, "continuity_key", asked, wire.Nothing)


def seal(inside: Inside, item: wire.SealItem, establishment: bytes = HERE) -> None:
    inside.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=establishment)


def file(inside: Inside, establishment: bytes = HERE, **changed: str) -> bytes:
    record = new_id().bytes
    write(inside, record, establishment, **changed)
    return record


def write(inside: Inside, record: bytes, establishment: bytes = HERE, **changed: str) -> None:
    values = [
        wire.SealValue(name, zone, changed.get(name, text), search)
        for name, (zone, search, text) in VALUES.items()
    ]
    seal(inside, wire.SealItem(record, "patient", record, values), establishment)


def book(
    inside: Inside, of: bytes, hours: float, establishment: bytes = HERE, *, ticket: bool = True
) -> LineAsk:
    """An appointment so many hours from now; without ``ticket`` as before there were any."""
    starts = inside.house.now() + int(hours * HOUR_US)
    return rebook(inside, new_id().bytes, of, starts, establishment, ticket=ticket)


def rebook(
    inside: Inside, record: bytes, of: bytes, starts: int, establishment: bytes = HERE, *,
    ticket: bool = True, site: bytes = SITE,
) -> LineAsk:  # fmt: skip
    ends = starts + HOUR_US // 2
    details = [wire.SealValue("details", "administrative", "{}")]
    hours = (starts, ends, site) if ticket else ()
    seal(inside, wire.SealItem(record, "appointment", of, details, 0, *hours), establishment)
    return LineAsk(record, starts, ends, "Dr Tissandier")


def issue(
    inside: Inside, *lines: LineAsk, establishment: bytes = HERE, zone: str = "Europe/Paris"
) -> SheetAnswer:
    asked = SheetAsk(SITE, "Cabinet du Port", "Quai", zone, list(lines))
    return inside.ask(
        WORKER, "continuity_sheet", asked, SheetAnswer,
        tenant=establishment, purpose="continuity", client="worker",
    )  # fmt: skip


def read(answer: SheetAnswer, identity: pyrage.x25519.Identity) -> Any:
    return json.loads(pyrage.decrypt(answer.sealed, [identity]).rpartition(b"\n\n")[0])


def leaves(inside: Inside) -> list[wire.DisclosureRow]:
    """What is recorded with the purpose of continuity as read."""
    now = inside.house.now()
    asked = wire.PerimeterAsk(start=0, end=now + 1)
    found = inside.ask(OPERATOR, "perimeter", asked, wire.Disclosures, purpose="incident").rows
    return [row for row in found if row.purpose == "continuity" and row.kind == "read"]


def test_a_sheet_names_who_comes_and_only_the_site_reads_it(inside: Inside, identity: Any) -> None:
    line = book(inside, file(inside), 3)
    answer = issue(inside, line)
    (row,) = read(answer, identity)["lines"]
    assert (row["family_name"], row["birth_date"]) == ("Quatrevaux", "1957-02-03")
    assert (row["phone"], row["practitioner"]) == ("+33612345678", "Dr Tissandier")
    for text in ("Quatrevaux", "Philom", "1957", "612345678"):
        assert text.encode() not in msgspec.msgpack.encode(answer)
    with pytest.raises(pyrage.DecryptError):
        read(answer, pyrage.x25519.Identity.generate())
    damaged = bytearray(answer.sealed)
    damaged[-20] ^= 1
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bytes(damaged), [identity])


def test_one_leaf_for_each_change_of_content(inside: Inside, identity: Any) -> None:
    person, other = file(inside), file(inside, family_name="Bonvalet")
    first, second, third = (
        book(inside, person, 3), book(inside, person, 20), book(inside, other, 5)
    )  # fmt: skip
    issue(inside, first, second, third)
    assert len(leaves(inside)) == 2  # two visits of one person are one leaf
    issue(inside, first, second, third)
    assert len(leaves(inside)) == 2
    write(inside, other, phone="+33698765432")
    issue(inside, first, second, third)
    assert [row.subject for row in leaves(inside)][2:] == [other]
    moved = rebook(inside, third.record, other, third.starts + HOUR_US)
    issue(inside, first, second, moved)
    assert len(leaves(inside)) == 4
    issue(inside, first)  # one visit less tells nothing new
    assert len(leaves(inside)) == 4
    told = leaves(inside)[0]
    assert {item.kind: item.fields for item in told.items} == {
        "patient": ["birth_date", "family_name", "given_name", "phone"],
        "appointment": ["listed"],
    }


def test_without_the_digests_every_hour_would_be_a_leaf(
    inside: Inside, identity: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above."""
    monkeypatch.setattr(rows, "lines_of", lambda store, site: {})
    line = book(inside, file(inside), 3)
    issue(inside, line)
    issue(inside, line)
    assert len(leaves(inside)) == 2


@pytest.mark.parametrize("told_apart", [True, False])
def test_a_perimeter_counts_whom_sheets_alone_name(
    inside: Inside, identity: Any, told_apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: where a sheet's leaf is told from no other, nobody is only reachable."""
    if not told_apart:
        monkeypatch.setattr("serment.keeper.leaves.SHEET_PURPOSE", "none")
    seen, unseen = file(inside), file(inside)
    issue(inside, book(inside, seen, 3), book(inside, unseen, 4))
    whole = inside.patient()
    inside.reveal(inside.staff(), whole)
    asked = wire.PerimeterAsk(0, inside.house.now() + 1)
    found = inside.ask(OPERATOR, "measure", asked, Measured)
    assert (found.persons, found.reachable) == (3, 2 if told_apart else 0)
    field = wire.RevealField("phone", "contact", b"v" * 16)
    ask = wire.RevealAsk([wire.RevealItem(seen, "patient", [field])])
    inside.reveal(inside.staff(), ask)
    asked = wire.PerimeterAsk(0, inside.house.now() + 1)
    found = inside.ask(OPERATOR, "measure", asked, Measured)
    assert (found.persons, found.reachable) == (3, 1 if told_apart else 0)


def test_another_key_is_another_reader(inside: Inside, identity: Any) -> None:
    line = book(inside, file(inside), 3)
    issue(inside, line)
    fresh = pyrage.x25519.Identity.generate()
    register(inside, str(fresh.to_public()))
    answer = issue(inside, line)
    assert len(leaves(inside)) == 2
    assert read(answer, fresh)["lines"]
    with pytest.raises(pyrage.DecryptError):
        read(answer, identity)
    alarms = inside.ask(OPERATOR, "alarms", asks.AlarmsAsk(), wire.Disclosures, purpose="incident")
    told = [name for row in alarms.rows for item in row.items for name in item.fields]
    assert told == ["continuity_key", "continuity_key"]


@pytest.mark.parametrize("guarded", [True, False])
def test_who_has_no_ticket_for_these_hours_is_not_named(
    inside: Inside, identity: Any, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that lies about the hour, or names any record, gets no name on any sheet.

    Negative control: without the ticket, the worker's word would do.
    """
    if not guarded:
        always = tickets.Visit(inside.house.now(), inside.house.now() + HOUR_US)
        monkeypatch.setattr(tickets, "visit_of", lambda store, record, site, now: always)
    person = file(inside)
    later = book(inside, person, 40)
    lied = msgspec.structs.replace(
        later, starts=later.starts - 20 * HOUR_US, ends=later.ends - 20 * HOUR_US
    )
    before_tickets = book(inside, person, 5, ticket=False)
    states = [row["state"] for row in read(issue(inside, lied, before_tickets), identity)["lines"]]
    assert states == (["nameless"] * 2 if guarded else ["named"] * 2)
    assert len(leaves(inside)) == (0 if guarded else 1)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_ticket_for_one_site_names_nobody_on_anothers_sheet(
    inside: Inside, identity: Any, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that puts another site's visits on this sheet gets their hours and no name.

    Negative control: a ticket that says no site, as they were, would do for each.
    """
    if not guarded:
        monkeypatch.setattr(tickets, "visit_of", _of_any_site(tickets.visit_of))
    starts = inside.house.now() + 3 * HOUR_US
    elsewhere = rebook(inside, new_id().bytes, file(inside), starts, site=b"o" * 16)
    here = book(inside, file(inside), 4)
    states = [row["state"] for row in read(issue(inside, elsewhere, here), identity)["lines"]]
    assert states == ["nameless" if guarded else "named", "named"]


def _of_any_site(visit_of: Any) -> Any:
    return lambda store, record, site, now: next(
        (found for one in (site, b"o" * 16) if (found := visit_of(store, record, one, now))), None
    )


def test_a_sheet_is_signed_by_the_keeper_and_nobody_else(inside: Inside, identity: Any) -> None:
    """Whoever knows the site's public line can seal a sheet to it; none passes for the keeper's."""
    secret, keeper = str(identity), publishing.signer_of(inside.house).verifier.text
    answer = issue(inside, book(inside, file(inside), 3))
    document = sheet_file.opened(answer.sealed, secret, keeper)
    assert document["signed_by"] == document["keeper"] == inside.house.origin
    assert document["site_number"] == str(UUID(bytes=SITE))
    plain = pyrage.decrypt(answer.sealed, [identity])
    other = Signer(inside.house.origin, b"x" * 32)
    forged = (
        plain.replace(b"Quatrevaux", b"Untelautre"),
        plain.rpartition(b"\n\n")[0] + b"\n\n",
        sheet.signed(plain.rpartition(b"\n\n")[0], other),
    )
    for one in forged:
        sealed = sheet.closed(one, answer.recipient)
        assert (
            sheet_file.opened(sealed, secret)["signed_by"] == ""
        )  # the control: unasked, it opens
        with pytest.raises(sheet_file.NotTheKeepers):
            sheet_file.opened(sealed, secret, keeper)
    with pytest.raises(sheet_file.NotTheKeepers):
        sheet_file.opened(answer.sealed, secret, other.verifier.text)


def test_thirty_six_hours_and_no_more(inside: Inside, identity: Any) -> None:
    person = file(inside)
    soon, far = book(inside, person, 35.9), book(inside, person, 36.1)
    over = book(inside, person, 1)
    assert len(read(issue(inside, soon, far, over), identity)["lines"]) == 2
    inside.later(2 * HOUR_US)
    told = read(issue(inside, soon, far, over), identity)["lines"]
    assert [row["state"] for row in told] == ["named", "named"]  # the far one has come near


def test_the_sites_own_clock(inside: Inside, identity: Any) -> None:
    """22:00 in Paris is the next morning in Nouméa: the day on the sheet is the site's."""
    line = book(inside, file(inside), 3)
    paris = read(issue(inside, line), identity)
    noumea = read(issue(inside, line, zone="Pacific/Noumea"), identity)
    assert noumea["lines"][0]["starts"].endswith("+11:00")
    assert noumea["zone"] == "Pacific/Noumea"
    assert paris["lines"][0]["starts"] != noumea["lines"][0]["starts"]
    with pytest.raises(Refused, match="unusable"):
        issue(inside, line, zone="Pacific/../Nowhere")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_frozen_file_stands_without_its_name(
    inside: Inside, identity: Any, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = file(inside)
    line = book(inside, person, 3)
    wanted = asks.FreezeAsk("subject", str(UUID(bytes=person)), "essai")
    inside.ask(inside.staff("privacy_officer"), "freeze", wanted, wire.Nothing)
    if not guarded:
        monkeypatch.setattr(inside.house.standing.__class__, "subject_frozen", lambda *_: False)
    (row,) = read(issue(inside, line), identity)["lines"]
    assert row["state"] == ("frozen" if guarded else "named")
    assert row["family_name"] == ("" if guarded else "Quatrevaux")
    assert len(leaves(inside)) == (0 if guarded else 1)


@pytest.mark.parametrize("guarded", [True, False])
def test_frozen_while_the_disk_syncs(
    inside: Inside, identity: Any, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = file(inside)
    line = book(inside, person, 3)
    write_down = inside.house.recorder.record

    async def freeze_meanwhile(*given: Any) -> int:
        told = await write_down(*given)
        monkeypatch.setattr(inside.house.standing.__class__, "subject_frozen", lambda *_: True)
        return told

    monkeypatch.setattr(
        inside.house.recorder.__class__, "record", lambda _self, *given: freeze_meanwhile(*given)
    )
    if not guarded:
        monkeypatch.setattr(acts, "_still", lambda house, at, asked, line: line)
    (row,) = read(issue(inside, line), identity)["lines"]
    assert row["state"] == ("frozen" if guarded else "named")


def test_another_house_and_another_site_key(inside: Inside, identity: Any) -> None:
    stranger = book(inside, file(inside, THERE), 3, THERE)
    (row,) = read(issue(inside, stranger), identity)["lines"]
    assert (row["state"], row["family_name"]) == ("nameless", "")
    with pytest.raises(Refused, match="refused"):
        issue(inside, stranger, establishment=THERE)
    with pytest.raises(Refused, match="refused"):
        register(inside, str(identity.to_public()), THERE)


def test_a_cancelled_or_forgotten_visit_is_named_no_more(inside: Inside, identity: Any) -> None:
    person = file(inside)
    cancelled, gone = book(inside, person, 3), book(inside, person, 4)
    rebook(inside, cancelled.record, person, cancelled.starts, ticket=False)
    inside.ask(SYSTEM, "delete", wire.IdAsk(gone.record, "appointment"), wire.Nothing)
    told = read(issue(inside, cancelled, gone), identity)["lines"]
    assert [row["state"] for row in told] == ["nameless", "nameless"]


def test_the_ticket_opens_nothing_for_whoever_guesses_it(inside: Inside, identity: Any) -> None:
    line = book(inside, file(inside), 3)
    row = inside.house.store.record(line.record)
    assert row is not None
    ask = wire.RevealAsk(
        [wire.RevealItem(row.subject, "patient", [wire.RevealField("phone", "contact", b"v" * 16)])]
    )
    for guess in (line.record, b"continuity" + line.record, b"continuity\0" + line.record):
        with pytest.raises(Refused):
            inside.ask(WORKER, "reveal", ask, wire.RevealAnswer, errand=guess, purpose="continuity")


@pytest.mark.parametrize("kind", ["staff", "patient", "worker", "system", "partner"])
def test_nobody_but_the_machines_operator_names_the_key(inside: Inside, kind: str) -> None:
    who = inside.staff("manager") if kind == "staff" else Person(
        wire.ActorWire(kind, UUID(int=1).bytes if kind == "worker" else bytes(16))
    )  # fmt: skip
    asked = SiteKeyAsk(HERE, SITE, str(pyrage.x25519.Identity.generate().to_public()))
    with pytest.raises(Refused):
        inside.ask(who, "continuity_key", asked, wire.Nothing)
    assert rows.site_key(inside.house.store, SITE) is None


def test_a_key_that_is_none(inside: Inside) -> None:
    with pytest.raises(Refused, match="unusable"):
        register(inside, "age1" + "q" * 58)


def test_a_booking_costs_no_further_leaf(inside: Inside) -> None:
    person = file(inside)
    before = inside.house.segment.size
    book(inside, person, 3)
    assert inside.house.segment.size == before + 1


def test_the_plain_lines_are_french_and_whole() -> None:
    heading = sheet.Heading("Cabinet", "Quai", SITE, "log", acts._clock("Europe/Paris"), 0, 1)
    line = sheet.Line(b"", 0, 1, "Dr A", sheet.NAMED, "Quatrevaux", "Philomène", "1957-02-03")
    frozen = sheet.Line(b"", 0, 1, "Dr B", sheet.FROZEN)
    text = json.loads(sheet.written(heading, [line, frozen]))["text"]
    assert "01:00  Dr A  QUATREVAUX Philomène  03/02/1957  sans téléphone" in text
    assert "01:00  Dr B  dossier gelé : nom non imprimé" in text
