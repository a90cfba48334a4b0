"""Times, distances, telephones and fees, as French and English people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from serment.web import wording

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
MORNING = datetime(2026, 3, 3, 7, 40, tzinfo=UTC)
NBSP = "\u00a0"


def test_an_hour_is_written_as_the_language_writes_it() -> None:
    with translation.override("fr"):
        assert wording.hour(MORNING, PARIS) == f"8{NBSP}h{NBSP}40"
    with translation.override("en"):
        assert wording.hour(MORNING, PARIS) == f"8:40{NBSP}am"


def test_an_hour_is_that_of_the_site_and_not_of_the_reader() -> None:
    with translation.override("fr"):
        assert wording.hour(MORNING, REUNION) == f"11{NBSP}h{NBSP}40"


@pytest.mark.parametrize(
    ("utc_hour", "english"), [(23, "12:00"), (11, "12:00"), (0, "1:00"), (12, "1:00")]
)
def test_noon_and_midnight_are_twelve_in_english(utc_hour: int, english: str) -> None:
    with translation.override("en"):
        written = wording.hour(datetime(2026, 1, 5, utc_hour, tzinfo=UTC), PARIS)
    assert written.startswith(english)
    assert written.endswith("pm" if utc_hour in {11, 12} else "am")


def test_the_first_of_a_month_is_premier() -> None:
    with translation.override("fr"):
        assert wording.day(date(2026, 5, 1)) == f"vendredi 1er{NBSP}mai"
    with translation.override("en"):
        assert wording.day(date(2026, 5, 1)) == f"Friday 1{NBSP}May"


def test_tomorrow_is_called_tomorrow_by_the_sites_own_calendar() -> None:
    late = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    with translation.override("fr"):
        assert wording.moment(late, PARIS, date(2026, 3, 3)).startswith("demain")
        assert wording.moment(late, ZoneInfo("UTC"), date(2026, 3, 3)).startswith("aujourd’hui")


@pytest.mark.parametrize(
    ("kilometres", "written"),
    [(None, ""), (0.0, "100 m"), (0.8, "800 m"), (0.96, "1 km"), (6.2, "6 km")],
)
def test_a_distance_is_as_exact_as_it_is_useful(kilometres: float | None, written: str) -> None:
    assert wording.distance(kilometres).replace(NBSP, " ") == written


@pytest.mark.parametrize("number", ["+33639982104", "0639982104"])
def test_a_french_number_is_read_in_pairs(number: str) -> None:
    assert wording.phone(number).replace(NBSP, " ") == "06 39 98 21 04"


def test_a_number_from_overseas_is_read_as_it_is_dialled_in_france() -> None:
    assert wording.phone("+262692123456").replace(NBSP, " ") == "06 92 12 34 56"
    assert wording.phone("+590590001122").replace(NBSP, " ") == "05 90 00 11 22"


def test_a_foreign_number_stays_as_it_is() -> None:
    assert wording.phone("+41225551234") == "+41225551234"


def test_an_amount_has_its_comma_in_french_and_its_point_in_english() -> None:
    with translation.override("fr"):
        assert wording.money(2750) == f"27,50{NBSP}€"
        assert wording.money(3000) == f"30{NBSP}€"
    with translation.override("en"):
        assert wording.money(2750) == "€27.50"


@pytest.mark.parametrize(
    ("one", "several"),
    [("sage-femme", "sages-femmes"), ("médecin du sport", "médecins du sport")],
)
def test_several_practitioners_are_named_in_the_plural(one: str, several: str) -> None:
    with translation.override("fr"):
        assert wording.plural(one) == several


def test_an_age_turns_on_the_birthday_itself() -> None:
    with translation.override("fr"):
        assert wording.age("1961-03-12", date(2026, 3, 11)) == "64 ans"
        assert wording.age("1961-03-12", date(2026, 3, 12)) == "65 ans"
