"""``kill -9`` of web, keeper and PostgreSQL while people book."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import pytest

from tests.faults.booker import Booker
from tests.faults.story import PARTS, Story
from tests.journeys.demo import Demo
from tests.journeys.visitor import PATIENT

pytestmark = pytest.mark.xdist_group("demo")
GONE_SECONDS = 2.0


def test_nothing_acknowledged_is_lost_and_nothing_opened_is_unrecorded(demo: Demo) -> None:
    story = Story(demo)
    order = random.Random(7).sample(PARTS, len(PARTS))
    with story.bookings(bookers=2):
        for part in order:
            story.kill(part)
    assert len(story.acknowledged) >= len(PARTS)
    assert story.shown
    story.check()


def test_a_lost_booking_and_an_unrecorded_opening_would_be_seen(demo: Demo) -> None:
    """The control: the check speaks when a booking is missing, and when a record is."""
    story = Story(demo)
    story.acknowledged["00000000-0000-4000-8000-000000000000"] = "mot"
    with pytest.raises(AssertionError, match="acknowledged and gone"):
        story.check()
    story.acknowledged.clear()
    unopened = story.rows("SELECT gen_random_uuid()")[0][0]
    story.shown.add(str(unopened))
    with pytest.raises(AssertionError, match="shown without a record"):
        story.check()


@pytest.mark.parametrize(
    ("part", "page"), [("keeper", "/mes-rendez-vous/"), ("postgres", "/mes-rendez-vous/")]
)
def test_while_a_part_is_gone_pages_say_so_and_come_back_by_themselves(
    demo: Demo, part: str, page: str
) -> None:
    demo.wait_until_well()
    patient = Booker(demo)
    patient.sign_in(PATIENT)
    assert patient.ask(page).status == 200
    back = threading.Event()

    def keep_away() -> None:
        while not back.wait(0.01):
            running = demo.pid_of(part)
            if running:
                os.kill(running, signal.SIGKILL)

    keeping_away = threading.Thread(target=keep_away)
    keeping_away.start()
    said: list[str] = []
    end = time.monotonic() + GONE_SECONDS
    while time.monotonic() < end or not said:
        assert time.monotonic() < end + 10, "no page said that a part is gone"
        answer = patient.ask(page)
        if answer.status == 503:
            said.append(answer.text)
        else:
            assert answer.status == 200, demo.log.read_text()[-3000:]
    back.set()
    keeping_away.join()
    assert all("Serment reprend son souffle" in text for text in said)
    assert all('href="tel:15"' in text and "Réessayer" in text for text in said)
    demo.wait_until_well()
    assert patient.ask(page).status == 200


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(8))
def test_many_kills_in_any_order(demo: Demo, seed: int) -> None:
    story = Story(demo)
    drawn = random.Random(seed)
    with story.bookings(bookers=3):
        for part in drawn.choices(PARTS, k=10):
            story.kill(part)
            threading.Event().wait(drawn.random())
    story.check()
