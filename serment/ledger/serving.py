"""The published ledger over HTTP: its files and nothing else, with the headers tlog-tiles asks for.

For the public port, or any other ASGI server: ``Mount("/ledger", files(folder))``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from serment.ledger.source import CHECKPOINT, Folder
from serment.ledger.strays import parse_path

_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"
_CHANGES: Final = "public, max-age=2"
_ANYBODY: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}


def files(folder: Path, key_file: Path | None = None) -> Starlette:
    """An application that gives the files of a site's folder, and the log's key as text.

    Whoever takes the key from here trusts this server once; better is a key told another way.
    """

    source = Folder(folder)

    async def give(request: Request) -> Response:
        path = str(request.path_params["path"])
        is_checkpoint = path == CHECKPOINT
        # The name of a tile has one spelling, so no other path reaches the disk.
        if not is_checkpoint and parse_path(path) is None:
            return PlainTextResponse("There is no such file in this ledger.\n", 404, _ANYBODY)
        data = await asyncio.to_thread(source.read, path)
        if data is None:
            return PlainTextResponse("This file is not there, or not yet.\n", 404, _ANYBODY)
        kind = "text/plain; charset=utf-8" if is_checkpoint else "application/octet-stream"
        keep = _CHANGES if is_checkpoint else _NEVER_CHANGES
        return Response(data, 200, {**_ANYBODY, "Cache-Control": keep, "Content-Type": kind})

    async def give_key(_request: Request) -> Response:
        try:
            text = b"" if key_file is None else await asyncio.to_thread(key_file.read_bytes)
        except FileNotFoundError:
            text = b""
        if not text:
            return PlainTextResponse("The key is not told here.\n", 404, _ANYBODY)
        return PlainTextResponse(text, 200, {**_ANYBODY, "Cache-Control": _CHANGES})

    return Starlette(
        routes=[
            Route("/key", give_key, methods=["GET"]),
            Route("/{path:path}", give, methods=["GET"]),
        ]
    )
