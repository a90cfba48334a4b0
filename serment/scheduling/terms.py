"""What a house says about moving, cancelling and waiting, and whether it is too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from serment.scheduling import refusals
from serment.scheduling.models import Appointment, OnlineTerms


def of_house(establishment_id: UUID) -> OnlineTerms:
    """The house's own, else the defaults; not saved."""
    found = OnlineTerms.objects.filter(establishment_id=establishment_id).first()
    return found or OnlineTerms(establishment_id=establishment_id)


def must_move_in_time(visit: Appointment, now: datetime) -> None:
    """Raises ``TooLate`` where its person may no longer move it by themself."""
    _check(visit, of_house(visit.establishment_id).move_hours, now)


def must_cancel_in_time(visit: Appointment, now: datetime) -> None:
    """Raises ``TooLate`` where its person may no longer cancel it by themself."""
    _check(visit, of_house(visit.establishment_id).cancel_hours, now)


def until(visit: Appointment, hours: int) -> datetime:
    """The last moment."""
    return visit.starts_at - timedelta(hours=hours)


def _check(visit: Appointment, hours: int, now: datetime) -> None:
    if now > until(visit, hours):
        raise refusals.TooLate
