"""The wire: version 1 exactly; anything else closes the connection and the keeper lives."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serment.disclosure import gate
from serment.disclosure.line import client
from serment.ids import new_id
from serment.keeper import wire
from serment.keeper.client import Denied
from serment.keeper.sealing import bound_to, open_sealed, record_key
from tests.keeper.running import Running, make_file, staff_of

VECTORS = Path(__file__).parents[1] / "vectors"


def hello(ident: bytes = b"\x01" * 16, op: str = "hello") -> wire.Request:
    return wire.Request(id=ident, op=op, actor=wire.ActorWire("system", bytes(16)))


def answered(at: Path, sent: bytes) -> bytes:
    """What the keeper sends back before it closes or falls silent for a moment."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(0.5)
        line.connect(str(at))
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        try:
            return line.recv(1 << 16)
        except (TimeoutError, ConnectionError):
            return b""


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">IBB", 0xFFFFFFFF, 1, 1),
        struct.pack(">IBB", wire.FRAME_BYTES_MAX + 1, 1, 1) + b"x",
        struct.pack(">IBB", 10, 2, 1) + bytes(8),
        struct.pack(">IBB", 10, 1, 9) + bytes(8),
        struct.pack(">IBB", 2, 1, 1),
        struct.pack(">IBB", 300, 1, 1) + b"\x91" * 298,
        struct.pack(">IBB", 1000, 1, 1) + b"cut short",
        b"",
    ],
)
def test_what_is_not_version_1_is_not_answered(own_keeper: Running, garbage: bytes) -> None:
    assert answered(own_keeper.socket, garbage) == b""
    assert gate.health().size == 0


def test_any_bytes_at_all_leave_the_keeper_alive(own_keeper: Running) -> None:
    good = wire.frame(hello())

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=400), st.integers(0, len(good)))
    def throw(noise: bytes, cut: int) -> None:
        answered(own_keeper.socket, good[:cut] + noise)
        body = msgspec.msgpack.encode({"id": noise[:16], "op": "seal", "body": noise})
        answered(own_keeper.socket, wire.HEAD.pack(len(body) + 2, 1, 1) + body)

    throw()
    assert re.fullmatch(r"serment/[0-9a-f]{12}", gate.health().origin)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    op=st.sampled_from(["seal", "reveal", "find", "history", "perimeter", "errand", "link", "x"]),
    body=st.recursive(
        st.none() | st.integers() | st.binary(max_size=20) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=8,
    ),
)
def test_well_framed_nonsense_is_called_unusable(
    own_keeper: Running, op: str, body: object
) -> None:
    ask = hello(new_id().bytes, op)
    try:
        ask.body = msgspec.Raw(msgspec.msgpack.encode(body))
    except OverflowError:
        return
    with pytest.raises(Denied) as refused:
        client.call(ask, wire.Nothing)
    assert refused.value.why in {"unusable", "refused"}


def test_the_same_request_twice_is_one_act(own_keeper: Running) -> None:
    here = new_id()
    file, actor = make_file(here), staff_of(here)
    version = wire.RevealField("family_name", "identity", file.family_name.sealed[1:17])
    ask = wire.Request(
        id=new_id().bytes,
        op="reveal",
        actor=wire.ActorWire("staff", actor.id.bytes),
        purpose="reception",
        capability=actor.capability,
        body=wire.raw(wire.RevealAsk([wire.RevealItem(file.pk.bytes, "patient", [version])])),
    )
    before = gate.health().size
    first = client.call(ask, wire.RevealAnswer)
    again = [first]
    thread = threading.Thread(target=lambda: again.append(client.call(ask, wire.RevealAnswer)))
    thread.start()
    thread.join()
    assert again == [first, first]
    assert gate.health().size == before + 1
    other = msgspec.structs.replace(ask, body=wire.raw(wire.RevealAsk([])))
    with pytest.raises(Denied) as changed:
        client.call(other, wire.RevealAnswer)
    assert changed.value.why == "unusable"
    for other, why in (
        (msgspec.structs.replace(ask, purpose="care"), "unusable"),
        (msgspec.structs.replace(ask, actor=wire.ActorWire("staff", new_id().bytes)), "session"),
    ):
        with pytest.raises(Denied) as another:
            client.call(other, wire.RevealAnswer)
        assert another.value.why == why
    # Negative control: another id is another act.
    client.call(msgspec.structs.replace(ask, id=new_id().bytes), wire.RevealAnswer)
    assert gate.health().size == before + 2
    gate.close_session(actor.capability)
    with pytest.raises(Denied) as late:
        client.call(ask, wire.RevealAnswer)
    assert late.value.why == "session"


def test_too_many_at_once_are_refused_whole(own_keeper: Running) -> None:
    items = [wire.SealItem(new_id().bytes, "patient", new_id().bytes, []) for _ in range(201)]
    ask = hello(new_id().bytes, "seal")
    for count, why in ((201, "unusable"), (0, "unusable")):
        ask.body = wire.raw(wire.SealAsk(items[:count]))
        with pytest.raises(Denied) as refused:
            client.call(ask, wire.SealAnswer)
        assert refused.value.why == why
    ask.body = wire.raw(wire.SealAsk(items[:200]))
    assert len(client.call(ask, wire.SealAnswer).sealed) == 200


def test_the_socket_is_for_its_own_user(own_keeper: Running) -> None:
    assert own_keeper.socket.stat().st_mode & 0o777 == 0o600
    assert (own_keeper.state / "root.key").stat().st_mode & 0o777 == 0o600
    assert own_keeper.state.stat().st_mode & 0o777 == 0o700


def taken_in(sent: bytes) -> wire.Request:
    assert wire.body_length(sent[: wire.HEAD_BYTES]) == len(sent) - wire.HEAD_BYTES
    return wire.request_from(sent[wire.HEAD_BYTES :])


def test_the_written_vectors_hold() -> None:
    vectors = json.loads((VECTORS / "keeper-wire-v1.json").read_text())
    for one in vectors["frames"]:
        sent = bytes.fromhex(one["frame"])
        request = taken_in(sent)
        assert wire.frame(request) == sent
        assert request.op == one["op"]
    for one in vectors["refused"]:
        with pytest.raises(wire.FrameRefused):
            taken_in(bytes.fromhex(one["frame"]))
    for one in vectors["sealed"]:
        place = (one["kind"], one["field"], bytes.fromhex(one["record"]))
        version = bytes.fromhex(one["version"])
        key = record_key(bytes.fromhex(one["zone_key"]), *place, version)
        assert key.hex() == one["key"]
        bound = bound_to(
            bytes.fromhex(one["tenant"]),
            bytes.fromhex(one["subject"]),
            one["zone"],
            *place,
            version,
        )
        assert bound.hex() == one["bound"]
        assert open_sealed(key, bound, bytes.fromhex(one["sealed"])) == one["text"]
