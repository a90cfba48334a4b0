"""A professional by Pro Santé Connect: the number says who, the establishment says where."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client as Browser

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM
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
