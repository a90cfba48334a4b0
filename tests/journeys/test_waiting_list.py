"""Somebody waits for an hour; another cancels, and it is theirs by the link of a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, RELATIVE, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]
SOONER_BY = timedelta(hours=1)
"""A visit is not moved for less."""
# Messages wait a minute, at night until the morning: it comes.
_MORNING = """
import django
django.setup()
from serment import clock
from serment.directory import tenancy
from serment.directory.models import Establishment
from serment.outbox.models import Message
from serment.outbox.tasks import send_waiting
from serment.scheduling import freed
for house in Establishment.objects.values_list("pk", flat=True):
    with tenancy.inside(house):
        waiting = Message.objects.filter(kind=freed.OFFER, state="waiting")
        moved = waiting.update(send_after=clock.now())
    if moved:
        send_waiting.defer(establishment_id=str(house))
"""


def two_of_a_day(visitor: Visitor) -> tuple[str, str] | None:
    """Of the last day shown with two, the forms of its first hour and of the next one later enough
    to be moved for: nothing between the two is free that one who waits would be offered."""
    found = {_at(one): one for one in visitor.slots()}
    for day in sorted({at.date() for at in found}, reverse=True):
        hours = sorted(at for at in found if at.date() == day)
        later = [at for at in hours if at >= hours[0] + SOONER_BY]
        if later and hours[1] > later[0] - SOONER_BY:
            return found[hours[0]], found[later[0]]
    return None


def somebody_with_two(visitor: Visitor) -> tuple[str, str]:
    """The last practitioner shown who has them: which one that is differs from day to day."""
    visitor.go(EYES_AT_SALLANCHES)
    shown = visitor.page.locator("article a[href*='/soignant/']")
    pages = dict.fromkeys(str(one.get_attribute("href")) for one in shown.all())
    for page in reversed(pages):
        visitor.go(page)
        found = two_of_a_day(visitor)
        if found is not None:
            return found
    raise AssertionError("Nobody has a day with two free hours.")


def _at(address: str) -> datetime:
    return datetime.fromisoformat(parse_qs(urlsplit(address).query)["heure"][0])


def book(visitor: Visitor, form: str) -> str:
    """What the page calls the hour then."""
    visitor.go(form)
    visitor.answer()
    visitor.press("Confirmer le rendez-vous")
    expect(visitor.page.get_by_role("status")).to_contain_text("C’est réservé.")
    return visitor.page.locator("h1").inner_text()


def test_waits_and_takes_by_a_link_what_another_cancels(visitor: Callable[..., Visitor]) -> None:
    before, waits = visitor(390), visitor(390)
    before.sign_in(RELATIVE)
    sooner, later = somebody_with_two(before)
    hour = book(before, sooner)
    waits.sign_in(PATIENT)
    has = book(waits, later)
    waits.page.get_by_role("link", name="plus tôt").click()
    for day in range(7):
        waits.page.locator(f"input[name=jour-{day}]").set_checked(day == _at(sooner).weekday())
    waits.look()
    waits.press("Attendre une heure libre")
    waiting = waits.page.locator("#attente")
    expect(waiting).to_contain_text("Vous êtes en tête de la liste.")
    expect(waiting).not_to_contain_text("Gardée pour vous seul")

    before.page.get_by_role("link", name="Annuler ce rendez-vous").click()
    before.press("Annuler le rendez-vous")
    expect(before.page.locator("main")).to_contain_text("C’est annulé.")
    waits.page.reload()
    expect(waiting).to_contain_text(hour)
    expect(waiting).to_contain_text("Gardée pour vous seul")
    waits.look()
    waits.demo.run("-c", _MORNING)
    link = re.search(r"(/r/\S+)", waits.letter_to(PATIENT, "sur une liste d’attente"))
    assert link is not None

    stranger = visitor(390)
    stranger.go(link[1])
    expect(stranger.page.locator("main")).to_contain_text(hour)
    expect(stranger.page.locator("main")).not_to_contain_text("Lemoine")
    stranger.look()
    stranger.press("Je la prends")
    expect(stranger.page.locator("main")).to_contain_text("C’est réservé.")
    waits.go("/mes-rendez-vous/")
    to_come = waits.page.locator("main article:not(.appt-past)")  # others cancelled at this hour
    expect(to_come.filter(has_text=hour)).to_have_count(1)
    expect(to_come.filter(has_text=has)).to_have_count(0)
    expect(waits.page.locator("main")).not_to_contain_text("Listes d’attente")
