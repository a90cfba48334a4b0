"""Take pictures of every page of a running demo: two widths, two languages, two schemes.

python scripts/pictures.py http://localhost:8000 docs/pictures            # the few in the README
python scripts/pictures.py http://localhost:8000 /tmp/pictures --all      # all, to look at
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = {390: 844, 1440: 900}


@dataclass(frozen=True, slots=True)
class Picture:
    """A page: as whom, and how to get there."""

    name: str
    who: str
    go: Callable[[Page, str], None]


def _to(path: str) -> Callable[[Page, str], None]:
    return lambda page, base: page.goto(base + path) and None


def _first_slot(page: Page, base: str) -> None:
    page.goto(f"{base}/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256")
    page.locator("a.slot:visible").first.click()


def _first_practitioner(page: Page, base: str) -> None:
    page.goto(f"{base}/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256")
    page.locator(".result h2 a").first.click(timeout=8000)


def _first_appointment(page: Page, base: str) -> None:
    page.goto(f"{base}/mes-rendez-vous/")
    page.locator(".appt h2 a").first.click()


def _stolen(page: Page, base: str) -> None:
    page.goto(f"{base}/demo/voler")
    page.locator("form button.button-danger").click()
    page.locator(".counts").wait_for()


def _names_open(page: Page, base: str) -> None:
    """The next Tuesday: a day on which the demo's practice works."""
    today = datetime.now(UTC).date()
    tuesday = today + timedelta(days=(1 - today.weekday()) % 7 or 7)
    page.goto(f"{base}/cabinet/?jour={tuesday.isoformat()}")
    page.locator("button", has_text="noms").or_(
        page.locator("button", has_text="names")
    ).first.click()
    page.wait_for_load_state()
    page.wait_for_timeout(1500)  # names fade in; a picture has no condition to wait for


def _sign_up_wrong(page: Page, base: str) -> None:
    page.goto(f"{base}/compte/inscription/")
    page.locator("#id_given_name").fill("Marie-Bérangère")
    page.locator("#id_birth_date").fill("31/02/1943")
    page.locator("#id_email").fill("marie sans arobase")
    page.locator("main button[type=submit]").first.click()


def _code_awaited(page: Page, base: str) -> None:
    page.goto(f"{base}/compte/inscription/")
    page.locator("#id_given_name").fill("Marie-Bérangère")
    page.locator("#id_family_name").fill("de Roquefeuil-Montpeyroux")
    page.locator("#id_birth_date").fill("12/03/1943")
    page.locator("#id_email").fill(f"marie.{time_ns()}@example.fr")
    page.locator("#id_password1").fill("un cheval blanc sous la pluie")
    page.locator("main button[type=submit]").first.click()


RESULTS = "/rendez-vous/?quoi=specialty:ophtalmologue&ou=74256"
PICTURES = (
    Picture("home", "", _to("/")),
    Picture("home-error", "", _to("/rendez-vous/?quoi_texte=zzz&ou_texte=zzzz")),
    Picture("results", "", _to(RESULTS)),
    Picture("map", "", _to(f"{RESULTS}&vue=carte")),
    Picture("empty", "", _to("/rendez-vous/?quoi=profession:sage-femme&ou=74256&secteur=1")),
    Picture("practitioner", "", _first_practitioner),
    Picture("login", "", _to("/compte/connexion/")),
    Picture("signup", "", _to("/compte/inscription/")),
    Picture("signup-error", "", _sign_up_wrong),
    Picture("code", "", _code_awaited),
    Picture("partners", "", _to("/partenaires/")),
    Picture("mail", "", _to("/demo/courrier")),
    Picture("not-found", "", _to("/nulle-part/")),
    Picture("demo", "", _to("/demo")),
    Picture("steal", "", _stolen),
    Picture("book", "patient", _first_slot),
    Picture("appointments", "patient", _to("/mes-rendez-vous/")),
    Picture("appointment", "patient", _first_appointment),
    Picture("opened", "patient", _to("/qui-a-ouvert-mes-donnees/")),
    Picture("account", "patient", _to("/mon-compte/")),
    Picture("relative", "relative", _to("/mes-rendez-vous/")),
    Picture("privacy", "privacy_officer", _to("/acces/")),
    Picture("security", "security_officer", _to("/acces/?jours=30")),
    Picture("agenda", "secretary", _names_open),
    Picture("agenda-closed", "secretary", _to("/cabinet/")),
)
README = {"opened", "results", "agenda", "home"}


def main() -> int:
    """Take the pictures; every page must answer."""
    if len(sys.argv) < 3:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    base, folder, everything = sys.argv[1].rstrip("/"), Path(sys.argv[2]), "--all" in sys.argv
    only = {word for word in sys.argv[3:] if not word.startswith("-")}
    folder.mkdir(parents=True, exist_ok=True)
    program = ROOT / ".tools" / "chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(program) if program.exists() else shutil.which("chromium"),
            args=FLAGS,
        )
        for language, scheme, width in _variants(everything):
            _series(browser, base, folder, (language, scheme, width), everything, only)
        browser.close()
    return 0


def _variants(everything: bool) -> Iterator[tuple[str, str, int]]:
    for width in WIDTHS:
        yield "fr", "light", width
        if everything:
            yield "en", "dark", width


def _series(
    browser: Browser,
    base: str,
    folder: Path,
    variant: tuple[str, str, int],
    everything: bool,
    only: set[str],
) -> None:
    language, scheme, width = variant
    for who in dict.fromkeys(picture.who for picture in PICTURES):
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="fr-FR" if language == "fr" else "en-GB",
        )
        page = context.new_page()
        if who:
            page.goto(f"{base}/demo")
            entry = page.locator(f"form:has(input[name=role][value={who}]) button")
            entry.first.click()
            page.wait_for_load_state()
        for picture in PICTURES:
            wanted = picture.name in only if only else everything or picture.name in README
            if picture.who == who and wanted:
                picture.go(page, base)
                file = folder / f"{picture.name}-{width}-{language}-{scheme}.png"
                page.screenshot(path=file, full_page=everything)
        context.close()


if __name__ == "__main__":
    raise SystemExit(main())
