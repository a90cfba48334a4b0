"""A secretary's hour by the keyboard alone, and what her colleague's screen shows of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Route, expect

from serment import clock
from tests.journeys.test_desk_books_by_telephone import _desk, _focused, _press
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

# A Tuesday inside the time that is booked ahead, weeks after what other journeys look at.
TODAY = clock.now().date()
DAY = TODAY + timedelta(days=35 + (1 - TODAY.weekday()) % 7)


def _day_with_room(desk: Visitor) -> Locator:
    """A weekday some weeks ahead that no other journey books on, with open time."""
    desk.go(f"/cabinet/?jour={DAY}")
    expect(desk.page.locator(".free").first).to_be_visible()
    return desk.page.locator(".day:has(.free)").first


def test_finds_books_moves_undoes_marks_and_cancels_without_a_mouse(
    visitor: Callable[..., Visitor],
) -> None:
    desk = _desk(visitor(1440))
    page = desk.page
    _day_with_room(desk)
    _press(desk, "?")
    expect(page.locator(".days-keys")).to_have_attribute("open", "")
    _press(desk, "?")

    _press(desk, "/")
    page.keyboard.type("mar")
    _press(desk, "Enter")
    expect(page.locator("#hits li a").first).to_be_visible()
    page.locator("#q").focus()
    _press(desk, "ArrowDown")
    expect(_focused(desk)).to_have_attribute("href", re.compile("/cabinet/patients/"))
    name = page.locator(":focus strong").inner_text().split("\n")[0]
    _press(desk, "Enter")
    expect(page).to_have_url(re.compile(r"/cabinet/patients/[0-9a-f-]+/"))
    patient = page.url.rstrip("/").rpartition("/")[2]
    _press(desk, "n")
    expect(page).to_have_url(re.compile(f"patient={patient}"))

    day = _day_with_room(desk)
    free = day.locator(".free:not(.free-on)").first
    address = str(free.get_attribute("href"))
    desk.go(f"{address}&patient={patient}")
    page.get_by_text("Confirmer le rendez-vous").focus()
    _press(desk, "Enter")
    expect(page.locator("#panel h2")).to_contain_text(name.split()[-1])
    page.wait_for_load_state()
    visit = page.locator(".entry-chosen")
    ident = str(visit.get_attribute("id"))
    began = page.locator(f"#{ident} .entry-time").inner_text()

    colleague = _desk(visitor(1440))
    colleague.go(f"/cabinet/?jour={DAY}")
    beside = colleague.page.locator(f"#{ident} .entry-time")
    expect(beside).to_have_text(began)
    expect(colleague.page.locator("html.hears")).to_be_attached()

    page.locator("#panel a").first.focus()
    _press(desk, "d")
    expect(page.locator(".shadow")).to_be_visible()
    _press(desk, "Escape")
    page.locator(f"#{ident}").focus()
    _press(desk, "d")
    expect(page.locator(".shadow")).to_be_visible()
    _press(desk, "ArrowDown", "ArrowDown", "Escape")
    expect(page.locator(".shadow")).to_have_count(0)
    expect(page.locator("#spoken")).to_contain_text("Laissé")
    _press(desk, "d", "PageDown", "PageDown", "ArrowDown", "ArrowUp")
    expect(page.locator("#spoken")).to_contain_text("h")
    _press(desk, "Enter")
    moved = page.locator("#shifted")
    expect(moved).to_be_visible()
    if page.locator("#all-the-same").count():
        _press(desk, "k")
    expect(moved).to_contain_text("déplacé")
    after = page.locator(f"#{ident} .entry-time").inner_text()
    assert after != began
    expect(beside).to_have_text(after)
    desk.look()
    page.wait_for_load_state()
    _press(desk, "u")
    expect(page.locator(f"#{ident} .entry-time")).to_have_text(began)
    expect(beside).to_have_text(began)

    page.locator(f"#{ident}").focus()
    _press(desk, "Enter")
    expect(page.locator("#act-arrived")).to_be_visible()
    _press(desk, "a")
    expect(page.locator(f"#{ident}")).to_contain_text("arrivé")
    expect(colleague.page.locator(f"#{ident}")).to_contain_text("arrivé")
    _press(desk, "r")
    expect(page.locator("#act-arrived")).to_be_visible()
    _press(desk, "x")
    expect(page.locator(".desk-centre > .notice")).to_contain_text("annulé")
    expect(colleague.page.locator(f"#{ident}")).to_have_count(0)
    expect(page.locator("#act-cancel")).to_have_count(0)
    _press(desk, "u")
    expect(page.locator("#act-cancel")).to_be_visible()
    _press(desk, "x")
    expect(page.locator("#act-cancel")).to_have_count(0)
    expect(page.locator(".desk-centre > .notice")).to_contain_text("annulé")

    _press(desk, "m")
    expect(page.locator("#month")).to_be_visible()
    desk.look()
    _press(desk, "h", "ArrowRight", "Enter")
    expect(page).to_have_url(re.compile(f"jour={DAY + timedelta(days=1)}"))


@pytest.mark.parametrize("guarded", [True, False])
def test_an_answer_finds_its_place_though_the_piece_that_asked_is_drawn_anew(
    visitor: Callable[..., Visitor], guarded: bool
) -> None:
    """Without the guard the answer, a whole page, stands inside the desk."""
    desk = _desk(visitor(1440))
    page = desk.page
    awaited: list[Route] = []

    def hold(route: Route) -> None:
        awaited.append(route)

    page.route("**/cabinet/noms", hold)
    if not guarded:
        page.route("**/agenda*.js", _without_the_guard)
    desk.go("/cabinet/semaine/")
    expect(page.locator("html.hears")).to_be_attached()
    with page.expect_request("**/cabinet/noms"):
        page.locator("button[value=noms]").first.click()
    answer = awaited[0].fetch()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".opened").first).to_be_visible()
    _press(desk, "m")
    awaited[0].fulfill(response=answer)
    if guarded:
        expect(page.locator("#month")).to_be_visible()  # the key was for what the answer shows
        expect(page.locator("main")).to_have_count(1)
    else:
        expect(page.locator("main")).to_have_count(2)


def _without_the_guard(route: Route) -> None:
    """And without what is pressed ahead, so that the page stays to be looked at."""
    script = route.fetch()
    body = script.text()
    for guard in (
        'event.detail.selectOverride = desk.getAttribute("hx-select");',
        'event.detail.swapOverride = desk.getAttribute("hx-swap");',
        "press(key);",
    ):
        assert guard in body
        body = body.replace(guard, "")
    route.fulfill(response=script, body=body)
