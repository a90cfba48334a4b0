"""A stolen sessions table signs nobody in and reads as noise."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from serment.identity import sessions
from serment.identity.models import SignedInSession
from serment.identity.sessions import SessionStore
from tests.identity.conftest import sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard removed: sessions as most sites keep them, the cookie itself and clear data."""
    monkeypatch.setattr(sessions, "digest_of", lambda key: key.encode()[:32].ljust(32))
    monkeypatch.setattr(sessions, "_TOKEN_BYTES", 24)  # 32 letters, so that all of them fit
    monkeypatch.setattr(sessions, "seal", lambda key, data: data)
    monkeypatch.setattr(sessions, "unseal", lambda key, blob: blob)


def _stolen_cookies() -> list[str]:
    """Every string a thief could try as a cookie from a dump of the table."""
    tried: list[str] = []
    for row in SignedInSession.objects.all():
        raw = bytes(row.digest)
        tried += [raw.decode("latin-1").strip(), raw.hex(), base64.urlsafe_b64encode(raw).decode()]
    return tried


def _signs_in(cookie: str) -> bool:
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return thief.get("/moi/").status_code == 200


def test_with_plain_rows_the_dump_signs_the_thief_in(plain: None, browser: Client) -> None:
    sign_up(browser)
    assert any(_signs_in(cookie) for cookie in _stolen_cookies())


def test_with_sealed_rows_no_string_of_the_dump_signs_anybody_in(browser: Client) -> None:
    sign_up(browser)
    cookies = _stolen_cookies()
    assert cookies
    assert browser.get("/moi/").status_code == 200
    assert not any(_signs_in(cookie) for cookie in cookies)


def _account(browser: Client) -> UUID:
    return UUID(browser.get("/moi/").content.decode().split()[1])


def _table() -> bytes:
    return b"".join(bytes(row.sealed) for row in SignedInSession.objects.all())


def test_plain_rows_name_the_account(plain: None, browser: Client) -> None:
    sign_up(browser)
    assert str(_account(browser)).encode() in _table()


def test_sealed_rows_name_no_account_and_hold_no_capability(browser: Client) -> None:
    sign_up(browser)
    account = _account(browser)
    table = _table()
    for trace in (str(account).encode(), account.hex.encode(), account.bytes, b"capability"):
        assert trace not in table


def test_small_sessions_have_the_same_length_and_a_full_hour() -> None:
    lengths = set()
    for letters in (1, 50, 100):
        store = SessionStore()
        store["x"] = "é" * letters
        store.save()
    for row in SignedInSession.objects.all():
        lengths.add(len(bytes(row.sealed)))
        assert (row.expires_at.minute, row.expires_at.second) == (0, 0)
    assert len(lengths) == 1


def test_a_session_keeps_what_it_was_given() -> None:
    store = SessionStore()
    store["mot"] = "scellé · ±\x00"
    store.save()
    assert SessionStore(store.session_key)["mot"] == "scellé · ±\x00"


def test_an_altered_row_is_an_empty_session_and_no_error() -> None:
    store = SessionStore()
    store["mot"] = "x"
    store.save()
    row = SignedInSession.objects.get()
    blob = bytearray(bytes(row.sealed))
    blob[20] ^= 1
    SignedInSession.objects.update(sealed=bytes(blob))
    assert SessionStore(store.session_key).get("mot") is None


def test_a_row_moved_under_another_cookie_does_not_open() -> None:
    mine, theirs = SessionStore(), SessionStore()
    mine["who"], theirs["who"] = "me", "them"
    mine.save()
    theirs.save()
    sealed = SignedInSession.objects.get(digest=sessions.digest_of(str(theirs.session_key))).sealed
    SignedInSession.objects.filter(digest=sessions.digest_of(str(mine.session_key))).update(
        sealed=bytes(sealed)
    )
    assert SessionStore(mine.session_key).get("who") is None


def test_an_ended_session_does_not_come_back_to_life() -> None:
    store = SessionStore()
    store["mot"] = "x"
    store.save()
    SessionStore(store.session_key).delete()
    with pytest.raises(UpdateError):
        store.save()


def test_an_expired_session_is_empty_and_swept() -> None:
    store = SessionStore()
    store["mot"] = "x"
    store.save()
    SignedInSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert SessionStore(store.session_key).get("mot") is None
    SessionStore.clear_expired()
    assert not SignedInSession.objects.exists()


def test_signing_in_changes_the_cookie(browser: Client) -> None:
    browser.get("/compte/connexion/")
    browser.post("/compte/connexion/", {"login": "", "password": ""})
    before: Any = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    sign_up(browser)
    after = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert before is None or before.value != after
