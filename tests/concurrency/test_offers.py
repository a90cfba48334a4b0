"""Two hours freed at once, many who wait: each hour goes to one, nobody gets two."""

from __future__ import annotations

import contextlib
import threading

import pytest
from django.db import IntegrityError, connections

from serment.scheduling import freed
from tests.waiting_list.house import HALF, NINE, cancels, full, offers, waits


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_two_hours_freed_at_once_go_to_the_two_first(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    practice, booked = full(2)
    waiting = [waits(practice)[1] for _ in range(5)]
    start, failed = threading.Barrier(2), []
    met = threading.Barrier(2)
    if not guarded:
        # Without the lock both look at who waits before either has offered anything.
        monkeypatch.setattr(freed, "lock", lambda _role: None)
        keep = freed._Queue._keep

        def together(self: freed._Queue, *given: object) -> bool:
            with contextlib.suppress(threading.BrokenBarrierError):
                met.wait(3)
            return keep(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(freed._Queue, "_keep", together)

    def free(visit: object) -> None:
        start.wait(5)
        try:
            cancels(practice, visit)  # type: ignore[arg-type]
        except IntegrityError as fault:
            failed.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=free, args=(visit,)) for _who, visit in booked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = offers(practice)
    if not guarded:
        assert failed or set(found) != set(waiting[:2]), "the control: both asked the first one"
        return
    assert not failed
    assert set(found) == set(waiting[:2])
    assert sorted(found.values()) == [NINE, NINE + HALF]
