"""Continuity sheets as files: made each hour for each site, kept for two days, given to the desk.

What lies here is ciphertext for a key that no server has. A keeper that does not answer leaves the
former sheets where they are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from serment.custody import sheet_file
from serment.directory import tenancy
from serment.directory.models import Establishment, Site
from serment.disclosure import KeeperUnavailable, NotYours, continuity
from serment.errors import Refused
from serment.scheduling.models import Appointment

AHEAD: Final = timedelta(hours=36)
KEPT: Final = 48
LATE: Final = timedelta(hours=2)
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_KEY: Final = "key.txt"
_DEMO_KEY: Final = "demo.key"
DEMO_PASSPHRASE: Final = "cheval blanc sous la pluie"  # noqa: S105 -- of invented people only
_STANDING: Final = (
    Appointment.Status.PROPOSED,
    Appointment.Status.PENDING,
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.IN_ROOM,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest sheet of a site, and the public key it is sealed to."""

    path: Path
    issued: datetime
    recipient: str

    def is_late(self, now: datetime) -> bool:
        """Has a whole round been missed?"""
        return now - self.issued > LATE

    @property
    def reaches(self) -> datetime:
        """The end of what it tells."""
        return self.issued + AHEAD


def issue_all(now: datetime) -> int:
    """A sheet for each site that has a key; how many. KeeperUnavailable ends the round."""
    made = 0
    for establishment in Establishment.objects.only("pk", "name"):
        with tenancy.inside(tenant=establishment.pk):
            asked = list(_asked(establishment, now))
        for place, visits in asked:
            made += _issue(place, visits)
    return made


def _asked(
    establishment: Establishment, now: datetime
) -> Iterator[tuple[continuity.Place, list[continuity.Visit]]]:
    for site in Site.objects.filter(establishment_id=establishment.pk):
        place = continuity.Place(
            establishment.pk, site.pk, establishment.name, site.name, site.timezone
        )
        yield place, _visits(site, now)


def _visits(site: Site, now: datetime) -> list[continuity.Visit]:
    """What stands from now on for 36 hours; a visit is at most eight hours long."""
    found = (
        Appointment.objects.filter(
            establishment_id=site.establishment_id,
            role__site_id=site.pk,
            status__in=_STANDING,
            starts_at__gte=now - timedelta(hours=8),
            starts_at__lt=now + AHEAD,
            ends_at__gt=now,
        )
        .select_related("role__practitioner")
        .order_by("starts_at", "id")[: continuity.LINES_MAX]
    )
    return [
        continuity.Visit(one.pk, one.starts_at, one.ends_at, str(one.role.practitioner))
        for one in found
    ]


def _issue(place: continuity.Place, visits: Sequence[continuity.Visit]) -> int:
    try:
        sheet = continuity.sheet(place, visits)
    except NotYours:  # no key yet: the desk's page says how to make one
        return 0
    except KeeperUnavailable:
        raise
    except Refused as refusal:
        _log.warning("site %s has no new sheet: %s", place.site, type(refusal).__name__)
        return 0
    _keep(place.site, sheet)
    return 1


def _keep(site: UUID, sheet: continuity.Sheet) -> None:
    """Write the sheet whole or not at all, then forget those beyond two days."""
    folder = _folder(site)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    _write(folder / _KEY, sheet.recipient.encode())
    _write(folder / f"{sheet.issued.astimezone(UTC):{_STAMP}}.age", sheet.sealed)
    for old in _sheets(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def _write(path: Path, contents: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o640)
    draft.replace(path)


def newest(site: UUID) -> Kept | None:
    """The newest sheet of a site; None where none was ever made."""
    folder = _folder(site)
    for path in _sheets(folder):
        issued = datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC)
        return Kept(path, issued, (folder / _KEY).read_text(encoding="ascii"))
    return None


def demo_key(site: UUID) -> Path:
    """Where a demo keeps what a house keeps on site and nowhere else; often there is none."""
    return _folder(site) / _DEMO_KEY


def make_demo_key(site: UUID, keeper: str) -> str:
    """A key for a demo's site, left in its folder so that anybody can try: its public half."""
    path = demo_key(site)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    made = sheet_file.new_key()
    sheet_file.write_key(made, path, DEMO_PASSPHRASE, keeper)
    return made.recipient


def _sheets(folder: Path) -> list[Path]:
    """Newest first: their names are instants."""
    return sorted(folder.glob("[0-9]*.age"), reverse=True)


def _folder(site: UUID) -> Path:
    return Path(settings.STATE) / "continuity" / str(site)
