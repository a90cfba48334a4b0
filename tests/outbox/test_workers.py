"""Several workers, the worker's own role, and the queue itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from procrastinate.contrib.django import app

from serment.config.database import roles
from serment.directory import tenancy
from serment.outbox import delivery, handing, mailing
from serment.outbox.models import HandOver, Message
from tests.outbox.conftest import LATER, Booked, Sink

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def _as_worker() -> Iterator[None]:
    """The default connection under the worker's role, as ``serment up`` starts it."""
    web = connection.settings_dict.copy()
    password = roles.password(django_settings.STATE, "serment_worker")
    connection.close()
    connection.settings_dict |= {"USER": "serment_worker", "PASSWORD": password}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= {"USER": web["USER"], "PASSWORD": web["PASSWORD"]}


def test_the_workers_role_sends_what_the_web_role_posted(smtp: Sink, book: Booked) -> None:
    book()
    with _as_worker():
        assert delivery.send_due(LATER).sent == 1
    assert len(smtp.taken) == 1


def test_two_workers_at_once_send_each_message_once(smtp: Sink, book: Booked) -> None:
    for _visit in range(6):
        book()
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        delivery.send_due(LATER)
        connections.close_all()

    workers = [threading.Thread(target=work) for _one in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(smtp.taken) == 6


def test_without_the_lock_a_message_leaves_twice(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked
) -> None:
    """The guard removed: both read the row before either writes its claim, and begin together."""
    book()
    both_read, both_begun = threading.Barrier(2), threading.Barrier(2)
    begin = handing._begin
    claimed = delivery._claim
    rounds: list[Any] = []

    def claim_without_lock(*args: Any) -> Any:
        if len(rounds) >= 2:
            return []
        rounds.append(1)
        with tenancy.inside(tenant=args[0]):
            found = list(Message.objects.filter(state="waiting"))
        both_read.wait(5)
        return found

    def begin_together(*args: Any) -> Any:
        former = begin(*args)
        both_begun.wait(5)
        return former

    def work() -> None:
        delivery.send_due(LATER)
        connections.close_all()

    with monkeypatch.context() as unguarded:
        unguarded.setattr(delivery, "_claim", claim_without_lock)
        unguarded.setattr(handing, "_begin", begin_together)
        workers = [threading.Thread(target=work) for _one in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert delivery._claim is claimed
    assert len(smtp.taken) == 2


def test_a_booking_rolled_back_leaves_neither_message_nor_job(
    smtp: Sink, book: Booked, superuser: Any
) -> None:
    with transaction.atomic():
        book()
        transaction.set_rollback(True)
    for table in ("outbox_message", "procrastinate_jobs"):
        assert superuser.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_the_queue_takes_the_job_and_sends(smtp: Sink, book: Booked, superuser: Any) -> None:
    book()
    for table, column in (("procrastinate_jobs", "scheduled_at"), ("outbox_message", "send_after")):
        superuser.execute(f"UPDATE {table} SET {column} = '2020-01-01'")  # the minute is over
    with _as_worker(), app.replace_connector(app.connector.get_worker_connector()) as worker_app:
        worker_app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    assert len(smtp.taken) == 1


def test_killed_in_the_middle_of_a_batch_the_rest_leaves_once_and_what_was_under_way_is_told(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked
) -> None:
    """Only what the killed worker was just handing over may be read twice, and under one name.

    The control: a worker that handed over all at once leaves all of them in doubt.
    """
    for at_risk, in_doubt in ((2, 2), (5, 5)):
        for _visit in range(5):
            book()
        smtp.taken.clear()
        end = handing._end

        def die(*all_of_it: Any, fatal: int = 5 - at_risk) -> None:
            if len(smtp.taken) >= fatal and all_of_it[1]:
                raise KeyboardInterrupt  # before the outcome of these is written
            end(*all_of_it)  # noqa: B023

        with monkeypatch.context() as dying:
            dying.setattr(handing, "AT_RISK_MAX", at_risk)
            dying.setattr(handing, "_end", die)
            with pytest.raises(KeyboardInterrupt):
                delivery.send_due(LATER)
        delivery.send_due(LATER + timedelta(minutes=3))
        names = [str(one["Message-ID"]) for one in smtp.taken]
        assert (len(set(names)), len(names) - len(set(names))) == (5, in_doubt)
        assert HandOver.objects.filter(possibly_twice=True).count() == in_doubt
        HandOver.objects.all().delete()


def test_a_server_that_does_not_answer_is_waited_for_once_a_line_and_not_once_a_message(
    monkeypatch: pytest.MonkeyPatch, settings: Any, book: Booked
) -> None:
    tried: list[int] = []

    class Silent:
        def open(self) -> None:
            tried.append(1)
            raise TimeoutError

    monkeypatch.setattr(mailing, "get_connection", Silent)
    for _visit in range(12):
        book()
    assert delivery.send_due(LATER).put_off == 12
    assert len(tried) == django_settings.MAIL_LINES
    assert {one.state for one in HandOver.objects.all()} == {HandOver.State.NOT_TAKEN}


def test_what_a_claim_no_longer_covers_is_left_to_the_next_round(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked
) -> None:
    """Otherwise the next worker, who may claim it by then, sends it too."""
    book()
    with monkeypatch.context() as slow:
        slow.setattr(handing, "CLAIM_SECONDS", -1)
        assert delivery.send_due(LATER).put_off == 1
    assert smtp.taken == []
    assert delivery.send_due(LATER + timedelta(minutes=3)).sent == 1


def test_two_batches_of_a_round_take_turns_so_that_no_more_is_at_risk(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked
) -> None:
    """The control: without turns two parts are under way at once."""
    monkeypatch.setattr(delivery, "_BATCH", 4)
    monkeypatch.setattr(handing, "AT_RISK_MAX", 2)
    handed, begin = handing._handed, mailing.Senders.__init__
    at_once: list[int] = []
    most: list[int] = []

    def slowly(*all_of_it: Any) -> Any:
        at_once.append(1)
        time.sleep(0.1)
        most.append(len(at_once))
        at_once.pop()
        return handed(*all_of_it)

    def without_turns(self: mailing.Senders) -> None:
        begin(self)
        self.turn = nullcontext()  # type: ignore[assignment]

    monkeypatch.setattr(handing, "_handed", slowly)
    for count in (1, 2):
        for _visit in range(12):
            book()
        assert delivery.send_due(LATER).sent == 12
        assert max(most) == count
        monkeypatch.setattr(mailing.Senders, "__init__", without_turns)
    assert len({str(one["Message-ID"]) for one in smtp.taken}) == 24 == len(smtp.taken)


def test_what_one_line_cannot_take_goes_by_the_others(
    monkeypatch: pytest.MonkeyPatch, smtp: Sink, book: Booked
) -> None:
    """A server that allows fewer lines at once than were set puts nothing off but what was tried
    on a line it refused."""
    opened: list[int] = []
    connect = mailing.get_connection

    class Refused:
        def open(self) -> None:
            raise ConnectionRefusedError

    def one_line_only() -> Any:
        opened.append(1)
        return connect() if len(opened) == 1 else Refused()

    monkeypatch.setattr(mailing, "get_connection", one_line_only)
    for _visit in range(12):
        book()
    done = delivery.send_due(LATER)
    assert done.sent == 12 - done.put_off
    assert done.put_off == len(opened) - 1 <= django_settings.MAIL_LINES - 1
