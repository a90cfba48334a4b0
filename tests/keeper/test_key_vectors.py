"""Vectors of keys, shares and the operator's frames: what a second implementation must reach."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serment.keeper import wire
from serment.keeper.policy.asks import FreezeAsk
from serment.keeper.root_key import shares, vault
from serment.keeper.store import search_key
from serment.keeper.tending import TendAsk

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "keeper-keys-v1.json").read_text()
)
BODIES = {"erase": wire.IdAsk, "erasure_state": wire.IdAsk, "freeze": FreezeAsk, "tend": TendAsk}


@pytest.mark.parametrize("vector", VECTORS["wrapping_keys"])
def test_the_wrapping_key_of_an_epoch(vector: dict[str, Any]) -> None:
    root, secret = bytes.fromhex(vector["root"]), bytes.fromhex(vector["secret"])
    key = vault._wrapping_key(root, secret, vector["epoch"])
    assert key.hex() == vector["key"]
    # HKDF-SHA-256 by hand: extract with the secret as salt, one block of expand.
    extracted = hmac.new(secret, root, hashlib.sha256).digest()
    info = f"serment keeper 1 epoch {vector['epoch']}".encode()
    assert hmac.new(extracted, info + b"\x01", hashlib.sha256).hexdigest() == vector["key"]


def test_the_key_of_search_rows() -> None:
    for vector in VECTORS["search_keys"]:
        assert search_key(bytes.fromhex(vector["zone_key"])).hex() == vector["key"]


def test_shares() -> None:
    lines = VECTORS["shares"]["lines"]
    for chosen in combinations(lines, 3):
        key = shares.join([shares.read_line(line) for line in chosen])
        assert key.hex() == VECTORS["shares"]["key"]
    assert [shares.read_line(line).line() for line in lines] == lines


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["op"])
def test_frames(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["frame"])
    ask = wire.request_from(data[wire.HEAD_BYTES :])
    assert wire.body_length(data[: wire.HEAD_BYTES]) == len(data) - wire.HEAD_BYTES
    assert ask.op == vector["op"]
    body = msgspec.msgpack.decode(ask.body, type=BODIES[ask.op])
    assert wire.frame(msgspec.structs.replace(ask, body=wire.raw(body))) == data
