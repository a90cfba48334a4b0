"""The site with providers configured, each a strict one on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from joserfc.jwk import ECKey

from tests.openid_provider.server import Provider, running
from tests.openid_provider.strict import Client

BASE = "http://localhost:8000"
PIVOT = {
    "sub": "7" * 64 + "v1",
    "given_name": "Angela Claire Louise",
    "given_name_array": ["Angela", "Claire", "Louise"],
    "family_name": "DUBOIS",
    "birthdate": "1962-08-24",
    "gender": "female",
    "birthplace": "75107",
    "birthcountry": "99100",
    "email": "angela.dubois@exemple.fr",
}
TRACES = ("Angela", "DUBOIS", "dubois@", "1962-08-24", "7" * 64)
SCOPE = "openid given_name family_name birthdate gender birthplace birthcountry email"


def client(slug: str, *levels: str, base: str = BASE, scope: str = SCOPE) -> Client:
    """What registering gave."""
    return Client(
        id=f"client of {slug}",
        secret="a secret of the provider's",
        redirect_uris={f"{base}/compte/par/{slug}/retour/"},
        logout_uris={f"{base}/compte/par/parti/"},
        levels=levels,
        scope=scope,
    )


def settings_of(provider: Provider, folder: Path, key: ECKey | None = None) -> dict[str, Any]:
    """As the environment would give them."""
    secret = folder / f"{provider.client.id}.secret"
    secret.write_text(provider.client.secret + "\n")
    given: dict[str, Any] = {
        "place": provider.issuer,
        "client_id": provider.client.id,
        "secret_file": secret,
        "key_file": None,
    }
    if key is not None:
        given["key_file"] = folder / "key.jwk"
        given["key_file"].write_text(json.dumps(key.as_dict(private=True)))
    return given


@pytest.fixture(autouse=True)
def afresh(settings: Any) -> None:
    """No limit counted, no address known of a provider, a quick hash."""
    from serment.identity.openid.directory import directory

    cache.clear()
    directory.forget()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PUBLIC_URL = BASE
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def franceconnect(settings: Any, tmp_path: Path) -> Iterator[Provider]:
    """FranceConnect, as strict."""
    with running(Provider(client("franceconnect", "eidas1"), {"one": dict(PIVOT)})) as provider:
        settings.OPENID_PROVIDERS = {"franceconnect": settings_of(provider, tmp_path)}
        yield provider


@pytest.fixture
def franceconnect_plus(settings: Any, tmp_path: Path) -> Iterator[Provider]:
    """FranceConnect+: tokens closed for our key, level substantiel or more."""
    key = ECKey.generate_key("P-256", {"kid": "ours", "alg": "ECDH-ES"})
    provider = Provider(
        client("franceconnect-plus", "eidas2", "eidas3"), {"one": dict(PIVOT)}, closed_for=key
    )
    with running(provider):
        settings.OPENID_PROVIDERS = {"franceconnect-plus": settings_of(provider, tmp_path, key)}
        yield provider


@pytest.fixture
def psc(settings: Any, tmp_path: Path) -> Iterator[Provider]:
    """Pro Santé Connect: professionals, JSON, PKCE."""
    registered = client("pro-sante-connect", "eidas1", scope="openid scope_all")
    registered.pkce = True
    with running(Provider(registered, {}, userinfo_signed=False)) as provider:
        settings.OPENID_PROVIDERS = {"pro-sante-connect": settings_of(provider, tmp_path)}
        yield provider


@pytest.fixture
def browser() -> Browser:
    return Browser(headers={"accept-language": "fr"})


def professional(
    rpps: str, sub: str = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:8"
) -> dict[str, Any]:
    """As Pro Santé Connect tells of one."""
    return {
        "sub": sub + rpps,
        "preferred_username": "8" + rpps,
        "SubjectNameID": "8" + rpps,
        "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"],
        "given_name": "Fistinien",
        "family_name": "GROMINOCH",
    }


def through(
    browser: Browser,
    provider: Provider,
    slug: str = "franceconnect",
    who: str = "one",
    **asked: str,
) -> Any:
    """To the provider and back: our answer to what came back."""
    away = browser.get(f"/compte/par/{slug}/", asked)
    assert away.status_code == 302, away.content.decode()
    assert away.url.startswith(provider.issuer), away.url
    return browser.get(provider.sign_in(away.url, who).removeprefix(BASE))


def said(browser: Browser) -> str:
    """The sign-in page as it stands now, with what it has to tell."""
    return browser.get("/compte/connexion/").content.decode()


def who_is(browser: Browser) -> UUID | None:
    """The account signed in."""
    found = browser.session.get("_auth_user_id")
    return UUID(found) if found else None


@pytest.fixture
def account(db: None) -> Callable[..., UUID]:
    """An account made without the pages."""
    from serment.disclosure import SYSTEM
    from serment.identity import registration

    def make(email: str = PIVOT["email"], password: str | None = None) -> UUID:
        return registration.create(
            SYSTEM, email, {"given_name": "Angela", "family_name": "Dubois"}, password=password
        ).pk

    return make
