"""What the demo sent: the messages its mail backend left in a folder, outside the database."""

from __future__ import annotations

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


def _read(raw: bytes) -> SentMail:
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    return SentMail(
        to=str(message["to"]),
        subject=str(message["subject"]).strip(),
        date=str(message["date"]),
        body=body.get_content() if body else "",
    )
