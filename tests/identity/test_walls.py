"""Row-level security around accounts, files and staff: off, the leak shows; on, it stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from serment import ids
from serment.directory import tenancy
from serment.disclosure import SYSTEM
from serment.identity import files, staff
from serment.identity.models import Account, PatientFile, Role, StaffMember
from serment.identity.walls import looking_for
from tests.identity.conftest import make_establishment

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def _without_wall(superuser: Any, table: str) -> Iterator[None]:
    superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _account(alias: str) -> UUID:
    account = Account(id=ids.new_id(), alias=alias)
    with tenancy.inside(account=account.pk):
        account.save(force_insert=True)
    return account.pk


def test_accounts_cannot_be_listed(superuser: Any) -> None:
    one, two = _account("t-1@sealed.invalid"), _account("t-2@sealed.invalid")
    with _without_wall(superuser, "identity_account"):
        assert set(Account.objects.values_list("pk", flat=True)) == {one, two}
    assert not Account.objects.exists()
    with tenancy.inside(account=one):
        assert list(Account.objects.values_list("pk", flat=True)) == [one]


def test_sign_in_sees_the_one_account_of_its_alias_and_may_not_write_it() -> None:
    _account("t-1@sealed.invalid")
    two = _account("t-2@sealed.invalid")
    with looking_for("t-2@sealed.invalid"):
        assert list(Account.objects.values_list("pk", flat=True)) == [two]
        assert Account.objects.update(is_active=False) == 0
    assert not Account.objects.exists()


def test_no_pattern_in_the_alias_shows_more() -> None:
    _account("t-1@sealed.invalid")
    for pattern in ("%", "t-%", "", "*", "t-1@sealed.invali_"):
        with looking_for(pattern):
            assert not Account.objects.exists()


def test_an_account_cannot_be_made_in_anothers_name() -> None:
    mine = _account("t-1@sealed.invalid")
    stranger = Account(id=ids.new_id(), alias="t-9@sealed.invalid")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenancy.inside(account=mine),
        transaction.atomic(),
    ):
        stranger.save(force_insert=True)


def test_files_of_another_establishment_are_not_there(superuser: Any) -> None:
    here, there = make_establishment("ici"), make_establishment("la-bas")
    mine = files.create(SYSTEM, here, {"family_name": "Ici"}).pk
    theirs = files.create(SYSTEM, there, {"family_name": "Ailleurs"}).pk
    with _without_wall(superuser, "identity_patientfile"), tenancy.inside(tenant=here):
        assert set(PatientFile.objects.values_list("pk", flat=True)) == {mine, theirs}
    with tenancy.inside(tenant=here):
        assert list(PatientFile.objects.values_list("pk", flat=True)) == [mine]
    assert not PatientFile.objects.exists()


def test_staff_see_their_house_and_an_account_its_own_member(superuser: Any) -> None:
    here, there = make_establishment("ici"), make_establishment("la-bas")
    account = _account("t-1@sealed.invalid")
    mine = staff.create(SYSTEM, here, Role.SECRETARY, {"given_name": "A"}, account=account).pk
    theirs = staff.create(SYSTEM, there, Role.SECRETARY, {"given_name": "B"}).pk
    with _without_wall(superuser, "identity_staffmember"):
        assert set(StaffMember.objects.values_list("pk", flat=True)) == {mine, theirs}
    assert not StaffMember.objects.exists()
    with tenancy.inside(account=account):
        assert list(StaffMember.objects.values_list("pk", flat=True)) == [mine]
    with tenancy.inside(tenant=there):
        assert list(StaffMember.objects.values_list("pk", flat=True)) == [theirs]


def test_no_table_of_identity_or_the_outbox_ties_a_person_to_a_visit() -> None:
    """No account id on files; no account, file or subject id on messages; no instants on people."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_name IN ('identity_account', 'identity_patientfile',"
            " 'identity_staffmember', 'outbox_message')"
        )
        columns = cursor.fetchall()
    assert columns
    of = {table: {name for one, name, _kind in columns if one == table} for table, _, _ in columns}
    assert not {name for name in of["identity_patientfile"] if "account" in name}
    assert not {
        name
        for name in of["outbox_message"]
        for word in ("account", "patient", "file", "person", "subject", "address", "email")
        if word in name
    }
    assert not [
        (table, name)
        for table, name, kind in columns
        if kind.startswith(("timestamp", "date"))
        and table.startswith("identity_")
        # A day somebody chose beforehand: nothing happens at it that another row would tell too.
        # And the month somebody came, the week they last did: no day's visits stand beside those.
        and (table, name)
        not in {("identity_staffmember", one) for one in ("ends_at", "since", "seen_week")}
        # Of an account the half-year somebody was last here, and years later a day it closes.
        | {("identity_account", one) for one in ("used_half", "closes_on")}
    ]
