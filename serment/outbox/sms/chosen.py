"""Which provider of SMS this instance has, if any: read from the settings, made once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from serment.errors import SettingWrong
from serment.outbox.sms import stand_in
from serment.outbox.sms.brevo import NEEDS as BREVO_NEEDS
from serment.outbox.sms.brevo import Brevo
from serment.outbox.sms.ovhcloud import NEEDS as OVHCLOUD_NEEDS
from serment.outbox.sms.ovhcloud import Ovhcloud
from serment.outbox.sms.port import SENDER_LETTERS_MAX, Provider

KINDS: Final[Mapping[str, tuple[Any, tuple[str, ...]]]] = {
    "ovhcloud": (Ovhcloud, OVHCLOUD_NEEDS),
    "brevo": (Brevo, BREVO_NEEDS),
}

_made: dict[tuple[str, str, str, str], Provider] = {}


def provider() -> Provider | None:
    """The one that is set; None where none is. Raises ``SettingWrong``."""
    chosen = settings.SMS
    if chosen is None:
        return None
    if chosen["provider"] == stand_in.NAME:
        return stand_in.StandIn(Path(chosen["secret_file"]))
    name = (chosen["provider"], str(chosen["secret_file"]), chosen["sender"], chosen["url"])
    if name not in _made:
        _made[name] = made(*name)
    return _made[name]


def made(name: str, secret_file: str, sender: str, url: str) -> Provider:
    """From what the operator wrote. Raises ``SettingWrong`` with what is missing."""
    if name not in KINDS:
        raise SettingWrong(f"SERMENT_SMS is none of: {', '.join(KINDS)}.")
    kind, needs = KINDS[name]
    try:
        secrets = json.loads(Path(secret_file).read_text())
    except (OSError, ValueError) as unreadable:
        raise SettingWrong(f"{secret_file} cannot be read as JSON.") from unreadable
    missing = [one for one in needs if not (isinstance(secrets, dict) and secrets.get(one))]
    if missing:
        raise SettingWrong(f"{secret_file} lacks: {', '.join(missing)}.")
    _must_be_sender(name, sender)
    given = {one: str(secrets[one]) for one in needs} | {"sender": sender}
    found: Provider = kind(**given, **({"url": url} if url else {}))
    return found


def _must_be_sender(name: str, sender: str) -> None:
    if name == "brevo" and not sender:
        raise SettingWrong("SERMENT_SMS_SENDER is missing: this provider asks for a sender.")
    plain = sender.isascii() and sender.isalnum()
    if sender and (not plain or len(sender) > SENDER_LETTERS_MAX):
        raise SettingWrong(
            f"SERMENT_SMS_SENDER is at most {SENDER_LETTERS_MAX} plain letters and digits."
        )
