"""Reference data: loaded by the owner, quickly, and twice the same as once."""

from __future__ import annotations

import pytest

from serment.directory import load, places
from serment.directory.models import Commune, Profession, Specialty


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_loading_again_changes_nothing_and_mends_what_was_changed() -> None:
    load.reference_data(using="owner")
    assert load.reference_data(using="owner") == 0
    Commune.objects.using("owner").filter(code="74256").update(name="Autre", postcodes=[])
    Specialty.objects.using("owner").filter(code="SM38").update(words_fr=[])
    assert load.reference_data(using="owner") == 2
    commune = Commune.objects.get(code="74256")
    assert (commune.name, commune.postcodes) == ("Sallanches", ["74700"])


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_communes_that_went_missing_are_loaded_again() -> None:
    Commune.objects.using("owner").all().delete()
    load.reference_data(using="owner")
    assert Commune.objects.count() == len(places.communes())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_start_loads_only_other_files_than_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    altered = Commune.objects.using("owner").filter(code="74256")
    load.reference_data_once()
    altered.update(name="Autre")
    load.reference_data_once()
    assert altered.get().name == "Autre"  # nothing was read: these files are known
    with monkeypatch.context() as patched:
        patched.setattr(load, "_digest", lambda: "of other files")
        load.reference_data_once()
    assert altered.get().name == "Sallanches"
    load.reference_data_once()  # and the other tests find what a start leaves


@pytest.mark.django_db
def test_the_database_of_a_test_carries_the_reference_data() -> None:
    assert Commune.objects.filter(postcodes__contains=["74700"]).count() == 3
    assert Specialty.objects.get(code="SM38").person("en") == "Eye doctor"
    assert Profession.objects.get(code="50").person("fr") == "Sage-femme"
