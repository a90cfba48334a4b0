"""What waits at the demo's desk: people to call back, and one who was invited on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.disclosure import Actor
from serment.drills.demo import named
from serment.drills.demo.past_days import signed_in
from serment.drills.demo.people import Person
from serment.drills.demo.planting import Planted
from serment.drills.demo.staffing import Manned
from serment.scheduling import calls, inviting
from serment.scheduling.models import VisitReason

CALLS: Final = (
    ("Demande s’il faut venir accompagné pour le fond d’œil.", 0),
    ("N’a pas reçu l’ordonnance de lunettes. Plutôt après 17 h.", 0),
    ("Voudrait avancer le contrôle avant les vacances.", 2),
)
"""Why, and in how many days at the latest; the second is seen to already."""
DAYS: Final = 30
PARIS: Final = ZoneInfo("Europe/Paris")


def leave(
    houses: Sequence[Planted], manned: Manned, people: Sequence[Person], now: datetime
) -> None:
    """In the eye practice."""
    quais = next((house for house in houses if house.plan.slug == named.QUAIS), None)
    if quais is None:
        return
    files = [
        file for person, file in sorted(quais.files.items())
        if person >= len(named.FAMILY) and people[person].phone
    ]  # fmt: skip
    today = now.astimezone(PARIS).date()
    with signed_in(quais, manned.secretaries[named.QUAIS]) as desk:
        for (why, days), file in zip(CALLS, files, strict=False):
            made = calls.add(desk, file, why, today + timedelta(days=days), today)
            if why == CALLS[1][0]:
                calls.take(desk, made.pk)
        for file in files[len(CALLS) :][:1]:
            _invite(desk, quais, file, now)


def _invite(desk: Actor, house: Planted, file: UUID, now: datetime) -> None:
    """To the first practitioner, for a reason that is by invitation if there is one."""
    rows = VisitReason.objects.filter(
        role_id=house.roles[0], active=True, in_groups=False, sessions=1, steps=[],
        in_person=True, known_patients=True,
    )  # fmt: skip
    reason = rows.order_by("-by_invitation", "position").first()
    if reason is not None:
        asked = inviting.Asked(house.roles[0], reason.pk, file, DAYS, by_message=False)
        inviting.make(desk, asked, now)
