"""Is this token the provider's, for us, for this very sign-in, and still good?

Algorithms are pinned here, never read from the token; keys come from the pinned issuer only.
Pure but for the keys, which ``directory`` may fetch once more for one it does not know.
"""

from __future__ import annotations

from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwe, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from serment import clock
from serment.identity.openid.directory import directory
from serment.identity.openid.faults import AnswerRefused, LevelTooLow
from serment.identity.openid.line import Line
from serment.identity.openid.providers import ALGORITHMS, Provider, rank

LEEWAY_SECONDS: Final = 30
FRESH_SECONDS: Final = 600

_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


def id_token(
    provider: Provider, line: Line, raw: str, *, nonce: str, access_token: str
) -> dict[str, Any]:
    """The claims of the identity token. AnswerRefused, LevelTooLow."""
    header, told = _opened(provider, line, raw)
    claims = CodeIDToken(
        told,
        header,
        options={
            "iss": {"essential": True, "value": provider.place.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        },
        params={"nonce": nonce, "client_id": provider.client_id, "access_token": access_token},
    )
    now = int(clock.now().timestamp())
    try:
        claims.validate(now=now, leeway=LEEWAY_SECONDS)
        stale = now - claims["iat"] > FRESH_SECONDS
    except (JoseError, ValueError, TypeError) as fault:
        raise AnswerRefused(provider.kind.name, f"id_token_{_word(fault)}") from fault
    if stale or not isinstance(claims["sub"], str):
        raise AnswerRefused(provider.kind.name, "id_token_stale_or_nobody")
    if rank(str(claims.get("acr"))) < rank(provider.kind.level):
        raise LevelTooLow(provider.kind.name, "level")
    return dict(claims)


def userinfo(
    provider: Provider, line: Line, body: bytes, content_type: str, *, subject: str
) -> dict[str, Any]:
    """The claims of the person, about the same person as the identity token. AnswerRefused."""
    if provider.kind.userinfo_signed or content_type == "application/jwt":
        told = _signed_userinfo(provider, line, body)
    else:
        told = _plain_userinfo(provider, body)
    if told.get("sub") != subject:
        raise AnswerRefused(provider.kind.name, "userinfo_of_somebody_else")
    return told


def _signed_userinfo(provider: Provider, line: Line, body: bytes) -> dict[str, Any]:
    try:
        raw = body.decode("ascii").strip()
    except UnicodeDecodeError as fault:
        raise AnswerRefused(provider.kind.name, "userinfo_unreadable") from fault
    _header, told = _opened(provider, line, raw)
    claims = jwt.JWTClaimsRegistry(
        int(clock.now().timestamp()),
        LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.place.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
    )
    try:
        claims.validate(told)
    except (JoseError, ValueError, TypeError) as fault:
        raise AnswerRefused(provider.kind.name, f"userinfo_{_word(fault)}") from fault
    return told


def _plain_userinfo(provider: Provider, body: bytes) -> dict[str, Any]:
    """Pro Santé Connect answers in JSON: it is who answers on that line (TLS) that vouches."""
    import json

    try:
        told = json.loads(body)
    except ValueError as fault:
        raise AnswerRefused(provider.kind.name, "userinfo_unreadable") from fault
    if not isinstance(told, dict):
        raise AnswerRefused(provider.kind.name, "userinfo_wrong")
    return told


def _opened(provider: Provider, line: Line, raw: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token whose signature is the provider's. AnswerRefused."""
    inner = _decrypted(provider, raw) if provider.kind.encrypted else raw
    try:
        try:
            token = jwt.decode(inner, directory.keys(provider, line), registry=_REGISTRY)
        except InvalidKeyIdError:
            keys = directory.keys(provider, line, unknown_key=True)
            token = jwt.decode(inner, keys, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError) as fault:
        raise AnswerRefused(provider.kind.name, f"token_{_word(fault)}") from fault
    return dict(token.header), dict(token.claims)


def _decrypted(provider: Provider, raw: str) -> str:
    """FranceConnect+ signs, then closes for our key; what comes open is not taken."""
    if provider.key is None:
        raise AnswerRefused(provider.kind.name, "no_key_of_ours")
    allowed = [str(provider.key.get("alg")), "A256GCM"]
    try:
        opened = jwe.decrypt_compact(raw, provider.key, algorithms=allowed).plaintext
        return (opened or b"").decode("ascii")
    except (JoseError, ValueError, TypeError) as fault:
        raise AnswerRefused(provider.kind.name, f"closed_{_word(fault)}") from fault


def _word(fault: Exception) -> str:
    """What failed, as a word for the log: never a value."""
    return getattr(fault, "error", "") or type(fault).__name__
