"""Bytes on the keeper's socket that no client of ours sends: refused, hung up on, lived through."""

from __future__ import annotations

import os
import socket
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serment.keeper import wire
from serment.keeper.passkeys import asks as passkeys
from tests.faults.asked import HERE, SECRETARY, SYSTEM, Asked
from tests.faults.trial import Nursery, Trial
from tests.keeper.authenticator import Authenticator

PIPELINED = 1_000
SILENCE_SECONDS = 5.0


@pytest.fixture(scope="module")
def keeper() -> Iterator[Trial]:
    with Nursery.opened() as nursery, tempfile.TemporaryDirectory(prefix="frames-") as folder:
        trial = Trial(nursery, Path(folder), trace=False).start()
        yield trial
        trial.stop()


def _connected(keeper: Trial) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(SILENCE_SECONDS)
    line.connect(str(keeper.socket))
    return line


def _closed(line: socket.socket) -> bool:
    """Did the keeper hang up without a word?"""
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


def _take(line: socket.socket) -> wire.Reply:
    with line.makefile("rb", buffering=0) as file:
        return wire.reply_from(_exactly(file, wire.body_length(_exactly(file, wire.HEAD_BYTES))))


def _exactly(file: object, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = file.read(length - len(data))  # type: ignore[attr-defined]
        assert part, "the keeper hung up"
        data += part
    return bytes(data)


def _hello(name: bytes = b"") -> wire.Request:
    return wire.Request(name or os.urandom(16), "hello", SYSTEM, process="t")


def _lives(keeper: Trial) -> bool:
    with _connected(keeper) as line:
        line.sendall(wire.frame(_hello()))
        return _take(line).error == ""


def _sealing(name: bytes, text: str) -> wire.Request:
    value = wire.SealValue("family_name", "identity", text)
    body = wire.SealAsk([wire.SealItem(b"p" * 16, "patient", b"p" * 16, [value])])
    return wire.Request(name, "seal", SYSTEM, tenant=HERE, purpose="booking", process="t",
                        body=wire.raw(body))  # fmt: skip


GOOD = wire.frame(_hello(b"g" * 16))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_altered_cut_and_random_bytes(keeper: Trial, data: st.DataObject) -> None:
    """One byte altered anywhere, a frame cut anywhere, or noise; then the other side goes away."""
    place = data.draw(st.integers(0, len(GOOD) - 1))
    altered = bytearray(GOOD)
    altered[place] ^= data.draw(st.integers(1, 255))
    sent = data.draw(
        st.sampled_from([bytes(altered), GOOD[:place], GOOD + GOOD[:place]])
        | st.binary(max_size=300)
    )
    with _connected(keeper) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        while True:
            try:
                if not line.recv(1 << 16):
                    break
            except ConnectionResetError:
                break
    assert _lives(keeper)


@pytest.mark.parametrize(
    "head",
    [
        struct.pack(">I", 0xFFFFFFFF) + GOOD[4:6],
        struct.pack(">I", wire.FRAME_BYTES_MAX + 1) + GOOD[4:6],
        struct.pack(">I", 0) + GOOD[4:6],
        GOOD[:4] + b"\xff" + GOOD[5:6],
        GOOD[:5] + b"\xff",
        GOOD[: wire.HEAD_BYTES] + b"\xc1" * (len(GOOD) - wire.HEAD_BYTES),
    ],
)
def test_what_is_not_version_1_is_hung_up_on_without_an_answer(keeper: Trial, head: bytes) -> None:
    with _connected(keeper) as line:
        line.sendall(head)
        assert _closed(line)
    assert _lives(keeper)


def test_half_frames_and_slow_writers_hold_nobody_up(keeper: Trial) -> None:
    lines = [_connected(keeper) for _ in range(60)]
    for place, line in enumerate(lines):
        line.sendall(GOOD[: 1 + place % (len(GOOD) - 1)])
    assert _lives(keeper)
    slow = lines[0]
    for byte in GOOD[1:]:
        slow.sendall(bytes([byte]))
    assert _take(slow).error == ""
    for line in lines:
        line.close()
    assert _lives(keeper)


def test_a_thousand_requests_in_one_breath_are_answered_in_order(keeper: Trial) -> None:
    names = [os.urandom(16) for _ in range(PIPELINED)]
    with _connected(keeper) as line:
        line.sendall(b"".join(wire.frame(_hello(name)) for name in names))
        assert [_take(line).id for _ in names] == names


def test_an_id_used_again_answers_the_same_or_nothing(keeper: Trial) -> None:
    """Replayed whole: the former answer, no second leaf. With another body: refused."""
    name = os.urandom(16)
    with _connected(keeper) as line:
        answers = []
        for text in ("Quatrevaux", "Quatrevaux", "Bonnefoy"):
            line.sendall(wire.frame(_sealing(name, text)))
            answers.append(_take(line))
    assert answers[0].error == ""
    assert bytes(answers[1].body) == bytes(answers[0].body)
    assert answers[2].error == "unusable"
    assert _lives(keeper)


def test_an_id_used_again_by_another_session_opens_nothing(keeper: Trial) -> None:
    """Another's capability, or a made-up one, with an id that was answered: no former answer."""
    asked = Asked(keeper.socket, keeper.public / "signed")
    asked.seal(b"q" * 16)
    asked.sign_in()
    fields = [wire.RevealField("family_name", "identity", asked.sealed[b"q" * 16][1:17])]
    body = wire.raw(wire.RevealAsk([wire.RevealItem(b"q" * 16, "patient", fields)]))
    name = os.urandom(16)
    staff = wire.ActorWire("staff", b"s" * 16, "secretary", HERE)
    answers = []
    with _connected(keeper) as line:
        for capability in (asked.capability, asked.capability, b"x" * 32):
            ask = wire.Request(name, "reveal", staff, capability=capability, process="t",
                               purpose="reception", body=body)  # fmt: skip
            line.sendall(wire.frame(ask))
            answers.append(_take(line))
    asked.close()
    assert [answer.error for answer in answers[:2]] == ["", ""]
    assert answers[2].error == "session"


@pytest.fixture(scope="module")
def enrolled(keeper: Trial) -> Authenticator:
    """A passkey of the secretary's, whose real messages are bent."""
    asked = Asked(keeper.socket, keeper.public / "signed")
    asked.sign_in()
    value = wire.SealValue("family_name", "identity", "Delattre")
    item = wire.SealItem(SECRETARY.id, "staff", SECRETARY.id, [value])
    asked.ask(SYSTEM, "seal", wire.SealAsk([item]), wire.SealAnswer, tenant=HERE)
    device = Authenticator()
    made = device.make(asked.challenge(SECRETARY, "enrol"))
    assert asked.ask(SECRETARY, "enrol", made, passkeys.PasskeyRow) is not None
    asked.close()
    return device


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["client_data", "authenticator_data", "signature"]),
    how=st.sampled_from(["flipped", "cut", "longer", "noise"]),
    place=st.integers(0, 400),
    bits=st.integers(1, 255),
    noise=st.binary(max_size=200),
)
def test_a_bent_signature_or_registration_mints_and_enrols_nothing(
    keeper: Trial, enrolled: Authenticator, name: str, how: str, place: int, bits: int, noise: bytes
) -> None:
    """A bit flipped, a part cut or swapped, in what a device really signed for a real challenge."""
    asked = Asked(keeper.socket, keeper.public / "signed")
    told = enrolled.sign(asked.challenge(SYSTEM, "sign_in"))
    true: bytes = getattr(told, name)
    place %= len(true)
    flipped = true[:place] + bytes([true[place] ^ bits]) + true[place + 1 :]
    bent = {"flipped": flipped, "cut": true[:place], "longer": true + b"\0", "noise": noise}[how]
    body = passkeys.SignInAsk(msgspec.structs.replace(told, **{name: bent}), 1)
    assert asked.ask(SYSTEM, "assert", body, passkeys.SignedIn) is None
    attested = passkeys.EnrolAsk(bent, noise)
    assert asked.ask(SECRETARY, "enrol", attested, passkeys.PasskeyRow) is None
    asked.close()
    assert {one.partition(": ")[2] for one in asked.failures} <= {"refused", "unusable", "session"}
