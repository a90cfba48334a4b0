"""Whoever signed up reads on no later page whether the address was taken."""

from __future__ import annotations

import pytest
from django.test import Client

from serment import ids
from serment.disclosure import SYSTEM
from serment.identity import registration, standing

pytestmark = pytest.mark.django_db(databases=["default", "search"])
FORM = {
    "given_name": "Aurore", "family_name": "Lemoine", "birth_date": "12/03/1961",
    "password1": "un cheval blanc sous la pluie",
}  # fmt: skip
PAGES = ("/", "/compte/connexion/", "/compte/carte/", "/verifier-un-recu/", "/mes-rendez-vous/")


def _told(email: str) -> list[dict[str, str]]:
    """Status and headers of pages open to everybody, to a browser that has just signed up."""
    visitor = Client(headers={"accept-language": "fr"})
    answer = visitor.post("/compte/inscription/", FORM | {"email": email})
    assert answer.headers["Location"] == "/compte/code/"
    pages = [visitor.get(path) for path in PAGES]
    one_s_own = ("Content-Security-Policy", "Content-Length", "Expires", "Last-Modified")
    return [
        {"status": str(page.status_code)}
        | {name: value for name, value in page.headers.items() if name not in one_s_own}
        for page in pages
    ]


@pytest.mark.parametrize("guarded", [True, False])
def test_headers_of_later_pages_are_the_same(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    taken, free = (f"{ids.new_id().hex[:10]}@exemple.fr" for _ in range(2))
    registration.create(SYSTEM, taken, {"given_name": "Aurore"}, password="peu importe")
    if not guarded:
        monkeypatch.setattr(standing, "_CODE_AWAITED", "nothing of this name")
    assert (_told(taken) == _told(free)) is guarded
