"""Log lines without what visitors typed: an exception is told by its type and where it rose.

And without where they were: a request is told by its route's name, as its path may name a visit.
"""

from __future__ import annotations

import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class RouteNotPath(logging.Filter):
    """On a handler: what Django says of a request becomes its status and its route's name.

    Django's own words hold the path, or quote what was sent. Of a record whose request is not known
    by a route, no more than "no route" is said.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the line stays, its words are others."""
        asked = getattr(record, "request", None)
        if asked is not None:
            match = getattr(asked, "resolver_match", None)
            route = match.view_name if match is not None else ""
            record.msg = "answered %s: %s"
            record.args = (getattr(record, "status_code", "?"), route or "no route")
        return True


class QuietFormatter(logging.Formatter):
    """Frames and type of an exception, never its message: that may quote a form.

    When, in UTC; and what could end a line or steer a terminal as its code, so that nothing that
    was sent here makes a line of its own.
    """

    def formatTime(  # noqa: N802 -- logging's own name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """To the millisecond."""
        said = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return said.replace("+00:00", "Z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's own name
        """One line."""
        said = super().formatMessage(record)
        return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", said)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 -- logging's own name
        """File, line and function of each frame, then the type alone."""
        kind, error, _where = ei
        if kind is None or error is None:
            return ""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f'  File "{f.filename}", line {f.lineno}, in {f.name}' for f in frames]
        return "\n".join([*lines, kind.__name__])
