"""A log line tells the kind of an error and where it rose, never what it quotes."""

from __future__ import annotations

import logging
import sys

from serment.config.quiet_log import QuietFormatter


def _line(formatter: logging.Formatter) -> str:
    try:
        int("Aurore Lemoine")
    except ValueError:
        info = sys.exc_info()
    record = logging.LogRecord("serment", logging.ERROR, __file__, 1, "failed", (), info)
    return formatter.format(record)


def test_an_exceptions_message_is_not_logged() -> None:
    assert "Lemoine" in _line(logging.Formatter())  # negative control: Python's own formatter
    line = _line(QuietFormatter())
    assert "Lemoine" not in line
    assert "ValueError" in line
    assert "test_quiet_log.py" in line
