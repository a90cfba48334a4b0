"""Coroutines in tests, beside the loop that Playwright keeps running in the main thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def apart(story: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a loop of its own.

    Playwright's synchronous interface leaves its own loop marked as running in this thread as long
    as a browser is open, and ``asyncio.run`` would refuse. Stores and signal handlers belong to
    the main thread, so another thread is no way out.
    """
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return asyncio.run(story)
    finally:
        asyncio._set_running_loop(running)
