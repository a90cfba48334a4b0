"""A desk's locked sessions: set aside by the server, and taken up again by their own person only.

Locking is no cover over a page. The session gets another key and the mark *locked*; the cookie that
was in use opens nothing from then on, the new key lies in a cookie of sessions set aside, and
whoever presents it is told "locked". Up to ``ASIDE_MAX`` people share one browser that way. What
each was writing lies in their own sealed session.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.disclosure import Actor
from serment.errors import SermentError
from serment.identity import accounts, staff, turned_away, unattended
from serment.identity.means import keeping, listed
from serment.identity.models import Account
from serment.identity.sessions import SessionStore
from serment.sightings.models import Kind
from serment.web import asked, signed_in

ASIDE: Final = "serment_aside"
ASIDE_MAX: Final = 4
ASIDE_HOURS: Final = 12
MINUTES: Final = (1, 2, 5, 10, 15)
DEFAULT_MINUTES: Final = 5
SPARE_SECONDS: Final = 90
"""The page tells once a minute that somebody is there; the server waits for the next time."""
TRIES: Final = "5/15m/key"
PAGES_MAX, TYPED_MAX, LETTERS_MAX = 6, 60, 2_000

_LOCKED, _DESK = "serment.locked", "serment.desk"
_CARRY = "serment_aside_changed"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One locked session of this browser, as the lock page shows it: initials and role."""

    place: int
    who: str
    by_password: bool


def is_locked(session: Any) -> bool:
    """Is this session locked?"""
    return bool(session.get(_LOCKED))


def minutes_of(request: HttpRequest) -> int:
    """After how many idle minutes this session's pages lock; 0 where they do not, as on a wall."""
    kept: dict[str, Any] = request.session.get(_DESK) or {}
    return 0 if unattended.on_a_wall(request.session) else int(kept.get("minutes", 0))


def is_idle(request: HttpRequest) -> bool:
    """Has nobody been at this desk for longer than the house allows?"""
    kept: dict[str, Any] = request.session.get(_DESK) or {}
    if not kept.get("minutes"):
        return False
    idle = clock.now().timestamp() - kept["present"]
    return bool(idle > kept["minutes"] * 60 + SPARE_SECONDS)


def note_presence(request: HttpRequest) -> None:
    """A request of somebody who works here: they are there. Written twice a minute at most."""
    member = staff.of_request(request)
    if member is None or not request.user.is_authenticated or is_locked(request.session):
        return
    kept: dict[str, Any] = request.session.get(_DESK) or {}
    now = clock.now().timestamp()
    if kept and now - kept["present"] < 30:
        return
    if "minutes" not in kept:
        me = signed_in.of_request(request)
        initials = " ".join(f"{word[:1]}." for word in me.name.split())
        who = " · ".join(word for word in (initials, me.role) if word)
        kept = {**kept, "minutes": house_minutes(member.establishment_id), "who": who}
    request.session[_DESK] = {**kept, "present": now}


def house_minutes(establishment: UUID) -> int:
    """What the house chose."""
    chosen = Establishment.objects.filter(pk=establishment).values_list("lock_minutes", flat=True)
    return chosen.first() or DEFAULT_MINUTES


def choose_minutes(actor: Actor, minutes: int) -> None:
    """For the whole house; sessions that are open learn it when they begin anew."""
    assert actor.establishment is not None  # noqa: S101 -- staff stand in one
    with tenancy.inside(tenant=actor.establishment):
        Establishment.objects.filter(pk=actor.establishment).update(lock_minutes=minutes)


def lock(request: HttpRequest, pages: list[dict[str, Any]]) -> None:
    """Set the session aside, locked, and let this request go on as nobody's.

    Where it cannot be listed under its new key, so that its owner could end it from elsewhere, it
    ends: they sign in again and have lost nothing but what was not sent.
    """
    session, account = request.session, UUID(str(request.session[SESSION_KEY]))
    kept: dict[str, Any] = session.get(_DESK) or {}
    session[_DESK] = {**kept, "pages": pages}
    session[_LOCKED] = clock.now().isoformat()
    session.cycle_key()
    try:
        with transaction.atomic():
            tenancy.stand_in(account=account)
            listed.follow(request, account)
    except SermentError:
        accounts.end_session(request)
        session.flush()
    else:
        session.save()
        _carry(request, [*_keys(request), session.session_key])
    finally:
        keeping.let_go(request)
    _go_on_as_nobody(request, SessionStore())


def set_aside(request: HttpRequest) -> list[SetAside]:
    """The locked sessions of this browser that are still good."""
    found = []
    for place, session in enumerate(_sessions(request)):
        kept = session.get(_DESK) or {}
        with transaction.atomic():
            account = _account(session)
            by_password = account is not None and account.has_usable_password()
        if account is not None:
            found.append(SetAside(place, kept.get("who", ""), by_password))
    return found


def reopen(request: HttpRequest, place: int, password: str) -> str | None:
    """Take a session up again by its owner's password, within its limits: where it was.

    None where the password is not theirs. Five wrong ones within a quarter of an hour end it: then
    both factors are asked. A password here proves nothing for acts that want a fresh proof.
    """
    sessions = _sessions(request)
    if not 0 <= place < len(sessions):
        return None
    session = sessions[place]
    name = str(session.get(SESSION_KEY))
    if not ratelimit.consume(
        request, app="serment", action="unlock", key=name, config={"unlock": TRIES}
    ):
        turned_away.noted(request, Kind.WRONG_UNLOCK, account=UUID(name))
        _drop(request, session)
        return None
    with transaction.atomic():
        account = _account(session)
        if account is None or not account.check_password(password):
            turned_away.noted(request, Kind.WRONG_UNLOCK, account=UUID(name))
            return None
    ratelimit.clear(request, app="serment", action="unlock", key=name, config={"unlock": TRIES})
    former = session.session_key
    _carry(request, [key for key in _keys(request) if key != former])
    _unlock(session)
    session.cycle_key()
    _go_on_as(request, session, account)
    return first_page(request)


def take_over(request: HttpRequest) -> None:
    """Whoever signed in anew has the desk that they had set aside; the former session ends."""
    for session in _sessions(request):
        if str(session.get(SESSION_KEY)) != str(request.user.pk):
            continue
        mine, theirs = request.session.get(_DESK) or {}, session.get(_DESK) or {}
        request.session[_DESK] = {**theirs, **mine, "pages": theirs.get("pages", [])}
        if "serment.cabinet" in session:
            request.session["serment.cabinet"] = session["serment.cabinet"]
        _drop(request, session)


def first_page(request: HttpRequest) -> str:
    """Where this person was when the desk locked; empty where that is not known."""
    pages = (request.session.get(_DESK) or {}).get("pages") or []
    return str(pages[0]["path"]) if pages else ""


def was_on(request: HttpRequest, path: str) -> bool:
    """Was this very person on that page, in one of their tabs?"""
    pages = (request.session.get(_DESK) or {}).get("pages") or []
    return any(page["path"] == path for page in pages)


def typed_on(request: HttpRequest, path: str) -> list[list[Any]]:
    """What this person was writing there, given back once."""
    kept: dict[str, Any] = request.session.get(_DESK) or {}
    pages = kept.get("pages") or []
    found = [page for page in pages if page["path"] == path]
    if found:
        rest = [{**page, "typed": []} if page in found else page for page in pages]
        request.session[_DESK] = {**kept, "pages": rest}
    return found[0]["typed"] if found else []


def has_any(request: HttpRequest) -> bool:
    """Does this browser carry sessions set aside?"""
    return bool(_keys(request))


def put_cookie(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The sessions set aside, into the browser, where they changed."""
    keys: list[str] | None = request.__dict__.get(_CARRY)
    if keys is None:
        return answer
    if not keys:
        answer.delete_cookie(_cookie(), samesite="Strict")
        return answer
    answer.set_cookie(
        _cookie(), ".".join(keys), max_age=timedelta(hours=ASIDE_HOURS),
        secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Strict",
    )  # fmt: skip
    return answer


def _cookie() -> str:
    return f"{settings.COOKIE_PREFIX}{ASIDE}"


def _keys(request: HttpRequest) -> list[str]:
    changed: list[str] | None = request.__dict__.get(_CARRY)
    if changed is not None:
        return changed
    return [key for key in asked.cookie(request, _cookie()).split(".") if key][:ASIDE_MAX]


def _carry(request: HttpRequest, keys: list[Any]) -> None:
    """Remember what the cookie is to hold; the oldest beyond the limit end."""
    for key in keys[:-ASIDE_MAX]:
        SessionStore(key).delete()
    setattr(request, _CARRY, [str(key) for key in keys[-ASIDE_MAX:]])


def _sessions(request: HttpRequest) -> list[SessionStore]:
    """Those that are there, locked, and within their limits; no other key opens anything here."""
    found = []
    for key in _keys(request):
        session = SessionStore(key)
        if is_locked(session) and session.get(SESSION_KEY) and not listed.is_past(session):
            found.append(session)
    return found


def _account(session: SessionStore) -> Account | None:
    """Whose it is, if the account still signs in; inside the caller's transaction."""
    with suppress(ValueError):
        account = UUID(str(session.get(SESSION_KEY)))
        with tenancy.inside(account=account):
            return Account.objects.filter(pk=account, is_active=True).first()
    return None


def _unlock(session: SessionStore) -> None:
    del session[_LOCKED]
    unattended.take_down(session)
    listed.seen_again(session)
    session[_DESK] = {**session[_DESK], "present": clock.now().timestamp()}


def _drop(request: HttpRequest, session: SessionStore) -> None:
    """End one that was set aside, at the keeper too."""
    former, present = session.session_key, request.session
    _carry(request, [key for key in _keys(request) if key != former])
    request.session = session
    try:
        accounts.end_session(request)
    finally:
        request.session = present
    session.delete()


def _go_on_as_nobody(request: HttpRequest, session: SessionStore) -> None:
    request.session = session
    request.user = AnonymousUser()
    setattr(request, "_cached_user", request.user)  # noqa: B010 -- where Django remembers it


def _go_on_as(request: HttpRequest, session: SessionStore, account: Account) -> None:
    request.session = session
    request.user = account
    setattr(request, "_cached_user", account)  # noqa: B010
