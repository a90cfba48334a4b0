"""One HTTP exchange with a provider, telling apart what failed before it heard and behind.

The standard library's client: it sends when told to, and says whether anything was sent.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from serment.outbox.sms.port import NotTaken, TakesNone, Unsure

SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 1 << 20
_BUSY: Final = 503
_FOR_GOOD: Final = frozenset({400, 422})
"""This very message will not do. Any other refusal is the account's or the provider's, and another
time may do; so is a bad request whose signature was wrong."""
_OF_THE_ACCOUNT: Final = (b"INVALID_SIGNATURE", b"INVALID_CREDENTIAL", b"unauthorized")


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer of the 200s."""

    status: int
    value: Any


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def exchange(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Ask once. ``NotTaken`` where it was not heard or said "not now", ``TakesNone`` where it
    refused this message, ``Unsure`` where its answer is missing or tells nothing."""
    at = urlsplit(url)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    more: dict[str, Any] = {"context": _trusted()} if at.scheme == "https" else {}
    line = kind(at.hostname or "", at.port, timeout=SECONDS_MAX, **more)
    try:
        try:
            line.connect()
        except OSError as away:
            raise NotTaken from away
        try:
            line.request(method, f"{at.path}?{at.query}" if at.query else at.path, body or None,
                         dict(headers))  # fmt: skip
            answer = line.getresponse()
            told = answer.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as lost:
            raise Unsure from lost
        return _answer(answer.status, told)
    finally:
        line.close()


def _answer(status: int, told: bytes) -> Answer:
    if status in _FOR_GOOD and not any(word in told for word in _OF_THE_ACCOUNT):
        raise TakesNone
    if 400 <= status < 500 or status == _BUSY:
        raise NotTaken
    if not 200 <= status < 300:
        raise Unsure
    try:
        return Answer(status, json.loads(told) if told else None)
    except ValueError as garbage:
        raise Unsure from garbage
