"""Public holidays of each territory, against the texts that set them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from serment.directory import holidays
from serment.directory.territories import HOLIDAY_REGIONS, territory_of

# Code du travail, L3133-1, for 2025: Easter Monday 21 April, Ascension 29 May, Whit Monday 9 June.
COMMON_2025 = {
    date(2025, month, day)
    for month, day in (
        (1, 1), (4, 21), (5, 1), (5, 8), (5, 29), (6, 9), (7, 14), (8, 15), (11, 1), (11, 11),
        (12, 25),
    )
}  # fmt: skip
# L3134-13 (Alsace, Moselle), L3422-2 (abolition of slavery), local law in the Pacific.
ADDED_2025 = {
    "57": {(4, 18), (12, 26)},
    "6AE": {(4, 18), (12, 26)},
    "971": {(5, 27)},
    "972": {(5, 22)},
    "973": {(6, 10)},
    "974": {(12, 20)},
    "976": {(4, 27)},
    "BL": {(10, 9)},
    "MF": {(5, 28)},
    "NC": {(9, 24)},
    "PF": {(3, 5), (4, 18), (11, 20)},
    "WF": {(4, 28), (6, 29), (7, 29)},
    "PM": set(),
    "TF": set(),
    "FR": set(),
}
CUSTOM_2025 = {"971": {(3, 27), (4, 18), (7, 21)}, "972": {(7, 21)}, "MF": {(7, 21)}}


@pytest.mark.parametrize("region", sorted(HOLIDAY_REGIONS))
def test_a_territory_has_the_common_days_and_its_own_and_no_other(region: str) -> None:
    own = ADDED_2025[region] | CUSTOM_2025.get(region, set())
    expected = COMMON_2025 | {date(2025, month, day) for month, day in own}
    assert set(holidays.in_year(2025, region)) == expected


def test_the_day_after_christmas_is_a_holiday_in_strasbourg_and_metz_not_in_paris() -> None:
    for code, name in (("67482", "Saint-Étienne"), ("57463", "Saint-Étienne"), ("75056", None)):
        region = territory_of(code).holiday_region
        assert holidays.is_public_holiday(date(2026, 12, 26), region) == name


def test_good_friday_moves_with_easter() -> None:
    for day in (date(2024, 3, 29), date(2025, 4, 18), date(2026, 4, 3), date(2027, 3, 26)):
        assert holidays.is_public_holiday(day, "6AE") == "Vendredi saint"
        assert holidays.is_public_holiday(day, "FR") is None


def test_names_are_said_in_both_languages() -> None:
    assert holidays.is_public_holiday(date(2026, 12, 20), "974") == "Abolition de l'esclavage"
    assert holidays.is_public_holiday(date(2026, 12, 20), "974", "en") == "Abolition of Slavery"


def test_an_unknown_region_is_an_error_and_not_a_year_without_holidays() -> None:
    with pytest.raises(ValueError, match="No holiday calendar"):
        holidays.is_public_holiday(date(2026, 1, 1), "Bretagne")


def test_between_takes_both_ends_over_new_year() -> None:
    found = holidays.between(date(2026, 12, 25), date(2027, 1, 1), "FR")
    assert list(found) == [date(2026, 12, 25), date(2027, 1, 1)]
    assert holidays.between(date(2026, 12, 26), date(2026, 12, 31), "FR") == {}


def test_a_year_asked_again_comes_from_memory() -> None:
    holidays.in_year.cache_clear()
    day = date(2026, 1, 1)
    while day.year == 2026:
        holidays.is_public_holiday(day, "FR")
        day += timedelta(days=1)
    assert holidays.in_year.cache_info().misses == 1
