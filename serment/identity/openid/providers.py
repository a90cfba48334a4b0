"""The three providers: where they are, what is asked of them, what their answer is worth.

What cannot be configured stands here: issuers, hosts, algorithms, scopes, level. What an operator
gives (which environment, client id, secret) comes from the settings. A provider without settings
is not there: no button, no route.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.common.security import is_secure_transport
from django.conf import settings
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from serment.errors import NotThere, SettingWrong

_log = logging.getLogger(__name__)

LEVELS: Final = ("eidas1", "eidas2", "eidas3")
"""Weakest first: faible, substantiel, élevé (règlement (UE) 910/2014, article 8)."""

ALGORITHMS: Final = ("ES256", "RS256")
DECRYPTION: Final = ("ECDH-ES", "RSA-OAEP-256", "RSA-OAEP")

_PSC_PATH = "/auth/realms/esante-wallet"


@dataclass(frozen=True, slots=True)
class Place:
    """One environment of a provider. Nothing it publishes may lead to another host."""

    issuer: str
    hosts: tuple[str, ...]
    discovery: str

    @classmethod
    def at(cls, issuer: str) -> Place:
        """A provider that is all on one host, and tells of itself as the standard says."""
        well_known = issuer.rstrip("/") + "/.well-known/openid-configuration"
        return cls(issuer, (urlsplit(issuer).netloc,), well_known)


def _psc(auth: str, wallet: str) -> Place:
    issuer = f"https://{auth}{_PSC_PATH}"
    return Place(issuer, (auth, wallet), issuer + "/.well-known/wallet-openid-configuration")


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider as its own documentation describes it."""

    slug: str
    name: str
    scope: str
    level: str
    """The least level asked for, and taken."""
    userinfo_signed: bool
    encrypted: bool
    professional: bool
    """Says a professional's RPPS; the others say a patient's civil identity."""
    places: dict[str, Place]
    about: str = ""
    """Where the provider explains itself; FranceConnect wants that link under its button."""

    @property
    def variable(self) -> str:
        """How the environment calls it."""
        return "SERMENT_" + self.slug.upper().replace("-", "_")


_PIVOT = "openid given_name family_name birthdate gender birthplace birthcountry email"

_FRANCECONNECT: Final = Kind(
    slug="franceconnect",
    name="FranceConnect",
    scope=_PIVOT,
    level="eidas1",
    userinfo_signed=True,
    encrypted=False,
    professional=False,
    places={
        "sandbox": Place.at("https://fcp-low.sbx.dev-franceconnect.fr/api/v2"),
        "production": Place.at("https://oidc.franceconnect.gouv.fr/api/v2"),
    },
    about="https://franceconnect.gouv.fr/",
)

KINDS: Final = (
    _FRANCECONNECT,
    replace(
        _FRANCECONNECT,
        slug="franceconnect-plus",
        name="FranceConnect+",
        level="eidas2",
        encrypted=True,
        places={
            "sandbox": Place.at("https://auth.integ01.dev-franceconnect.fr/api/v2"),
            "production": Place.at("https://auth.franceconnect.gouv.fr/api/v2"),
        },
        about="https://franceconnect.gouv.fr/france-connect-plus",
    ),
    Kind(
        slug="pro-sante-connect",
        name="Pro Santé Connect",
        scope="openid scope_all",
        level="eidas1",
        userinfo_signed=False,
        encrypted=False,
        professional=True,
        places={
            "sandbox": _psc("auth.bas.psc.esante.gouv.fr", "wallet.bas.psc.esante.gouv.fr"),
            "production": _psc("auth.esw.esante.gouv.fr", "wallet.esw.esante.gouv.fr"),
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind at a place, with what its register gave this instance."""

    kind: Kind
    place: Place
    client_id: str
    client_secret: str = field(repr=False)
    key: ECKey | RSAKey | None = field(default=None, repr=False)
    """Opens what FranceConnect+ closed for us."""

    def factors(self, level: str) -> int:
        """What a sign-in there counts for: two where the level, or the card, says so."""
        two = self.kind.professional or rank(level) >= rank("eidas2")
        return 2 if two else 1


def rank(level: str) -> int:
    """Order of the levels; what is none of them is below all."""
    return LEVELS.index(level) if level in LEVELS else -1


def configured() -> list[Provider]:
    """Those the operator registered with, in the order of their buttons.

    One whose files cannot be read is left out and said in the log: the page on which the other
    ways in stand must not fail for it.
    """
    given: dict[str, dict[str, Any]] = settings.OPENID_PROVIDERS
    found = []
    for kind in KINDS:
        if kind.slug in given:
            try:
                found.append(made(kind, given[kind.slug]))
            except SettingWrong as error:
                _log.error("%s is left out: %s", kind.slug, error.sentence)
    return found


def by_slug(slug: str) -> Provider:
    """One of them; one that is not configured is not there."""
    for provider in configured():
        if provider.kind.slug == slug:
            return provider
    raise NotThere


def made(kind: Kind, given: dict[str, Any]) -> Provider:
    """A provider as set. Raises SettingWrong."""
    key_file: Path | None = given["key_file"]
    if kind.encrypted and key_file is None:
        raise SettingWrong(f"{kind.variable} needs {kind.variable}_KEY_FILE.")
    try:
        secret = Path(given["secret_file"]).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingWrong(f"{kind.variable}_SECRET_FILE cannot be read.") from error
    return Provider(
        kind,
        place_of(kind, given["place"]),
        given["client_id"],
        secret,
        read_key(key_file) if key_file else None,
    )


def place_of(kind: Kind, given: str) -> Place:
    """``sandbox``, ``production``, or an issuer's address. Raises SettingWrong."""
    if given in kind.places:
        return kind.places[given]
    if "://" not in given or not is_secure_transport(given):
        raise SettingWrong(f"{kind.variable} must be sandbox, production or an https address.")
    return Place.at(given)


def read_key(path: Path) -> ECKey | RSAKey:
    """A private JWK that names its algorithm. Raises SettingWrong."""
    try:
        key = JWKRegistry.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SettingWrong(f"{path} is no JWK.") from error
    if not isinstance(key, ECKey | RSAKey) or not key.is_private:
        raise SettingWrong(f"{path} is no private key of an elliptic curve or of RSA.")
    if key.get("alg") not in DECRYPTION or not key.kid:
        raise SettingWrong(f"{path} names neither its algorithm (alg) nor itself (kid).")
    return key
