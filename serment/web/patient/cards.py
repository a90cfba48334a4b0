"""A practitioner as a result: who, where, how far, and their next times in comparable columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.directory.models import PractitionerRole
from serment.scheduling import search
from serment.web import hours, wording
from serment.web.patient import slots

DAYS_SHOWN = 5
DAYS_ON_PHONE = 3
"""As many columns as a narrow screen shows; ``patient.css`` hides the others."""
SLOTS_A_DAY = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the grid with the first slots of it."""

    weekday: str
    day: str
    slots: list[slots.Offered]


@dataclass(frozen=True, slots=True)
class Card:
    """One practitioner at one site, as a result."""

    role: PractitionerRole
    noun: str
    initials: str
    distance_km: float | None
    soonest: search.Slot | None
    soonest_words: str
    soonest_address: str
    columns: list[Column]
    anything_soon: bool
    bring: str
    number: int
    by_video: bool
    """Whether they are looked for by video: nothing about the place concerns the reader then."""
    remark: str
    """By whose clock the hours are told, where it matters."""

    @property
    def nothing_on_phone(self) -> bool:
        """Whether all a narrow screen shows of the days is empty, though there is a slot."""
        return self.soonest is not None and not any(
            column.slots for column in self.columns[:DAYS_ON_PHONE]
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads the list, when, and whether they look for a visit by video."""

    zone: ZoneInfo
    now: datetime
    language: str
    video: bool


def roles_by_id(ids: list[UUID]) -> dict[UUID, PractitionerRole]:
    """Public entries of these roles with everything a card shows."""
    found = PractitionerRole.objects.select_related(
        "practitioner", "site", "specialty", "profession", "establishment"
    ).filter(id__in=ids, active=True)
    return {role.id: role for role in found}


def cards(
    found: search.Results, roles: dict[UUID, PractitionerRole], reading: Reading, before: int
) -> list[Card]:
    """The cards of a page of results; ``before`` is how many stand on earlier pages."""
    known = [(item, roles[item.role_id]) for item in found.items if item.role_id in roles]
    times = {
        item.role_id: slots.by_day(
            (slot for some in item.slots_by_day.values() for slot in some),
            ZoneInfo(role.site.timezone),
            reading.zone,
            video=reading.video,
        )
        for item, role in known
    }
    days = _days(times, roles, reading)
    return [
        _card(item, role, times[item.role_id], days, reading, number)
        for number, (item, role) in enumerate(known, before + 1)
    ]


def _days(
    times: dict[UUID, dict[date, list[slots.Offered]]],
    roles: dict[UUID, PractitionerRole],
    reading: Reading,
) -> list[date]:
    """The same days for every card, so that columns can be compared: weekends if anybody works."""
    places = {role.site.timezone for role in roles.values()}
    alone = len(places) == 1 and not reading.video
    zone = ZoneInfo(places.pop()) if alone else reading.zone
    today = reading.now.astimezone(zone).date()
    busy = {on for by_day in times.values() for on in by_day}
    candidates = [today + timedelta(days=ahead) for ahead in range(search.SHOWN_DAYS)]
    worked = [on for on in candidates if on.weekday() < 5 or on in busy]
    if today in worked and today not in busy:
        worked.remove(today)
    return worked[:DAYS_SHOWN]


def _card(
    item: search.RoleResult,
    role: PractitionerRole,
    by_day: dict[date, list[slots.Offered]],
    days: list[date],
    reading: Reading,
    number: int,
) -> Card:
    zone, first = ZoneInfo(role.site.timezone), item.soonest
    columns = [Column(*wording.short_day(on), by_day.get(on, [])[:SLOTS_A_DAY]) for on in days]
    mode = first.mode if first else ""
    when = (first.starts_at if first else reading.now, zone, reading.zone, mode)
    english = reading.language.startswith("en") and bool(role.site.bring_en)
    return Card(
        role=role,
        noun=role.person(reading.language),
        initials=wording.initials(role.practitioner.given_name, role.practitioner.family_name),
        distance_km=item.distance_km,
        soonest=first,
        soonest_words=hours.told_now(*when, reading.now) if first else "",
        soonest_address=slots.address_of(first, video=reading.video) if first else "",
        columns=columns,
        anything_soon=any(column.slots for column in columns),
        bring=role.site.bring_en if english else role.site.bring_fr,
        number=number,
        by_video=reading.video,
        remark=hours.remark(*when),
    )
