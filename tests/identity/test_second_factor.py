"""Digits and recovery codes: asked for, right once only, and nowhere in the database."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client, RequestFactory
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestedCredentialData

from serment.directory import tenancy
from serment.disclosure import SYSTEM
from serment.identity import staff
from serment.identity.means import codes, keeping, passkeys, proofs, totp
from serment.identity.means.book import Book, Passkey, Totp, write
from serment.identity.models import Account, Role
from tests import factors
from tests.identity.conftest import PASSWORD, PERSON, sent, sign_up
from tests.keeper.authenticator import Authenticator

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)
# RFC 6238, appendix B, SHA-1; the last six of the eight digits printed there.
VECTORS = ((59, "287082"), (1111111109, "081804"), (20000000000, "353130"))


@pytest.mark.parametrize(("at", "digits"), VECTORS)
def test_digits_are_those_of_the_standard(at: int, digits: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert totp.code_at(secret, at // totp.STEP_SECONDS) == digits


def test_a_clock_half_a_minute_off_is_understood_and_more_is_not() -> None:
    secret = totp.new_secret()
    for steps, right in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        assert totp.use(Totp(secret), factors.code(secret, steps, NOON), NOON) is right, steps


def test_digits_serve_once_and_none_older_after_them() -> None:
    kept = Totp(totp.new_secret())
    now = factors.code(kept.secret, 0, NOON)
    assert totp.use(kept, now, NOON)
    assert not totp.use(kept, now, NOON)
    # Still not in the next half minute, when they would be understood: the library this replaces
    # had forgotten them by then.
    later = NOON + timedelta(seconds=31)
    assert totp.use(Totp(kept.secret), now, later)  # the control: without what is kept they pass
    assert not totp.use(kept, now, later)
    assert not totp.use(kept, factors.code(kept.secret, -1, NOON), NOON)
    assert totp.use(kept, factors.code(kept.secret, 1, NOON), NOON)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert not totp.use(Totp(totp.new_secret()), typed, NOON)


def test_a_recovery_code_serves_once_however_it_is_written() -> None:
    book = Book()
    first, second, *rest = codes.renew(book)
    assert len({first, second, *rest}) == codes.COUNT
    assert codes.use(book, f" {first.upper().replace('-', ' ')} ")
    assert not codes.use(book, first)
    assert codes.use(book, second.replace("0", "O").replace("1", "l"))
    assert len(book.codes) == codes.COUNT - 2
    assert not codes.use(book, "")
    assert not codes.use(book, "00000-00000")


@pytest.fixture
def patient(browser: Client) -> tuple[UUID, str]:
    """An account with an application of codes; its browser signed out."""
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    browser.post("/compte/deconnexion/")
    return account, factors.plant(account)


def _password(browser: Client, email: str = PERSON["email"]) -> Any:
    return browser.post("/compte/connexion/", {"login": email, "password": PASSWORD})


def test_the_password_alone_signs_nobody_in_who_has_a_second_factor(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    assert _password(browser).url == factors.SECOND_STEP
    assert browser.get("/moi/").status_code == 302
    page = browser.post(factors.SECOND_STEP, {"code": "000000"}).content.decode()
    assert "Ce code ne convient pas" in page
    assert browser.get("/moi/").status_code == 302
    done = browser.post(factors.SECOND_STEP, {"code": factors.code(patient[1])})
    assert done.url == "/mes-rendez-vous/"
    assert browser.get("/moi/").status_code == 200


def test_without_the_stage_the_password_alone_would_do(
    browser: Client, patient: tuple[UUID, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(Book, "has_second_factor", False)
    assert _password(browser).url == "/mes-rendez-vous/"


def test_a_code_seen_over_the_shoulder_signs_no_second_browser_in(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    thief, seen = Client(headers={"accept-language": "fr"}), factors.code(patient[1])
    _password(browser)
    assert browser.post(factors.SECOND_STEP, {"code": seen}).status_code == 302
    _password(thief)
    assert thief.post(factors.SECOND_STEP, {"code": seen}).status_code == 200
    assert thief.get("/moi/").status_code == 302


def test_guessing_is_stopped_also_for_the_right_code_and_by_another_browser(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    said = []
    for number in range(6):
        guess = Client(headers={"accept-language": "fr"})
        _password(guess)
        page = guess.post(factors.SECOND_STEP, {"code": f"00000{number}"}).content.decode()
        said.append("Trop d" in page)
    assert said == [False] * 5 + [True]
    _password(browser)
    right = {"code": factors.code(patient[1])}
    assert browser.post(factors.SECOND_STEP, right).status_code == 200
    cache.clear()  # the control: it was the limit that stopped it
    assert browser.post(factors.SECOND_STEP, right).status_code == 302


def test_a_recovery_code_from_paper_signs_in_once(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    with keeping.changing_alone(patient[0]) as book:
        paper = codes.renew(book)[0]
    _password(browser)
    answer = browser.post(factors.SECOND_STEP, {"code": paper})
    assert answer.status_code == 302
    told = " ".join(str(one) for one in get_messages(answer.wsgi_request))
    assert f"Il en reste {codes.COUNT - 1}" in told
    assert "Appareil perdu" in told
    other = Client(headers={"accept-language": "fr"})
    _password(other)
    assert other.post(factors.SECOND_STEP, {"code": paper}).status_code == 200


def test_the_second_step_is_nowhere_without_the_first(browser: Client) -> None:
    assert browser.get(factors.SECOND_STEP).url == "/compte/connexion/"
    assert browser.post(factors.SECOND_STEP, {"code": "000000"}).url == "/compte/connexion/"


def test_who_has_a_passkey_too_is_offered_it_at_the_second_step_and_to_confirm(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    with keeping.changing_alone(patient[0]) as book:
        book.passkeys = [passkey_of_nobody()]
    _password(browser)
    page = browser.get(factors.SECOND_STEP).content.decode()
    assert 'data-passkey="sign"' in page
    assert page.count("button-primary") == 1
    browser.post(factors.SECOND_STEP, {"code": factors.code(patient[1])})
    page = browser.get("/compte/confirmer/?next=/moi/").content.decode()
    assert 'name="signed"><input type="hidden" name="next" value="/moi/">' in page


def passkey_of_nobody() -> Passkey:
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(bytes(16), b"of nobody", key)
    return Passkey(made.credential_id.hex(), "Téléphone", bytes(made), added="2026-11-22")


def test_a_passkey_is_asked_by_our_own_page_alone_and_a_copy_of_it_shows() -> None:
    """Negative control: the same key, in our own page and counting on, is believed."""
    device = Authenticator(origin="http://localhost:8000", site="localhost")
    made = AttestedCredentialData.create(
        Aaguid.NONE, device.credential, ES256.from_cryptography_key(device.key.public_key())
    )
    known = Passkey(device.credential.hex(), "Clé", bytes(made))
    request = RequestFactory().post("/")
    request.session = {}  # type: ignore[assignment]

    def show(**within: object) -> int:
        device.within = within
        asked = passkeys.ask_to_show(request, [known])
        signed = device.sign(websafe_decode(asked["challenge"]))
        answer = {
            "id": websafe_encode(signed.credential),
            "type": "public-key",
            "response": {
                "clientDataJSON": websafe_encode(signed.client_data),
                "authenticatorData": websafe_encode(signed.authenticator_data),
                "signature": websafe_encode(signed.signature),
            },
        }
        return passkeys.shown(request, json.dumps(answer), [known]).count

    assert show() == 1
    for bent in ({"cross_origin": True}, {"topOrigin": "https://evil.example"}):
        with pytest.raises(passkeys.PasskeyRefused):
            show(**bent)
    assert show() == 4
    device.counts, device.count = False, 0
    with pytest.raises(passkeys.PasskeyRefused):
        show()


def test_the_second_step_changes_the_cookie(browser: Client, patient: tuple[UUID, str]) -> None:
    _password(browser)
    half = browser.cookies["sessionid"].value
    browser.post(factors.SECOND_STEP, {"code": factors.code(patient[1])})
    assert browser.cookies["sessionid"].value != half
    fixed = Client()
    fixed.cookies["sessionid"] = half
    assert fixed.get("/moi/").status_code == 302


def _enrol(browser: Client) -> tuple[str, str]:
    """Through the pages: the secret, and the page with the codes."""
    form = browser.get("/compte/securite/application/").content.decode()
    assert "data:image/svg+xml;base64," in form
    secret = form.split('class="secret-text">')[1].split("<")[0].replace(" ", "")
    typed = {"code": factors.code(secret)}
    page = browser.post("/compte/securite/application/", typed).content.decode()
    return secret, page


def test_an_application_is_added_with_codes_shown_once_and_told_by_mail(browser: Client) -> None:
    sign_up(browser)
    wrong = browser.post("/compte/securite/application/", {"code": "000000"}).content.decode()
    assert "Ces chiffres ne conviennent pas" in wrong
    _secret, page = _enrol(browser)
    shown = [part.split("<")[0] for part in page.split("<li><code>")[1:]]
    assert len(shown) == codes.COUNT
    assert "Une application de codes a été ajoutée" in sent()[-1].body
    again = browser.get("/compte/securite/").content.decode()
    assert "Il vous reste 8 codes" in again
    assert not any(code in again for code in shown)
    browser.post("/compte/deconnexion/")
    _password(browser)
    assert browser.post(factors.SECOND_STEP, {"code": shown[3]}).status_code == 302


def test_a_session_from_before_the_first_factor_is_ended(browser: Client, pages: None) -> None:
    sign_up(browser)
    elsewhere = Client(headers={"accept-language": "fr"})
    assert _password(elsewhere).status_code == 302
    assert elsewhere.get("/moi/").status_code == 200  # the control
    _enrol(browser)
    assert elsewhere.get("/moi/").status_code == 302
    assert browser.get("/moi/").status_code == 200


def test_factors_change_only_after_a_fresh_proof(
    browser: Client, patient: tuple[UUID, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    factors.sign_in(browser, PERSON["email"], PASSWORD, patient[1])
    monkeypatch.setattr("serment.identity.means.strength.STEP_UP_SECONDS", -1)
    stopped = browser.post("/compte/securite/application/retirer/")
    assert stopped.url == "/compte/confirmer/?next=%2Fcompte%2Fsecurite%2F"
    assert _book(patient[0]).totp is not None
    monkeypatch.setattr("serment.identity.means.strength.STEP_UP_SECONDS", 600)
    browser.post("/compte/securite/application/retirer/")
    assert _book(patient[0]).totp is None  # the control


def test_a_password_does_not_confirm_an_account_that_has_a_second_factor(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    factors.sign_in(browser, PERSON["email"], PASSWORD, patient[1])
    page = browser.post("/compte/confirmer/?next=/moi/", {"password": PASSWORD})
    assert page.status_code == 200
    shown = {"code": factors.code(patient[1], 1), "next": "/moi/"}
    assert browser.post("/compte/confirmer/", shown).url == "/moi/"


def test_confirming_leads_to_no_other_site(browser: Client) -> None:
    sign_up(browser)
    for elsewhere in ("https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)"):
        answer = browser.post("/compte/confirmer/", {"password": PASSWORD, "next": elsewhere})
        assert answer.url == "/mes-rendez-vous/"


def _book(account: UUID) -> Book:
    with keeping.changing_alone(account) as book:
        return book


def test_the_row_shows_neither_secret_nor_code_nor_device(browser: Client) -> None:
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    secret, _page = _enrol(browser)
    browser.get("/moi/")  # lists the session under the key it has since
    with tenancy.inside(account=account):
        stolen = bytes(Account.objects.get(pk=account).sign_in_book.sealed)
    book = _book(account)
    plain = write(book).encode()
    traces = (secret, book.codes[0], "totp", "sessions", book.sessions[0].digest)
    for trace in traces:
        assert trace.encode() in plain  # the control: this is how it reads before it is sealed
        assert trace.encode() not in stolen


def test_staff_confirm_too(browser: Client, establishment: UUID) -> None:
    sign_up(browser)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    staff.create(SYSTEM, establishment, Role.SECRETARY, {"given_name": "Odile"}, account=account)
    browser.post("/compte/deconnexion/")
    secret = factors.plant(account)
    assert factors.sign_in(browser, PERSON["email"], PASSWORD, secret).url == "/cabinet/"
    assert browser.get("/cabinet/").status_code == 200
    assert "gardien" in browser.get("/compte/securite/").content.decode()


def test_tries_are_counted_by_account_and_given_back_when_right(
    browser: Client, patient: tuple[UUID, str]
) -> None:
    assert proofs.TRIES.startswith("5/5m/key")
    for steps in (-1, 0, 1):
        fresh = Client(headers={"accept-language": "fr"})
        _password(fresh)
        shown = {"code": factors.code(patient[1], steps)}
        assert fresh.post(factors.SECOND_STEP, shown).status_code == 302
