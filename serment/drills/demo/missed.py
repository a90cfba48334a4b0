"""The demo's missed visits: one that counts against Aurore, one that its person disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from serment.directory import tenancy
from serment.disclosure import SYSTEM, Purpose, gate
from serment.drills.demo import named
from serment.drills.demo.planting import Planted
from serment.scheduling.missed import Objection
from serment.scheduling.models import Appointment, OnlineTerms

MOST: Final = 2
SAID: Final = "J’avais prévenu la veille au soir, par téléphone."


def note(houses: Sequence[Planted], now: datetime) -> None:
    """In the eye practice, which asks to telephone after two."""
    quais = next((house for house in houses if house.plan.slug == named.QUAIS), None)
    if quais is None:
        return
    with tenancy.inside(quais.establishment):
        OnlineTerms.objects.create(establishment_id=quais.establishment, missed_max=MOST)
        past = [
            (place, visit) for place, visit in enumerate(quais.plan.visits) if visit.ends_at < now
        ]
        own = [place for place, visit in past if visit.person == named.AURORE]
        if own:
            _note(quais, own[0], Appointment.Missed.COUNTS)
        missed = [
            (place, visit) for place, visit in past
            if visit.status == "noshow" and visit.person >= len(named.FAMILY)
        ]  # fmt: skip
        if missed:
            place, visit = missed[-1]
            row = _note(quais, place, Appointment.Missed.CONTESTED)
            told = {"objection": Objection(SAID).as_json()}
            file = quais.files[visit.person]
            gate.seal(SYSTEM, Purpose.IMPORT, row, told, subject=file, tenant=quais.establishment)
            row.save(update_fields=["objection"])


def _note(house: Planted, place: int, state: str) -> Appointment:
    row = house.appointments[place]
    row.status, row.missed = Appointment.Status.NOSHOW, state
    row.save(update_fields=["status", "missed"])
    return row
