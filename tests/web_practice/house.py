"""A small house for the desk's tests: two doctors, three patients, a secretary who signs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM
from tests import factors
from tests.scheduling.practice import PARIS, Practice, make_file, make_practice, make_role, paris

PASSWORD = "un cheval gris sous la neige"
PEOPLE = (
    ("Roux-Delmas", "Bastien", "1961-03-12", "+33639982104"),
    ("Lemoine", "Aurore", "1988-07-02", "+33639981177"),
    ("Nguyen", "Camille", "1974-11-30", "+33639984421"),
)


def next_tuesday() -> date:
    """A day that is always to come."""
    today = clock.now().astimezone(PARIS).date()
    return today + timedelta(days=(1 - today.weekday()) % 7 or 7)


@dataclass
class House:
    """Who and what a test works with."""

    practice: Practice
    second: UUID
    day: date
    email: str
    secret: str = ""
    files: list[UUID] = field(default_factory=list)
    visits: list[UUID] = field(default_factory=list)

    def enter(self) -> Client:
        """A browser in which the secretary has signed in."""
        browser = Client(headers={"accept-language": "fr"})
        answer = factors.sign_in(browser, self.email, PASSWORD, self.secret)
        assert answer.status_code == 302, answer.content.decode()
        return browser

    def at(self, hour: int, minute: int = 0) -> datetime:
        """An instant of the house's day."""
        return paris(self.day, hour, minute)

    def agenda(self, **more: str) -> str:
        """The address of the day."""
        query = "&".join(f"{name}={value}" for name, value in more.items())
        return f"/cabinet/?jour={self.day.isoformat()}&{query}"


def make_house(number: int = 0, role: str = "secretary", **reason: Any) -> House:
    """A new house with three booked visits on the next Tuesday."""
    from serment.identity import registration, staff
    from serment.identity.models import PASSING, Role
    from serment.scheduling import booking
    from serment.scheduling.models import VisitReason

    practice = make_practice(number, **({"video": True} | reason))
    with tenancy.inside(practice.establishment):
        second = make_role(practice.establishment, practice.site, number, position=1)
        VisitReason.objects.create(
            establishment_id=practice.establishment, role_id=second, name_fr="Contrôle",
            name_en="Check", duration_minutes=20, horizon_days=60,
        )  # fmt: skip
    email = f"accueil-{ids.new_id().hex[:10]}@exemple.fr"
    account = registration.create(
        SYSTEM, email, {"given_name": "Solène", "family_name": "Ferrand"}, password=PASSWORD
    )
    who = {"given_name": "Solène", "family_name": "Ferrand", "email": email}
    ends_at = clock.now() + timedelta(days=30) if Role(role) in PASSING else None
    staff.create(
        SYSTEM, practice.establishment, Role(role), dict(who), account=account.pk, ends_at=ends_at
    )
    secret = factors.plant(account.pk)
    house = House(practice, second, next_tuesday(), email, secret)
    for at, (family, given, birth, phone) in enumerate(PEOPLE):
        file = ids.new_id()
        values = {"family_name": family, "given_name": given, "birth_date": birth, "phone": phone}
        make_file(practice.establishment, file, **values)
        house.files.append(file)
        wanted = practice.booking(
            file, house.at(9 + at), first_visit=at == 0, mode="video" if at == 2 else "in_person",
            note="mot scellé",
        )  # fmt: skip
        house.visits.append(booking.book(practice.secretary(), wanted, clock.now()).id)
    return house
