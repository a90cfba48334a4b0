"""What is asked of a provider of sign-in, and who its subjects are."""

from __future__ import annotations

import inspect
from urllib.parse import parse_qs, urlsplit

import pytest

from serment.identity.openid import claims, exchange, linking, providers
from serment.identity.openid.directory import Addresses
from serment.identity.openid.pending import Pending
from serment.identity.openid.providers import KINDS, Provider
from serment.web import doorkeeper

SAID = Pending("franceconnect", "s" * 64, "n" * 64, "v" * 64, "", "", "sign_in", 0.0)


def _asked(kind: providers.Kind) -> dict[str, str]:
    provider = Provider(kind, kind.places["production"], "us", "hush")
    there = "https://provider.example"
    where = Addresses(
        f"{there}/a", f"{there}/t", f"{there}/u", f"{there}/k", f"{there}/e", True, True
    )
    url = exchange.authorization_url(provider, where, SAID, "https://rdv.example/retour/")
    return {name: given[0] for name, given in parse_qs(urlsplit(url).query).items()}


def test_no_more_is_asked_than_is_read() -> None:
    """Each scope is a claim that is read; Pro Santé Connect has one scope for all."""
    read = inspect.getsource(claims)
    for kind in KINDS:
        scopes = set(_asked(kind)["scope"].split()) - {"openid"}
        if kind.professional:
            assert scopes == {"scope_all"}
            continue
        assert [one for one in scopes if f'"{one}"' not in read] == []
    assert '"profile"' not in read  # the control: a scope for all would be found


def test_a_session_begins_with_a_press_and_a_fresh_sign_in_there() -> None:
    for kind in KINDS:
        asked = _asked(kind)
        assert asked["prompt"] == "login"
        assert asked["response_type"] == "code"
        assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
        assert "hush" not in str(asked)
    # No page sends anybody to a provider by itself.
    assert "openid" not in inspect.getsource(doorkeeper)


@pytest.mark.django_db
def test_the_same_subject_elsewhere_is_somebody_else() -> None:
    one = linking.alias_of("https://one.example", "7" * 64)
    assert one != linking.alias_of("https://two.example", "7" * 64)
    assert one != linking.alias_of("https://one.example", "7" * 63 + "8")
    assert one == linking.alias_of("https://one.example", "7" * 64)  # the control
