"""Time-stamps carried between the keeper, which has no network, and an authority (RFC 3161).

Nothing here is believed: the keeper makes the question and checks the answer. An authority that
hangs or sends too much costs its time limit and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from serment.disclosure.gate import WORKER
from serment.disclosure.line import ask
from serment.disclosure.purposes import Purpose
from serment.errors import Broken
from serment.keeper import wire
from serment.keeper.timestamps import ANSWER_BYTES_MAX, StampAsk, StampQuery

SECONDS_MAX: Final = 10.0
"""The worker does one thing at a time: messages wait that long."""

_HEADERS: Final = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "serment",
}


class AuthorityDown(Broken):
    """The time-stamping authority gave no usable answer in time."""


def fetch(url: str) -> None:
    """Have the newest checkpoint stamped. AuthorityDown, and errors as of the gate."""
    asked = ask("timestamp_query", WORKER, StampQuery, wire.Nothing(), purpose=Purpose.TRANSPARENCY)
    answer = asyncio.run(_post(url, asked.query))
    ask("timestamp", WORKER, wire.Nothing, StampAsk(answer), purpose=Purpose.TRANSPARENCY)


async def _post(url: str, query: bytes) -> bytes:
    """The authority's answer; the limit counts from the first byte asked to the last one read."""
    limit = aiohttp.ClientTimeout(total=SECONDS_MAX)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, auto_decompress=False) as session,
            session.post(url, data=query, headers=_HEADERS, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise AuthorityDown
            found = bytearray()
            async for part in answer.content.iter_chunked(1 << 13):
                found += part
                if len(found) > ANSWER_BYTES_MAX:
                    raise AuthorityDown
            if not found:
                raise AuthorityDown
            return bytes(found)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
        raise AuthorityDown from fault
