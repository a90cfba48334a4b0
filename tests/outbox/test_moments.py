"""When reminders are due, over clock changes and in every zone a site may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serment.outbox import moments

ZONES = (
    "Europe/Paris",
    "Indian/Reunion",
    "America/Guadeloupe",
    "America/Miquelon",
    "Pacific/Tahiti",
)
CODES = (118, 8, 320, 720, 1001, 1002, 1024, 1048, 1072)


def _at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("visit", [(2027, 3, 28, 9, 30), (2027, 10, 31, 9, 30), (2027, 3, 29, 14)])
def test_the_day_before_at_six_is_by_the_sites_own_clock(zone: str, visit: tuple[int, ...]) -> None:
    """Through the nights in which clocks change: six o'clock stays six o'clock."""
    due = moments.due(_at(zone, *visit), zone, 118)
    assert due is not None
    local = due.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (18, 0)
    assert (local.date() - _at(zone, *visit).astimezone(ZoneInfo(zone)).date()).days == -1


def test_what_would_wake_somebody_comes_the_evening_before() -> None:
    due = moments.due(_at("Europe/Paris", 2027, 3, 2, 8, 30), "Europe/Paris", 1002)
    assert due == _at("Europe/Paris", 2027, 3, 1, 20)
    # The control: two hours before ten o'clock people are awake.
    assert moments.due(_at("Europe/Paris", 2027, 3, 2, 10), "Europe/Paris", 1002) == _at(
        "Europe/Paris", 2027, 3, 2, 8
    )
    night = _at("Europe/Paris", 2027, 3, 27, 23)  # the clock jumps in this night
    assert moments.awake_again(night, "Europe/Paris") == _at("Europe/Paris", 2027, 3, 28, 8)


@pytest.mark.parametrize("code", [21, 107, 121, 818, 1000, 1073, 999])
def test_no_number_but_a_moments_is_due(code: int) -> None:
    assert moments.moment(code) is None
    assert moments.due(_at("Europe/Paris", 2027, 3, 2, 10), "Europe/Paris", code) is None


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    code=st.sampled_from(CODES),
    hours=st.integers(0, 24 * 500),
    quarter=st.integers(0, 3),
    width=st.sampled_from([15, 60, 720]),
    offset=st.integers(0, 719),
)
def test_every_visit_due_in_a_sweep_lies_in_its_spans_and_none_is_due_at_night(
    zone: str, code: int, hours: int, quarter: int, width: int, offset: int
) -> None:
    starts_at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=15 * quarter)
    due = moments.due(starts_at, zone, code)
    assert due is not None
    assert not moments.is_quiet(due, zone)
    until = due + timedelta(minutes=offset % width)
    since = until - timedelta(minutes=width)
    spans = list(moments.spans(code, zone, since, until))
    assert any(start <= starts_at < end for start, end in spans)
