"""A patient keeps a receipt and checks it without us: by the command, and on a bare Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from serment.ledger.note import Signer
from tests.house.rules import ROOT
from tests.journeys.visitor import PATIENT, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


def _checked(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, check=False
    )


def checked_in_the_page(page: Page, receipt: Path) -> None:
    """In the browser with the network off: told as it is; and no flipped bit of it is believed."""
    page.context.set_offline(True)
    answer = page.locator("#receipt-answer")
    page.locator("#receipt-file").set_input_files(receipt)
    page.get_by_role("button", name="Vérifier", exact=True).click()
    expect(answer).to_contain_text("Ce reçu est intact")
    expect(answer).to_contain_text("Vérifié avec la clé que ce site donne")
    assert not page.evaluate(BELIEVED_FLIPS, [list(receipt.read_bytes()), FLIP_EVERY])
    page.locator("#receipt-key").fill(OTHER_KEY)
    expect(answer).to_be_hidden()
    page.get_by_role("button", name="Vérifier", exact=True).click()
    expect(answer).to_contain_text("Ce n’est pas cette clé qui a signé ce reçu")
    page.context.set_offline(False)


FLIP_EVERY = 7
"""Bytes from one flip to the next: some hundreds in all, a second's work."""

OTHER_KEY = Signer("serment/elsewhere", bytes(32)).verifier.text

BELIEVED_FLIPS = """
async ([bytes, step]) => {
  const key = document.getElementById("receipt-key").value.trim();
  await receiptProof.check(Uint8Array.from(bytes), key);  // the control: unaltered, it holds
  const believed = [];
  for (let at = 0; at < bytes.length; at += step) {
    const altered = Uint8Array.from(bytes);
    altered[at] ^= 1 << at % 8;
    try {
      await receiptProof.check(altered, key);
      believed.push(at);
    } catch {
      // refused, as it must be
    }
  }
  return believed;
}
"""


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_receipt_taken_from_the_page_verifies_without_the_site(
    visitor: Callable[..., Visitor], tmp_path: Path, width: int, scheme: str
) -> None:
    patient = visitor(width, "fr", color_scheme=scheme)
    page = patient.page
    patient.sign_in(PATIENT)
    patient.go("/qui-a-ouvert-mes-donnees/")
    patient.look()
    # Several receipts of one card lie folded.
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    with page.expect_download() as taken:
        page.locator(".opened-receipt a").last.click()
    receipt = tmp_path / taken.value.suggested_filename
    taken.value.save_as(receipt)
    assert receipt.stat().st_size < 4_096
    page.locator("#content").get_by_role("link", name="Vérifier un reçu").click()
    expect(page.locator("h1")).to_have_text("Vérifier un reçu")
    patient.look()
    key = page.locator("pre").first.inner_text().strip()

    with page.expect_download() as taken:
        page.get_by_role("link", name="Télécharger le vérificateur").click()
    verifier = tmp_path / "serment-verify.pyz"
    assert _checked(ROOT / "scripts" / "verifier.py", verifier).returncode == 0
    assert Path(taken.value.path()).read_bytes() == verifier.read_bytes()
    bare = _checked("-I", "-S", verifier, "--proof", receipt, "--key", key)
    known = _checked("-m", "serment.config.command_line", "ledger", "verify",
                     "--proof", receipt, "--key", key)  # fmt: skip
    assert bare.stdout == known.stdout, known.stderr
    assert (bare.returncode, known.returncode) == (0, 0), bare.stderr
    assert bare.stdout.startswith("intact\n")
    # Whose line is the last depends on what other journeys did before on the same instance.
    assert "\n  what: " in bare.stdout
    assert "\n  who: " in bare.stdout

    checked_in_the_page(page, receipt)

    # The control: one letter of what it tells, and neither believes it any more.
    told = receipt.read_bytes()
    at = told.index(b"extra ") + 200
    receipt.write_bytes(told[:at] + (b"A" if told[at : at + 1] != b"A" else b"B") + told[at + 1 :])
    assert _checked("-I", "-S", verifier, "--proof", receipt, "--key", key).returncode == 3
