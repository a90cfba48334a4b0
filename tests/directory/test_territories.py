"""Time zone of each territory, overseas included."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from serment.directory import places
from serment.directory.territories import HOLIDAY_REGIONS, department_of, territory_of

# Hours from UTC on 15 January 2026; none of these but Saint-Pierre and Paris changes in summer.
HOURS = {
    "75056": 1, "2A004": 1, "97105": -4, "97209": -4, "97302": -3, "97411": 4, "97502": -3,
    "97611": 3, "97701": -4, "97801": -4, "98613": 12, "98735": -10, "98731": -9.5, "98719": -9,
    "98818": 11,
}  # fmt: skip


@pytest.mark.parametrize(("code", "hours"), sorted(HOURS.items()))
def test_each_territory_keeps_its_own_time(code: str, hours: float) -> None:
    zone = ZoneInfo(territory_of(code).timezone)
    offset = datetime(2026, 1, 15, tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    assert offset.total_seconds() / 3600 == hours


def test_every_commune_has_a_known_zone_and_holiday_calendar() -> None:
    for row in places.communes():
        territory = territory_of(row.code)
        assert ZoneInfo(territory.timezone)
        assert territory.holiday_region in HOLIDAY_REGIONS
        assert department_of(row.code) == row.department


def test_the_marquesas_and_the_gambier_are_the_communes_we_mean() -> None:
    names = {row.name for row in places.communes() if "Marquesas" in territory_of(row.code)[0]}
    assert names == {"Fatu-Hiva", "Hiva-Oa", "Nuku-Hiva", "Tahuata", "Ua-Huka", "Ua-Pou"}
    gambier = places.by_code("98719")
    assert gambier is not None
    assert gambier.name == "Gambier"
