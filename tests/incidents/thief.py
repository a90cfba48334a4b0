"""A thief with all powers of the web process: a plain process on the socket, run as a script.

It mints sessions for anybody, reveals, finds, lies about purpose, client and process name, forks
nothing, and writes down each record and field it really could open.
"""

from __future__ import annotations

import json
import socket
import sys
import time
import uuid
from typing import Any

import msgspec

from serment.keeper import wire
from serment.keeper.sealing import open_sealed


class Line:
    """One connection of the thief."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def ask(self, op: str, actor: wire.ActorWire, body: msgspec.Struct, **more: Any) -> wire.Reply:
        """One request as the thief likes it."""
        request = wire.Request(
            id=uuid.uuid4().bytes, op=op, actor=actor, body=wire.raw(body), **more
        )
        self.socket.sendall(wire.frame(request))
        head = self._exactly(wire.HEAD_BYTES)
        return wire.reply_from(self._exactly(wire.body_length(head)))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self.socket.recv(count - len(data))
        return data


def steal(path: str, establishment: bytes, loot: list[dict[str, Any]]) -> dict[str, Any]:
    """Open one file after the other, with a new invented secretary whenever one is refused."""
    line, got, lies = Line(path), [], ["care", "reception", "agenda"]
    stopped, started = 0, time.monotonic()
    actor, capability, session = _somebody(line, establishment)
    for place, file in enumerate(loot):
        for _attempt in range(3):
            record = bytes.fromhex(file["record"])
            sealed = bytes.fromhex(file["sealed"])
            field = wire.RevealField(file["field"], file["zone"], sealed[1:17])
            reply = line.ask(
                "reveal", actor,
                wire.RevealAsk([wire.RevealItem(record, "patient", [field])]),
                capability=capability, session=session, purpose=lies[place % 3],
                client=("web", "worker")[place % 2], process=f"worker-{place}",
                tenant=establishment,
            )  # fmt: skip
            if not reply.error:
                [[(key, bound)]] = msgspec.msgpack.decode(reply.body, type=wire.RevealAnswer).keys
                assert open_sealed(key, bound, sealed) == file["plain"]
                got.append(
                    {"record": file["record"], "field": file["field"], "session": session,
                     "after": time.monotonic() - started}
                )  # fmt: skip
                break
            stopped += 1
            actor, capability, session = _somebody(line, establishment)
    return {"got": got, "stopped": stopped}


def _somebody(line: Line, establishment: bytes) -> tuple[wire.ActorWire, bytes, str]:
    actor = wire.ActorWire("staff", uuid.uuid4().bytes, "secretary", establishment)
    session = f"lie-{uuid.uuid4().hex[:8]}"
    reply = line.ask("open_session", actor, wire.OpenSession(1), session=session, process="web-1")
    return actor, msgspec.msgpack.decode(reply.body, type=wire.Token32).token, session


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    told = steal(asked["socket"], bytes.fromhex(asked["establishment"]), asked["loot"])
    json.dump(told, sys.stdout)
