"""The page for when all is down: the newest sealed sheet of the own house, and nothing opened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.test import Client

from serment import clock
from serment.custody import continuity, sheet_file
from serment.disclosure import receipts
from serment.disclosure.continuity import Sheet
from tests import cheap_age
from tests.web_practice.house import House, make_house

PAGE = "/cabinet/continuite/"
READER_WITHOUT = '<meta name="keeper" content="">'
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def state(settings: Any, tmp_path: Path) -> None:
    settings.STATE = tmp_path


def keep(house: House, hours_ago: float, contents: bytes = b"closed") -> None:
    issued = clock.now() - timedelta(hours=hours_ago)
    continuity._keep(house.practice.site, Sheet(contents, "age1" + "q" * 58, issued, 1, 1))


def test_without_a_key_it_says_how_to_make_one(house: House, desk: Client) -> None:
    page = desk.get(PAGE).content.decode()
    assert "Pas encore de fiche" in page
    assert "serment continuity key --site" in page
    assert desk.get(f"{PAGE}{house.practice.site}.age").status_code == 404


def test_the_newest_sheet_as_it_lies(house: House, desk: Client) -> None:
    keep(house, 3, b"older")
    assert "Aucune fiche depuis plus de deux heures" in desk.get(PAGE).content.decode()
    keep(house, 0.1, b"newer")
    page = desk.get(PAGE).content.decode()
    assert "Dernière fiche" in page
    assert "Aucune fiche depuis" not in page
    answer = desk.get(f"{PAGE}{house.practice.site}.age")
    assert answer.content == b"newer"
    assert "attachment" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "no-store"


def test_another_house_gets_nothing(house: House) -> None:
    keep(house, 0.1)
    other = make_house(1).enter()
    assert other.get(f"{PAGE}{house.practice.site}.age").status_code == 404
    assert Client().get(f"{PAGE}{house.practice.site}.age").status_code in (302, 404)
    assert house.enter().get(f"{PAGE}{house.practice.site}.age").status_code == 200


def test_the_reader_knows_the_keeper(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "serment/test+01020304+AAAA"
    monkeypatch.setattr(receipts, "log_key", lambda: key)
    answer = desk.get(f"{PAGE}lecteur")
    assert f'<meta name="keeper" content="{key}">' in answer.content.decode()
    assert "attachment" in answer["Content-Disposition"]
    monkeypatch.setattr(receipts, "log_key", lambda: "")
    assert READER_WITHOUT in desk.get(f"{PAGE}lecteur").content.decode()


def test_only_a_demo_hands_its_key_out(
    house: House, desk: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: as a demo the very same file is given."""
    monkeypatch.setattr(pyrage.passphrase, "encrypt", cheap_age.encrypt)
    continuity.make_demo_key(house.practice.site, "")
    url = f"{PAGE}{house.practice.site}.key"
    settings.DEMO = False
    assert desk.get(url).status_code == 404
    assert "démonstration" not in desk.get(PAGE).content.decode()
    settings.DEMO = True
    assert sheet_file.secret_of(
        desk.get(url, HTTP_HOST="localhost").content, continuity.DEMO_PASSPHRASE
    )
    assert make_house(1).enter().get(url, HTTP_HOST="localhost").status_code == 404
