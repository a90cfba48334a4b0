"""The demo's provider of SMS: a folder outside the database, where /demo shows what it took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from serment import clock
from serment.outbox.sms.port import NotTaken, Sms, Told

NAME = "demo"


class StandIn:
    """One file a message, named by its reference: sent twice it is still one."""

    name = NAME
    callback_token = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, sms: Sms) -> None:
        """Keep it. Raises ``NotTaken`` where the disk does not."""
        kept = {"to": sms.number, "text": sms.text, "at": clock.now().isoformat()}
        try:
            self._file(sms).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        except OSError as fault:
            raise NotTaken from fault

    def knows(self, sms: Sms) -> bool:
        """Whether it was kept."""
        return self._file(sms).exists()

    def told(self, query: Mapping[str, str], body: bytes, reference: str) -> Sequence[Told]:
        """Nobody calls back here."""
        return ()

    def _file(self, sms: Sms) -> Path:
        return self._folder / f"{sms.reference}.json"
