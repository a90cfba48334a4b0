"""Time-stamps: only the authority's own word, on our own checkpoint, for this question, once."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem, x509
from asn1crypto.tsp import TimeStampResp
from rfc3161_client import VerifierBuilder
from rfc3161_client import verify as library

from serment.keeper import timestamps, wire
from serment.keeper.authority import Authority, Query
from serment.keeper.entrances import PASSES, Entrance
from serment.keeper.policy.asks import AlarmsAsk
from serment.keeper.publishing import Publishing
from serment.keeper.rights import ASKS
from serment.keeper.timestamps import DIFFERENCE_US_MAX, StampAsk, Stamped, StampQuery, apart
from serment.ledger import checkpoint
from serment.ledger.checkpoint import Checkpoint
from serment.ledger.note import Signer
from serment.ledger.publish import SIGNED
from tests.authority import TestAuthority
from tests.keeper.inside import OPERATOR, Inside, Person, Refused

WORKER = Person(wire.ActorWire("worker", bytes(15) + b"\x01"))
SECOND = 1_000_000
CN_TSA = {"common_name": "tsa"}
GUARDED = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "bare"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority") / "ours").make()


@pytest.fixture
def inside(tmp_path: Path, authority: TestAuthority) -> Iterator[Inside]:
    opened = Inside(tmp_path / "keeper")
    opened.patient()
    Publishing(opened.house, tmp_path / "public")
    begin(opened, tmp_path, authority)
    yield opened
    opened.crash()


def begin(inside: Inside, folder: Path, authority: TestAuthority) -> None:
    timestamps.begin(inside.house, authority.root, folder / "timestamps")


def query(inside: Inside) -> bytes:
    return inside.ask(WORKER, "timestamp_query", wire.Nothing(), StampQuery).query


def hand(inside: Inside, answer: bytes) -> None:
    inside.ask(WORKER, "timestamp", StampAsk(answer), wire.Nothing, client="worker")


def newest(inside: Inside) -> Stamped | None:
    assert inside.house.stamping is not None
    return inside.house.stamping.newest


def decided(inside: Inside, answer: bytes, *, guarded: bool) -> None:
    """Refused, and nothing changed; or without the guard taken and recorded."""
    before, size = newest(inside), inside.house.segment.size
    if not guarded:
        hand(inside, answer)
        assert inside.house.segment.size == size + 1
        return
    with pytest.raises(Refused, match="unusable"):
        hand(inside, answer)
    assert (newest(inside), inside.house.segment.size) == (before, size)


def told(inside: Inside) -> wire.Figures:
    return inside.ask(OPERATOR, "hello", wire.Nothing(), wire.Figures)


def alarms(inside: Inside) -> list[str]:
    rows = inside.ask(OPERATOR, "alarms", AlarmsAsk(), wire.Disclosures, purpose="incident").rows
    return [name for row in rows for item in row.items for name in item.fields]


def test_a_checkpoint_is_stamped_recorded_and_checked_by_openssl_alone(
    inside: Inside, authority: TestAuthority, tmp_path: Path
) -> None:
    size = inside.house.segment.size
    answer = authority.answer(query(inside))
    hand(inside, answer)
    made = newest(inside)
    assert made is not None
    assert (made.size, made.difference, made.token) == (size, 0, answer)
    assert abs(made.told - made.at) < 5 * SECOND
    note, token = (tmp_path / "timestamps" / f"{size}.{end}" for end in ("note", "tsr"))
    assert authority.verified(note, token)
    note.write_bytes(note.read_bytes().replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode()))
    assert not authority.verified(note, token)
    window = wire.PerimeterAsk(0, inside.house.now() + 1)
    rows = inside.ask(OPERATOR, "perimeter", window, wire.Disclosures, purpose="incident").rows
    (row,) = [one for one in rows if one.kind == "timestamped"]
    facts = dict(zip(row.items[0].fields, row.items[0].after, strict=True))
    root = base64.b64decode(made.note.splitlines()[2])
    assert (facts["root"], facts["token"]) == (root, hashlib.sha256(answer).digest())
    assert (facts["size"], facts["told"]) == (str(size).encode(), str(made.told).encode())
    assert (row.subject, row.actor_kind, alarms(inside)) == (None, "worker", [])


def test_the_last_one_is_told_and_outlives_a_restart(
    inside: Inside, authority: TestAuthority, tmp_path: Path
) -> None:
    assert (told(inside).timestamp_seconds, told(inside).clock_difference_seconds) == (None, None)
    hand(inside, authority.answer(query(inside)))
    made = newest(inside)
    inside.later(90 * SECOND)
    inside.crash()
    inside.open()
    assert told(inside).timestamp_seconds is None  # started without an authority
    begin(inside, tmp_path, authority)
    assert newest(inside) == made
    assert told(inside).timestamp_seconds == pytest.approx(90, abs=1)
    assert told(inside).clock_difference_seconds == 0


@GUARDED
def test_a_token_of_another_authority(
    inside: Inside, tmp_path: Path, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same answer counts where that authority is the one named."""
    other = TestAuthority(tmp_path / "other").make()
    if not guarded:
        assert inside.house.stamping is not None
        inside.house.stamping.authority = Authority.read(other.root)
    decided(inside, other.answer(query(inside)), guarded=guarded)


@GUARDED
def test_a_token_for_another_note(
    inside: Inside, authority: TestAuthority, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right nonce, right authority, other bytes. Negative control: the imprint not looked at."""
    query(inside)
    stamping = inside.house.stamping
    assert stamping is not None
    assert stamping.asked is not None
    other = stamping.authority.query(b"another note\n", stamping.asked.at)
    stamping.asked = Query(stamping.asked.note, other.request, stamping.asked.at)
    if not guarded:
        monkeypatch.setattr(Authority, "_verify", without("imprint"))
    decided(inside, authority.answer(other.request.as_bytes()), guarded=guarded)


@GUARDED
def test_a_token_handed_in_again(
    inside: Inside, authority: TestAuthority, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a new question about the same note. Negative control: without the nonce it counts."""
    answer = authority.answer(query(inside))
    hand(inside, answer)
    if guarded:
        decided(inside, answer, guarded=True)  # nothing was asked
    query(inside)
    if not guarded:
        monkeypatch.setattr(Authority, "_verify", without("nonce"))
    decided(inside, answer, guarded=guarded)


@GUARDED
def test_a_certificate_that_is_not_for_time_stamps(
    inside: Inside, authority: TestAuthority, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same key, issuer and number, without the usage. Negative control: not looked at."""
    answer = TimeStampResp.load(authority.answer(query(inside)))
    content = answer["time_stamp_token"]["content"]
    _, _, bare = pem.unarmor(authority.bare.read_bytes())
    kept = [one for one in content["certificates"] if one.chosen.subject.native != CN_TSA]
    assert len(kept) == 1
    content["certificates"] = [*(one.chosen for one in kept), x509.Certificate.load(bare)]
    if not guarded:
        for check in ("_verify_leaf_certs", "_verify_tsr_with_chains"):  # each looks for it
            monkeypatch.setattr(library._Verifier, check, lambda *_: True)
    decided(inside, answer.dump(), guarded=guarded)


@GUARDED
def test_a_token_handed_in_late(
    inside: Inside, authority: TestAuthority, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(timestamps, "QUERY_US_MAX", 1 << 60)
    answer = authority.answer(query(inside))
    inside.later(121 * SECOND)
    decided(inside, answer, guarded=guarded)


@GUARDED
def test_a_note_the_keeper_did_not_sign(
    inside: Inside, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes the public folder has nothing stamped in the keeper's name."""
    assert inside.house.public is not None
    forged = Checkpoint(inside.house.origin, 900, b"r" * 32)
    signer = Signer(inside.house.origin, b"x" * 32)
    (inside.house.public / SIGNED).write_bytes(checkpoint.sign(forged, signer))
    if not guarded:
        monkeypatch.setattr(timestamps, "_own", lambda *_: forged)
        assert query(inside)
        return
    with pytest.raises(Refused, match="unusable"):
        query(inside)


@GUARDED
@pytest.mark.parametrize("shift", [-90, 90])
def test_a_clock_that_is_wrong_is_an_alarm_in_the_same_commit(
    inside: Inside, authority: TestAuthority, guarded: bool, shift: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The keeper's clock is driven off; the authority's word stands. Negative control: no bound."""
    if not guarded:
        monkeypatch.setattr(timestamps, "DIFFERENCE_US_MAX", 1 << 60)
    clock = inside.house.recorder.clock
    clock.last = 0
    clock.driven = machine_now() + shift * SECOND
    size = inside.house.segment.size
    hand(inside, authority.answer(query(inside)))
    assert inside.house.segment.size == size + (2 if guarded else 1)
    difference = told(inside).clock_difference_seconds
    assert difference == pytest.approx(-shift, abs=8)
    clock.driven = max(clock.driven, inside.house.index.latest()) + SECOND
    assert alarms(inside) == (["clock.difference"] if guarded else [])


def machine_now() -> int:
    return time.time_ns() // 1_000


def test_how_far_an_instant_lies_outside_a_span() -> None:
    asked, now = 100 * SECOND, 110 * SECOND
    within = [apart(at * SECOND, asked, now) for at in (99, 100, 105, 110)]
    assert within == [0, 0, 0, 0]  # an authority cuts to the second: 99 may be 99.9
    assert apart(now + 5, asked, now) == 5
    assert apart(asked - 61 * SECOND, asked, now) == -60 * SECOND
    assert DIFFERENCE_US_MAX == 60 * SECOND


def test_garbage_and_flipped_bits_change_nothing(
    inside: Inside, authority: TestAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is taken but the authority's own instant; the log says the kind of fault alone."""
    answer = authority.answer(query(inside))
    stamping = inside.house.stamping
    assert stamping is not None
    assert stamping.asked is not None
    right = stamping.authority.time_of(stamping.asked, answer)
    for place in range(0, len(answer) * 8, 61):
        flipped = bytearray(answer)
        flipped[place // 8] ^= 1 << place % 8
        with suppress(timestamps.TokenRefused):
            assert stamping.authority.time_of(stamping.asked, bytes(flipped)) == right
    with caplog.at_level(logging.WARNING):
        for garbage in (answer[:-1], answer + b"0", b"0" * 100, b"\x30\x80" * 9_000):
            decided(inside, garbage, guarded=True)
        with pytest.raises(Refused, match="unusable"):
            hand(inside, bytes((1 << 16) + 1))
    assert all(len(one.getMessage()) < 70 for one in caplog.records)
    hand(inside, answer)  # the control: the question still stands for its own answer


def test_only_the_worker_and_only_at_its_own_entrance() -> None:
    ops = {"timestamp", "timestamp_query"}
    assert {kind for kind, may in ASKS.items() if ops & may} == {"worker"}
    assert ops <= PASSES[Entrance.WORKER]["worker"]
    assert not any(ops & may for may in PASSES[Entrance.WEB].values())


def test_without_an_authority_nothing_is_asked(tmp_path: Path) -> None:
    inside = Inside(tmp_path / "keeper")
    Publishing(inside.house, tmp_path / "public")
    timestamps.begin(inside.house, tmp_path / "no.pem", tmp_path / "timestamps")
    with pytest.raises(Refused, match="refused"):
        query(inside)
    inside.crash()


def without(what: str) -> Any:
    """The verification, but for one thing."""

    def verify(self: Authority, asked: Query, found: Any) -> None:
        nonce = None if what == "nonce" else asked.request.nonce
        verifier = VerifierBuilder(roots=list(self.roots), nonce=nonce).build()
        if what == "imprint":
            verifier.verify(found, found.tst_info.message_imprint.message)
        else:
            verifier.verify_message(found, asked.note)

    return verify
