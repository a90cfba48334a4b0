"""Names stay closed in the agenda until somebody opens them, and the opening is recorded."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from serment import ids
from serment.directory import tenancy
from serment.disclosure import Actor, gate
from serment.scheduling import booking
from serment.web.practice import agenda
from tests.scheduling.practice import NOW, TUESDAY, make_practice, paris


@pytest.mark.django_db
def test_names_are_closed_until_asked_for(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    practice = make_practice()
    patient, file = practice.patient(family_name="Quatrevaux", given_name="Odile")
    with tenancy.inside(practice.establishment):
        booking.book(patient, practice.booking(file, paris(TUESDAY, 9)), NOW)
    who = ids.new_id()
    capability = gate.open_session("staff", who, "secretary", practice.establishment, 1)
    desk = Actor("staff", who, "secretary", practice.establishment, capability=capability)
    monkeypatch.setattr(agenda.accounts, "actor_for", lambda request: desk)
    monkeypatch.setattr(agenda.clock, "now", lambda: NOW)
    session: dict[str, Any] = {}

    def page(view: Any, **sent: str) -> str:
        make = RequestFactory()
        request = make.post("/cabinet/noms", sent) if "quoi" in sent else make.get("/x", sent)
        request.session = session  # type: ignore[assignment]
        request.user = AnonymousUser()
        with tenancy.inside(practice.establishment):
            return str(inspect.unwrap(view)(request).content.decode())

    asked = {"jour": TUESDAY.isoformat(), "agenda": str(practice.role)}
    closed = page(agenda.day, **asked)
    assert "Quatrevaux" not in closed
    assert "Occupé" in closed
    page(agenda.open_names, quoi="noms", **asked)
    assert "Quatrevaux" in page(agenda.day, **asked)
