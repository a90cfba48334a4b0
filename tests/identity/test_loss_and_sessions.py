"""Sessions are listed, ended and limited; what is lost comes back, and not to a thief."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.template.loader import render_to_string
from django.test import Client
from django.urls import NoReverseMatch

from serment import clock
from serment.clock import DrivenClock, SystemClock
from serment.disclosure import SYSTEM
from serment.identity import links, means, staff
from serment.identity.means import keeping, listed, rescue, security
from serment.identity.means.book import Book
from serment.identity.models import Account, Role
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sent, sign_up

pytestmark = pytest.mark.django_db
FRENCH = {"accept-language": "fr"}
NEW = "une mule grise dans la brume"


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Moves this process's clock on."""
    driven = DrivenClock(clock.now())
    clock.drive(driven)
    yield lambda by: driven.move_to(driven.now() + by)
    clock.drive(SystemClock())


def _account(browser: Client) -> UUID:
    return UUID(browser.get("/moi/").content.decode().split()[1])


def _enter(password: str = PASSWORD) -> tuple[Client, Any]:
    browser = Client(headers=FRENCH | {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    typed = {"login": PERSON["email"], "password": password}
    return browser, browser.post("/compte/connexion/", typed)


def test_sessions_are_named_and_each_is_ended_at_once(browser: Client) -> None:
    sign_up(browser)
    one, _answer = _enter()
    two, _answer = _enter()
    page = browser.get("/compte/securite/").content.decode()
    assert page.count("Firefox sur Windows") == 2
    assert page.count("cet appareil") == 1
    digests = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    assert len(digests) == 2
    assert (one.get("/moi/").status_code, two.get("/moi/").status_code) == (200, 200)  # control
    browser.post("/compte/securite/session/", {"session": digests[0]})
    assert sorted(each.get("/moi/").status_code for each in (one, two)) == [200, 302]
    browser.post("/compte/securite/session/")
    assert {each.get("/moi/").status_code for each in (one, two)} == {302}
    assert browser.get("/moi/").status_code == 200


def test_nobody_ends_the_session_of_another_account(browser: Client) -> None:
    sign_up(browser)
    victim = listed.sessions.digest_of(browser.cookies["sessionid"].value).hex()
    thief = Client(headers=FRENCH)
    sign_up(thief, email="voleur@exemple.fr")
    thief.post("/compte/securite/session/", {"session": victim})
    assert browser.get("/moi/").status_code == 200


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(browser)
    before = len(sent())
    browser.post("/compte/deconnexion/")
    browser.post("/compte/connexion/", {"login": PERSON["email"], "password": PASSWORD})
    assert len(sent()) == before  # the control: this one signed in before
    _enter()
    assert len(sent()) == before + 1
    told = sent()[-1].body.replace("\xa0", " ")
    assert "nouvel appareil : Firefox sur Windows" in told
    assert "changez de mot de passe" in told
    # Who has none is not told to change it.
    monkeypatch.setattr("serment.identity.models.Account.has_usable_password", lambda _one: False)
    context = {"user": Account(), "what": "Une connexion."}
    told = render_to_string("account/email/means_changed_message.txt", context)
    assert "mot de passe" not in told
    assert "retirez la clé d’accès" in told


@pytest.mark.parametrize(
    ("works", "still", "over"),
    [
        (False, timedelta(days=2), timedelta(days=4)),
        (True, timedelta(minutes=50), timedelta(hours=2)),
    ],
)
def test_an_idle_session_ends_by_itself(
    browser: Client,
    establishment: UUID,
    later: Callable[[timedelta], None],
    works: bool,
    still: timedelta,
    over: timedelta,
) -> None:
    sign_up(browser)
    if works:
        account = _account(browser)
        staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "O"}, account=account)
    later(still)
    assert browser.get("/moi/").status_code == 200
    later(over)
    answer = browser.get("/moi/")
    assert answer.url == "/compte/connexion/?next=/moi/"
    assert browser.get("/moi/").status_code == 302


def test_a_session_that_is_never_idle_ends_all_the_same(
    browser: Client, later: Callable[[timedelta], None]
) -> None:
    sign_up(browser)
    seen = []
    for _day in range(8):
        later(timedelta(days=2))
        seen.append(browser.get("/moi/").status_code)
    assert seen[:6] == [200] * 6
    assert seen[-1] == 302


def _reset(browser: Client) -> None:
    browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    form = browser.get(link.removeprefix("http://localhost:8000"))
    done = browser.post(form.url, {"password1": NEW, "password2": NEW})
    assert done.status_code == 302, done.content.decode()


def test_the_link_of_a_mail_names_nobody(browser: Client) -> None:
    sign_up(browser)
    account = _account(browser)
    browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    word = link.rstrip("/").rpartition("/")[2]
    for trace in (str(account), account.hex):
        assert trace not in link
    assert account.hex in (links.open_(word, "password") or "")  # the control: it is in there
    assert links.open_(word, "rescue") is None
    assert links.open_(word[:-2] + ("AA" if word[-2:] != "AA" else "BB"), "password") is None


@pytest.mark.parametrize(("after", "opens"), [(58, True), (62, False)])
def test_the_link_of_a_mail_is_good_for_an_hour(
    browser: Client, monkeypatch: pytest.MonkeyPatch, after: int, opens: bool
) -> None:
    sign_up(browser)
    browser.post("/compte/mot-de-passe/oublie/", {"email": PERSON["email"]})
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    late = datetime.now() + timedelta(minutes=after)  # noqa: DTZ005 -- as Django counts
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _self: late)
    form = Client(headers=FRENCH)
    there = form.get(link.removeprefix("http://localhost:8000")).url
    assert ('name="password1"' in form.get(there).content.decode()) == opens


def test_a_stolen_mailbox_changes_the_password_and_gets_no_further(browser: Client) -> None:
    sign_up(browser)
    secret = factors.plant(_account(browser))
    thief = Client(headers=FRENCH)
    _reset(thief)
    assert browser.get("/moi/").status_code == 302  # all sessions are over
    assert _enter(NEW)[1].url == factors.SECOND_STEP
    mine, _answer = _enter(NEW)
    assert mine.post(factors.SECOND_STEP, {"code": factors.code(secret)}).status_code == 302


def test_where_there_is_no_factor_a_mailbox_adds_none_for_two_days(
    browser: Client, later: Callable[[timedelta], None]
) -> None:
    sign_up(browser)
    _reset(Client(headers=FRENCH))
    thief, answer = _enter(NEW)
    assert answer.status_code == 302
    page = thief.get("/compte/securite/application/").content.decode()
    assert "Encore un peu de patience" in page
    later(rescue.DOUBT + timedelta(minutes=1))
    thief.post("/compte/confirmer/", {"password": NEW})
    assert "secret-text" in thief.get("/compte/securite/application/").content.decode()


def test_all_lost_comes_back_after_three_days_and_a_true_sign_in_ends_it(
    browser: Client,
) -> None:
    sign_up(browser)
    account = _account(browser)
    secret = factors.plant(account)
    lost, _answer = _enter()
    assert "en trois jours" in lost.get("/compte/secours/").content.decode()
    lost.post("/compte/secours/")
    assert "redemande l’accès" in sent()[-1].body
    before = len(sent())
    lost.post("/compte/secours/")
    assert len(sent()) == before  # asked twice, nothing is quicker
    # The owner signs in as ever: the way is closed.
    owner, _answer = _enter()
    owner.post(factors.SECOND_STEP, {"code": factors.code(secret)})
    with keeping.changing_alone(account) as book:
        assert book.asked_back == ""
    # Truly lost: nobody signs in for three days.
    again, _answer = _enter()
    again.post("/compte/secours/")
    with keeping.changing_alone(account) as book:  # the keeper's own clock is not driven
        asked = datetime.fromisoformat(book.asked_back)
        book.asked_back = (asked - rescue.WAIT - timedelta(minutes=1)).isoformat()
    ready, _answer = _enter()
    ready.post("/compte/secours/")
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    path = link.removeprefix("http://localhost:8000")
    assert "ne serviront plus" in ready.get(path).content.decode()
    assert ready.post(path).url == "/compte/connexion/"
    assert _enter()[1].url == "/mes-rendez-vous/"
    assert "ne sert plus" in ready.post(path).content.decode()


def test_a_stolen_mailbox_does_not_ask_for_the_account_back(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password of the way back must not be the mailbox's own. Negative control: it is taken."""
    sign_up(browser)
    account = _account(browser)
    secret = factors.plant(account)
    _reset(Client(headers=FRENCH))
    thief, _answer = _enter(NEW)
    assert "seule ne les retire pas" in thief.get("/compte/secours/").content.decode()
    with monkeypatch.context() as unguarded:
        unguarded.setattr(Book, "vouched_by_mail", False)
        thief.post("/compte/secours/")
        with keeping.changing_alone(account) as book:
            assert book.asked_back
            book.asked_back = (clock.now() - rescue.WAIT - timedelta(minutes=1)).isoformat()
        thief.post("/compte/secours/")
    link = next(word for word in sent()[-1].body.split() if word.startswith("http"))
    path = link.removeprefix("http://localhost:8000")
    assert "ne sert plus" in thief.post(path).content.decode()
    with keeping.changing_alone(account) as book:
        assert book.totp is not None
        book.asked_back = ""
    thief.post("/compte/secours/")
    with keeping.changing_alone(account) as book:
        assert book.asked_back == ""
    # Whoever shows the second factor is no such thief: from then on the way is there again.
    owner, _answer = _enter(NEW)
    owner.post(factors.SECOND_STEP, {"code": factors.code(secret)})
    lost, _answer = _enter(NEW)
    assert "en trois jours" in lost.get("/compte/secours/").content.decode()


def test_a_mailbox_never_gives_staff_their_first_factor(
    browser: Client,
    establishment: UUID,
    later: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who works with a professional key has none in the book. Negative control: time is enough."""
    sign_up(browser)
    account = _account(browser)
    staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "O"}, account=account)
    _reset(Client(headers=FRENCH))
    later(timedelta(days=30))
    thief, _answer = _enter(NEW)
    assert "une autre preuve" in thief.get("/compte/securite/application/").content.decode()
    with monkeypatch.context() as unguarded:
        unguarded.setattr(security, "_works", lambda _account: False)
        assert "secret-text" in thief.get("/compte/securite/application/").content.decode()
    means.trust_again(account)  # as a second person does who brings them in anew
    assert "secret-text" in thief.get("/compte/securite/application/").content.decode()


def test_staff_have_no_way_back_alone(browser: Client, establishment: UUID) -> None:
    sign_up(browser)
    account = _account(browser)
    staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "O"}, account=account)
    factors.plant(account)
    lost, _answer = _enter()
    assert "une seconde personne" in lost.get("/compte/secours/").content.decode()
    lost.post("/compte/secours/")
    with keeping.changing_alone(account) as book:
        assert book.asked_back == ""


def test_an_account_without_a_password_is_led_to_its_other_means(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the library leads to a page that is not there."""
    sign_up(browser)
    monkeypatch.setattr("serment.identity.models.Account.has_usable_password", lambda _one: False)
    led = browser.get("/compte/mot-de-passe/")
    assert (led.status_code, led.url) == (302, "/compte/securite/")
    monkeypatch.delattr("serment.identity.views._ChangePassword.dispatch")
    with pytest.raises(NoReverseMatch):
        browser.get("/compte/mot-de-passe/")
