"""A log line tells the kind of an error and where it rose, never what it quotes."""

from __future__ import annotations

import logging
import sys
from io import StringIO

from django.test import RequestFactory
from django.urls import resolve

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


def test_a_request_is_told_by_its_route_and_never_by_its_path() -> None:
    visit = "0192f0c4-7b1d-7a55-9c3e-5b0f3a8c2d11"
    request = RequestFactory().get(f"/mes-rendez-vous/{visit}/")
    unknown = RequestFactory().get("/Aurore-Lemoine")
    request.resolver_match = resolve(request.path)

    def told(handler: logging.StreamHandler[StringIO]) -> str:
        heard, before = StringIO(), handler.setStream(StringIO())
        handler.setStream(heard)
        try:
            for name in ("django.request", "django.security.SuspiciousFileOperation"):
                for one in (request, unknown):
                    record = logging.LogRecord(
                        name, logging.ERROR, __file__, 1, "%s: %s", ("x", one.path), None
                    )
                    record.request, record.status_code = one, 503
                    handler.handle(record)
        finally:
            handler.setStream(before or StringIO())
        return heard.getvalue()

    bare: logging.StreamHandler[StringIO] = logging.StreamHandler(StringIO())
    assert visit in told(bare)  # negative control: Django's own words
    assert "Aurore" in told(bare)
    [ours] = [
        one for one in logging.getLogger().handlers if isinstance(one.formatter, QuietFormatter)
    ]
    assert isinstance(ours, logging.StreamHandler)
    said = told(ours)
    assert visit not in said
    assert "Aurore" not in said
    assert "django.request answered 503: patient:appointment\n" in said
    assert "answered 503: no route\n" in said
