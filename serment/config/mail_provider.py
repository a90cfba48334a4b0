"""A provider of mail from what the operator wrote: the backend of django-anymail, its settings."""

from __future__ import annotations

import json
from typing import Final

from serment.config.environment import ProviderSetting
from serment.errors import SettingWrong

BACKENDS: Final = {
    "brevo": "anymail.backends.brevo.EmailBackend",
    "mailjet": "anymail.backends.mailjet.EmailBackend",
    "mailgun": "anymail.backends.mailgun.EmailBackend",
}
"""European houses, or with servers in Europe. Mailgun signs each call-back besides."""
SECONDS_MAX: Final = 10


def chosen(setting: ProviderSetting) -> tuple[str, dict[str, str | int]]:
    """Backend and settings. Raises SettingWrong with what is missing."""
    if setting.provider not in BACKENDS:
        raise SettingWrong(f"SERMENT_MAIL_PROVIDER is none of: {', '.join(BACKENDS)}.")
    try:
        secrets = json.loads(setting.secret_file.read_text())
    except (OSError, ValueError) as unreadable:
        raise SettingWrong(f"{setting.secret_file} cannot be read as JSON.") from unreadable
    if not isinstance(secrets, dict) or not all(isinstance(one, str) for one in secrets.values()):
        raise SettingWrong(f"{setting.secret_file} holds names and texts.")
    if ":" not in secrets.get("webhook_secret", ""):
        raise SettingWrong(
            f"{setting.secret_file} lacks webhook_secret: a name and a long password, as"
            " name:password, without which call-backs would be believed of anybody."
        )
    prefix = setting.provider.upper()
    given: dict[str, str | int] = {
        f"{prefix}_{name.upper()}": text for name, text in secrets.items()
    }
    given["WEBHOOK_SECRET"] = given.pop(f"{prefix}_WEBHOOK_SECRET")
    if setting.url:
        given[f"{prefix}_API_URL"] = setting.url
    return BACKENDS[setting.provider], given | {"REQUESTS_TIMEOUT": SECONDS_MAX}
