"""A sealed column shows three dots everywhere and answers no query about what is inside."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import models
from django.db.migrations.writer import MigrationWriter
from django.template import Context, Template

from serment.disclosure import Sealed, SealedValue, all_sealed
from serment.disclosure.checks import sealed_models_have_uuids
from serment.identity.models import PatientFile
from serment.ids import new_id
from serment.scheduling.models import Appointment

SECRET = SealedValue(b"\x01" + b"v" * 16 + b"Quatrevaux")


def holder() -> PatientFile:
    return PatientFile(id=new_id(), establishment_id=new_id(), family_name=SECRET)


def test_whatever_prints_it_prints_dots() -> None:
    file = holder()
    shown = [
        str(file.family_name),
        repr(file.family_name),
        f"{file.family_name:>20}",
        "%s" % file.family_name,  # noqa: UP031 -- the old way prints dots too
        Template("{{ f.family_name }}").render(Context({"f": file})),
        json.loads(serializers.serialize("json", [file]))[0]["fields"]["family_name"],
    ]
    assert shown == ["•••"] * len(shown)
    # Negative control: a plain text field of the same value prints it.
    assert "Quatrevaux" in str(SECRET.sealed)


@pytest.mark.parametrize(
    "query",
    [
        lambda: PatientFile.objects.filter(family_name=SECRET),
        lambda: PatientFile.objects.exclude(family_name=SECRET),
        lambda: PatientFile.objects.filter(family_name__contains="Q"),
        lambda: PatientFile.objects.filter(family_name__in=[SECRET]),
        lambda: PatientFile.objects.order_by("family_name"),
        lambda: PatientFile.objects.order_by("-family_name"),
        lambda: PatientFile.objects.values("family_name__year"),
    ],
)
def test_nothing_filters_orders_or_looks_inside(query: Any) -> None:
    with pytest.raises((FieldError, TypeError)):
        str(query().query)


def test_selecting_and_asking_whether_something_is_there_are_fine() -> None:
    assert "family_name" in str(PatientFile.objects.all().query)
    assert "IS NULL" in str(PatientFile.objects.filter(family_name__isnull=True).query)


@pytest.mark.parametrize("plain", ["Quatrevaux", b"Quatrevaux", 3])
def test_a_plain_value_never_reaches_the_column(plain: Any) -> None:
    field = PatientFile._meta.get_field("family_name")
    for way in (field.get_prep_value, field.to_python):
        with pytest.raises(TypeError):
            way(plain)
    assert field.get_prep_value(SECRET) == SECRET.sealed


def test_a_migration_writes_the_field_back() -> None:
    text, imports = MigrationWriter.serialize(Sealed(zone="identity", search="name"))
    assert text == "serment.disclosure.fields.Sealed(search='name', zone='identity')"
    assert "import serment.disclosure.fields" in imports
    assert isinstance(Sealed(zone="contact").clone(), Sealed)


def test_a_wrong_zone_or_an_index_is_a_failed_check() -> None:
    class Wrong(models.Model):
        secret = Sealed(zone="nowhere", search="telepathy")

        class Meta:
            app_label = "disclosure"
            managed = False

    codes = {found.id for found in Wrong._meta.get_field("secret").check()}
    assert {"disclosure.E001", "disclosure.E002"} <= codes
    try:
        assert "disclosure.E004" in {found.id for found in sealed_models_have_uuids()}
    finally:
        from django.apps import apps

        del apps.all_models["disclosure"]["wrong"]
        apps.clear_cache()
    assert sealed_models_have_uuids() == []


def test_every_personal_field_is_listed() -> None:
    named = {(model, field.name) for model, field in all_sealed()}
    assert {(PatientFile, "birth_date"), (Appointment, "details")} <= named


def test_a_value_survives_pickling_closed() -> None:
    assert str(pickle.loads(pickle.dumps(SECRET))) == "•••"
