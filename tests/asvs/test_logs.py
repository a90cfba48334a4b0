"""Lines of programs: one form, one clock, one place."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.conf import settings

from serment.config.quiet_log import QuietFormatter
from tests.asvs.source import ROOT, importing

# The source is read once, by one of the test processes.
pytestmark = pytest.mark.xdist_group("source")

FORMAT: str = settings.LOGGING["formatters"]["plain"]["format"]


def _line(*said: Any, formatter: logging.Formatter | None = None) -> str:
    record = logging.LogRecord("serment.web", logging.WARNING, __file__, 1, "said: %s", said, None)
    return (formatter or QuietFormatter(FORMAT)).format(record)


def test_a_line_says_when_in_utc() -> None:
    record = logging.LogRecord("serment.web", logging.WARNING, __file__, 1, "x", (), None)
    record.created, record.msecs = 1_766_000_000.5, 500.0
    said = QuietFormatter(FORMAT).format(record)
    assert said == "2025-12-17T19:33:20.500Z WARNING serment.web x"


def test_one_line_stays_one_line() -> None:
    typed = "x\n2026-11-22T10:00:00.000Z INFO serment.web all is well\x1b[2J\u2028"
    assert "\nINFO" not in _line(typed)
    assert len(_line(typed).splitlines()) == 1
    assert "\x1b" not in _line(typed)
    assert len(_line(typed, formatter=logging.Formatter(FORMAT)).splitlines()) > 1  # the control


def test_logs_go_where_the_page_says() -> None:
    handlers = settings.LOGGING["handlers"]
    assert {one["class"] for one in handlers.values()} == {"logging.StreamHandler"}
    away = ("logging.handlers", "syslog", "sentry_sdk", "opentelemetry", "systemd")
    assert importing(*away) == set()
    page = (ROOT / "docs" / "operate" / "logging.md").read_text(encoding="utf-8")
    assert "standard error of each process" in page
    assert re.search(r"kept for|Kept", page)
    keeper = (ROOT / "serment" / "keeper" / "__main__.py").read_text(encoding="utf-8")
    assert "%(msecs)03dZ %(levelname)s %(name)s %(message)s" in keeper
