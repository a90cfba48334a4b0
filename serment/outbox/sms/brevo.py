"""Brevo transactional SMS (France): ``POST /v3/transactionalSMS/send`` of api.brevo.com.

As documented in 2026 on developers.brevo.com: "transactional-sms-endpoints" and the reference of
``send-transac-sms`` (sender of at most 11 signs, ``tag``, ``webUrl`` of one message), "get-sms-
events" (``/transactionalSMS/statistics/events``, filtered by ``tags``) and "transactional-webhooks"
(``msg_status``). Not tried against the real service.

Each message names its own address for call-backs, with a secret that follows from its reference: a
call-back that comes there is about that message, whatever else it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from serment.outbox.sms.line import Answer, exchange
from serment.outbox.sms.port import Fate, NotTaken, Sms, Told, Unsure

URL: Final = "https://api.brevo.com/v3"
NEEDS: Final = ("api_key",)
_FATES: Final = {
    "delivered": Fate.DELIVERED,
    "hardbounce": Fate.RETURNED,
    "rejected": Fate.RETURNED,
    "unsubscribe": Fate.STOPPED,
    "unsubscribed": Fate.STOPPED,
}
_STOP: Final = frozenset({"stop", "arret", "arrêt", "stop sms"})
_DAYS_ASKED: Final = "3"


@dataclass(frozen=True, slots=True)
class Brevo:
    """One account."""

    api_key: str = field(repr=False)
    sender: str = ""
    url: str = URL
    name: str = "brevo"
    callback_token: str = ""

    def send(self, sms: Sms) -> None:
        """``POST …/send``. Raises as the port says."""
        wanted = {
            "sender": self.sender,
            "recipient": sms.number.removeprefix("+"),
            "content": sms.text,
            "type": "transactional",
            "tag": sms.reference,
            "webUrl": sms.told_at,
            "unicodeEnabled": not sms.text.isascii(),
        }
        taken = self._ask("POST", "/transactionalSMS/send", json.dumps(wanted).encode()).value
        if not isinstance(taken, dict) or "messageId" not in taken:
            raise Unsure

    def knows(self, sms: Sms) -> bool:
        """``GET …/statistics/events?tags=``: anything that became of our reference."""
        asked = urlencode({"tags": sms.reference, "days": _DAYS_ASKED, "limit": 1})
        try:
            found = self._ask("GET", f"/transactionalSMS/statistics/events?{asked}").value
        except Unsure as silent:
            raise NotTaken from silent
        return isinstance(found, dict) and bool(found.get("events"))

    def told(self, query: Mapping[str, str], body: bytes, reference: str) -> Sequence[Told]:
        """``msg_status`` of the one message; a reply counts where it says STOP."""
        try:
            event: Any = json.loads(body)
        except ValueError:
            return []
        if not isinstance(event, dict) or not reference:
            return []
        status = str(event.get("msg_status", "")).replace("_", "").lower()
        fate = _FATES.get(status)
        said = str(event.get("reply", "")).strip().strip(".!").lower()
        if status in ("replied", "reply") and said in _STOP:
            fate = Fate.STOPPED
        if fate is None:
            return []
        number = str(event.get("to", "")).removeprefix("+")
        known = number.isascii() and number.isdigit()
        return [Told(reference, fate, (f"+{number}",) if known else ())]

    def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        headers = {
            "api-key": self.api_key,
            "accept": "application/json",
            "content-type": "application/json",
        }
        return exchange(method, f"{self.url}{path}", headers, body)
