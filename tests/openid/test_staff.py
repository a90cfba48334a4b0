"""A professional by Pro Santé Connect: the number says who, the establishment says where."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client as Browser

from serment import clock, ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM, Actor, gate
from tests.identity.conftest import make_establishment, sent
from tests.openid.conftest import professional, said, through, who_is
from tests.openid_provider.server import Provider

pytestmark = pytest.mark.django_db

RPPS = "10000000009"
OTHER = "10000000017"


def _role(establishment: UUID, rpps: str) -> UUID:
    from serment.directory.models import Practitioner, PractitionerRole, Profession, Site

    with tenancy.inside(tenant=establishment):
        person, _made = Practitioner.objects.get_or_create(
            rpps=rpps,
            defaults={"slug": f"p-{rpps}", "given_name": "Fistinien", "family_name": "Grominoch"},
        )
        site = Site.objects.create(
            establishment_id=establishment, slug="ici", name="Ici", address_line="1 rue",
            postcode="74000", city="Annecy", commune_code="74010", latitude=45.9, longitude=6.1,
        )  # fmt: skip
        role = PractitionerRole.objects.create(
            establishment_id=establishment, site=site, practitioner=person,
            profession=Profession.objects.first(),
        )  # fmt: skip
    return role.pk


@pytest.fixture
def member(account: Callable[..., UUID]) -> Callable[..., UUID]:
    """A practitioner of an establishment, with an account of the house's making."""
    from serment.identity import staff
    from serment.identity.models import Role

    def make(house: str, rpps: str = RPPS, *, with_account: bool = True) -> UUID:
        establishment = make_establishment(house)
        own = account(email=f"{house}@exemple.fr") if with_account else None
        role = _role(establishment, rpps)
        staff.create(
            SYSTEM, establishment, Role.PRACTITIONER, {"given_name": "F"}, account=own,
            practitioner_role=role,
        )  # fmt: skip
        return own or ids.new_id()

    return make


def test_a_member_of_staff_is_known_by_the_number_and_counts_as_two_factors(
    browser: Browser, psc: Provider, member: Callable[..., UUID]
) -> None:
    own = member("cabinet-a")
    psc.people["one"] = professional(RPPS)
    answer = through(browser, psc, "pro-sante-connect")
    assert answer.url == "/cabinet/"
    assert who_is(browser) == own
    assert browser.session["account_authentication_methods"][-1]["factors"] == 2
    assert any("Pro Santé Connect ouvre votre compte" in one.subject for one in sent())
    told = len(sent())
    browser.post("/compte/deconnexion/")
    through(browser, psc, "pro-sante-connect")
    assert len([one for one in sent()[told:] if "ouvre votre compte" in one.subject]) == 0


@pytest.mark.parametrize(
    "claimed",
    [
        professional(OTHER),
        professional(RPPS) | {"SubjectNameID": RPPS},
        professional(RPPS) | {"SubjectNameID": "0" + RPPS},
        professional(RPPS) | {"SubjectNameID": "8" + RPPS[:-1] + "5"},
        professional(RPPS) | {"SubjectNameID": ["8" + RPPS]},
        {k: v for k, v in professional(RPPS).items() if k != "SubjectNameID"},
    ],
)
def test_a_claim_alone_opens_nothing_and_makes_nothing(
    browser: Browser, psc: Provider, member: Callable[..., UUID], claimed: dict[str, object]
) -> None:
    member("cabinet-a")
    before = _accounts_made()
    psc.people["one"] = claimed
    assert through(browser, psc, "pro-sante-connect").url == "/compte/connexion/"
    assert "Aucun établissement" in said(browser)
    assert who_is(browser) is None
    assert _accounts_made() == before


def _accounts_made() -> int:
    """In this transaction: nobody may list accounts, but the server counts."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_inserted('identity_account'::regclass)")
        return int(cursor.fetchone()[0])


def test_a_member_whom_the_house_gave_no_account_and_one_who_left_stay_out(
    browser: Browser, psc: Provider, member: Callable[..., UUID]
) -> None:
    from serment.identity.models import StaffMember

    member("cabinet-a", with_account=False)
    psc.people["one"] = professional(RPPS)
    assert through(browser, psc, "pro-sante-connect").url == "/compte/connexion/"
    own = member("cabinet-b", OTHER)
    psc.people["one"] = professional(OTHER)
    assert through(browser, psc, "pro-sante-connect").url == "/cabinet/"
    browser.post("/compte/deconnexion/")
    with tenancy.inside(account=own):
        house = StaffMember.objects.get(account_id=own).establishment_id
    with tenancy.inside(tenant=house):
        StaffMember.objects.filter(account_id=own).update(active=False)
    assert through(browser, psc, "pro-sante-connect").url == "/compte/connexion/"
    assert who_is(browser) is None


def test_who_works_in_two_houses_chooses_one_of_their_own(
    browser: Browser, psc: Provider, member: Callable[..., UUID]
) -> None:
    first, second = member("cabinet-a"), member("cabinet-b")
    third = make_establishment("cabinet-c")
    psc.people["one"] = professional(RPPS)
    assert through(browser, psc, "pro-sante-connect").url == "/compte/par/etablissement/"
    page = browser.get("/compte/par/etablissement/").content.decode()
    offered = [one.split('"')[0] for one in page.split('name="house" value="')[1:]]
    assert len(offered) == 2
    browser.post("/compte/par/etablissement/", {"house": str(third)})
    assert who_is(browser) is None
    answer = browser.post("/compte/par/etablissement/", {"house": offered[1]})
    assert answer.url == "/cabinet/"
    assert who_is(browser) == second
    assert first != second


def test_a_professional_identity_signs_nobody_up_as_a_patient(
    browser: Browser, psc: Provider
) -> None:
    psc.people["one"] = professional(RPPS)
    through(browser, psc, "pro-sante-connect")
    assert browser.get("/compte/par/inscription/").url == "/compte/connexion/"


def test_an_invitation_makes_the_account_of_the_number_invited_and_of_no_other(
    browser: Browser, psc: Provider, owner: Callable[..., tuple[Actor, UUID]]
) -> None:
    """Negative control: the same link, with another number, makes nothing and stays good."""
    from serment.identity import invitations
    from serment.identity.models import Role, StaffMember

    manager, role = owner("cabinet-a", RPPS)
    where = manager.establishment
    who = invitations.Wanted(
        "Fistinien", "Grominoch", "f.grominoch@exemple.fr", Role.PRACTITIONER,
        practitioner_role=role,
    )  # fmt: skip
    invitations.invite(manager, who, clock.now())
    (path,) = re.findall(r"(/compte/invitation/\S+)", str(sent()[-1].body))
    psc.people["one"] = professional(OTHER)
    browser.get(path)
    assert through(browser, psc, "pro-sante-connect").url == "/compte/invitation/"
    assert "autre numéro RPPS" in browser.get("/compte/invitation/").content.decode()
    with tenancy.inside(tenant=where):
        assert StaffMember.objects.get(practitioner_role=role).account_id is None
    psc.people["one"] = professional(RPPS)
    assert through(browser, psc, "pro-sante-connect").url == "/cabinet/"
    with tenancy.inside(tenant=where):
        member = StaffMember.objects.get(practitioner_role=role)
    assert member.active
    assert who_is(browser) == member.account_id
    assert browser.get("/cabinet/").status_code == 200


@pytest.fixture
def owner() -> Callable[..., tuple[Actor, UUID]]:
    """A manager of a new house, and one published entry there."""

    def make(house: str, rpps: str) -> tuple[Actor, UUID]:
        where, who = make_establishment(house), ids.new_id()
        capability = gate.open_session("staff", who, "manager", where, 1)
        return Actor("staff", who, "manager", where, capability=capability), _role(where, rpps)

    return make
