"""A line of the record with its proof, as a file: for whom it concerns, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from serment.disclosure import SYSTEM, gate
from serment.identity import registration
from serment.identity.models import Account
from serment.ledger import asking, segment
from serment.ledger.asking import Question
from serment.ledger.report import Report, Verdict
from tests import factors
from tests.conftest import KEEPER_STATE
from tests.ledger.making import KEY, Made
from tests.web_practice.house import make_house

pytestmark = pytest.mark.django_db
PASSWORD = "un cheval blanc sous la pluie"
Publish = Callable[..., Made]


@pytest.fixture
def publish(tmp_path: Path, settings: Any) -> Publish:
    """Makes what the test's keeper has recorded so far public, as keeper and publisher do."""
    settings.LEDGER_SITE = tmp_path / "ledger" / "site"
    settings.LEDGER_KEY_FILE = tmp_path / "key"

    def go(altered: int = -1) -> Made:
        (tmp_path / "key").write_text(f"{KEY.verifier.text}\n")
        made = Made(tmp_path / "ledger")
        entries = [frame.leaf for frame in segment.read(KEEPER_STATE / "segment.log")]
        if altered >= 0:
            entries[altered] = bytes(32)
        publisher = made.publisher()
        publisher.publish(entries)
        publisher.close()
        built = made.site.build(made.inbox)
        assert built is not None
        made.site.announce(built)
        return made

    return go


def entered(email: str) -> tuple[Account, Client, int]:
    """A patient in a browser, and the line at which their name was opened for the page's head."""
    account = registration.create(
        SYSTEM, email, {"given_name": "Aurore", "family_name": "Lemoine"}, password=PASSWORD
    )
    return account, *signed_in(email)


def signed_in(email: str) -> tuple[Client, int]:
    browser = Client(headers={"accept-language": "fr"})
    assert factors.sign_in_surely(browser, email, PASSWORD).status_code == 302
    browser.get("/")
    return browser, gate.health().size - 1


def judged(answer: Any, folder: Path) -> Report:
    file = folder / "received.tlog-proof"
    file.write_bytes(answer.content)
    return asking.answer(Question(proof=file, keys=[KEY.verifier.text]))


def test_each_line_of_the_page_has_a_receipt_that_verifies(
    publish: Publish, tmp_path: Path
) -> None:
    account, browser, seq = entered("recu@exemple.fr")
    publish()
    page = browser.get("/qui-a-ouvert-mes-donnees/").content.decode()
    assert f'href="/qui-a-ouvert-mes-donnees/recu/{seq}"' in page
    answer = browser.get(f"/qui-a-ouvert-mes-donnees/recu/{seq}")
    assert answer["Content-Disposition"] == f'attachment; filename="recu-serment-{seq}.tlog-proof"'
    assert answer["Cache-Control"] == "private, no-store"
    report = judged(answer, tmp_path)
    assert (report.verdict, report.index) == (Verdict.INTACT, seq)
    assert dict(report.statement)["who"] == f"patient {account.pk}"
    assert "Lemoine" not in str(report.statement)


def test_a_line_that_is_not_public_yet_has_a_page_that_says_so(publish: Publish) -> None:
    _account, browser, seq = entered("tot@exemple.fr")
    _must_wait(browser, seq)  # nothing was ever published
    publish()
    assert browser.get(f"/qui-a-ouvert-mes-donnees/recu/{seq}").status_code == 200
    again, later = signed_in("tot@exemple.fr")
    _must_wait(again, later)  # the published ledger ends before this line
    beyond = gate.health().size + 10**6
    assert browser.get(f"/qui-a-ouvert-mes-donnees/recu/{beyond}").status_code == 404


def _must_wait(browser: Client, seq: int) -> None:
    address = f"/qui-a-ouvert-mes-donnees/recu/{seq}"
    answer = browser.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    page = answer.content.decode()
    assert "sera prêt dans une seconde ou deux" in page
    assert f'href="{address}"' in page


def test_nobody_else_s_line_is_there(publish: Publish) -> None:
    _account, browser, seq = entered("mienne@exemple.fr")
    _other, stranger, _seq = entered("autre@exemple.fr")
    publish()
    address = f"/qui-a-ouvert-mes-donnees/recu/{seq}"
    assert browser.get(address).status_code == 200  # the control
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    for number in (10**30, 2**53 + 1):
        assert browser.get(f"/qui-a-ouvert-mes-donnees/recu/{number}").status_code == 404


@pytest.mark.parametrize("role", ["privacy_officer", "security_officer", "manager"])
def test_officers_take_receipts_of_their_own_house(
    publish: Publish, tmp_path: Path, role: str
) -> None:
    house, elsewhere = make_house(0, role), make_house(1, role)
    gate.history(house.practice.secretary(), house.files[0])
    seq = gate.health().size - 1
    publish()
    report = judged(house.enter().get("/acces/recu", {"ligne": seq}), tmp_path)
    assert report.verdict is Verdict.INTACT
    assert dict(report.statement)["what"] == "asked who had opened what"
    assert elsewhere.enter().get("/acces/recu", {"ligne": seq}).status_code == 404
    assert house.enter().get("/acces/recu", {"ligne": "tout"}).status_code == 404


def test_a_secretary_takes_none(publish: Publish) -> None:
    house = make_house(0, "secretary")
    gate.history(house.practice.secretary(), house.files[0])
    publish()
    answer = house.enter().get("/acces/recu", {"ligne": gate.health().size - 1})
    assert answer.status_code == 404


def test_a_public_ledger_that_says_otherwise_gives_no_receipt(publish: Publish) -> None:
    _account, browser, seq = entered("faux@exemple.fr")
    publish(altered=seq)
    answer = browser.get(f"/qui-a-ouvert-mes-donnees/recu/{seq}")
    assert answer.status_code == 503
    assert "ne concordent pas" in answer.content.decode()
    assert b"tlog-proof@v1" not in answer.content


def test_the_page_that_explains_tells_the_key_and_how_many_witnesses(publish: Publish) -> None:
    page = Client(headers={"accept-language": "fr"}).get("/verifier-un-recu/").content.decode()
    assert "n’est pas encore publié" in page
    entered("cle@exemple.fr")
    publish()
    page = Client(headers={"accept-language": "fr"}).get("/verifier-un-recu/").content.decode()
    assert KEY.verifier.text in page
    assert "Aucun témoin extérieur" in page


def test_a_ledger_that_cannot_be_read_does_not_take_the_page_down(
    publish: Publish, settings: Any
) -> None:
    entered("casse@exemple.fr")
    publish()
    Path(settings.LEDGER_SITE, "checkpoint").write_bytes(b"nothing signed")
    answer = Client(headers={"accept-language": "fr"}).get("/verifier-un-recu/")
    assert answer.status_code == 200
    assert "ne se lit pas en ce moment" in answer.content.decode()


def test_the_verifier_is_there_for_everybody_with_its_digest() -> None:
    somebody = Client(headers={"accept-language": "fr"})
    file = somebody.get("/verifier-un-recu/serment-verify.pyz")
    assert file.content.startswith(b"#!/usr/bin/env python3\nPK")
    page = somebody.get("/verifier-un-recu/").content.decode()
    assert hashlib.sha256(file.content).hexdigest() in page
