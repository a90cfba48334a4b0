"""What a perimeter rests on: the ledger alone gives the same digest; gaps and the erased count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from serment.disclosure import Purpose, gate
from serment.ids import new_id
from serment.incidents import command, perimeter
from serment.keeper import reindexing, wire
from serment.keeper.erasure import ErasureState, by_keeper
from serment.keeper.house import NOBODY, enter
from serment.keeper.index import ActorPart, PatientPart
from serment.keeper.keys import AUDIT, Box
from serment.keeper.leaves import Access, Opening
from serment.keeper.measured import Measured
from serment.keeper.policy.asks import FreezeAsk
from serment.keeper.words import KIND_RECOVERED
from serment.ledger.segment import SegmentShorter, read
from tests.apart import apart
from tests.keeper.inside import HERE, Inside, Person, record_of
from tests.keeper.running import Running, make_appointment, make_file, staff_of

OPERATOR = Person(wire.ActorWire("operator", UUID(int=2).bytes))
END = 1 << 50


def test_the_digest_is_computed_again_from_the_ledger_and_its_keys_alone(
    own_keeper: Running,
) -> None:
    here = new_id()
    files = [make_file(here) for _ in range(3)]
    visit = make_appointment(here, files[0].pk)
    me = staff_of(here, session="mine")
    start = datetime.now(UTC)
    gate.reveal(me, Purpose.RECEPTION, files[:2], ["family_name", "given_name"])
    gate.reveal(me, Purpose.RECEPTION, [visit], ["details"])
    gate.seal(
        me, Purpose.RECEPTION, files[1], {"phone": "0612345678"}, subject=files[1].pk, tenant=here
    )
    another = staff_of(here, session="another")
    slip = make_appointment(here, files[0].pk, by=another)
    gate.delete(another, Purpose.RECEPTION, slip)
    answer = command.answer_of(start, datetime.now(UTC), session="mine")
    own_keeper.stop()
    assert _by_hand(own_keeper.state, start, answer["question"]) == answer["digest"]
    other = answer["question"] | {"session": "another"}
    assert _by_hand(own_keeper.state, start, other) != answer["digest"]  # the control


def _by_hand(folder: Path, start: datetime, question: dict[str, Any]) -> str:
    """docs/operate/perimeter.md, followed line by line with nothing of the index."""
    house = enter(folder)
    seqs, opened, times, written = [], [], [], []
    since = int(start.timestamp() * 1_000_000)
    for frame in read(folder / "segment.log"):
        opening = msgspec.msgpack.decode(frame.opening, type=Opening)
        parts = []
        for owner, sealed in (
            (opening.establishment, opening.actor), (opening.subject, opening.patient),
        ):  # fmt: skip
            key = house.keys.zone_key(owner, AUDIT, None)
            assert key is not None
            parts.append(Box(key).open(sealed, frame.leaf)[32:])
        actor = msgspec.msgpack.decode(parts[0], type=ActorPart)
        patient = msgspec.msgpack.decode(parts[1], type=PatientPart)
        if actor.session != "mine" or actor.kind not in ("read", "search", "write"):
            continue
        seqs.append(frame.seq)
        assert actor.at >= since  # nothing shortly before: see the widening's own test
        if actor.kind == "write":
            written += [(item.record, item.fields, any(item.before)) for item in patient.items]
        else:
            times.append(actor.at)
            opened += [(patient.subject, item) for item in patient.items]
    held = house.index.held(END << 10, None)
    house.segment.close()
    records = {item.record: item.kind for _subject, item in opened}
    fields: dict[str, set[bytes]] = {}
    for _subject, item in opened:
        for name in item.fields:
            fields.setdefault(f"{item.kind}.{name}", set()).add(item.record)
    persons = len({subject for subject, _item in opened})
    altered = {record for record, _fields, replaced in written if replaced}
    figures = {
        "persons": persons, "reachable": 0, "staff": 0, "records": len(records),
        "appointments": list(records.values()).count("appointment"),
        "fields": {name: len(found) for name, found in fields.items()},
        "tiers": {"confirmed": persons, "possible": 0, "excluded": held - persons},
        "first": _iso(times[0]), "last": _iso(times[-1]),
        "integrity": {
            "altered": len(altered), "unaltered": len(set(records) - altered), "unavailable": 0,
        },
        "gaps": [], "lease_seconds": 300, "widened_seconds": 900,
    }  # fmt: skip
    numbers = hashlib.sha256(b"".join(seq.to_bytes(8, "big") for seq in seqs)).hexdigest()
    whole = {
        "form": 3, "question": question, "figures": figures,
        "leaves": {"count": len(seqs), "sha256": numbers},
    }  # fmt: skip
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _iso(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat()


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = Inside(tmp_path / "keeper")
    yield made
    made.crash()


def measured(inside: Inside, **selectors: Any) -> Measured:
    """The figures; the window's last leaf left out, it is always the query before."""
    ask = wire.PerimeterAsk(0, END << 3, **selectors)
    found = inside.ask(OPERATOR, "measure", ask, Measured)
    return msgspec.structs.replace(found, last_leaf=0)


def rows(inside: Inside) -> list[wire.DisclosureRow]:
    ask = wire.PerimeterAsk(0, END << 3)
    return inside.ask(OPERATOR, "perimeter", ask, wire.Disclosures).rows


def test_the_index_is_made_anew_from_the_ledger_while_the_keeper_runs(inside: Inside) -> None:
    files = [inside.patient() for _ in range(4)]
    who = inside.staff()
    inside.reveal(who, *files[:3])
    before = measured(inside)
    inside.house.index.database.execute("DELETE FROM touch WHERE seq > 4")
    assert measured(inside).persons < before.persons  # the fault
    inside.ask(OPERATOR, "reindex", wire.Nothing(), reindexing.Reindexed)
    assert measured(inside) == before
    inside.reveal(who, files[3])  # and goes on
    assert measured(inside).persons == 4
    assert inside.house.index.size == inside.house.segment.size
    assert not list(inside.folder.glob("index.new*"))


def test_the_index_of_a_stopped_keeper_is_made_anew_unless_the_ledger_lost_something(
    inside: Inside,
) -> None:
    inside.reveal(inside.staff(), inside.patient())
    before = measured(inside)
    inside.crash()
    path = inside.folder / "index.sqlite"
    path.write_bytes(b"not an index" * 100)
    for side in ("-wal", "-shm"):
        (inside.folder / f"index.sqlite{side}").unlink(missing_ok=True)
    reindexing.rebuild_stopped(inside.folder, reindexing.KeyPlaces())
    inside.open()
    assert measured(inside) == before
    inside.crash()
    segment = inside.folder / "segment.log"
    segment.write_bytes(segment.read_bytes()[:-300])
    with pytest.raises(SegmentShorter):
        reindexing.rebuild_stopped(inside.folder, reindexing.KeyPlaces())
    segment.unlink()
    path.unlink()
    (inside.folder / "store.sqlite").unlink()
    (inside.folder / "keys.vault").unlink(missing_ok=True)
    inside.open()


def test_what_a_recovery_lost_makes_everybody_held_possible(inside: Inside) -> None:
    files = [inside.patient() for _ in range(5)]
    inside.reveal(inside.staff(), *files[:2])
    since = inside.house.index.latest()
    facts = wire.Item(bytes(16), "log", ["possible_since"], after=[str(since).encode()])
    access = Access(None, NOBODY, [facts], KIND_RECOVERED)
    inside.later(60_000_000)
    apart(inside.house.recorder.record(by_keeper(inside.house, NOBODY), 0, [access]))
    found = measured(inside)
    assert [(gap.since, gap.until > since) for gap in found.gaps] == [(since, True)]
    figures = perimeter.Figures(
        found.persons, 0, 0, 0, {}, found.possible, found.held, 0, 0, 0, 0, None, None, 0, b"",
        300, 900, (perimeter.Gap(1, datetime.now(UTC), datetime.now(UTC)),),
    )  # fmt: skip
    assert figures.tiers == {"confirmed": 2, "possible": 3, "excluded": 0}
    before = inside.ask(OPERATOR, "measure", wire.PerimeterAsk(0, since - 1), Measured)
    assert before.gaps == []  # a window that ended before has no gap


def test_an_erased_person_is_counted_as_erased_and_named_only_while_evidence_is_held(
    inside: Inside,
) -> None:
    files = [inside.patient() for _ in range(3)]
    inside.reveal(inside.staff(), *files)
    gone = record_of(files[0])
    before = measured(inside)
    inside.ask(OPERATOR, "erase", wire.IdAsk(gone), ErasureState)
    found = measured(inside)
    assert (found.persons, found.erased) == (before.persons, 1)
    assert before.erased == 0
    told = [row for row in rows(inside) if row.kind == "read"]
    assert gone not in {row.person for row in told}
    assert [row.erased for row in told] == [True, False, False]
    name = str(UUID(bytes=b"i" * 16))
    frozen = FreezeAsk("incident", name, "essai", establishment=HERE)
    inside.ask(OPERATOR, "freeze", frozen, wire.Nothing)
    assert gone in {row.person for row in rows(inside)}  # for an incident it is opened
