"""Another address, asked for by a thief: what is stopped, what is taken back, what never opens."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from serment import clock
from serment.directory import tenancy
from serment.identity import registration
from serment.identity.means import keeping, moving, security
from serment.identity.models import Account
from serment.identity.sessions import SessionStore
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sign_up
from tests.identity.moved import (
    APPLICATION,
    NEW,
    PAGE,
    WAS,
    account,
    asked,
    comes_in,
    is_spent,
    late,
    press,
    sent_by,
    signs_in,
)

__all__ = ["account"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("guarded", [True, False])
def test_for_two_days_no_way_in_is_added_or_taken(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Negative control: else a thief adds a key before the former mailbox takes it back."""
    new, _old = asked(browser)
    press(new)
    if not guarded:
        monkeypatch.setattr(moving, "unsettled_until", lambda *_: None)
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.totp.last = 0
        secret = book.totp.secret
    cache.clear()
    factors.sign_in(browser, NEW, PASSWORD, secret)
    shown = browser.get(APPLICATION).content.decode()
    assert ("Votre adresse vient de changer" in shown) is guarded
    assert ("secret-text" in shown) is not guarded


def test_a_password_alone_asks_for_nothing(browser: Client) -> None:
    sign_up(browser)
    answer: Any = browser.get(PAGE)
    assert answer.url.startswith("/compte/confirmer/")
    told = sent_by(lambda: browser.post(PAGE, {"email": NEW}))
    assert NEW not in told


def test_in_doubt_nothing_moves(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mailbox that chose the password meanwhile: what was asked before counts no more."""
    new, _old = asked(browser)
    with keeping.changing_alone(account) as book:
        book.doubted = clock.now().isoformat()
    assert is_spent(new)
    with keeping.changing_alone(account) as book:
        book.doubted = ""
    assert not is_spent(new)  # the control
    monkeypatch.setattr(security, "_in_doubt", lambda *_: None)
    assert browser.get(PAGE).status_code == 200


def test_links_of_another_purpose_or_of_nobody_open_nothing(browser: Client, account: UUID) -> None:
    new, old = asked(browser)
    word = new.rstrip("/").rpartition("/")[2]
    assert is_spent(f"/compte/adresse/arreter/{word}/")
    assert is_spent("/compte/adresse/nouvelle/abcdef/")
    assert not is_spent(old)  # the control


@pytest.mark.parametrize("guarded", [True, False])
def test_two_requests_at_once_leave_the_former_mailbox_its_no(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """A third address, asked for in the instant of the answer, is no move of its own."""
    new, old = asked(browser)
    press(new)
    if not guarded:
        monkeypatch.setattr(moving, "unsettled_until", lambda *_: None)
    request: Any = RequestFactory().get("/")
    request.user, request.session = Account(pk=account), SessionStore()
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
        with nullcontext() if not guarded else pytest.raises(moving.Unsettled):
            moving.ask(request, row, "troisieme@exemple.fr", clock.now())
    monkeypatch.undo()
    assert is_spent(old) is not guarded


@pytest.mark.parametrize("lifted", [False, True])
def test_after_a_no_nothing_is_added_until_the_mailbox_chose_another_password(
    browser: Client, account: UUID, lifted: bool
) -> None:
    """Whoever asked still holds both factors, and would add a key before the owner is back."""
    _new, old = asked(browser)
    press(old)
    word = PASSWORD
    if lifted:
        word = "une autre maison verte sous le vent"
        told = sent_by(lambda: Client().post("/compte/mot-de-passe/oublie/", {"email": WAS}))
        reset = re.search(r"https?://[^/\s]+(/compte/mot-de-passe/nouveau/\S+)", told[WAS])
        assert reset
        owner: Any = Client(headers={"accept-language": "fr"})
        owner.get(reset[1], follow=True)
        chosen = {"password1": word, "password2": word}
        assert owner.post("/compte/mot-de-passe/nouveau/", chosen).status_code == 302
    comes_in(browser, account, WAS, word)
    shown = browser.get(APPLICATION).content.decode()
    assert ("vient d’être arrêté" in shown) is not lifted
    assert ("secret-text" in shown) is lifted
    browser.post(f"{PAGE}retirer/")  # lifts nothing
    assert (browser.get(PAGE).content.decode().count("vient d’être arrêté") == 1) is not lifted


def test_a_link_for_a_new_password_that_one_mailbox_got_is_not_the_other_s(
    browser: Client, account: UUID
) -> None:
    """It was sent before the move: the former mailbox chooses no password after it."""
    new, _old = asked(browser)
    told = sent_by(lambda: Client().post("/compte/mot-de-passe/oublie/", {"email": WAS}))
    reset = re.search(r"https?://[^/\s]+(/compte/mot-de-passe/nouveau/\S+)", told[WAS])
    assert reset
    assert _offers_a_password(reset[1])  # the control
    press(new)
    assert not _offers_a_password(reset[1])


def _offers_a_password(link: str) -> bool:
    browser: Any = Client(headers={"accept-language": "fr"})
    return 'name="password1"' in browser.get(link, follow=True).content.decode()


def test_a_password_changed_meanwhile_ends_what_waited(browser: Client, account: UUID) -> None:
    new, old = asked(browser)
    word = "une autre maison verte sous le vent"
    sent = {"oldpassword": PASSWORD, "password1": word, "password2": word}
    assert browser.post("/compte/mot-de-passe/", sent).status_code == 302
    assert is_spent(new)
    assert is_spent(old)


def test_a_sign_up_that_its_mailbox_never_answered_holds_no_address(
    browser: Client, account: UUID
) -> None:
    """Else whoever types somebody's address first keeps them from it."""
    cache.clear()
    Client().post("/compte/inscription/", PERSON | {"email": NEW})
    squatter = registration.by_address(NEW)
    assert squatter not in (None, account)
    new, _old = asked(browser)
    press(new)
    assert registration.by_address(NEW) == account
    assert signs_in(NEW, account)


@pytest.mark.parametrize("which", ["new", "old"])
@pytest.mark.parametrize("minutes", [0, 6])
def test_pressed_where_one_is_signed_in_it_ends_this_session_too(
    browser: Client, account: UUID, monkeypatch: pytest.MonkeyPatch, which: str, minutes: int
) -> None:
    """Six minutes on, the session notes that it was seen, and is no longer there to note it."""
    links = dict(zip(("new", "old"), asked(browser), strict=True))
    late(monkeypatch, timedelta(minutes=minutes))
    assert browser.post(links[which]).status_code in (200, 302)
    answer: Any = browser.get("/moi/")
    assert answer.status_code == 302
    assert answer.url.startswith("/compte/connexion/")


def test_pressed_where_somebody_else_is_signed_in_they_stay_so(
    browser: Client, account: UUID
) -> None:
    new, old = asked(browser)
    other: Any = Client(headers={"accept-language": "fr"})
    cache.clear()
    sign_up(other, email="autre.personne@exemple.fr")
    before = other.get("/moi/").content
    assert other.post(new).status_code == 302
    assert other.get("/moi/").content == before
    assert other.post(old).status_code == 200
    assert other.get("/moi/").content == before
    assert signs_in(WAS, account)
