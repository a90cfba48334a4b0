"""The one-file reader of continuity sheets, opened from disk in a browser without any network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyrage
import pytest
from playwright.sync_api import Browser, Page, expect

from serment.config.environment import ROOT
from serment.custody import sheet_file
from serment.keeper.continuity import sheet
from serment.ledger.note import Signer
from serment.web.practice.continuity import NO_KEEPER

pytestmark = pytest.mark.journey
READER = ROOT / "serment" / "web" / "static" / "vendor" / "continuity.htm"
PASSPHRASE = "un cheval gris"
KEEPER = Signer("serment/test", b"k" * 32)
DOCUMENT = {
    "format": sheet_file.FORMAT,
    "keeper": "serment/test",
    "text": [],
    "establishment": "Cabinet du Port",
    "site": "<b>Quai</b>",
    "zone": "Indian/Reunion",
    "issued": "2026-11-22T07:05:00+04:00",
    "until": "2026-11-23T19:05:00+04:00",
    "lines": [
        {"starts": "2026-11-22T08:40:00+04:00", "ends": "2026-11-22T09:00:00+04:00",
         "practitioner": "Dr Tissandier", "state": "named", "family_name": "Quatrevaux",
         "given_name": "Philomène", "birth_date": "1957-02-03", "phone": "+33612345678"},
        {"starts": "2026-11-23T09:00:00+04:00", "ends": "2026-11-23T09:20:00+04:00",
         "practitioner": "L. Costa", "state": "frozen", "family_name": "", "given_name": "",
         "birth_date": "", "phone": ""},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, sheet_file.SiteKey]:
    """What lies on the USB stick: reader, key, sheet, and a sheet somebody altered."""
    folder, made = tmp_path_factory.mktemp("stick"), sheet_file.new_key()
    sheet_file.write_key(made, folder / "quai.key", PASSPHRASE)
    to = pyrage.x25519.Recipient.from_str(made.recipient)
    now = datetime.now(timezone(timedelta(hours=4))) - timedelta(hours=3)

    def signed(by: Signer, issued: datetime) -> bytes:
        told = {"issued": issued, "until": issued + timedelta(hours=36)}
        times = {name: at.isoformat(timespec="seconds") for name, at in told.items()}
        document = json.dumps(DOCUMENT | times, ensure_ascii=False).encode()
        return pyrage.encrypt(sheet.signed(document, by), [to])

    sealed = signed(KEEPER, now)
    (folder / "sheet.age").write_bytes(sealed)
    (folder / "forged.age").write_bytes(signed(Signer("serment/test", b"o" * 32), now))
    (folder / "old.age").write_bytes(signed(KEEPER, now - timedelta(days=5)))
    (folder / "altered.age").write_bytes(sealed[:-9] + bytes([sealed[-9] ^ 1]) + sealed[-8:])
    named = f'<meta name="keeper" content="{KEEPER.verifier.text}">'
    reader = READER.read_text("utf-8").replace(NO_KEEPER, named, 1)
    (folder / "reader.html").write_text(reader, "utf-8")
    return folder, made


@pytest.fixture
def reader(stick: tuple[Path, sheet_file.SiteKey], browser: Browser) -> Iterator[Page]:
    """The reader in a browser that has no network; anything asked for outside fails the test."""
    context = browser.new_context(locale="fr-FR", offline=True, timezone_id="Europe/Paris")
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda asked: wrong.append(asked.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto((stick[0] / "reader.html").as_uri())
    yield page
    context.close()
    assert [one for one in wrong if not one.startswith(("file://", "blob:"))] == []


def choose(page: Page, folder: Path, sheet: str) -> None:
    page.get_by_label("La fiche").set_input_files(folder / sheet)


def test_key_and_passphrase(reader: Page, stick: tuple[Path, Any]) -> None:
    choose(reader, stick[0], "sheet.age")
    reader.get_by_label("Fichier de la clé").set_input_files(stick[0] / "quai.key")
    reader.get_by_label("Phrase de passe de la clé").fill("un cheval noir")
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.get_by_role("alert")).to_contain_text("ne s’ouvre pas", timeout=60_000)
    reader.get_by_label("Phrase de passe de la clé").fill(PASSPHRASE)
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    told = reader.locator("#told")
    expect(told).to_contain_text("QUATREVAUX Philomène", timeout=60_000)
    expect(told).to_contain_text("8 h 40")
    expect(told).to_contain_text("03/02/1957")
    expect(told).to_contain_text("06 12 34 56 78")
    expect(told).to_contain_text("dossier gelé")
    expect(told).to_contain_text("Cabinet du Port, <b>Quai</b>")  # text, never markup
    expect(told).to_contain_text("dimanche 22 novembre")
    expect(told).to_contain_text("plus de deux heures")
    expect(told).to_contain_text("il y a 3 heures")
    reader.get_by_role("button", name="Fermer").click()
    expect(reader.locator("body")).not_to_contain_text("QUATREVAUX")


def test_recovery_line_alone(reader: Page, stick: tuple[Path, sheet_file.SiteKey]) -> None:
    choose(reader, stick[0], "altered.age")
    reader.get_by_label("Ligne de secours").fill(stick[1].secret.lower())
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.get_by_role("alert")).to_contain_text("abîmé")
    choose(reader, stick[0], "sheet.age")
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.locator("#told")).to_contain_text("QUATREVAUX")


def test_a_forged_sheet_is_refused_and_an_old_one_says_how_old(
    reader: Page, stick: tuple[Path, sheet_file.SiteKey]
) -> None:
    choose(reader, stick[0], "forged.age")
    reader.get_by_label("Ligne de secours").fill(stick[1].secret)
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.get_by_role("alert")).to_contain_text("n’est pas signée par votre gardien")
    expect(reader.get_by_role("button", name="La lire quand même")).to_be_hidden()
    choose(reader, stick[0], "old.age")
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.get_by_role("alert")).to_contain_text("faite il y a 5 jours")
    expect(reader.locator("body")).not_to_contain_text("QUATREVAUX")
    reader.get_by_role("button", name="La lire quand même").click()
    expect(reader.locator("#told")).to_contain_text("QUATREVAUX")
    expect(reader.locator("#told-signed")).to_contain_text("Signée par votre gardien")


def test_it_prints_on_one_a4_page(reader: Page, stick: tuple[Path, sheet_file.SiteKey]) -> None:
    choose(reader, stick[0], "sheet.age")
    reader.get_by_label("Ligne de secours").fill(stick[1].secret)
    reader.get_by_role("button", name="Ouvrir la fiche").click()
    expect(reader.locator("#told")).to_contain_text("QUATREVAUX")
    printed = reader.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 594" in printed or b"/MediaBox [0 0 595" in printed
    reader.emulate_media(media="print")
    expect(reader.get_by_role("button", name="Imprimer")).to_be_hidden()


def test_a_key_made_in_the_reader_opens_in_python(reader: Page) -> None:
    reader.get_by_text("Pas encore de clé ?").click()
    reader.get_by_label("Phrase de passe", exact=True).fill(PASSPHRASE)
    reader.get_by_label("La même, encore").fill(PASSPHRASE)
    reader.get_by_role("button", name="Créer la clé").click()
    secret = reader.locator("#made-secret")
    expect(secret).to_contain_text("AGE-SECRET-KEY-1", timeout=60_000)
    with reader.expect_download() as saved:
        reader.get_by_text("Enregistrer le fichier de la clé").click()
    contents = Path(saved.value.path()).read_bytes()
    assert sheet_file.secret_of(contents, PASSPHRASE) == secret.inner_text()
    identity = pyrage.x25519.Identity.from_str(secret.inner_text())
    assert str(identity.to_public()) == reader.locator("#made-public").inner_text()
