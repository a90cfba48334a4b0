"""What a file remembers of the codes handed out for it, sealed with it (``desk_link``)."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Handed(msgspec.Struct, omit_defaults=True):
    """One code as the file remembers it: when, on what document, and what became of it."""

    digest: str
    on: str
    until: str
    document: str
    state: str = "waiting"
    """``waiting``, ``used`` or ``withdrawn``."""
    by: str = ""
    """Who of the house handed it out; empty in those of an earlier release."""

    def is_over(self, today: date) -> bool:
        """Was it never used, and does it serve no more?"""
        return self.state == "waiting" and date.fromisoformat(self.until) <= today


class Standing(msgspec.Struct, omit_defaults=True):
    """What a file keeps of its codes; ``opened``: the card has an account.

    ``back``: until when whoever asked for that account back has to wait (ISO 8601).
    """

    card: str = ""
    opened: bool = False
    codes: list[Handed] = []
    back: str = ""

    def waits(self, today: date) -> Handed | None:
        """The code that still serves, if one does."""
        last = self.codes[-1] if self.codes else None
        good = last is not None and last.state == "waiting" and last.until > today.isoformat()
        return last if good else None

    def back_on(self, now: datetime) -> datetime | None:
        """When an account that was asked back opens; None where nobody waits for it."""
        on = datetime.fromisoformat(self.back) if self.back else None
        return on if on is not None and on > now else None


def read(text: str) -> Standing:
    """A file's ``desk_link`` once opened."""
    return msgspec.json.decode(text, type=Standing) if text else Standing()


def write(standing: Standing) -> str:
    """The text to seal."""
    return msgspec.json.encode(standing).decode()
