"""What a receipt tells: believed only where it leads to the entry, read without any package."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.errors import SermentError
from serment.keeper.index import ActorPart, PatientPart
from serment.keeper.wire import Item
from serment.ledger import asking, commitment, note, proof, telling, tree
from serment.ledger.asking import Question
from serment.ledger.checkpoint import Checkpoint, sign
from serment.ledger.messagepack import DEPTH_MAX, NotReadable, decode
from serment.ledger.note import Signer
from serment.ledger.proof import Proof
from serment.ledger.report import Verdict
from serment.ledger.statement import (
    MAGIC,
    PART_BYTES_MAX,
    Part,
    Statement,
    StatementUnusable,
    is_statement,
)
from tests.ledger.making import KEY, NOW, ORIGIN, OTHER_WITNESS, WITNESS, Made

HOUSE, NADIA, FILE, VISIT = b"e" * 16, b"n" * 16, b"f" * 16, b"v" * 16
ACTOR = ActorPart(
    1, 1_795_333_260_123_456, "read", "reception", "staff", NADIA, "secretary", HOUSE, "claimed",
    "web", "web-4711", 4711, "0f" * 16, b"r" * 16, ["details", "family_name"], b"p" * 16, True,
)  # fmt: skip
PATIENT = PatientPart(
    FILE, "patient", HOUSE,
    [Item(FILE, "patient", ["family_name"]), Item(VISIT, "appointment", ["details"])],
    b"", bytes(8), bytes(8), "",
)  # fmt: skip


def part(value: msgspec.Struct) -> bytes:
    return commitment.salted(msgspec.msgpack.encode(value))


def statement(actor: ActorPart = ACTOR, patient: PatientPart = PATIENT) -> Statement:
    return Statement(Part.shown(part(actor)), Part.shown(part(patient)))


class Receipts:
    """A small ledger in which a statement's entry stands at place 5."""

    def __init__(self, folder: Path, told: Statement, seed: str = "a") -> None:
        self.folder, self.told = folder, told
        self.made = Made(folder / seed)
        publisher = self.made.publisher()
        entries = [told.entry() if place == 5 else seed.encode() * 32 for place in range(20)]
        publisher.publish(entries)
        publisher.close()
        built = self.made.site.build(self.made.inbox)
        assert built is not None
        self.signed = built

    def file(self, **changed: Any) -> Path:
        made = proof.make(5, self.told.encode(), self.signed, self.made.site.reader(20))
        values = {
            "index": made.index, "hashes": made.hashes, "note": made.note, "extra": made.extra
        } | changed  # fmt: skip
        path = self.folder / "receipt.tlog-proof"
        path.write_bytes(Proof(**values).encode())
        return path

    def ask(self, **changed: Any) -> Any:
        key = changed.pop("key", KEY.verifier.text)
        entry = changed.pop("entry", "")
        file = self.file(**changed)
        return asking.answer(Question(proof=file, keys=[key] if key else [], entry=entry))


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    return Receipts(tmp_path, statement())


def test_a_receipt_tells_in_words_what_the_ledger_holds(receipts: Receipts) -> None:
    report = receipts.ask()
    assert report.verdict is Verdict.INTACT
    told = dict(report.statement)
    assert told["when"] == "2026-11-22T07:41:00.123Z"
    assert told["what"] == "opened fields"
    assert told["who"] == "staff 6e6e6e6e-6e6e-6e6e-6e6e-6e6e6e6e6e6e (secretary)"
    assert (told["why"], told["fields"]) == ("reception", "details, family_name")
    assert told["whose data"].startswith("patient 66666666-")
    records = [words for label, words in report.statement if label == "record"]
    assert [one.partition(": ")[2] for one in records] == ["family_name", "details"]
    words = asking.in_words(report)
    assert "\n  why: reception\n" in words
    assert '"statement": [["when", ' in asking.as_json(report)


def test_no_altered_statement_is_told(receipts: Receipts) -> None:
    data = receipts.told.encode()
    for bit in random.Random(7).sample(range(len(data) * 8), 400):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        report = receipts.ask(extra=bytes(altered))
        assert (report.verdict, report.statement) == (Verdict.TAMPERED, [])
    # The control: a check that looked at the proof alone, by the entry, would see nothing.
    lie = statement(msgspec.structs.replace(ACTOR, purpose="care"))
    signed = Proof.parse(receipts.file(extra=lie.encode()).read_bytes())
    signed.check(receipts.told.entry(), [KEY.verifier])
    assert receipts.ask(extra=lie.encode()).verdict is Verdict.TAMPERED
    report = receipts.ask(extra=lie.encode(), entry=receipts.told.entry().hex())
    assert (report.verdict, report.statement) == (Verdict.TAMPERED, [])
    assert report.findings == ["What this receipt tells does not lead to the entry that was named."]


def test_another_place_or_another_log_is_refused(receipts: Receipts, tmp_path: Path) -> None:
    assert receipts.ask(index=6).verdict is Verdict.TAMPERED
    other = Receipts(tmp_path, statement(), "b")
    assert receipts.ask(note=other.signed.note).verdict is Verdict.TAMPERED
    assert (
        receipts.ask(key=Signer(ORIGIN, bytes(31) + b"\x09").verifier.text).verdict
        is Verdict.TAMPERED
    )
    without = receipts.ask(key="")
    assert without.verdict is Verdict.INCOMPLETE
    assert without.statement  # told, under a first line that says nobody's signature was checked


def test_a_withheld_part_is_its_hash_and_the_rest_still_proves(tmp_path: Path) -> None:
    whole = statement()
    half = Statement(whole.actor, Part(None, whole.patient.hash))
    assert Statement.parse(half.encode()) == half
    receipts = Receipts(tmp_path, half)
    report = receipts.ask()
    assert report.verdict is Verdict.INTACT
    assert dict(report.statement)["whose data"].endswith(whole.patient.hash.hex())
    assert FILE.hex() not in str(report.statement)
    other = Statement(Part(None, whole.actor.hash), whole.patient)
    assert other.entry() == whole.entry()
    assert telling.in_words(other)[0][1].startswith(telling.WITHHELD)


def test_words_that_could_steer_a_terminal_are_shown_as_codes() -> None:
    evil = msgspec.structs.replace(PATIENT, note="urgent\x1b[2J\nintact\u202e")
    told = dict(telling.in_words(statement(patient=evil)))
    assert told["reason given"] == "urgent\\x1b[2J\\nintact\\u202e"


def test_what_a_later_version_appends_is_counted_not_guessed() -> None:
    values = [*msgspec.to_builtins(ACTOR, builtin_types=(bytes,)), "new", 7]
    later = Part.shown(commitment.salted(msgspec.msgpack.encode(values)))
    told = dict(telling.in_words(Statement(later, Part(None, bytes(32)))))
    assert told["beside"] == "2 values this verifier does not know"


def test_a_statement_that_leads_there_but_cannot_be_read_is_incomplete(tmp_path: Path) -> None:
    odd = Statement(Part.shown(commitment.salted(b"\x81\x01\x02")), Part(None, bytes(32)))
    report = Receipts(tmp_path, odd).ask()
    assert (report.verdict, report.statement) == (Verdict.INCOMPLETE, [])


def test_the_reader_reads_what_the_keeper_writes() -> None:
    for value in (ACTOR, PATIENT):
        written = msgspec.msgpack.encode(value)
        assert decode(written) == msgspec.msgpack.decode(written)


numbers = st.integers(-(2**63), 2**64 - 1)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=20),
    max_leaves=30,
)


@given(values)
def test_every_value_of_these_kinds_is_read_as_msgspec_reads_it(value: object) -> None:
    written = msgspec.msgpack.encode(value)
    try:
        assert decode(written) == value
    except NotReadable:
        assert _depth(value) > DEPTH_MAX


def _depth(value: object) -> int:
    if not isinstance(value, list):
        return 0
    return 1 + max((_depth(one) for one in value), default=0)


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for read in (decode, Statement.parse, lambda one: Statement.parse(MAGIC + one)):
        with suppress(NotReadable, StatementUnusable):
            read(data)
    shown = Statement(Part.shown(bytes(32) + data), Part.shown(bytes(32) + data))
    with suppress(NotReadable):
        telling.in_words(shown)


@given(st.lists(values, min_size=16, max_size=18), st.lists(values, min_size=7, max_size=9))
def test_a_list_of_anything_is_words_or_refused(actor: list[Any], patient: list[Any]) -> None:
    written = [commitment.salted(msgspec.msgpack.encode(one)) for one in (actor, patient)]
    try:
        told = telling.in_words(Statement(*map(Part.shown, written)))
    except NotReadable:
        return
    assert all(words.isprintable() for _label, words in told)


@pytest.mark.parametrize(
    "data",
    [
        b"", MAGIC, MAGIC + b"\0\0\0\x20" + bytes(32), MAGIC + b"\xff" * 4 + bytes(31),
        MAGIC + (b"\xff" * 4 + bytes(32)) * 2 + b"\0", MAGIC + (b"\xff" * 4 + bytes(32)),
        MAGIC + (PART_BYTES_MAX + 1).to_bytes(4, "big") + bytes(PART_BYTES_MAX + 1),
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementUnusable):
        Statement.parse(data)


def test_a_bare_commitment_that_begins_like_a_statement_stays_a_commitment() -> None:
    assert not is_statement(MAGIC.ljust(32, b"x"))


def test_a_list_that_claims_more_than_is_there_costs_nothing() -> None:
    with pytest.raises(NotReadable):
        decode(b"\xdd\xff\xff\xff\xff" + bytes(100))
    with pytest.raises(NotReadable):
        decode(b"\x91" * 10_000 + b"\xc0")


def test_a_receipt_of_a_million_entries_stays_below_4_kb(tmp_path: Path) -> None:
    fields = ["family_name", "given_name", "birth_name", "birth_date", "sex", "phone", "email"]
    rich = msgspec.structs.replace(ACTOR, kind="write", fields=fields)
    item = Item(FILE, "patient", fields, [bytes(32)] * 7, [bytes(32)] * 7)
    extra = statement(rich, msgspec.structs.replace(PATIENT, items=[item])).encode()
    head = Checkpoint(ORIGIN, 2**20, bytes(32))
    lines = "".join(one.line(head.text(), NOW) for one in (WITNESS, OTHER_WITNESS))
    signed = note.parse(sign(head, KEY) + lines.encode())
    hashes = tree.inclusion_proof(12345, 2**20, lambda height, index: bytes(32))
    assert len(Proof(12345, tuple(hashes), signed, extra).encode()) < 4_096


def test_every_refusal_is_one_of_ours() -> None:
    assert issubclass(NotReadable, SermentError)
    assert issubclass(StatementUnusable, SermentError)
