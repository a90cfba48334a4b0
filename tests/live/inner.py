"""A small site behind the port: pages that echo, drip, break, are slow, never return."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    query = parse_qs(environ["QUERY_STRING"])
    if environ["PATH_INFO"] == "/size":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [b"x" * int(query["bytes"][0])]
    if environ["PATH_INFO"] == "/broken":
        start_response("200 OK", [])
        return _breaks()
    if environ["PATH_INFO"] == "/slow":
        time.sleep(float(query["seconds"][0]))
    if environ["PATH_INFO"] == "/stuck":
        threading.Event().wait()
    if environ["PATH_INFO"] == "/drip":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return _drips(float(query["seconds"][0]))
    body = environ["wsgi.input"].read()
    slot = environ["serment.aside"]
    if environ["PATH_INFO"] == "/aside" and "came" not in slot:
        seconds = float(query["seconds"][0])
        slot["work"] = lambda: (time.sleep(seconds), threading.current_thread().name)[1]
    if environ["PATH_INFO"] == "/aside-fails" and "came" not in slot:
        slot["work"] = lambda: 1 / 0
    told = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "body": len(body),
        "address": environ["REMOTE_ADDR"],
        "scheme": environ["wsgi.url_scheme"],
        "forwarded": environ["serment.forwarded"],
        "came": slot.get("came"),
        "headers": {key: str(value) for key, value in environ.items() if key.startswith("HTTP_")},
    }
    start_response(
        "200 OK",
        [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    )
    return [json.dumps(told).encode()]


def _breaks() -> Iterator[bytes]:
    yield b"x" * 1000
    raise RuntimeError


def _drips(seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield b"x" * 1000
        time.sleep(0.2)
