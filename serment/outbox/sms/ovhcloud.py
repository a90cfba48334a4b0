"""OVHcloud SMS (France): ``POST /sms/{serviceName}/jobs`` of api.ovh.com, version 1.

As documented on 2026-06-15 in "API SMS Cookbook" (docs.ovhcloud.com/en/guides/web-cloud/messaging/
sms/api-sms-cookbook), in the "First steps with the API" guide for the signature, and in the public
schema of ``/sms`` (``sms.SmsSendingReport``, ``sms.Outgoing``, ``sms.Blacklist``). A tag holds
twenty signs (guide of http2sms). Not tried against the real service.

- What is sent without a named sender comes from a short number that can be answered
  (``senderForResponse``); with one it cannot, so the text then carries a link to refuse reminders.
- Its call-back (``callBack``, ``stopCallBack`` of the account) is a plain GET that anybody could
  make, so nothing in it is believed: the message it names is read back, and refusals are read from
  the account's list of numbers that answered STOP.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from serment.outbox.sms.line import Answer, exchange
from serment.outbox.sms.port import Fate, NotTaken, Sms, TakesNone, Told, Unsure

URL: Final = "https://eu.api.ovh.com/1.0"
NEEDS: Final = (
    "application_key", "application_secret", "consumer_key", "service", "callback_token"
)  # fmt: skip
_FATES: Final = {1: Fate.DELIVERED, 2: Fate.RETURNED, 16: Fate.RETURNED}
"""Of ``deliveryReceipt``: the network's codes; others say that it is still on its way."""
_STOPS_READ_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Ovhcloud:
    """One account."""

    application_key: str
    application_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)
    service: str
    callback_token: str = field(repr=False)
    sender: str = ""
    url: str = URL
    name: str = "ovhcloud"

    def send(self, sms: Sms) -> None:
        """``POST …/jobs``; one receiver a job. Raises as the port says."""
        wanted: dict[str, Any] = {
            "receivers": [sms.number],
            "message": sms.text,
            "tag": sms.reference,
            "noStopClause": True,
            "priority": "high",
            "charset": "UTF-8",
            "class": "phoneDisplay",
            "coding": "7bit" if sms.text.isascii() else "8bit",
            "validityPeriod": 2880,
        }
        wanted |= {"sender": self.sender} if self.sender else {"senderForResponse": True}
        report = self._ask("POST", "jobs", json.dumps(wanted).encode()).value
        if not isinstance(report, dict) or not isinstance(report.get("ids"), list):
            raise Unsure
        if not report["ids"]:
            raise TakesNone

    def knows(self, sms: Sms) -> bool:
        """``GET …/outgoing?tag=``: the ids of what was sent under our reference."""
        try:
            found = self._ask("GET", f"outgoing?tag={quote(sms.reference)}").value
        except Unsure as silent:
            raise NotTaken from silent
        return isinstance(found, list) and bool(found)

    def told(self, query: Mapping[str, str], body: bytes, reference: str) -> Sequence[Told]:
        """The message a call-back names is read back; without one, the list of refusals."""
        named = query.get("id", "")
        if not named:
            return [Told(fate=Fate.STOPPED, numbers=tuple(self._stopped()))]
        if not (named.isascii() and named.isdigit() and len(named) < 20):
            return []
        read = self._ask("GET", f"outgoing/{named}").value
        fate = _FATES.get(read.get("deliveryReceipt", 0)) if isinstance(read, dict) else None
        return [] if fate is None else [Told(str(read.get("tag", "")), fate)]

    def _stopped(self) -> list[str]:
        found = self._ask("GET", "blacklists").value
        return [str(one) for one in found[-_STOPS_READ_MAX:]] if isinstance(found, list) else []

    def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        url, at = f"{self.url}/sms/{self.service}/{path}", str(int(time.time()))
        signed = "+".join(
            (self.application_secret, self.consumer_key, method, url, body.decode(), at)
        )
        # SHA-1 is what the provider's signature is made of.
        digest = hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Ovh-Application": self.application_key,
            "X-Ovh-Consumer": self.consumer_key,
            "X-Ovh-Timestamp": at,
            "X-Ovh-Signature": f"$1${digest}",
        }
        return exchange(method, url, headers, body)
