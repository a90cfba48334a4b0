"""From the code in somebody's address bar to who they are: everything asked of the provider.

Runs beside the thread of the pages, touches no database and no session. Errors: ProviderDown,
AnswerRefused, LevelTooLow.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from serment import clock
from serment.identity.openid import claims, tokens
from serment.identity.openid.claims import Person
from serment.identity.openid.directory import Addresses, directory
from serment.identity.openid.faults import AnswerRefused, NotSignedIn, ProviderDown
from serment.identity.openid.line import Line, NoAnswer
from serment.identity.openid.pending import Pending
from serment.identity.openid.providers import Provider

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as one provider vouches for them."""

    provider: str
    issuer: str
    level: str
    factors: int
    subject: str = field(repr=False)
    person: Person = field(repr=False)
    id_token: str = field(repr=False)
    end_session: str = ""


def authorization_url(provider: Provider, addresses: Addresses, begun: Pending, back: str) -> str:
    """Where the browser goes. ``back`` is the address that was registered."""
    client = _client(provider, Line(), back)
    url, _state = client.create_authorization_url(
        addresses.authorization,
        state=begun.state,
        code_verifier=begun.verifier if addresses.pkce else None,
        nonce=begun.nonce,
        acr_values=provider.kind.level,
        prompt="login",
    )
    return str(url)


def addresses(provider: Provider) -> Addresses:
    """Where the provider is, asked for where it is not known."""
    return directory.addresses(provider, Line())


def identity(provider: Provider, begun: Pending, code: str, back: str) -> Identity:
    """Who came back with this code."""
    line = Line()
    where = directory.addresses(provider, line)
    given = _tokens(provider, line, where, begun, code, back)
    proven = tokens.id_token(
        provider, line, given["id_token"], nonce=begun.nonce, access_token=given["access_token"]
    )
    told = _userinfo(provider, line, where, given["access_token"], proven["sub"])
    today = clock.now().date()
    return Identity(
        provider=provider.kind.slug,
        issuer=provider.place.issuer,
        level=proven["acr"],
        factors=provider.factors(proven["acr"]),
        subject=proven["sub"],
        person=claims.professional(told)
        if provider.kind.professional
        else claims.patient(told, today),
        id_token=given["id_token"],
        end_session=where.end_session,
    )


def told(fault: NotSignedIn, provider: Provider) -> NotSignedIn:
    """The fault, said in the log: which provider, which check."""
    _log.warning("%s signed nobody in: %s", provider.kind.slug, fault.reason)
    return fault


def _client(provider: Provider, line: Line, back: str) -> OAuth2Client:
    return OAuth2Client(
        line,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 -- a method's name
        scope=provider.kind.scope,
        redirect_uri=back,
        code_challenge_method="S256",
    )


def _tokens(
    provider: Provider, line: Line, where: Addresses, begun: Pending, code: str, back: str
) -> dict[str, str]:
    verifier = {"code_verifier": begun.verifier} if where.pkce else {}
    try:
        given: dict[str, Any] = _client(provider, line, back).fetch_token(
            where.token, grant_type="authorization_code", code=code, **verifier
        )
    except OAuth2Error as fault:
        raise AnswerRefused(provider.kind.name, "code_refused") from fault
    except (NoAnswer, ValueError) as fault:
        raise ProviderDown(provider.kind.name, "no_tokens") from fault
    found = {name: given.get(name) for name in ("id_token", "access_token")}
    if not all(isinstance(one, str) and one for one in found.values()):
        raise AnswerRefused(provider.kind.name, "tokens_missing")
    return {name: str(one) for name, one in found.items()}


def _userinfo(
    provider: Provider, line: Line, where: Addresses, access_token: str, subject: str
) -> dict[str, Any]:
    try:
        answer = line.get(where.userinfo, {"Authorization": f"Bearer {access_token}"})
        answer.raise_for_status()
    except NoAnswer as fault:
        raise ProviderDown(provider.kind.name, "no_userinfo") from fault
    return tokens.userinfo(provider, line, answer.body, answer.content_type, subject=subject)
