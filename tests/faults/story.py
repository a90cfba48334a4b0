"""Bookings while parts are killed: who did what, what was answered, what was shown."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from serment.config.database import roles
from serment.config.environment import run_folder
from tests.faults.booker import Booker
from tests.journeys.demo import Demo
from tests.journeys.visitor import EYES_AT_SALLANCHES, PATIENT, RELATIVE

PARTS = ("web", "keeper", "postgres")
BACK_SECONDS_MAX = 45.0
"""Whoever fell again and again is started again after a quarter of a minute."""
GENERAL = "/rendez-vous/?quoi=specialty:medecin-generaliste&ou=74256"

_RECORDS = """
import django, json, sys
from datetime import UTC, datetime, timedelta
django.setup()
from serment.disclosure import oversight
now = datetime.now(UTC)
window = oversight.window(
    oversight.OPERATOR, oversight.Selection(now - timedelta(hours=2), now + timedelta(minutes=1))
)
json.dump(
    [[row.kind, row.client, str(one.record), list(one.fields)]
     for row in window.rows for one in row.records],
    sys.stdout,
)
"""


@dataclass(slots=True)
class Story:
    """What the bookers were told; ``shown`` are appointments whose note a page has shown.

    Each booker gives a visit up before making the next: a patient has only so many to come.
    """

    demo: Demo
    acknowledged: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    """The booker asked to cancel, and may have had no answer; ``cancelled``: it had one."""
    cancelled: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    waiting: queue.Queue[str] = field(default_factory=queue.Queue)

    @contextmanager
    def bookings(self, bookers: int) -> Iterator[None]:
        """Patients book for as long as the body runs, and a moment longer."""
        self.demo.wait_until_well()
        hands = [Booker(self.demo) for _ in range(bookers)]
        for number, hand in enumerate(hands):
            hand.sign_in((PATIENT, RELATIVE)[number % 2])
        for search in (EYES_AT_SALLANCHES, GENERAL, f"{GENERAL}&rayon=50&video=1"):
            for address in hands[0].slots(search):
                self.waiting.put(address)
        assert self.waiting.qsize() >= 10
        threads = [threading.Thread(target=self._work, args=(hand,)) for hand in hands]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(30)
        assert not self.failures, self.failures
        assert not any(thread.is_alive() for thread in threads)

    def _work(self, hand: Booker) -> None:
        former: str | None = None
        try:
            while not self.over.is_set():
                if former:
                    self.given_up.add(former)
                    if hand.cancel(former, self.over):
                        self.cancelled.add(former)
                    former = None
                address = self.waiting.get_nowait()
                note = f"mot {random.randrange(10**9)}"
                booked = hand.book(address, note, self.over)
                if booked:
                    former = booked
                    self.acknowledged[booked] = note
                    if note in hand.read(booked, self.over):
                        self.shown.add(booked)
        except queue.Empty:
            return
        except BaseException as failure:  # noqa: BLE001 -- told by the thread that waits
            self.failures.append(failure)

    def kill(self, part: str, seconds: float = BACK_SECONDS_MAX) -> None:
        """As the kernel would for want of memory; then wait for its successor."""
        self.demo.wait_until_well(seconds)
        killed = self.demo.pid_of(part)
        assert killed
        before = len(self.shown)
        os.kill(killed, signal.SIGKILL)
        end = time.monotonic() + seconds
        while self.demo.pid_of(part) in {None, killed} or self.demo.health()[0] != 200:
            assert time.monotonic() < end, f"{part} did not come back"
            time.sleep(0.05)
        end = time.monotonic() + seconds
        while len(self.shown) == before and not self.waiting.empty():
            assert time.monotonic() < end, f"nobody could book and read after {part} came back"
            time.sleep(0.05)

    def records(self) -> list[tuple[str, str, str, list[str]]]:
        """(kind, client, record, fields) of every access of the last two hours, by the keeper."""
        answer: list[Any] = json.loads(self.demo.run("-c", _RECORDS).stdout)
        return [tuple(row) for row in answer]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds, whoever may see it."""
        name = self.demo.env.get("SERMENT_DATABASE_NAME", "serment")
        with roles.connect(self.demo.state, run_folder(self.demo.state), name) as root:
            return list(root.execute(query))

    def check(self) -> None:
        """Every acknowledged booking stands, none twice; every opening has its record."""
        rows = self.rows("SELECT id, status FROM scheduling_appointment")
        kept = {str(row[0]) for row in rows}
        standing = {str(row[0]) for row in rows if row[1] == "booked"}
        lost = (set(self.acknowledged) - kept) | (set(self.acknowledged) - self.given_up - standing)
        assert not lost, f"acknowledged and gone: {lost}"
        assert not self.cancelled & standing, "a cancellation was acknowledged and is gone"
        twice = self.rows(
            "SELECT a.id FROM scheduling_occupancy a JOIN scheduling_occupancy b"
            " ON a.claimant_id = b.claimant_id AND a.span && b.span AND a.id < b.id"
            " WHERE a.exclusive AND b.exclusive"
        )
        assert not twice, f"taken twice: {twice}"
        places = self.rows(
            "SELECT appointment_id, count(*) FROM scheduling_occupancy"
            " WHERE appointment_id IS NOT NULL GROUP BY 1"
        )
        held = {str(appointment): count for appointment, count in places}
        for booked in self.acknowledged:
            assert held.get(booked) == (1 if booked in standing else None), booked
        told = self.records()
        written = {record for kind, _, record, _ in told if kind == "write"}
        read = {record for kind, _, record, _ in told if kind == "read"}
        assert set(self.acknowledged) <= written, "booked without a record"
        assert self.shown <= read, "shown without a record"
