"""Mail to its server or provider, over one connection a batch, telling what surely did not leave.

Plain SMTP and the providers of django-anymail alike: whatever ``EMAIL_BACKEND`` names.
"""

from __future__ import annotations

import smtplib
from types import TracebackType
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail import EmailMessage, get_connection

from serment.outbox.sms.port import NotTaken, TakesNone, Unsure

_HEARD_NOTHING = ("ConnectTimeout", "NewConnectionError", "MaxRetryError", "ConnectTimeoutError")
_NOT_NOW = frozenset({401, 402, 403, 408, 429, 503})


class Post:
    """One batch's connection, opened with the first message and anew after a fault."""

    def __init__(self) -> None:
        self._line: Any = None

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._hang_up()

    def send(self, mail: EmailMessage) -> None:
        """Hand one over. Raises ``Unsure`` where the answer is missing behind the hand-over, else
        what says that it was not taken: an ``OSError`` of SMTP's, ``NotTaken``, ``TakesNone``."""
        if self._line is None:
            self._line = get_connection()
            self._line.open()
        mail.connection = self._line
        try:
            mail.send()
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
            raise  # said by the server itself: it did not take this one
        except (AnymailAPIError, AnymailRecipientsRefused) as fault:
            raise _meant(fault) from fault
        except OSError as lost:
            self._hang_up()
            raise Unsure from lost

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            try:
                line.close()
            except OSError:
                return  # it is gone already


def _meant(fault: AnymailAPIError | AnymailRecipientsRefused) -> Exception:
    """What a provider's error means for this message."""
    if isinstance(fault, AnymailRecipientsRefused):
        return TakesNone()
    status = getattr(fault, "status_code", None)
    if status is None:
        causes = {type(one).__name__ for one in _causes(fault)}
        return NotTaken() if causes & set(_HEARD_NOTHING) else Unsure()
    if status in _NOT_NOW:
        return NotTaken()
    return TakesNone() if 400 <= status < 500 else Unsure()


def _causes(fault: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = fault
    while at is not None and at not in found:
        found.append(at)
        reason = getattr(at, "reason", None) or next(
            (one for one in at.args if isinstance(one, BaseException)), None
        )
        at = at.__cause__ or at.__context__ or reason
    return found
