"""A free time as a page offers it: what is read, what is heard, and the form it opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from serment.scheduling import search
from serment.web import hours, wording


@dataclass(frozen=True, slots=True)
class Offered:
    """``said`` is the whole moment for whoever hears the page; ``hour`` stands under its day."""

    hour: str
    said: str
    address: str


def address_of(slot: search.Slot, *, video: bool = False) -> str:
    """The booking form; ``video`` answers its question "how?" beforehand."""
    asked = {"heure": slot.starts_at.isoformat(), "motif": str(slot.reason_id)}
    if video:
        asked["mode"] = "video"
    return f"{reverse('patient:book', args=[slot.role_id])}?{urlencode(asked)}"


def move_address(slot: search.Slot, visit: UUID, week: int) -> str:
    """The page that moves a visit there, in the week that was looked at."""
    asked = {"heure": slot.starts_at.isoformat(), "semaine": str(week)}
    return f"{reverse('patient:move', args=[visit])}?{urlencode(asked)}"


def offered(
    slot: search.Slot, site: ZoneInfo, reader: ZoneInfo, *, video: bool = False,
    moves: tuple[UUID, int] | None = None,
) -> Offered:  # fmt: skip
    """One slot of a practitioner at a site, for a reader; ``moves``: a visit, and the week."""
    return Offered(
        hour=wording.hour(slot.starts_at, hours.clock_of(slot.mode, site, reader)),
        said=hours.told(slot.starts_at, site, reader, slot.mode),
        address=move_address(slot, *moves) if moves else address_of(slot, video=video),
    )


def by_day(
    slots: Iterable[search.Slot], site: ZoneInfo, reader: ZoneInfo, *, video: bool = False,
    moves: tuple[UUID, int] | None = None,
) -> dict[date, list[Offered]]:  # fmt: skip
    """Under the date of the clock by which they are told, earliest first."""
    found: dict[date, list[Offered]] = {}
    for slot in sorted(slots, key=lambda one: one.starts_at):
        on = slot.starts_at.astimezone(hours.clock_of(slot.mode, site, reader)).date()
        found.setdefault(on, []).append(offered(slot, site, reader, video=video, moves=moves))
    return found
