"""Two houses and two patients, rows interleaved, and somebody of each role in the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from serment import clock, ids
from serment.care.models import Questionnaire, QuestionnaireVersion
from serment.care.questions import Kind, Question
from serment.custody import continuity
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from serment.disclosure.continuity import Sheet
from serment.identity import files, policy, registration, staff
from serment.identity.models import PASSING, Account, Role
from serment.identity.relatives import granting
from serment.identity.relatives.terms import Relation, Terms
from serment.identity.staff_models import AccessReturn, Invitation, RightsReview
from serment.outbox import delivery, letters
from serment.scheduling import booking
from serment.scheduling.models import OutsideCalendar, VisitRetention
from tests.rights.conftest import HOST
from tests.web_practice.house import PASSWORD, House, make_house

NOWHERE = 10**9 - 1
"""A line of the record that is not written yet."""


@dataclass(frozen=True, slots=True)
class Ground:
    """``own`` and ``other``: ids by name; ``accounts``: who asks, by ``policy.ASKING``."""

    houses: tuple[House, House]
    own: dict[str, str]
    other: dict[str, str]
    accounts: dict[str, UUID]

    @property
    def never(self) -> dict[str, str]:
        """Ids that nobody has."""
        public = {"slug", "role", "reason"}
        drawn = {name: str(ids.new_id()) for name in self.own}
        kept = {name: self.own[name] for name in public - {"role"}}
        return drawn | kept | {"seq": str(NOWHERE), "line": str(NOWHERE)}

    def browser(self, asks: str) -> Client:
        """Signed in as one of ``policy.ASKING``, how strongly is not asked here."""
        browser = Client(headers={"accept-language": "fr", "host": HOST})
        browser.raise_request_exception = False
        if asks != policy.SIGNED_OUT:
            with tenancy.inside(account=self.accounts[asks]):
                account = Account.objects.get(pk=self.accounts[asks])
            browser.force_login(account, "serment.identity.backend.SealedBackend")
        return browser


def lay() -> Ground:
    """Both houses at once, so that nothing but the wall tells their rows apart."""
    # A reason with a cap: its visits are counted, and the count has a wall too.
    one, two = make_house(0, daily_cap=99), make_house(1, daily_cap=99)
    delivery.send_due(delivery.next_try(0, clock.now()))
    mine, theirs = _patient(one, 12), _patient(two, 13)
    accounts = {role.value: _member(one, role) for role in Role}
    team, other_team = _team(one), _team(two)
    accounts[policy.PATIENT] = mine.account
    own, other = _ids(one, mine) | team, _ids(two, theirs) | other_team
    return Ground((one, two), own, other, accounts)


@dataclass(frozen=True, slots=True)
class _Patient:
    account: UUID
    appointment: UUID
    seq: int
    relative: UUID


def _patient(house: House, hour: int) -> _Patient:
    """An account with one visit, and the last line of the record about it."""
    email = f"{ids.new_id().hex}@exemple.fr"
    named = {"given_name": "Aurore", "family_name": "Lemoine"}
    account = registration.create(SYSTEM, email, named, password=PASSWORD).pk
    actor = Actor("patient", account, capability=gate.open_session("patient", account, "", None, 1))
    with tenancy.inside(account=account):
        file = files.find_or_create_for_account(actor, house.practice.establishment)
    wanted = house.practice.booking(file, house.at(hour + 2))
    visit = booking.book(actor, wanted, clock.now()).id
    seq = gate.history(actor, account)[0].seq
    child = {"given_name": "Capucine", "family_name": "Lemoine", "birth_date": "2019-06-08"}
    terms = Terms(str(Relation.PARENT))
    with tenancy.inside(account=account):
        relative = granting.add_dependant(actor, child, terms, None, clock.now())
    return _Patient(account, visit, seq, relative)


def _member(house: House, role: Role) -> UUID:
    email = f"{ids.new_id().hex}@exemple.fr"
    named: dict[str, str | None] = {"given_name": "Nadia", "family_name": "Kerviel"}
    account = registration.create(SYSTEM, email, dict(named), password=PASSWORD).pk
    ends_at = clock.now() + timedelta(days=1) if role in PASSING else None
    where = house.practice.establishment
    staff.create(SYSTEM, where, role, dict(named), account=account, ends_at=ends_at)
    return account


def _team(house: House) -> dict[str, str]:
    """Somebody invited, somebody who waits for a way back, somebody whose rights were looked at."""
    where, now = house.practice.establishment, clock.now()
    named: dict[str, str | None] = {"given_name": "Odile", "family_name": "Bressan"}
    colleague = staff.create(SYSTEM, where, Role.SECRETARY, dict(named))
    guest = staff.create(SYSTEM, where, Role.SECRETARY, dict(named))
    with tenancy.inside(tenant=where):
        invitation = Invitation.objects.create(
            establishment_id=where, member=guest, role="secretary", word_digest=b"",
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
        back = AccessReturn.objects.create(
            establishment_id=where, member=colleague, asked_by=colleague,
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
        VisitRetention.objects.create(establishment_id=where, years=20, begins_on=now.date())
        RightsReview.objects.create(
            establishment_id=where, member=colleague, reviewer=colleague, role="secretary",
            decision="keep", on=now.date(),
        )  # fmt: skip
        OutsideCalendar.objects.create(
            establishment_id=where, role_id=house.practice.role, kind="ics", signed_from=now,
            next_at=now,
        )  # fmt: skip
    made = {"member": colleague.pk, "invitation": invitation.pk, "back": back.pk}
    return {name: str(value) for name, value in made.items()}


def _ids(house: House, patient: _Patient) -> dict[str, str]:
    practice = house.practice
    sheet = Sheet(b"closed", "age1" + "q" * 58, clock.now(), 1, 1)
    continuity._keep(practice.site, sheet)
    continuity.demo_key(practice.site).write_bytes(b"key")
    gate.history(practice.secretary(), house.files[0])
    with tenancy.inside(tenant=practice.establishment):
        asked = Questionnaire.objects.create(
            establishment_id=practice.establishment, title_fr="Avant", reasons=[practice.reason]
        )
        QuestionnaireVersion.objects.create(
            establishment_id=practice.establishment, questionnaire=asked, number=1,
            published_on=clock.now().date(),
            items=[Question("mot", Kind.STRING, "Un mot ?").as_item()],
        )  # fmt: skip
    found: dict[str, Any] = {
        "visit": house.visits[0], "file": house.files[0], "second_file": house.files[1],
        "role": practice.role,
        "reason": practice.reason, "site": practice.site, "slug": _slug(practice.role),
        "questionnaire": asked.pk,
        "letter": letters.waiting(practice.establishment)[0].pk,
        "line": gate.health().size - 1,
        "appointment": patient.appointment, "seq": patient.seq, "relative": patient.relative,
    }  # fmt: skip
    return {name: str(value) for name, value in found.items()}


def _slug(role: UUID) -> str:
    from serment.directory.models import PractitionerRole

    return PractitionerRole.objects.select_related("practitioner").get(pk=role).practitioner.slug
