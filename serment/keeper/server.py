"""The keeper's socket: who may connect, one frame in, one frame out.

A connection that sends what is not wire format v1 is answered nothing and closed; the keeper
lives on. Requests of one connection are answered in order; connections run side by side, so
their leaves share group commits.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from serment.keeper import (
    listing,
    measuring,
    reading,
    receipts,
    reindexing,
    telling,
    tending,
    tokens,
    upkeep,
    writing,
)
from serment.keeper.continuity import acts as continuity
from serment.keeper.house import AskUnusable, House, NoAccess, SessionOver
from serment.keeper.policy import deciding, granting
from serment.keeper.policy.standing import BudgetOver, ComeBack, Frozen
from serment.keeper.recorder import LeafTooLarge
from serment.keeper.replays import ACTS_ONCE, Replays
from serment.keeper.rights import capability_of, errand_of, may_ask
from serment.keeper.wire import (
    HEAD_BYTES,
    BatchAnswer,
    BatchAsk,
    Body,
    FrameRefused,
    Reply,
    Request,
    body_length,
    frame,
    raw,
    request_from,
)

log = logging.getLogger("serment.keeper")

CONNECTIONS_MAX: Final = 512
CONNECTIONS_A_PROCESS: Final = 64
"""Past either the line that has been silent longest is hung up; its client connects anew."""

HEAD_SECONDS_MAX: Final = 300
FRAME_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 3
SWEEP_SECONDS: Final = 60
_PEER: Final = struct.Struct("3i")

IN_A_BATCH: Final = frozenset({"seal", "errand", "relate"})

Act = Callable[[House, Request, int], Awaitable[Body]]
ACTS: Final[dict[str, Act]] = {
    "hello": telling.figures,
    "stats": telling.figures,
    "seal": writing.seal_values,
    "delete": writing.delete,
    "reveal": reading.reveal,
    "find": reading.find,
    "records_of": listing.records_of,
    "files_behind": reading.files_behind,
    "link": listing.link,
    "files_of": listing.files_of,
    "alias": tokens.alias,
    "open_session": tokens.open_session,
    "close_session": tokens.close_session,
    "errand": tokens.mint_errand,
    "history": telling.history,
    "receipt": receipts.receipt,
    "perimeter": telling.perimeter,
    "measure": measuring.measure,
    "backup": upkeep.backup,
    "relate": deciding.relate,
    "break_glass": deciding.break_glass,
    "freeze": deciding.freeze,
    "unfreeze": deciding.unfreeze,
    "freezes": deciding.freezes,
    "alarms": deciding.alarms,
    "grant_propose": granting.propose,
    "grant_add": granting.add,
    "grant_close": granting.close,
    "grant_approve": granting.approve,
    "grant_revoke": granting.revoke,
    "grants": granting.listed,
    "drive_clock": telling.drive_clock,
}


async def batch(house: House, ask: Request, peer: int) -> Body:
    """op ``batch``: each part as if asked alone, in order; their leaves share a group commit.

    A later part finds what an earlier one stored. The first refusal refuses the whole; what was
    recorded before it stays recorded.
    """
    parts = msgspec.msgpack.decode(ask.body, type=BatchAsk).parts
    if any(part.op not in IN_A_BATCH for part in parts):
        raise AskUnusable
    asked = [
        msgspec.structs.replace(
            ask, op=part.op, purpose=part.purpose, tenant=part.tenant, body=part.body
        )
        for part in parts
    ]
    acts = [ACTS[part.op](house, part, peer) for part in asked]
    answers = await asyncio.gather(*acts, return_exceptions=True)
    bodies = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        bodies.append(raw(answer))
    return BatchAnswer(bodies)


ACTS["batch"] = batch
ACTS.update(tending.ACTS)
ACTS["reindex"] = reindexing.reindex
ACTS.update(continuity.ACTS)
OWN_USER_ONLY: Final = tending.OWN_USER_ONLY | continuity.OWN_USER_ONLY | {"reindex"}


class Desk:
    """Answers requests with the keeper's state; knows nothing of sockets."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._replays = Replays()
        house.forgetters.append(self._replays.forget_opened)
        granting.raise_all(house)

    async def answer(self, ask: Request, peer: int) -> Reply:
        """One reply for one request; never an exception."""
        try:
            return await self._once(ask, peer)
        except (
            NoAccess,
            SessionOver,
            AskUnusable,
            FrameRefused,
            LeafTooLarge,
            Frozen,
            BudgetOver,
            ComeBack,
        ) as refusal:
            return Reply(ask.id, _error_of(refusal))
        except msgspec.MsgspecError:
            return Reply(ask.id, "unusable")
        except Exception as fault:  # noqa: BLE001 -- its text could hold what no log may
            log.error("%s failed: %s", ask.op[:20], type(fault).__name__)
            return Reply(ask.id, "broken")

    async def _once(self, ask: Request, peer: int) -> Reply:
        if ask.op not in ACTS:
            raise AskUnusable
        may_ask(ask.actor, ask.op)
        if ask.op not in ACTS_ONCE:
            return await self._act(ask, peer)
        if ask.op != "open_session" and ask.capability:
            capability_of(self.house, ask)
        if ask.errand:
            errand_of(self.house, ask)
        former = self._replays.seen(ask)
        if former is not None:
            self.house.standing.must_stand(ask, peer, self.house.now())
            return await asyncio.shield(former)
        promised = self._replays.keep(ask)
        reply = Reply(ask.id, "broken")
        try:
            reply = await self._act(ask, peer)
        finally:
            self._replays.given(ask, promised, reply)
        return reply

    async def _act(self, ask: Request, peer: int) -> Reply:
        # Whatever is claimed stays a claim until the keeper itself checks sign-ins.
        ask.evidence = "claimed"
        return Reply(ask.id, "", raw(await ACTS[ask.op](self.house, ask, peer)))


_ERRORS: Final[dict[type[Exception], str]] = {
    SessionOver: "session",
    NoAccess: "refused",
    Frozen: "frozen",
    BudgetOver: "budget",
    ComeBack: "busy",
}


def _error_of(refusal: Exception) -> str:
    return _ERRORS.get(type(refusal), "unusable")


TOLD_TO_ALL: Final = frozenset({"hello", "stats"})
"""Figures without a person in them: any allowed user's probe may ask, as the operator too."""


@dataclass(slots=True)
class Line:
    """One connection; ``silent_since`` is set while nothing of a request has come."""

    pid: int
    writer: asyncio.StreamWriter
    silent_since: float | None


class Door:
    """Accepts connections of the allowed users and feeds the desk.

    ``operators``: users beside the keeper's own whose processes may act as the operator.
    """

    def __init__(
        self, house: House, allowed: frozenset[int], operators: frozenset[int] = frozenset()
    ) -> None:
        self._desk = Desk(house)
        self._house = house
        self._allowed = allowed | operators
        self._operators = operators | {os.getuid()}
        self._open: dict[asyncio.Task[None] | None, Line] = {}
        self._sweeping: asyncio.Task[None] | None = None

    async def listen(self, path: Path) -> asyncio.Server:
        """Bind the socket with mode 0600 (its folder's mode decides where users are many)."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._serve, path, limit=1 << 20)
        finally:
            os.umask(before)
        self._sweeping = asyncio.create_task(self._sweep())
        return server

    async def _sweep(self) -> None:
        """Every minute: forget what is over, so that memory and rows do not only grow."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._house.sweep()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid, uid = _peer(writer)
        if uid not in self._allowed or not self._has_room(pid):
            log.warning("Refused a connection of user %d.", uid)
            writer.close()
            return
        self._house.isolated = uid != os.getuid()
        task, now = asyncio.current_task(), asyncio.get_running_loop().time
        line = self._open[task] = Line(pid, writer, now())
        try:
            while True:
                ask = await _read(reader, line)
                mine = self._is_allowed(uid, ask)
                reply = await self._desk.answer(ask, pid) if mine else Reply(ask.id, "refused")
                writer.write(frame(reply))
                await writer.drain()
                line.silent_since = now()
        except FrameRefused:
            log.warning("Closed a connection that did not speak wire format 1.")
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the other side went away: nothing it was owed is lost, the leaf stands
        finally:
            self._open.pop(task, None)
            writer.close()

    def _is_allowed(self, uid: int, ask: Request) -> bool:
        """Who acts as the operator is a user the kernel vouches for, not a word in a request."""
        if uid in self._operators:
            return True
        operates = ask.actor.kind == "operator" and ask.op not in TOLD_TO_ALL
        return not operates and ask.op not in OWN_USER_ONLY

    def _has_room(self, pid: int) -> bool:
        """Is there a line for this process? If need be, the one silent longest is hung up."""
        own = [line for line in self._open.values() if line.pid == pid]
        if len(own) >= CONNECTIONS_A_PROCESS:
            return self._hang_up_one(own)
        return len(self._open) < CONNECTIONS_MAX or self._hang_up_one(self._open.values())

    def _hang_up_one(self, lines: Iterable[Line]) -> bool:
        silent = [line for line in lines if line.silent_since is not None]
        if not silent:
            return False
        longest = min(silent, key=lambda line: line.silent_since or 0)
        for task, line in list(self._open.items()):
            if line is longest:
                del self._open[task]
        longest.writer.close()
        return True

    async def close(self) -> None:
        """Hang up on everybody, letting what is being recorded end."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for line in list(self._open.values()):
            line.writer.close()
        tasks = [task for task in self._open if task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS_MAX)


async def _read(reader: asyncio.StreamReader, line: Line) -> Request:
    """The next request; TimeoutError where none begins for minutes, or one stops half-way."""
    async with asyncio.timeout(HEAD_SECONDS_MAX):
        head = await reader.readexactly(HEAD_BYTES)
    line.silent_since = None
    length = body_length(head)
    async with asyncio.timeout(FRAME_SECONDS_MAX):
        return request_from(await reader.readexactly(length))


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Process and user at the other end, from the kernel."""
    own = writer.get_extra_info("socket")
    pid, uid, _gid = _PEER.unpack(own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return pid, uid
