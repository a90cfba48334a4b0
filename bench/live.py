"""How soon a booking that was committed stands on the screens of other desks.

A whole instance under ``serment up --demo`` and real browsers, one window a desk, all at the same
agenda's day. The booking is two rows and a commit; from there on everything is the product's: the
database says whose agenda changed, the public port tells each screen, each asks for its page anew
and draws the column. A screen shows it once the browser painted the frame it stands in. Several
screens are told at once and all ask at once; what is given is each one's time, the last one too.
The machine draws the browsers' pages besides, with the same cores.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright

from bench import ground
from bench.report import Figure, p95, write
from serment.config import process
from serment.config.environment import run_folder

PATIENTS: Final = 60
RUNS: Final = 60
WARM: Final = 5
SCREENS: Final = (1, 6)
LIMIT_MS: Final = 1000
LOGIN: Final = "nadia.kerviel@example.fr"
READY_SECONDS: Final = 400
QUIET_SECONDS: Final = 0.3
"""Between two bookings: the former one's pages were asked for and drawn."""

_AGENDA = """
SELECT r.establishment_id, r.id, d.day
FROM directory_practitionerrole r
JOIN directory_establishment e ON e.id = r.establishment_id AND e.slug = 'cabinet-des-quais'
CROSS JOIN LATERAL (
  SELECT (starts_at AT TIME ZONE 'Europe/Paris')::date AS day FROM scheduling_appointment a
  WHERE a.role_id = r.id AND a.status = 'booked' AND a.starts_at > now() + interval '1 day'
  GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
) d
WHERE r.active ORDER BY r.position, r.id LIMIT 1
"""
_BOOK = """
INSERT INTO scheduling_appointment
  (id, establishment_id, role_id, starts_at, ends_at, status, request_key)
SELECT %(id)s, %(house)s, %(role)s, at, at + interval '10 minutes', 'booked', uuid_send(%(id)s)
FROM (SELECT (%(day)s + time '19:00') AT TIME ZONE 'Europe/Paris' AS at) t
"""
_NOTES = """() => {
  window.seen = {};
  const look = () => {
    for (const one of document.querySelectorAll("[data-visit]")) {
      const id = one.dataset.visit;
      if (id in window.seen) continue;
      window.seen[id] = 0;
      requestAnimationFrame(() => setTimeout(() => {
        window.seen[id] = performance.timeOrigin + performance.now();
      }));
    }
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""
"""When each visit was painted first, by the machine's clock."""


@contextmanager
def demo() -> Iterator[tuple[Path, str]]:
    """A demo of its own, stopped and forgotten afterwards: its state and its address."""
    state = Path(tempfile.mkdtemp(prefix="serment-bench-"))
    port = str(_free_port())
    os.environ["SERMENT_STATE"] = str(state)
    env = os.environ | {"PORT": port, "SERMENT_DEMO_PATIENTS": str(PATIENTS)}
    command = [sys.executable, "-m", "serment.config.command_line", "up", "--demo"]
    with (state / "log").open("wb") as log:
        up = process.start(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + READY_SECONDS
        while "Serment is ready: http://localhost:" not in (state / "log").read_text():
            if up.poll() is not None or time.monotonic() > end:
                raise SystemExit((state / "log").read_text())
            time.sleep(0.2)
        yield state, f"http://localhost:{port}"
    finally:
        process.stop(up, signal.SIGTERM, 30)
        shutil.rmtree(run_folder(state), ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def screen(browser: Browser, base: str, path: str) -> Page:
    """A desk of its own, signed in, at this page and hearing."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR").new_page()
    page.goto(f"{base}/demo")
    page.locator(f"form:has(input[value='{LOGIN}']) button").click()
    page.wait_for_url("**/cabinet/**")
    page.goto(base + path)
    page.locator("html.hears").wait_for(state="attached")
    page.evaluate(_NOTES)
    return page


def shown(root: Any, agenda: tuple[Any, ...], pages: list[Page]) -> list[float]:
    """Book once: after how many milliseconds each screen showed it. The visit goes again."""
    house, role, day = agenda
    visit = str(uuid4())
    root.execute(_BOOK, {"id": visit, "house": house, "role": role, "day": day})
    committed = time.time() * 1000
    found = []
    for page in pages:
        page.wait_for_function("(id) => window.seen[id] > 0", arg=visit)
        found.append(float(page.evaluate("(id) => window.seen[id]", visit)) - committed)
    root.execute("DELETE FROM scheduling_appointment WHERE id = %s", [visit])
    for page in pages:
        page.locator(f"[data-visit='{visit}']").wait_for(state="detached")
    time.sleep(QUIET_SECONDS)
    return found


def measure(state: Path, base: str, browser: Browser) -> list[Figure]:
    """One screen, then several."""
    root = ground.superuser(state)
    # Nobody touches these desks, and screens that ask by themselves keep none of them open.
    root.execute("UPDATE directory_establishment SET lock_minutes = 60")
    agenda = root.execute(_AGENDA).fetchone()
    path = f"/cabinet/?agenda={agenda[1]}&jour={agenda[2]}"
    pages: list[Page] = []
    figures = []
    for count in SCREENS:
        pages += [screen(browser, base, path) for _ in range(count - len(pages))]
        for _ in range(WARM):
            shown(root, agenda, pages)
        runs = [shown(root, agenda, pages) for _ in range(RUNS)]
        desks = "another desk's screen" if count == 1 else f"the last of {count} desks' screens"
        last = [max(one) for one in runs]
        figures += _figures(f"a booking committed until {desks} shows it", last)
    return figures


def _figures(what: str, found: list[float]) -> Iterator[Figure]:
    for name, value in (("p50", statistics.median(found)), ("p95", p95(found))):
        yield Figure(
            what=f"{what}, {name}",
            value=round(value, 1),
            unit="ms",
            beside="limit",
            beside_value=float(LIMIT_MS),
            ratio=round(value / LIMIT_MS, 2),
            target=f"below {LIMIT_MS} ms",
            runs=len(found),
        )


def main() -> None:
    """Measure and write."""
    with ExitStack() as held:
        state, base = held.enter_context(demo())
        playwright = held.enter_context(sync_playwright())
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        held.callback(browser.close)
        write("live", measure(state, base, browser))


if __name__ == "__main__":
    main()
