"""Log lines without what visitors typed: an exception is told by its type and where it rose."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class QuietFormatter(logging.Formatter):
    """Frames and type of an exception, never its message: that may quote a form."""

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 -- logging's own name
        """File, line and function of each frame, then the type alone."""
        kind, error, _where = ei
        if kind is None or error is None:
            return ""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f'  File "{f.filename}", line {f.lineno}, in {f.name}' for f in frames]
        return "\n".join([*lines, kind.__name__])
