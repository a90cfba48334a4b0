"""A visit moved and stretched with one finger, on a telephone and on a tablet; a finger scrolls."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from serment import clock
from tests.journeys.finger import Finger
from tests.journeys.test_desk_books_by_telephone import _desk
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

# A Thursday inside the time that is booked ahead, of no other journey.
TODAY = clock.now().date()
DAY = TODAY + timedelta(days=35 + (3 - TODAY.weekday()) % 7)
SIZES = {"telephone": (390, 844), "tablet": (1024, 700)}


def _visit(desk: Visitor) -> Locator:
    """Somebody's, booked at the first free hour of that day; its place in the grid."""
    page = desk.page
    desk.go("/cabinet/patients/")
    page.locator("#q").fill("mar")
    patient = page.locator("#hits li a").first
    expect(patient).to_be_visible()
    address = str(patient.get_attribute("href"))
    found = re.search("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", address)
    assert found is not None
    desk.go(f"/cabinet/?jour={DAY}")
    free = page.locator(".day .free:not(.free-on)").first
    desk.go(f"{free.get_attribute('href')}&patient={found[0]}")
    with page.expect_navigation():
        page.get_by_text("Confirmer le rendez-vous").click()
    ident = str(page.locator(".entry-chosen").first.get_attribute("id"))
    desk.go(f"/cabinet/?jour={DAY}")
    expect(page.locator("html.hears")).to_be_attached()
    visit = page.locator(f"[data-visit='{ident[2:]}']")
    visit.scroll_into_view_if_needed()
    _centre(visit)
    return visit


def _centre(visit: Locator) -> None:
    visit.evaluate("one => one.scrollIntoView({ block: 'center', inline: 'center' })")


def _began(visit: Locator) -> str:
    return str(visit.get_attribute("data-start"))


def _scrolled(page: Page) -> float:
    seen = "scrollY + document.querySelector('[data-scroll]').scrollTop"
    return float(page.evaluate(seen))


def _row_pixels(page: Page) -> float:
    return float(page.evaluate("document.querySelector('.hours .hour').offsetHeight / 12"))


def _told(page: Page) -> Locator:
    """The message of the last act, the rule's refusal answered: put there all the same."""
    told = page.locator("#shifted")
    expect(told).to_be_visible()
    if page.locator("#all-the-same").count():
        page.locator("#all-the-same").tap()
    expect(page.locator("#shifted #undo")).to_be_visible()
    return told


@pytest.mark.parametrize("size", SIZES)
def test_a_visit_is_carried_stretched_left_and_put_back_by_a_finger(
    visitor: Callable[..., Visitor], size: str
) -> None:
    width, height = SIZES[size]
    desk = _desk(visitor(390, has_touch=True, is_mobile=True))
    page, finger = desk.page, Finger(desk.page)
    page.set_viewport_size({"width": width, "height": height})
    visit = _visit(desk)
    began, shadow = _began(visit), page.locator(".shadow")

    # A plain scroll, begun on the visit itself, moves the page and nothing else.
    before = _scrolled(page)
    finger.on(visit).drag(0, -150).lift()
    page.wait_for_timeout(400)
    assert _scrolled(page) > before + 60
    expect(shadow).to_have_count(0)
    assert _began(visit) == began

    # Held, then carried: the visit follows, the page does not.
    _centre(visit)
    before = _scrolled(page)
    row = _row_pixels(page)
    finger.on(visit).hold()
    expect(shadow).to_be_visible()
    finger.drag(0, 12 * row)
    assert _scrolled(page) == before
    expect(page.locator(".hand-hours")).to_have_text(shadow.inner_text())
    finger.lift()
    told = _told(page)
    expect(told).to_contain_text("déplacé")
    assert _began(visit) != began
    page.locator("#undo").tap()
    expect(visit).to_have_attribute("data-start", began)

    # Held and lifted, it waits; its handle draws it out.
    _centre(visit)
    lasted = int(str(visit.get_attribute("data-minutes")))
    finger.on(visit).hold().lift()
    grip = page.locator(".shadow-grip")
    expect(grip).to_be_visible()
    finger.on(grip).drag(0, 3 * row).lift()
    _told(page)
    expect(visit).to_have_attribute("data-minutes", str(lasted + 15))
    page.locator("#undo").tap()
    expect(visit).to_have_attribute("data-minutes", str(lasted))

    # A touch beside it, or a second finger, leaves it where it was.
    _centre(visit)
    finger.on(visit).hold().lift()
    expect(grip).to_be_visible()
    page.wait_for_timeout(200)
    page.locator(".day-head h2").first.tap()
    expect(shadow).to_have_count(0)
    finger.on(visit).hold().drag(0, 6 * row).second()
    expect(shadow).to_have_count(0)
    expect(page.locator("#spoken")).to_contain_text("Laissé")
    assert _began(visit) == began

    # At the edge the day goes on under a finger that holds still.
    _centre(visit)
    before = _scrolled(page)
    finger.on(visit).hold().drag(0, height - 12 - finger.y)
    page.wait_for_timeout(600)
    assert _scrolled(page) > before + 60
    finger.second()
    assert _began(visit) == began
    desk.look()


def test_without_the_answer_to_the_browser_the_finger_scrolls_and_carries_nothing(
    visitor: Callable[..., Visitor],
) -> None:
    """The control of what keeps the page still under a visit that is carried."""
    desk = _desk(visitor(390, has_touch=True, is_mobile=True))
    desk.page.route("**/pointer*.js", _without_the_answer)
    visit, finger = _visit(desk), Finger(desk.page)
    began = _began(visit)
    finger.on(visit).hold()
    expect(desk.page.locator(".shadow")).to_be_visible()
    finger.drag(0, -150).lift()
    expect(desk.page.locator(".shadow")).to_have_count(0)
    assert _began(visit) == began


def _without_the_answer(route: Route) -> None:
    script = route.fetch()
    body = script.text()
    answer = "pressed?.held && event.cancelable && event.preventDefault()"
    assert answer in body
    route.fulfill(response=script, body=body.replace(answer, "undefined"))
