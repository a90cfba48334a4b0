"""How long a fallen process waits."""

from serment.config.supervisor.backoff import SECONDS_MAX, WELL_SECONDS, Backoff


def test_each_fall_doubles_the_wait_up_to_a_bound() -> None:
    backoff, waits = Backoff(), []
    for _ in range(12):
        backoff = backoff.after(ran_seconds=0.1)
        waits.append(backoff.wait_seconds)
    assert waits[:4] == [0.2, 0.4, 0.8, 1.6]
    assert waits[-1] == SECONDS_MAX


def test_who_ran_well_for_a_minute_starts_counting_anew() -> None:
    backoff = Backoff(falls=9).after(ran_seconds=WELL_SECONDS)
    assert backoff.wait_seconds == 0.2


def test_nothing_fell_nothing_waits() -> None:
    assert Backoff().wait_seconds == 0
