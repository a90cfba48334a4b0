"""Providers of sign-in: which are set, and whether what they were set with can be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

from serment.config.doctor.finding import Finding
from serment.config.environment import Environment, OpenidSetting
from serment.errors import SettingWrong
from serment.identity.openid import providers

PAGE = "docs/operate/openid.md"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def findings(env: Environment) -> Iterator[Finding]:
    """One line for each provider that is set; nothing where none is."""
    for one in env.openid:
        yield _finding(env, one)


def _finding(env: Environment, one: OpenidSetting) -> Finding:
    kind = next(kind for kind in providers.KINDS if kind.slug == one.slug)
    try:
        provider = providers.made(kind, asdict(one))
    except SettingWrong as wrong:
        return Finding("sign-in", f"{kind.name} is left out: {wrong.sentence}", f"See {PAGE}.")
    for path in (one.secret_file, one.key_file):
        if path is not None and path.stat().st_mode & 0o077:
            return Finding(
                "sign-in", f"Other users of this machine may read {path}.", f"chmod 600 {path}"
            )
    public = urlsplit(env.public_url)
    if public.scheme != "https" and public.hostname not in _LOOPBACK:
        return Finding(
            "sign-in",
            f"{kind.name} is set, and the public address is not https: it will refuse it.",
            "Set SERMENT_PUBLIC_URL to the https address patients use.",
        )
    back = f"{env.public_url}/compte/par/{one.slug}/retour/"
    return Finding(
        "sign-in",
        f"{kind.name} is set ({one.place}): {provider.place.issuer}.",
        f"Registered there must be {back} ({PAGE}).",
        "notice",
    )
