"""What the demo sent: mails and SMS, left in folders outside the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

_BETWEEN = b"-" * 79


@dataclass(frozen=True, slots=True)
class SentMail:
    """One message as its addressee would read it."""

    to: str
    subject: str
    date: str
    body: str


def sent(limit: int = 50) -> list[SentMail]:
    """The newest messages first; empty outside a demo."""
    folder = Path(settings.EMAIL_FILE_PATH)
    if not settings.DEMO or not folder.is_dir():
        return []
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found: list[SentMail] = []
    for file in files:
        parts = [part.strip() for part in file.read_bytes().split(_BETWEEN)]
        found.extend(_read(part) for part in reversed(parts) if part)
        if len(found) >= limit:
            break
    return found[:limit]


def texts(limit: int = 50) -> list[SentMail]:
    """The newest SMS first; empty outside a demo."""
    folder = Path(settings.DEMO_SMS)
    if not settings.DEMO or not folder.is_dir():
        return []
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in files[:limit]]
    return [SentMail(one["to"], "SMS", one["at"], one["text"]) for one in kept]


def _read(raw: bytes) -> SentMail:
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    return SentMail(
        to=str(message["to"]),
        subject=str(message["subject"]).strip(),
        date=str(message["date"]),
        body=body.get_content() if body else "",
    )
