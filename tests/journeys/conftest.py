"""A browser for all journeys; each visitor has cookies of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.demo import Demo
from tests.journeys.visitor import PATIENT_MILLISECONDS, Visitor, open_browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Ends with the last journey of the worker.

    While it is open, Playwright's own loop counts as running in this thread, and no test after it
    could run a coroutine, nor any product code that does.
    """
    expect.set_options(timeout=PATIENT_MILLISECONDS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


@pytest.fixture
def visitor(browser: Browser, demo: Demo) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, and closes their windows afterwards."""
    made: list[Visitor] = []

    def make(width: int = 390, language: str = "fr", **more: Any) -> Visitor:
        made.append(open_browser(browser, demo, width, language, **more))
        return made[-1]

    yield make
    for one in made:
        one.page.context.close()
