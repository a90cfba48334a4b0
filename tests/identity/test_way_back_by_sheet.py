"""A card that was lost: back by a new sheet, never by the sheet alone and unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core import mail
from django.test import Client

from serment import clock
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.identity import (
    account_told,
    contact,
    desk_claims,
    desk_codes,
    files,
    handed,
    reaching,
)
from serment.outbox import delivery, letters
from tests import factors
from tests.identity import at_a_desk
from tests.identity.at_a_desk import BORN
from tests.identity.conftest import PASSWORD, make_establishment, sign_up

pytestmark = pytest.mark.django_db


def test_a_thief_with_a_new_sheet_alone_waits_and_a_true_sign_in_ends_it(
    browser: Client, hand: Callable[..., desk_codes.Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = at_a_desk.opened(browser, hand), "un autre cheval sous la neige"
    stolen = hand()
    assert stolen.back
    assert stolen.card == mine.card
    waits = at_a_desk.claim(at_a_desk.fresh(), stolen, password=theirs)
    assert "Revenez dans trois jours" in waits.content.decode()
    # The owner signs in as ever, which ends the wait.
    assert (
        at_a_desk.sign_in(at_a_desk.fresh(), mine, mine.sheet[3], PASSWORD).url
        == "/mes-rendez-vous/"
    )
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=4))
        assert (
            "Revenez"
            in at_a_desk.claim(at_a_desk.fresh(), stolen, password=theirs).content.decode()
        )
        assert (
            at_a_desk.sign_in(at_a_desk.fresh(), mine, mine.sheet[4], PASSWORD).url
            == "/mes-rendez-vous/"
        )
    # The control: had nobody signed in, three days would have been enough, for an owner too.
    assert "Revenez" in at_a_desk.claim(at_a_desk.fresh(), stolen, password=theirs).content.decode()
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=4))
        assert (
            at_a_desk.claim(at_a_desk.fresh(), stolen, password=theirs).url == factors.SECOND_STEP
        )
        assert (
            at_a_desk.sign_in(at_a_desk.fresh(), mine, mine.sheet[6], PASSWORD).status_code == 302
        )
        assert at_a_desk.fresh().get("/moi/").status_code == 302


def test_whoever_still_has_the_old_sheet_comes_back_at_once(
    browser: Client, hand: Callable[..., desk_codes.Issued]
) -> None:
    mine, again = at_a_desk.opened(browser, hand), hand()
    answer = at_a_desk.claim(
        at_a_desk.fresh(), again, password="encore un mot de passe long", proof=mine.sheet[2]
    )
    assert answer.url == factors.SECOND_STEP
    done = at_a_desk.sign_in(
        at_a_desk.fresh(), again, again.sheet[0], "encore un mot de passe long"
    )
    assert done.url == "/mes-rendez-vous/"


def test_whoever_holds_a_new_code_guesses_the_former_password_a_few_times_only(
    browser: Client, hand: Callable[..., desk_codes.Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_desk.opened(browser, hand)
    stolen, thief = hand(), at_a_desk.fresh()
    at_a_desk.first(thief, stolen.code)

    def guess(proof: str) -> Any:
        typed = {"password": "un autre cheval sous la neige", "proof": proof}
        return thief.post("/compte/carte/mot-de-passe/", typed)

    for number in range(5):
        assert "Revenez" in guess(f"essai numéro {number}").content.decode()
    assert guess(PASSWORD).url == "/compte/carte/"
    # The control: uncounted, the sixth guess would have been the right one.
    monkeypatch.setattr(desk_claims, "PROOFS", "1000/m/key")
    at_a_desk.first(thief, stolen.code)
    assert guess(PASSWORD).url == factors.SECOND_STEP


@pytest.mark.parametrize("guarded", [True, False])
def test_a_way_back_is_no_way_round_the_wait_by_an_account_of_the_thief_s_own(
    browser: Client, hand: Callable[..., desk_codes.Issued], patient: Callable[[UUID], Actor],
    monkeypatch: pytest.MonkeyPatch, guarded: bool,
) -> None:  # fmt: skip
    at_a_desk.opened(browser, hand)
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


def test_who_asks_an_account_back_with_a_sheet_alone_is_told_to_its_holder_and_the_desk(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID,
    desk: Actor,
) -> None:  # fmt: skip
    def waits() -> datetime | None:
        with tenancy.inside(tenant=establishment):
            kept = files.open(desk, [file], ["desk_link"], Purpose.RECEPTION)[file]
        return handed.read(kept["desk_link"]).back_on(clock.now())

    at_a_desk.opened(browser, hand)
    stolen, again = hand(), "encore un mot de passe long"
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert (mail.outbox, waits()) == ([], None)  # the control: nothing was asked yet
    for _twice in range(2):
        at_a_desk.claim(at_a_desk.fresh(), stolen, password=again)
        delivery.send_due(delivery.next_try(0, clock.now()))
    [letter] = mail.outbox
    assert letter.to == ["famille.quatrevaux@exemple.fr"]
    assert "trois jours" in letter.body
    until = waits()
    assert until is not None
    assert timedelta(days=2) < until - clock.now() < timedelta(days=4)


@pytest.mark.parametrize("guarded", [True, False])
def test_whose_account_is_asked_back_hears_of_it_from_every_house_they_go_to(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID, desk: Actor,
    establishment: UUID, patient: Callable[[UUID], Actor], monkeypatch: pytest.MonkeyPatch,
    guarded: bool,
) -> None:  # fmt: skip
    """Whoever handed the code out may say that its person wants no message. Negative control."""
    if not guarded:
        monkeypatch.setattr(desk_claims, "_tell_elsewhere", lambda *_asked: None)
    account = at_a_desk.account_of(at_a_desk.opened(browser, hand)).pk
    elsewhere = make_establishment("cabinet-du-port")
    files.find_or_create_for_account(patient(account), elsewhere)
    stolen = hand()
    with tenancy.inside(tenant=establishment):
        silent = contact.Wishes(mail=False, letter=False, phone=False)
        reaching.say_at_desk(desk, file, silent)
    at_a_desk.claim(at_a_desk.fresh(), stolen, password="encore un mot de passe long")
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert mail.outbox == []
    told = [one.kind for one in letters.waiting(elsewhere)]
    assert told == ([account_told.BACK] if guarded else [])


def test_between_code_and_password_the_session_keeps_neither_code_nor_birth_date_open(
    browser: Client, hand: Callable[..., desk_codes.Issued], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for a quarter of an hour only."""
    issued = hand()
    at_a_desk.first(browser, issued.code)
    kept = json.dumps(dict(browser.session.items()))
    for secret in (issued.code, issued.code.replace("-", ""), "1941"):
        assert secret not in kept
    page = "/compte/carte/mot-de-passe/"
    assert browser.get(page).status_code == 200
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=16))
        assert browser.get(page).status_code == 302
    assert browser.get(page).status_code == 302, "forgotten, not only too late"
