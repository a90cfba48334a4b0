"""A code from the desk: an account without e-mail, once, for whoever it was handed to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core import mail
from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import Actor, Purpose, gate
from serment.identity import (
    account_told,
    contact,
    desk_codes,
    files,
    former_ways,
    handed,
    reaching,
)
from serment.outbox import delivery, envelopes
from tests import factors
from tests.identity import at_a_desk
from tests.identity.at_a_desk import BORN
from tests.identity.conftest import PASSWORD, sign_up

pytestmark = pytest.mark.django_db


def test_somebody_of_eighty_opens_an_account_with_the_sheet_alone(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID,
    patient: Callable[[UUID], Actor], desk: Actor,
) -> None:  # fmt: skip
    issued = hand()
    claimed = at_a_desk.claim(browser, issued)
    # The password alone is not enough from the first minute on: the sheet is the second factor.
    assert claimed.url == factors.SECOND_STEP
    assert browser.get("/moi/").status_code == 302
    answer: Any = browser.post(factors.SECOND_STEP, {"code": issued.sheet[0]})
    assert answer.url == "/mes-rendez-vous/"
    account = at_a_desk.account_of(issued)
    assert gate.files_of(patient(account.pk), account.pk) == [file]
    assert account.email is None
    browser.post("/compte/deconnexion/")
    # A code crossed out does not serve again, another does.
    assert at_a_desk.sign_in(browser, issued, issued.sheet[0], PASSWORD).status_code == 200
    assert at_a_desk.sign_in(browser, issued, issued.sheet[5], PASSWORD).url == "/mes-rendez-vous/"
    assert mail.outbox == []
    with tenancy.inside(tenant=establishment):
        kept = files.open(desk, [file], ["desk_link"], Purpose.RECEPTION)[file]
    [told] = handed.read(kept["desk_link"]).codes
    assert (told.document, told.state) == ("passport", "used")


def test_wrong_spent_withdrawn_expired_and_overguessed_codes_read_alike(
    browser: Client, hand: Callable[..., desk_codes.Issued], desk: Actor, file: UUID,
    establishment: UUID, settings: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(desk_codes, "TRIES", "1000/m/ip")

    def said(code: str, born: str = BORN) -> str:
        page = at_a_desk.first(at_a_desk.fresh(), code, born).content.decode()
        found = re.search(r'role="alert"[^>]*>\s*(.+?)\s*</div>', page, re.DOTALL)
        assert found
        return found.group(1)

    unknown = said("00000-00000")
    assert "ne vont pas ensemble" in unknown
    first = hand()
    assert said(first.code, "13 mars 1941") == unknown
    assert (
        at_a_desk.first(at_a_desk.fresh(), first.code).status_code == 302
    )  # the control: it is right
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
    at_a_desk.claim(browser, fourth)
    assert said(fourth.code) == unknown


def test_guessing_codes_is_stopped_for_a_source_also_for_the_right_one(
    browser: Client, hand: Callable[..., desk_codes.Issued]
) -> None:
    issued = hand()
    for number in range(10):
        at_a_desk.first(at_a_desk.fresh(), f"{number:05}-00000")
    assert "Trop d’essais" in at_a_desk.first(browser, issued.code).content.decode()


def test_an_account_that_is_there_links_the_file_only_where_the_birth_date_is_its_own(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID,
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


def test_a_file_that_joins_an_account_is_written_to_as_the_account_said(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID,
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


def test_a_second_account_is_somebody_s_word_and_the_first_holder_is_told(
    browser: Client, hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID,
    desk: Actor, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The control: a file nobody signs in for gets its code with nothing said and nobody told."""
    told: list[str] = []
    tell = account_told.tell
    monkeypatch.setattr(account_told, "tell", lambda *it: (told.append(it[0]), tell(*it)))
    hand()
    assert told == []
    gate.link(desk, account=ids.new_id(), patient_file=file)
    with pytest.raises(desk_codes.HasAccount):
        hand()
    code = hand(second=True).code
    assert told == [account_told.SECOND]
    delivery.send_due(delivery.next_try(0, clock.now()))
    [letter] = mail.outbox
    assert letter.to == ["famille.quatrevaux@exemple.fr"]
    assert "un autre compte pourra le lire" in letter.body
    assert "Quatrevaux" not in letter.body
    assert at_a_desk.first(browser, code).status_code == 302
    with tenancy.inside(tenant=establishment):  # somebody who said how: that way, and neutrally
        reaching.say_at_desk(desk, file, contact.Wishes(email="sure@exemple.fr", neutral=True))
    hand(second=True)
    delivery.send_due(delivery.next_try(0, clock.now()))
    assert mail.outbox[-1].to == ["sure@exemple.fr"]
    assert "code" not in mail.outbox[-1].body


@pytest.mark.parametrize("guarded", [True, False])
def test_of_a_second_account_the_address_that_was_changed_before_is_told_too(
    hand: Callable[..., desk_codes.Issued], file: UUID, establishment: UUID, desk: Actor,
    monkeypatch: pytest.MonkeyPatch, guarded: bool,
) -> None:  # fmt: skip
    """Negative control: otherwise whoever changes the address first reads the message themself."""
    if not guarded:
        monkeypatch.setattr(former_ways, "tell", lambda *_: False)
    gate.link(desk, account=ids.new_id(), patient_file=file)
    with tenancy.inside(tenant=establishment):
        former_ways.note(desk, file, {"email": "famille.quatrevaux@exemple.fr"}, clock.now())
        files.change(desk, file, {"email": "voleur@exemple.fr"})
    hand(second=True)
    delivery.send_due(delivery.next_try(0, clock.now()))
    envelopes.send_waiting(clock.now())
    told = {one.to[0]: one.body for one in mail.outbox}
    assert "voleur@exemple.fr" in told
    assert ("famille.quatrevaux@exemple.fr" in told) == guarded
    assert "compte" not in told.get("famille.quatrevaux@exemple.fr", "")


def test_a_code_that_was_never_used_is_not_told_as_if_it_still_served() -> None:
    """It serves until a midnight; the control: the day before, and one that was used."""
    until = date(2026, 12, 7)
    code = handed.Handed("", "2026-11-23", until.isoformat(), "known")
    for days, over in ((-1, False), (0, True), (30, True)):
        day = until + timedelta(days=days)
        assert code.is_over(day) == over
        assert (handed.Standing(codes=[code]).waits(day) is None) == over
    assert not msgspec.structs.replace(code, state="used").is_over(until)
