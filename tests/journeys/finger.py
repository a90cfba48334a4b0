"""One finger on a screen, as the browser is told of it: it scrolls where nothing holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page

HELD_MILLISECONDS = 700
"""Longer than a visit has to be held to be taken up."""
STEPS = 8


@dataclass(slots=True)
class Finger:
    """Where it is on the page's window, in pixels; ``Input.dispatchTouchEvent`` of Chromium."""

    page: Page
    x: float = 0
    y: float = 0
    _session: Any = field(default=None)

    def on(self, what: Locator, *, low: float = 0.5) -> Finger:
        """Put it down in the middle of something, ``low`` of its height from its upper edge."""
        box = what.bounding_box()
        assert box is not None
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] * low
        self._session = self._session or self.page.context.new_cdp_session(self.page)
        self._send("touchStart", [(self.x, self.y)])
        return self

    def hold(self) -> Finger:
        """Stay where it is for as long as picks something up."""
        self.page.wait_for_timeout(HELD_MILLISECONDS)
        return self

    def drag(self, right: float, down: float) -> Finger:
        """Move on, in small steps."""
        for _ in range(STEPS):
            self.x, self.y = self.x + right / STEPS, self.y + down / STEPS
            self._send("touchMove", [(self.x, self.y)])
            self.page.wait_for_timeout(16)
        return self

    def lift(self) -> None:
        """Take it off."""
        self._send("touchEnd", [])

    def second(self) -> None:
        """Another finger beside it, which takes all back; both are then lifted."""
        self._send("touchStart", [(self.x, self.y), (self.x + 60, self.y - 60)])
        self.lift()

    def _send(self, kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
