"""Mail to its server or provider, over a few lines kept for a round; what surely did not leave.

Plain SMTP and the providers of django-anymail alike: whatever ``EMAIL_BACKEND`` names.
"""

from __future__ import annotations

import smtplib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, TypeVar

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from serment.outbox.sms.port import NotTaken, TakesNone, Unsure

_HEARD_NOTHING = ("ConnectTimeout", "NewConnectionError", "MaxRetryError", "ConnectTimeoutError")
MAILS_A_LINE: Final = 100
"""Many servers hang up after as many; what they cut off would be counted as possibly twice."""
_HANGS_UP: Final = 421
_FEW: Final = 4
_NOT_NOW = frozenset({401, 402, 403, 408, 429, 503})


One = TypeVar("One")


class Senders:
    """A few lines to the mail server side by side, for one round: while one waits for an answer,
    another speaks. SMS leave beside them. Two batches take ``turn``s."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._posts = [Post() for _one in range(settings.MAIL_LINES)]
        self._pool = ThreadPoolExecutor(len(self._posts), "senders")

    def __enter__(self) -> Senders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._pool.shutdown()
        for post in self._posts:
            post.hang_up()

    def each(self, act: Callable[[Post, One], None], batch: Sequence[One]) -> None:
        """Do it with each, over whichever line is free; returns once all are done. What one of
        them raises is raised here."""
        for post in self._posts:
            post.is_away = False
        lines = self._posts if len(batch) > _FEW else self._posts[:1]
        left = deque(batch)
        if len(lines) == 1:
            _work(lines[0], act, left)
        else:
            list(self._pool.map(lambda post: _work(post, act, left), lines))
        for one in left:  # no line opens: each is told so
            act(lines[0], one)


def _work(post: Post, act: Callable[[Post, One], None], left: deque[One]) -> None:
    """Until nothing is left, or this line does not open: then the others go on."""
    while not post.is_away:
        try:
            one = left.popleft()
        except IndexError:
            return
        act(post, one)


class Post:
    """One round's connection, opened with the first message and anew after a fault.

    Where it cannot be opened the rest of a batch is not tried (``is_away``): a server that answers
    nothing would otherwise be waited for once a message.
    """

    def __init__(self) -> None:
        self.is_away = False
        self._line: Any = None
        self._sent = 0

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.hang_up()

    def send(self, mail: EmailMessage) -> None:
        """Hand one over. Raises ``Unsure`` where the answer is missing behind the hand-over, else
        what says that it was not taken: an ``OSError`` of SMTP's, ``NotTaken``, ``TakesNone``."""
        if self.is_away:
            raise NotTaken
        if self._line is None or self._sent >= MAILS_A_LINE:
            self.hang_up()
            self._open()
        self._sent += 1
        mail.connection = self._line
        try:
            mail.send()
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as said:
            if getattr(said, "smtp_code", 0) == _HANGS_UP:
                self.hang_up()
            raise  # said by the server itself: it did not take this one
        except (AnymailAPIError, AnymailRecipientsRefused) as fault:
            raise _meant(fault) from fault
        except OSError as lost:
            self.hang_up()
            raise Unsure from lost

    def _open(self) -> None:
        line = get_connection()
        try:
            line.open()
        except OSError:
            self.is_away = True
            raise
        self._line, self._sent = line, 0

    def hang_up(self) -> None:
        """Close the line, if there is one."""
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
