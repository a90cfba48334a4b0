"""Establishments, teams and their hours, from ``data/houses.toml`` and chance. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from serment.directory import places, rpps, territories
from serment.drills.demo import names
from serment.drills.demo.dice import Dice, dice, weighted
from serment.drills.demo.people import EVERYWHERE
from serment.drills.demo.plan import (
    Away,
    DatedHours,
    Hours,
    HousePlan,
    ReasonPlan,
    RolePlan,
    SitePlan,
)

RPPS_HEAD = "8999"
"""Numbers in use begin with 1; 8 followed by 99 is what test identities use."""

SECTOR_TWO_EXTRA_CENTS = 2800
HOUSE_PATIENTS_MIN = 6

_OTHER_LANGUAGES = {"en": 10, "de": 3, "es": 3, "it": 3, "ar": 2, "pt": 2, "ro": 1, "lsf": 1}
_NOTES = ("Congés", "Formation", "Absence", "Congrès")


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "data" / name).read_text(encoding="utf-8"))


def described(patients: int | None = None) -> list[dict[str, Any]]:
    """The houses as the file describes them; with about ``patients`` patients in all if given."""
    houses: list[dict[str, Any]] = _table("houses.toml")["house"]
    if patients is None:
        return houses
    everybody = sum(house["patients"] for house in houses)
    return [
        {**house, "patients": max(HOUSE_PATIENTS_MIN, house["patients"] * patients // everybody)}
        for house in houses
    ]


def plan_house(seed: int, told: Mapping[str, Any], number: int, monday: date) -> HousePlan:
    """One house with its team, without patients; ``number`` keeps RPPS numbers apart."""
    sites = tuple(_site(site) for site in told["site"])
    team = [_named(told, entry, sites) for entry in told.get("team", ())]
    for code, count in told["cast"]:
        for nth in range(count):
            rolled = dice(seed, told["slug"], code, nth)
            team.append(_drawn(told, code, rolled, len(sites)))
    roles = tuple(
        _role(told, entry, sites, dice(seed, told["slug"], "role", place), number + place, monday)
        for place, entry in enumerate(team)
    )
    return HousePlan(
        told["slug"], told["name"], told["kind"], told["phone"], sites, roles, patients=()
    )


def _site(told: Mapping[str, Any]) -> SitePlan:
    place = places.by_code(told["commune"])
    if place is None:
        raise LookupError(told["commune"])
    territory = territories.territory_of(place.code)
    north, east = told["shift"]
    return SitePlan(
        slug=told["slug"],
        name=told["name"],
        commune_code=place.code,
        address_line=told["address"],
        postcode=place.postcode,
        city=place.name,
        latitude=round(place.latitude + north, 5),
        longitude=round(place.longitude + east, 5),
        timezone=territory.timezone,
        holiday_region=territory.holiday_region,
        phone=told["phone"],
        step_free=told["step_free"],
        texts={
            "access_note_fr": told["access_fr"],
            "access_note_en": told["access_en"],
            "bring_fr": told["bring_fr"],
            "bring_en": told["bring_en"],
        },
    )


def _named(
    told: Mapping[str, Any], entry: Mapping[str, Any], sites: Sequence[SitePlan]
) -> dict[str, Any]:
    given, _, family = str(entry["who"]).partition(" ")
    days = [int(day) - 1 for day in entry["days"]]
    return {
        "rate": told["rate"],
        "sector": None,
        "video": False,
        "new_patients": True,
        **entry,
        "given": given,
        "family": family,
        "site": [site.slug for site in sites].index(entry["site"]),
        "hours": [(day, spoken) for day in days for spoken in entry["hours"]],
    }


def _drawn(told: Mapping[str, Any], code: str, rolled: Dice, site_count: int) -> dict[str, Any]:
    origin = weighted(rolled, {**EVERYWHERE, **told["origins"]})
    woman = rolled.random() < (0.97 if code in ("50", "91") else 0.5)
    born = rolled.randrange(1958, 1994)
    low, high = told["half_days"]
    halves = [(day, spoken) for day in range(5) for spoken in told["cast_hours"]]
    spoken_too = weighted(rolled, _OTHER_LANGUAGES)
    video_only = told.get("video_only", False)
    return {
        "code": code,
        "sex": "f" if woman else "m",
        "given": names.given_name(rolled, "f" if woman else "m", born, origin),
        "family": names.family_name(rolled, origin),
        "site": 0 if rolled.random() < 0.7 else site_count - 1,
        "sector": (2 if rolled.random() < 0.2 else told["sector"]) if code[0] == "S" else None,
        "languages": ["fr", spoken_too] if rolled.random() < 0.75 else ["fr"],
        "new_patients": rolled.random() < 0.88,
        "video": video_only or rolled.random() < 0.25,
        "hours": sorted(rolled.sample(halves, rolled.randint(low, high))),
        "rate": min(0.98, max(0.3, rolled.gauss(told["rate"], 0.12))),
        "title": "Pr" if told["kind"] == "hospital" and rolled.random() < 0.06 else "",
    }


def _role(
    told: Mapping[str, Any], entry: Mapping[str, Any], sites: Sequence[SitePlan], rolled: Dice,
    number: int, monday: date,
) -> RolePlan:  # fmt: skip
    code, sector = entry["code"], entry["sector"]
    head = f"{RPPS_HEAD}{number:06}"
    hours = tuple(_hours(day, spoken) for day, spoken in entry["hours"])
    doctor = code.startswith("S") or code == "40"
    reasons = reasons_of(code, told.get("video_only", False), entry["video"], sector)
    return RolePlan(
        rpps=head + rpps.check_digit(head),
        title=(entry.get("title") or "Dr") if doctor else "",
        sex=entry["sex"],
        given_name=entry["given"],
        family_name=entry["family"],
        code=code,
        site=entry["site"],
        sector=sector,
        languages=tuple(dict.fromkeys(entry["languages"])),
        takes_new_patients=entry["new_patients"],
        video=any(reason.video for reason in reasons),
        fees_note=_fees(reasons, sector),
        rate=entry["rate"],
        reasons=reasons,
        hours=hours,
        dated=_dated(rolled, hours, monday),
        away=_away(rolled, entry, ZoneInfo(sites[entry["site"]].timezone), monday),
    )


def _hours(weekday: int, spoken: str) -> Hours:
    starts, _, ends = spoken.partition("-")
    return Hours(weekday, time.fromisoformat(starts), time.fromisoformat(ends))


def _dated(rolled: Dice, hours: Sequence[Hours], monday: date) -> tuple[DatedHours, ...]:
    if rolled.random() > 0.25:
        return ()
    week = monday + timedelta(weeks=rolled.randint(1, 3))
    closed = rolled.choice(hours)
    found = [DatedHours(week + timedelta(closed.weekday), closed.starts, closed.ends, opened=False)]
    if rolled.random() < 0.5:
        found.append(DatedHours(week + timedelta(5), time(9), time(12), opened=True))
    return tuple(found)


def _away(rolled: Dice, entry: Mapping[str, Any], zone: ZoneInfo, monday: date) -> tuple[Away, ...]:
    if "who" in entry or rolled.random() > 0.22:
        return ()
    first = monday + timedelta(days=rolled.randint(1, 24))
    last = first + timedelta(days=rolled.randint(1, 7))
    starts, ends = (datetime.combine(day, time(0), zone) for day in (first, last))
    return (Away(starts, ends, rolled.choice(_NOTES)),)


def reasons_of(
    code: str, video_only: bool, video: bool, sector: int | None
) -> tuple[ReasonPlan, ...]:
    """The visit reasons of a specialty or profession at one role."""
    table = _table("reasons.toml")
    listed = table.get(code, table["*"])["reasons"]
    return tuple(_reason(told, video_only, video, sector) for told in listed)


def _reason(
    told: Mapping[str, Any], video_only: bool, video: bool, sector: int | None
) -> ReasonPlan:
    whom = told.get("for", "all")
    by_video = video_only or (video and told.get("how", "here") == "both")
    return ReasonPlan(
        name_fr=told["fr"],
        name_en=told["en"],
        minutes=told["minutes"],
        fee_cents=told["fee"] + (SECTOR_TWO_EXTRA_CENTS if sector == 2 else 0),
        new_patients=whom in ("all", "new"),
        known_patients=whom in ("all", "known"),
        in_person=not video_only,
        video=by_video,
        notice_minutes=told.get("notice", 30 if video_only else 120),
        late_release_minutes=told.get("late"),
        red_flags=tuple(told.get("flags", ())),
        share=told["share"],
        sessions=told.get("sessions", 1),
        apart_days=tuple(told.get("apart", (7, 7))),
        by_invitation=told.get("invitation", False),
        then=tuple(told["then"]) if "then" in told else None,
        ages=tuple(told.get("ages", (0, 130))),
    )


def _fees(reasons: Sequence[ReasonPlan], sector: int | None) -> str:
    fees = sorted({reason.fee_cents for reason in reasons})
    low, high = (f"{cents / 100:.2f}".replace(".", ",").replace(",00", "") for cents in
                 (fees[0], fees[-1]))  # fmt: skip
    spoken = f"{low} €" if low == high else f"De {low} à {high} €"
    return (
        f"{spoken}, honoraires libres" if sector == 2 else f"{spoken}, tarif de la Sécurité sociale"
    )
