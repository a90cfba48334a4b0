"""Everybody reads the directory; an establishment writes its own rows and no other's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from serment import ids
from serment.directory.models import Commune, Establishment, Practitioner, Site, Specialty
from serment.directory.tenancy import inside
from tests.directory import make


def _rename_as(tenant: Establishment, victim: Establishment) -> int:
    """Try, standing in one establishment, to rename another's site; how many rows changed."""
    with inside(tenant=tenant.id):
        return Site.objects.filter(establishment=victim).update(name="volé")


@pytest.mark.django_db(transaction=True)
def test_the_wall_stops_a_wrong_tenant_s_writes_and_without_it_they_happen(superuser: Any) -> None:
    mine, theirs = make.establishment("A"), make.establishment("B")
    walled = (
        "directory_site",
        "scheduling_rulesversion",
    )  # a second wall: its trigger writes there
    for table in walled:
        superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        assert _rename_as(mine, theirs) == 1, "without the wall the fault must show"
    finally:
        for table in walled:
            superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    assert _rename_as(mine, theirs) == 0
    assert _rename_as(mine, mine) == 1


@pytest.mark.django_db
def test_a_row_cannot_be_entered_in_another_s_name() -> None:
    mine, theirs = make.establishment("A"), make.establishment("B")
    site = Site.objects.get(establishment=theirs)
    site.pk, site.slug = make.establishment("C").id, "autre"
    site._state.adding = True
    with pytest.raises(DatabaseError, match="row-level security"), inside(tenant=mine.id):
        site.save()


@pytest.mark.django_db
def test_an_establishment_changes_itself_only() -> None:
    mine, theirs = make.establishment("A"), make.establishment("B")
    with inside(tenant=mine.id):
        assert Establishment.objects.filter(pk=mine.pk).update(phone="0450000000") == 1
        assert Establishment.objects.filter(pk=theirs.pk).update(phone="0450000000") == 0


@pytest.mark.django_db
def test_outside_every_establishment_nothing_can_be_written() -> None:
    house = make.establishment()
    assert Site.objects.filter(establishment=house).update(name="x") == 0
    practitioner = Practitioner(rpps="10000000009", slug="x", given_name="A", family_name="B")
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        practitioner.save()


@pytest.mark.django_db
def test_no_establishment_changes_a_practitioner_others_rely_on() -> None:
    role, other = make.role(make.establishment(), "Durand"), make.establishment()
    who = Practitioner.objects.filter(pk=role.practitioner_id)
    with inside(tenant=other.id):
        assert who.update(family_name="Autre") == 0, "nothing of theirs"
    with inside(tenant=role.establishment_id):
        assert who.update(family_name="Durant") == 1, "the control: nobody else publishes them"
    role.pk, role.establishment = ids.new_id(), other
    role.site = Site.objects.get(establishment=other)
    with inside(tenant=other.id):
        role.save(force_insert=True)
        assert who.update(family_name="Autre") == 0
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        inside(tenant=role.establishment_id),
    ):
        who.update(rpps="10000000009")


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Commune, Specialty])
def test_no_establishment_writes_reference_data(model: type[Commune] | type[Specialty]) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        inside(tenant=make.establishment().id),
    ):
        model.objects.all().delete()


@pytest.mark.django_db(transaction=True, databases=["default", "search"])
def test_the_public_search_reads_all_of_the_directory_and_writes_nothing() -> None:
    make.role(make.establishment(), "Durand")
    for model in (Establishment, Site, Practitioner, Specialty, Commune):
        assert model._default_manager.using("search").first() is not None
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(using="search"),
    ):
        Establishment.objects.using("search").update(name="x")
