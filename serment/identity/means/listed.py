"""The open sessions of an account: listed in its book, ended one by one, limited in time.

The sessions' rows name nobody (``identity/sessions.py``), so the list is the book's: each session
by its row's digest. A browser keeps a mark of its own, so that a new one is told from a known one.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse

from serment import clock
from serment.identity import sessions, staff
from serment.identity.means import devices, keeping
from serment.identity.means.book import DEVICES_MAX, SESSIONS_MAX, Book, Listed
from serment.identity.models import SignedInSession
from serment.identity.unattended import is_unattended, on_a_wall

STAFF_IDLE: Final = timedelta(hours=1)
STAFF_WHOLE: Final = timedelta(hours=12)
PATIENT_IDLE: Final = timedelta(days=3)
PATIENT_WHOLE: Final = timedelta(days=14)

_NOTED_EVERY: Final = timedelta(minutes=5)
_BEGAN, _SEEN, _LISTED = "serment.began", "serment.seen", "serment.listed"
MARK: Final = "serment_device"
_MARK_DAYS: Final = 400
_MARK_BYTES: Final = 16
_NEW_MARK = "serment_new_mark"


def enter(request: HttpRequest, account: UUID) -> bool:
    """List the session that begins. True when its browser is new to this account.

    The first one ever is nobody's surprise and counts as known.
    """
    now, mark = clock.now(), _mark(request)
    request.session[_BEGAN] = request.session[_SEEN] = now.timestamp()
    with keeping.changing(request, account) as book:
        is_new, is_first = mark not in book.devices, not book.devices
        if is_new:
            book.devices = [*book.devices, mark][-DEVICES_MAX:]
        _forget_move(book, now)
        _list(request, book, now)
    return is_new and not is_first


def _forget_move(book: Book, now: datetime) -> None:
    from serment.identity.means import moving  # it ends sessions, as this module does

    moving.forget(book, now)


def over(request: HttpRequest) -> bool:
    """Whether this session has been idle, or open, for too long; else it is seen now."""
    now = clock.now()
    began, seen = request.session.get(_BEGAN), request.session.get(_SEEN)
    if began is None or seen is None:
        request.session[_BEGAN] = request.session[_SEEN] = now.timestamp()
        return False
    works = staff.of_request(request) is not None
    idle, whole = (STAFF_IDLE, STAFF_WHOLE) if works else (PATIENT_IDLE, PATIENT_WHOLE)
    since = timedelta(seconds=now.timestamp() - seen)
    if since > idle or timedelta(seconds=now.timestamp() - began) > whole:
        return True
    if since > _NOTED_EVERY and (not is_unattended(request) or on_a_wall(request.session)):
        request.session[_SEEN] = now.timestamp()
    return False


def is_past(session: SessionBase) -> bool:
    """Whether a session of somebody who works here has been open for too long, idle or not."""
    began = session.get(_BEGAN)
    return began is None or clock.now().timestamp() - began > STAFF_WHOLE.total_seconds()


def seen_again(session: SessionBase) -> None:
    """Its owner is back at it and has shown so: idleness counts from now."""
    session[_SEEN] = clock.now().timestamp()


def follow(request: HttpRequest, account: UUID) -> None:
    """A session whose key was changed, or that is seen on another day, is listed anew."""
    was = request.session.get(_LISTED)
    if was is None or was == _as_listed(request, clock.now()):
        return
    with keeping.changing(request, account) as book:
        book.sessions = [one for one in book.sessions if one.digest != was[0]]
        _list(request, book, clock.now())


def leave(request: HttpRequest, account: UUID) -> None:
    """At sign-out: off the list."""
    was = request.session.get(_LISTED)
    if was is None:
        return
    with keeping.changing(request, account) as book:
        book.sessions = [one for one in book.sessions if one.digest != was[0]]


def open_ones(request: HttpRequest, book: Book) -> list[tuple[Listed, bool]]:
    """Those still open, the latest seen first, and whether it is this one."""
    here = digest(request)
    alive = _alive(book)
    latest = sorted(book.sessions, key=lambda one: one.seen, reverse=True)
    return [(one, one.digest == here) for one in latest if one.digest in alive]


def end(request: HttpRequest, account: UUID, which: str | None = None) -> int:
    """End one listed session, or all but this one; how many were ended, at once."""
    here = digest(request)
    with keeping.changing(request, account) as book:
        ended = [
            one for one in book.sessions if (one.digest == which if which else one.digest != here)
        ]
        book.sessions = [one for one in book.sessions if one not in ended]
        _remove(ended)
    return len(ended)


def end_all(book: Book) -> None:
    """End every session of the account."""
    _remove(book.sessions)
    book.sessions = []


def digest(request: HttpRequest) -> str:
    """How the book names this session."""
    return sessions.digest_of(request.session.session_key or "").hex()


def knows(request: HttpRequest, book: Book) -> bool:
    """Whether this browser signed in to this account before."""
    given = request.COOKIES.get(f"{settings.COOKIE_PREFIX}{MARK}", "")
    return bool(given) and _named(given) in book.devices


def set_mark(request: HttpRequest, answer: HttpResponse) -> None:
    """The new mark, into the browser that has just signed in."""
    mark = request.__dict__.pop(_NEW_MARK, None)
    if mark:
        answer.set_cookie(
            f"{settings.COOKIE_PREFIX}{MARK}",
            mark,
            max_age=timedelta(days=_MARK_DAYS),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def _mark(request: HttpRequest) -> str:
    """The digest of this browser's mark, made now where it has none."""
    given = request.COOKIES.get(f"{settings.COOKIE_PREFIX}{MARK}", "")
    if not given:
        given = secrets.token_urlsafe(_MARK_BYTES)
        setattr(request, _NEW_MARK, given)
    return _named(given)


def _named(mark: str) -> str:
    return hashlib.sha256(b"serment device\x00" + mark.encode()).hexdigest()[:32]


def _list(request: HttpRequest, book: Book, now: datetime) -> None:
    entry = _as_listed(request, now)
    began = datetime.fromtimestamp(request.session[_BEGAN], now.tzinfo)
    name = devices.name_of(request.headers.get("user-agent", ""))
    alive = _alive(book)
    kept = [one for one in book.sessions if one.digest in alive]
    kept.append(Listed(entry[0], name, _minute(began), _minute(now)))
    kept.sort(key=lambda one: one.seen)
    _remove(kept[:-SESSIONS_MAX])
    book.sessions = kept[-SESSIONS_MAX:]
    request.session[_LISTED] = entry


def _as_listed(request: HttpRequest, now: datetime) -> list[Any]:
    return [digest(request), now.date().isoformat()]


def _minute(instant: datetime) -> str:
    return instant.replace(second=0, microsecond=0).isoformat()


def _alive(book: Book) -> set[str]:
    wanted = [bytes.fromhex(one.digest) for one in book.sessions]
    rows = SignedInSession.objects.filter(digest__in=wanted, expires_at__gt=clock.now())
    return {bytes(found).hex() for found in rows.values_list("digest", flat=True)}


def _remove(ended: list[Listed]) -> None:
    if ended:
        rows = [bytes.fromhex(one.digest) for one in ended]
        SignedInSession.objects.filter(digest__in=rows).delete()
