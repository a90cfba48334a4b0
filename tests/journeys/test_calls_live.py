"""Two at the desk with the same list: what one does the other sees, and loses nothing by it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.test_desk_books_by_telephone import _desk
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

CALLS, CONTESTED = "/cabinet/rappels/", "/cabinet/absences-contestees/"
CANNOT_COME = "/cabinet/reponses/"
DESK, DOCTOR = "nadia.kerviel@example.fr", "octave.tissandier@example.fr"
OTHER_HOUSE = "solange.mossuz@example.fr"
TAKES, DONE, WHO = re.compile("Je m’en occupe"), re.compile("Fait"), re.compile("Qui, et pourquoi")

LISTENS = """() => {
  const fetched = window.fetch;
  window.said = "";
  window.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    if (!String(asked[0]).endsWith("/direct") || !answer.body) return answer;
    const [ours, theirs] = answer.body.tee();
    ours.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({
      write: (text) => { window.said += text; },
    })).catch(() => {});
    return new Response(theirs, { status: answer.status, headers: answer.headers });
  };
}"""
"""Keeps what the stream says, as the browser took it in."""
LINE = re.compile(r"hears|again|:|\*|calls|contested|cannot_come|[0-9a-f]{8}(-[0-9a-f]{4,12}){4}")

TO_ANSWER = """
import django; django.setup()
from datetime import timedelta
from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.outbox.models import ReminderTicket
from serment.scheduling.models import Appointment
house = Establishment.objects.get(slug="cabinet-des-quais").pk
with tenancy.inside(house):
    rows = Appointment.objects.filter(establishment_id=house)
    over = rows.filter(status="fulfilled", role__practitioner__family_name="Tissandier")
    for one in over.order_by("-starts_at")[:2]:
        rows.filter(pk=one.pk).update(status="noshow", missed="contested")
    soon = clock.now() + timedelta(days=2)
    one = rows.filter(status="booked", starts_at__gt=soon).order_by("starts_at")[0]
    ReminderTicket.objects.filter(establishment_id=house, record_id=one.pk).delete()
    right = ReminderTicket(establishment_id=house, record_id=one.pk, terms=b"", ticket=b"")
    right.save()
    ReminderTicket.objects.filter(pk=right.pk).update(answer="cannot")
    print(one.pk)
"""
"""Two say of a visit noted as missed that it was not, and one that they cannot come."""
ENDS = """
import django; django.setup()
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.scheduling.models import Appointment
house = Establishment.objects.get(slug="cabinet-des-quais").pk
with tenancy.inside(house):
    Appointment.objects.filter(pk="VISIT").update(status="cancelled")
"""


def _opened(visitor: Callable[..., Visitor], path: str, login: str, width: int = 1440) -> Visitor:
    """Signed in, at this list, and hearing."""
    desk = _desk(visitor(width), login)
    desk.page.add_init_script(f"({LISTENS})()")
    _to(desk, path)
    return desk


def _to(desk: Visitor, path: str) -> None:
    desk.go(path)
    expect(desk.page.locator("html.hears")).to_be_attached()


def _rows(page: Page) -> set[str]:
    return {str(row.get_attribute("data-row")) for row in page.locator("[data-row]").all()}


def _row(desk: Visitor, key: str) -> Locator:
    return desk.page.locator(f"[data-row='{key}']")


def _button(desk: Visitor, key: str, name: re.Pattern[str]) -> Locator:
    return _row(desk, key).get_by_role("button", name=name)


def _state(desk: Visitor, key: str) -> Locator:
    return _row(desk, key).locator("[data-part=state]")


def _writes_down(desk: Visitor, why: str) -> str:
    """Puts somebody on the list of calls; which row that is."""
    desk.go(CALLS)
    known = _rows(desk.page)
    desk.go("/cabinet/patients/")
    desk.page.locator("#q").fill("mar")
    patient = desk.page.locator("#hits li a").first
    expect(patient).to_be_visible()
    found = re.search(
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(patient.get_attribute("href"))
    )
    assert found is not None
    desk.go(f"/cabinet/patients/{found[0]}/rappel")
    desk.page.locator("[name=pourquoi]").fill(why)
    desk.send("Mettre sur la liste")
    _to(desk, CALLS)
    (key,) = _rows(desk.page) - known
    return key


def _due(desk: Visitor) -> int:
    """What the menu says is to be called today."""
    count = desk.page.locator(".desk-links [data-key=k] .menu-count")
    return int(re.sub(r"\D", "", count.inner_text())) if count.count() else 0


def test_a_call_taken_on_one_screen_shows_on_the_other_and_nothing_typed_is_lost(
    visitor: Callable[..., Visitor],
) -> None:
    second = _opened(visitor, CALLS, DOCTOR)
    third = _opened(visitor, "/cabinet/", DOCTOR)
    others = _opened(visitor, CALLS, OTHER_HOUSE)
    first = _desk(visitor(1440))
    there, due = second.page, _due(third)

    # A new call appears on the other screens by itself, and in their menus.
    key = _writes_down(first, "Résultat à dire de vive voix")
    expect(_row(second, key)).to_be_visible()
    expect(third.page.locator(".desk-links [data-key=k] .menu-count")).to_contain_text(str(due + 1))

    # The other opens it and types elsewhere: both stay as they are.
    _button(second, key, WHO).click()
    why = _row(second, key).locator(".call-why")
    expect(why).to_have_text("Résultat à dire de vive voix")
    expect(there.locator("html.hears")).to_be_attached()
    there.locator("#find").press_sequentially("lemo")
    loaded = there.evaluate("performance.timeOrigin")
    _button(first, key, TAKES).click()
    expect(_state(second, key)).to_contain_text("Nadia Kerviel s’en occupe")
    expect(_button(second, key, TAKES)).to_have_count(0)
    expect(why).to_be_visible()
    expect(there.locator("#find")).to_have_value("lemo")
    expect(there.locator("#find")).to_be_focused()
    second.look()

    # Done: where it is being read it says so and stays, with nothing left to press.
    expect(first.page.locator("html.hears")).to_be_attached()
    _button(first, key, DONE).click()
    expect(_state(second, key)).to_contain_text("C’est fait")
    expect(_button(second, key, DONE)).to_be_disabled()
    expect(why).to_be_visible()
    second.look()
    assert there.evaluate("performance.timeOrigin") == loaded, "no page was loaded for it"
    expect(there.locator("#find")).to_have_value("lemo")

    # Where nobody reads it, it goes.
    _to(second, CALLS)
    expect(_row(second, key)).to_have_count(0)

    # What was said is a list's name, and no other house heard it.
    said = str(third.page.evaluate("said")).split()
    assert "calls" in said
    assert [line for line in said if not LINE.fullmatch(line)] == []
    theirs = str(others.page.evaluate("said"))
    assert "hears" in theirs
    assert "calls" not in theirs


def test_who_works_by_keyboard_keeps_their_place_and_presses_nobody_elses_row(
    visitor: Callable[..., Visitor],
) -> None:
    first, second = _desk(visitor(1440)), _desk(visitor(390), DOCTOR)
    held = _writes_down(first, "Ordonnance à venir chercher")
    _to(second, CALLS)
    there = second.page
    _button(second, held, TAKES).focus()
    scrolled = there.evaluate("scrollY")

    # A row more, and the one held renewed: the same button is held, and the page stands still.
    key = _writes_down(first, "Compte rendu reçu")
    expect(_row(second, key)).to_be_visible()
    expect(_button(second, held, TAKES)).to_be_focused()
    assert there.evaluate("scrollY") == scrolled
    # The button goes: its row is held, and Enter presses nothing.
    _button(first, held, TAKES).click()
    expect(_state(second, held)).to_contain_text("Nadia Kerviel s’en occupe")
    expect(_row(second, held)).to_be_focused()
    # The row goes: a row beside it is held, none of its buttons is.
    expect(first.page.locator("html.hears")).to_be_attached()
    _button(first, held, DONE).click()
    expect(_row(second, held)).to_have_count(0)
    expect(there.locator("[data-row]:focus, [data-hears]:focus")).to_have_count(1)
    there.keyboard.press("Enter")
    expect(_button(second, key, TAKES)).to_be_visible()
    second.look()
    _to(first, CALLS)
    _button(first, key, DONE).click()
    expect(_row(first, key)).to_have_count(0)


def test_without_an_ear_the_other_screen_stays_as_it_was(visitor: Callable[..., Visitor]) -> None:
    """The control: nothing else than what is heard changes a list."""
    first, deaf = _desk(visitor(1440)), _desk(visitor(1440), DOCTOR)
    deaf.page.add_init_script("window.setInterval = () => 0")  # nor does it ask by itself
    deaf.page.route("**/cabinet/direct", lambda route: route.fulfill(status=204))
    deaf.go(CALLS)
    key = _writes_down(first, "À rappeler ce soir")
    deaf.page.wait_for_timeout(1500)
    expect(_row(deaf, key)).to_have_count(0)
    _button(first, key, DONE).click()
    expect(_row(first, key)).to_have_count(0)


def test_without_a_script_the_list_is_worked_through_all_the_same(
    visitor: Callable[..., Visitor],
) -> None:
    first = _desk(visitor(1440))
    key = _writes_down(first, "Sans script aussi")
    kept = first.page.context.cookies()
    plain = visitor(390, java_script_enabled=False)
    plain.page.context.add_cookies(kept)
    plain.go(CALLS)
    _button(plain, key, WHO).click()
    expect(_row(plain, key).locator(".call-why")).to_have_text("Sans script aussi")
    _button(plain, key, TAKES).click()
    expect(_state(plain, key)).to_contain_text("vous vous en occupez")
    _button(plain, key, DONE).click()
    expect(_row(plain, key)).to_have_count(0)


def test_an_answer_given_elsewhere_takes_nothing_from_who_is_writing_one(
    visitor: Callable[..., Visitor],
) -> None:
    first, second = _opened(visitor, CONTESTED, DESK), _opened(visitor, CONTESTED, DOCTOR, 390)
    third = _opened(visitor, CANNOT_COME, DESK)
    known, there = _rows(second.page), second.page
    visit = first.demo.run("-c", TO_ANSWER).stdout.decode().strip()
    expect(third.page.locator(f"[data-row='{visit}']")).to_be_visible()
    third.look()
    expect(there.locator("[data-row]")).to_have_count(len(known) + 2)
    expect(first.page.locator("[data-row]")).to_have_count(len(known) + 2)
    key, other = sorted(_rows(there) - known)
    _button(second, key, WHO).click()
    expect(there.locator("html.hears")).to_be_attached()
    word = _row(second, key).locator("[name=mot]")
    word.press_sequentially("Vous étiez bien là")
    _button(first, other, WHO).click()
    _button(first, other, re.compile("Ne compte pas")).click()
    expect(_row(second, other)).to_have_count(0)
    expect(word).to_be_focused()
    expect(word).to_have_value("Vous étiez bien là")
    _button(first, key, WHO).click()
    _button(first, key, re.compile("Ne compte pas")).click()
    expect(_state(second, key)).to_contain_text("C’est répondu")
    expect(word).to_have_value("Vous étiez bien là")
    expect(_button(second, key, re.compile("Ne compte pas"))).to_be_disabled()
    second.look()
    # Ended in the agenda by a colleague, it waits for no answer any more.
    ended = ENDS.replace("VISIT", visit)
    first.demo.run("-c", ended)
    expect(third.page.locator(f"[data-row='{visit}']")).to_have_count(0)
    expect(third.page.get_by_text("Personne n’attend de réponse.")).to_be_visible()
