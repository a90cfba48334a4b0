"""Log lines without what visitors typed: an exception is told by its type and where it rose."""

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
