"""A code from the desk: an account without e-mail, once, for whoever it was handed to."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client, RequestFactory

from serment import clock
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, Purpose, gate
from serment.identity import cards, contact, desk_claims, desk_codes, files, reaching, walls
from serment.identity.means import keeping
from serment.identity.models import Account, DeskCode, PatientFile
from tests import factors
from tests.identity.conftest import PASSWORD, sign_up

pytestmark = pytest.mark.django_db
BORN = "12 mars 1941"
PERSON = {
    "family_name": "Quatrevaux", "given_name": "Philomène", "birth_date": "1941-03-12",
    "phone": "+33698765432", "email": "famille.quatrevaux@exemple.fr",
}  # fmt: skip


@pytest.fixture
def file(establishment: UUID) -> UUID:
    return files.create(SYSTEM, establishment, PERSON).pk


@pytest.fixture
def desk(secretary_of: Callable[[UUID], Actor], establishment: UUID) -> Actor:
    return secretary_of(establishment)


@pytest.fixture
def hand(desk: Actor, establishment: UUID, file: UUID) -> Callable[[], desk_codes.Issued]:
    """A secretary hands out a code for the file."""

    def issue() -> desk_codes.Issued:
        with tenancy.inside(tenant=establishment):
            return desk_codes.issue(desk, file, "passport", clock.now())

    return issue


def _first(browser: Client, code: str, born: str = BORN) -> Any:
    return browser.post("/compte/carte/", {"code": code, "birth_date": born})


def _claim(browser: Client, issued: desk_codes.Issued, **more: str) -> Any:
    answer = _first(browser, issued.code)
    assert answer.status_code == 302, answer.content.decode()
    return browser.post("/compte/carte/mot-de-passe/", {"password": PASSWORD} | more)


def _sign_in(browser: Client, issued: desk_codes.Issued, code: str, password: str) -> Any:
    typed = {"login": cards.spoken(issued.card), "password": password}
    browser.post("/compte/connexion/", typed)
    return browser.post(factors.SECOND_STEP, {"code": code})


def _fresh() -> Client:
    return Client(headers={"accept-language": "fr"})


def _account(issued: desk_codes.Issued) -> Account:
    with walls.looking_for(cards.alias_of(issued.card)):
        return Account.objects.get(alias=cards.alias_of(issued.card))


def test_somebody_of_eighty_opens_an_account_with_the_sheet_alone(
    browser: Client, hand: Callable[[], desk_codes.Issued], file: UUID, establishment: UUID,
    patient: Callable[[UUID], Actor], desk: Actor,
) -> None:  # fmt: skip
    issued = hand()
    claimed = _claim(browser, issued)
    # The password alone is not enough from the first minute on: the sheet is the second factor.
    assert claimed.url == factors.SECOND_STEP
    assert browser.get("/moi/").status_code == 302
    answer: Any = browser.post(factors.SECOND_STEP, {"code": issued.sheet[0]})
    assert answer.url == "/mes-rendez-vous/"
    account = _account(issued)
    assert gate.files_of(patient(account.pk), account.pk) == [file]
    assert account.email is None
    browser.post("/compte/deconnexion/")
    # A code crossed out does not serve again, another does.
    assert _sign_in(browser, issued, issued.sheet[0], PASSWORD).status_code == 200
    assert _sign_in(browser, issued, issued.sheet[5], PASSWORD).url == "/mes-rendez-vous/"
    assert mail.outbox == []
    with tenancy.inside(tenant=establishment):
        kept = files.open(desk, [file], ["desk_link"], Purpose.RECEPTION)[file]
    [handed] = desk_codes.read(kept["desk_link"]).codes
    assert (handed.document, handed.state) == ("passport", "used")


def test_wrong_spent_withdrawn_expired_and_overguessed_codes_read_alike(
    browser: Client, hand: Callable[[], desk_codes.Issued], desk: Actor, file: UUID,
    establishment: UUID, settings: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(desk_codes, "TRIES", "1000/m/ip")

    def said(code: str, born: str = BORN) -> str:
        found = re.search(r'role="alert"[^>]*>\s*(.+?)\s*</div>', _first(_fresh(), code, born)
                          .content.decode(), re.DOTALL)  # fmt: skip
        assert found
        return found.group(1)

    unknown = said("00000-00000")
    assert "ne vont pas ensemble" in unknown
    first = hand()
    assert said(first.code, "13 mars 1941") == unknown
    assert _first(_fresh(), first.code).status_code == 302  # the control: it is right
    second = hand()
    assert said(first.code) == unknown  # a newer one was handed out
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=15))
        assert said(second.code) == unknown
    for _guess in range(desk_codes.WRONG_MAX):
        assert said(second.code, "14 mars 1941") == unknown
    assert said(second.code) == unknown
    third = hand()
    with tenancy.inside(tenant=establishment):
        desk_codes.withdraw(desk, file)
    assert said(third.code) == unknown
    fourth = hand()
    _claim(browser, fourth)
    assert said(fourth.code) == unknown


def test_guessing_codes_is_stopped_for_a_source_also_for_the_right_one(
    browser: Client, hand: Callable[[], desk_codes.Issued]
) -> None:
    issued = hand()
    for number in range(10):
        _first(_fresh(), f"{number:05}-00000")
    assert "Trop d’essais" in _first(browser, issued.code).content.decode()


def test_an_account_that_is_there_links_the_file_only_where_the_birth_date_is_its_own(
    browser: Client, hand: Callable[[], desk_codes.Issued], file: UUID,
    patient: Callable[[UUID], Actor],
) -> None:  # fmt: skip
    for number, (born, linked) in enumerate((("12 mars 1961", []), (BORN, [file]))):
        sign_up(browser, email=f"p{number}@exemple.fr", birth_date=born)
        account = UUID(browser.get("/moi/").content.decode().split()[1])
        secret = factors.plant(account)
        browser.post("/compte/deconnexion/")
        factors.sign_in(browser, f"p{number}@exemple.fr", PASSWORD, secret)
        answer = browser.post("/compte/carte/relier/", {"code": hand().code})
        assert answer.status_code == (302 if linked else 200), answer.content.decode()
        assert gate.files_of(patient(account), account) == linked
        browser.post("/compte/deconnexion/")


def test_a_thief_with_a_new_sheet_alone_waits_and_a_true_sign_in_ends_it(
    browser: Client, hand: Callable[[], desk_codes.Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = _opened(browser, hand), "un autre cheval sous la neige"
    stolen = hand()
    assert stolen.back
    assert stolen.card == mine.card
    waits = _claim(_fresh(), stolen, password=theirs)
    assert "Revenez dans trois jours" in waits.content.decode()
    # The owner signs in as ever, which ends the wait.
    assert _sign_in(_fresh(), mine, mine.sheet[3], PASSWORD).url == "/mes-rendez-vous/"
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=4))
        assert "Revenez" in _claim(_fresh(), stolen, password=theirs).content.decode()
        assert _sign_in(_fresh(), mine, mine.sheet[4], PASSWORD).url == "/mes-rendez-vous/"
    # The control: had nobody signed in, three days would have been enough, for an owner too.
    assert "Revenez" in _claim(_fresh(), stolen, password=theirs).content.decode()
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=4))
        assert _claim(_fresh(), stolen, password=theirs).url == factors.SECOND_STEP
        assert _sign_in(_fresh(), mine, mine.sheet[6], PASSWORD).status_code == 302
        assert _fresh().get("/moi/").status_code == 302


def test_whoever_still_has_the_old_sheet_comes_back_at_once(
    browser: Client, hand: Callable[[], desk_codes.Issued]
) -> None:
    mine, again = _opened(browser, hand), hand()
    answer = _claim(_fresh(), again, password="encore un mot de passe long", proof=mine.sheet[2])
    assert answer.url == factors.SECOND_STEP
    done = _sign_in(_fresh(), again, again.sheet[0], "encore un mot de passe long")
    assert done.url == "/mes-rendez-vous/"


def test_whoever_holds_a_new_code_guesses_the_former_password_a_few_times_only(
    browser: Client, hand: Callable[[], desk_codes.Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(browser, hand)
    stolen, thief = hand(), _fresh()
    _first(thief, stolen.code)

    def guess(proof: str) -> Any:
        typed = {"password": "un autre cheval sous la neige", "proof": proof}
        return thief.post("/compte/carte/mot-de-passe/", typed)

    for number in range(5):
        assert "Revenez" in guess(f"essai numéro {number}").content.decode()
    assert guess(PASSWORD).url == "/compte/carte/"
    # The control: uncounted, the sixth guess would have been the right one.
    monkeypatch.setattr(desk_claims, "PROOFS", "1000/m/key")
    _first(thief, stolen.code)
    assert guess(PASSWORD).url == factors.SECOND_STEP


@pytest.mark.parametrize("guarded", [True, False])
def test_a_way_back_is_no_way_round_the_wait_by_an_account_of_the_thief_s_own(
    browser: Client, hand: Callable[[], desk_codes.Issued], patient: Callable[[UUID], Actor],
    monkeypatch: pytest.MonkeyPatch, guarded: bool,
) -> None:  # fmt: skip
    _opened(browser, hand)
    stolen = hand()
    sign_up(browser, email="voleur@exemple.fr", birth_date=BORN)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    secret = factors.plant(account)
    browser.post("/compte/deconnexion/")
    factors.sign_in(browser, "voleur@exemple.fr", PASSWORD, secret)
    if not guarded:
        check = desk_codes.check

        def blind(*asked: Any) -> Any:
            code, terms = check(*asked)
            return code, msgspec.structs.replace(terms, back=False)

        monkeypatch.setattr(desk_codes, "check", blind)
    answer = browser.post("/compte/carte/relier/", {"code": stolen.code})
    assert bool(gate.files_of(patient(account), account)) is not guarded
    assert ("retrouver le compte de la carte" in answer.content.decode()) is guarded


def test_a_file_that_joins_an_account_is_written_to_as_the_account_said(
    browser: Client, hand: Callable[[], desk_codes.Issued], file: UUID, establishment: UUID,
    patient: Callable[[UUID], Actor], desk: Actor,
) -> None:  # fmt: skip
    sign_up(browser, email="p@exemple.fr", birth_date=BORN)
    account = UUID(browser.get("/moi/").content.decode().split()[1])
    with tenancy.inside(account=account):
        wishes = contact.Wishes(email="sure@exemple.fr")
        reaching.say(patient(account), wishes, clock.now())
    with tenancy.inside(tenant=establishment):
        assert reaching.of_file(desk, file) == contact.NOTHING_SAID  # the control
    secret = factors.plant(account)
    browser.post("/compte/deconnexion/")
    factors.sign_in(browser, "p@exemple.fr", PASSWORD, secret)
    assert browser.post("/compte/carte/relier/", {"code": hand().code}).status_code == 302
    with tenancy.inside(tenant=establishment):
        assert reaching.of_file(desk, file).email == "sure@exemple.fr"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_guesses_at_once_are_counted_one_after_the_other(
    hand: Callable[[], desk_codes.Issued], monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Twelve birth dates sent at the same moment: no more than five are looked at."""
    monkeypatch.setattr(desk_codes, "TRIES", "1000/m/ip")
    if not guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    issued, looked, all_here = hand(), [], threading.Barrier(12)
    really = desk_codes._terms

    def terms(code: str, now: datetime) -> desk_codes.Terms | None:
        found = really(code, now)
        looked.append(found is not None)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(desk_codes, "_terms", terms)

    def guess(number: int) -> None:
        all_here.wait()
        with transaction.atomic(), suppress(desk_codes.CodeUnusable):  # as a page does
            request = RequestFactory().post("/", REMOTE_ADDR=f"10.0.0.{number}")
            desk_codes.check(request, issued.code, "1941-01-01", clock.now())
        connection.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(looked) > desk_codes.WRONG_MAX) is not guarded


def test_the_rows_name_nobody_and_no_code_is_found_without_the_keepers_secret(
    hand: Callable[[], desk_codes.Issued], file: UUID, establishment: UUID, superuser: Any
) -> None:
    issued = hand()
    assert not DeskCode.objects.exists()  # seen by whoever holds the code, and nobody else
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL row_security = on")
        cursor.execute("SELECT count(*) FROM identity_deskcode")
        assert cursor.fetchone() == (0,)
    kept = desk_codes._as_kept(issued.code)
    with walls.holding(desk_codes.digest_of(kept)):
        row = DeskCode.objects.get()
    blob = bytes(row.digest) + bytes(row.sealed)
    for secret in (file.bytes, file.hex.encode(), establishment.bytes, kept.encode(),
                   issued.card.encode(), b"1941-03-12"):  # fmt: skip
        assert secret not in blob
    assert (row.expires_at.hour, row.expires_at.minute, row.expires_at.microsecond) == (0, 0, 0)
    with tenancy.inside(tenant=establishment):
        closed = PatientFile.objects.get(pk=file).desk_link
    assert issued.card.encode() not in closed.sealed
    assert issued.code not in repr(issued)


@pytest.mark.django_db(transaction=True)
def test_only_the_worker_sees_codes_of_all_and_only_those_whose_day_has_passed(
    hand: Callable[[], desk_codes.Issued], superuser: Any
) -> None:
    digest = desk_codes.digest_of(desk_codes._as_kept(hand().code))
    superuser.execute("SET ROLE serment_worker")
    try:
        superuser.execute("DELETE FROM identity_deskcode")
        kept = superuser.execute("SELECT count(*) FROM identity_deskcode").fetchone()
    finally:
        superuser.execute("RESET ROLE")
    with walls.holding(digest):
        assert DeskCode.objects.exists()
    assert kept == (0,)  # one that is good is not seen, let alone forgotten
    superuser.execute("UPDATE identity_deskcode SET expires_at = now() - interval '1 minute'")
    superuser.execute("SET ROLE serment_worker")
    try:
        superuser.execute("DELETE FROM identity_deskcode")
    finally:
        superuser.execute("RESET ROLE")
    with walls.holding(digest):
        assert not DeskCode.objects.exists()


def _opened(browser: Client, hand: Callable[[], desk_codes.Issued]) -> desk_codes.Issued:
    """An account of a card, signed out."""
    issued = hand()
    _claim(browser, issued)
    assert browser.post(factors.SECOND_STEP, {"code": issued.sheet[0]}).status_code == 302
    browser.post("/compte/deconnexion/")
    with keeping.changing_alone(_account(issued).pk) as book:
        assert book.paper
    return issued
