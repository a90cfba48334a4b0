"""Who signs in at the demo, and their passwords: drawn at each seeding, written to one file."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from serment.disclosure import SYSTEM, containment, gate, oversight, passkeys
from serment.drills.demo import named, relatives, team
from serment.drills.demo.people import Person
from serment.drills.demo.planting import Planted, values_of
from serment.identity import means, registration, staff
from serment.identity.models import Role, StaffMember

FILE_NAME = "demo-accounts.json"
PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class Login:
    """One way in, as ``serment demo accounts --json`` names it."""

    role: str
    login: str
    password: str
    url: str
    totp_secret: str | None = None
    house: str = ""
    """Where they work, by name; two secretaries of two houses are told apart by it."""


@dataclass(frozen=True, slots=True)
class Manned:
    """Everybody who can sign in or has opened something."""

    logins: tuple[Login, ...]
    accounts: dict[int, UUID]
    """Place in the plan's people → account."""
    secretaries: dict[str, StaffMember]
    practitioners: dict[tuple[str, int], StaffMember]
    """House and place of the role → the practitioner as a member of staff."""


def man(people: Sequence[Person], houses: Sequence[Planted], today: date, url: str) -> Manned:
    """Make accounts and staff; only those in ``logins`` have a password."""
    by_slug = {house.plan.slug: house for house in houses}
    logins: list[Login] = []
    accounts: dict[int, UUID] = {}
    for place, role in ((named.AURORE, "patient"), (named.BASTIEN, "relative")):
        values = values_of(people[place], today)
        login, accounts[place] = _account(role, people[place].email, values, url)
        logins.append(login)
        _link_own(accounts[place], place, houses)
    relatives.let_act(people, houses, accounts, today)
    signing_in = {one.house for one in named.TEAM if one.role == Role.SECRETARY}
    secretaries = {
        slug: _secretary(house) for slug, house in by_slug.items() if slug not in signing_in
    }
    practitioners: dict[tuple[str, int], StaffMember] = {}
    at_quais: dict[Role, StaffMember] = {}
    if named.SOLO in by_slug:
        containment.set_solo(oversight.OPERATOR, by_slug[named.SOLO].establishment)
    for colleague in (one for one in named.TEAM if one.house in by_slug):
        login, account = _account(colleague.role, colleague.email, _names(colleague), url)
        logins.append(replace(login, house=by_slug[colleague.house].plan.name))
        member, place_of_role = _colleague(colleague, account, by_slug[colleague.house], today)
        if place_of_role is not None:
            practitioners[colleague.house, place_of_role] = member
        elif colleague.role == Role.SECRETARY:
            secretaries[colleague.house] = member
        if colleague.house == named.QUAIS:
            at_quais[Role(colleague.role)] = member
    team.remember(by_slug[named.QUAIS].establishment, at_quais, today)
    developer = named.DEVELOPER
    logins.append(_account(developer.role, developer.email, _names(developer), url)[0])
    return Manned(tuple(logins), accounts, secretaries, practitioners)


def _account(
    role: str, email: str, values: Mapping[str, str | None], url: str
) -> tuple[Login, UUID]:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    made = registration.create(SYSTEM, email, values, password=password)
    return Login(role, email, password, url, means.plant(made.pk)), made.pk


def _names(colleague: named.Colleague) -> dict[str, str | None]:
    return {"given_name": colleague.given_name, "family_name": colleague.family_name}


def _link_own(account: UUID, person: int, houses: Sequence[Planted]) -> None:
    for house in houses:
        if person in house.files:
            gate.link(SYSTEM, account=account, patient_file=house.files[person])


def _secretary(house: Planted) -> StaffMember:
    """A desk in every house, so that somebody can have opened something there."""
    given, family = named.DESKS[house.plan.slug]
    values: dict[str, str | None] = {"given_name": given, "family_name": family}
    return staff.create(SYSTEM, house.establishment, Role.SECRETARY, values)


def _colleague(
    colleague: named.Colleague, account: UUID, house: Planted, today: date
) -> tuple[StaffMember, int | None]:
    place = None
    if colleague.practises:
        place = next(
            place
            for place, role in enumerate(house.plan.roles)
            if (role.given_name, role.family_name) == (colleague.given_name, colleague.family_name)
        )
    ends_at = None
    if colleague.days is not None:
        last_day = today + timedelta(days=colleague.days)
        ends_at = datetime.combine(last_day, time.max, ZoneInfo(house.plan.sites[0].timezone))
    member = staff.create(
        SYSTEM,
        house.establishment,
        Role(colleague.role),
        {**_names(colleague), "email": colleague.email},
        account=account,
        practitioner_role=None if place is None else house.roles[place],
        ends_at=ends_at,
    )
    if member.role == Role.TRUSTEE:  # nobody there could have approved it
        passkeys.give_role(oversight.OPERATOR, member.pk, member.role)
    return member, place


def write(folder: Path, logins: Sequence[Login]) -> None:
    """Keep the logins where only this user reads them; the new file replaces the old at once."""
    beside = folder / f"{FILE_NAME}.new"
    beside.unlink(missing_ok=True)
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        json.dump([asdict(login) for login in logins], file, ensure_ascii=False, indent=1)
    beside.replace(folder / FILE_NAME)


def read(folder: Path) -> list[Login]:
    """The logins of the instance; empty where it holds no demo."""
    file = folder / FILE_NAME
    if not file.exists():
        return []
    return [Login(**login) for login in json.loads(file.read_text(encoding="utf-8"))]
