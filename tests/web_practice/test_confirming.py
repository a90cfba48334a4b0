"""Confirming a sensitive act at a practice: by a key of the house where there is no password."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.contrib.auth import HASH_SESSION_KEY

from serment.directory import tenancy
from serment.identity.models import Account
from serment.identity.policy import Strength
from tests.web_practice.house import make_house

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("password", [True, False])
def test_who_has_no_password_is_asked_for_a_key_alone(
    monkeypatch: pytest.MonkeyPatch, password: bool
) -> None:
    """The control: whoever has a password is asked for it too."""
    browser = make_house(role="practitioner").enter()
    account = UUID(browser.session["_auth_user_id"])
    with tenancy.inside(account=account):
        row = Account.objects.get(pk=account)
        if not password:
            row.set_unusable_password()
            row.save(update_fields=["password"])
    session = browser.session  # whoever never had a password signed in with what they have
    session[HASH_SESSION_KEY] = row.get_session_auth_hash()
    session.save()
    monkeypatch.setattr("serment.identity.means.book.Book.has_second_factor", False)
    monkeypatch.setattr(
        "serment.identity.policy.strength_of", lambda _request: Strength.TWO_FACTORS
    )
    page = browser.get("/compte/confirmer/", {"next": "/cabinet/"}).content.decode()
    assert "Confirmer avec ma clé professionnelle" in page
    assert ('type="password"' in page) is password
