"""Providers of SMS and mail: which are set, and whether what they were set with can be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from serment.config import mail_provider
from serment.config.doctor.finding import Finding
from serment.config.environment import Environment
from serment.errors import SettingWrong
from serment.outbox.sms import chosen

PAGE = "docs/operate/providers.md"


def findings(env: Environment) -> Iterator[Finding]:
    """One line for each that is set; nothing where mail goes by plain SMTP and no SMS leaves."""
    yield from _texts(env)
    yield from _mail(env)
    if env.smtp_url and env.mail_provider:
        yield Finding(
            "mail",
            "Both SERMENT_SMTP_URL and SERMENT_MAIL_PROVIDER are set: the provider is used.",
            "Leave one of them out.",
            "notice",
        )


def _texts(env: Environment) -> Iterator[Finding]:
    if env.sms is None:
        return
    one = env.sms
    try:
        chosen.made(one.provider, str(one.secret_file), one.sender, one.url)
    except SettingWrong as wrong:
        yield Finding("sms", f"No SMS can leave: {wrong.sentence}", f"See {PAGE}.")
        return
    yield from _open_to_others("sms", one.secret_file)
    reached = f"{env.public_url}/-/messages/{one.provider}/"
    unseen = urlsplit(env.public_url).scheme != "https"
    yield Finding(
        "sms",
        f"SMS leave through {one.provider}; what it was handed is found by this name."
        + (" It cannot call back: the public address is not https." if unseen else ""),
        f"Its call-backs come to {reached}… ({PAGE}).",
        "notice",
    )


def _mail(env: Environment) -> Iterator[Finding]:
    if env.mail_provider is None:
        return
    one = env.mail_provider
    try:
        mail_provider.chosen(one)
    except SettingWrong as wrong:
        yield Finding("mail", f"No mail can leave: {wrong.sentence}", f"See {PAGE}.")
        return
    yield from _open_to_others("mail", one.secret_file)
    yield Finding(
        "mail",
        f"Mail leaves through {one.provider}; what it was handed is found by this name.",
        f"Registered there must be {env.public_url}/-/messages/mail/{one.provider}/ ({PAGE}).",
        "notice",
    )


def _open_to_others(check: str, file: Path) -> Iterator[Finding]:
    if file.stat().st_mode & 0o077:
        yield Finding(check, f"Other users of this machine may read {file}.", f"chmod 600 {file}")
