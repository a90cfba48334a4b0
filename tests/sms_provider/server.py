"""The stand-in: speaks OVHcloud's ``/sms/{service}/…`` and Brevo's ``/v3/transactionalSMS/…``.

``python -m tests.sms_provider.server PORT`` runs it beside a demo (docs/operate/providers.md): set
``SERMENT_SMS_URL`` to its address. It keeps what it took, and prints nothing of it.

``ways``: how the next requests to send are answered, one word each, then as usual: ``silent``
takes the message and hangs up without an answer, ``busy`` is 503, ``poor`` is out of credit.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

OVH = {"application_key": "ak", "application_secret": "as", "consumer_key": "ck",
       "service": "sms-ab12345-1", "callback_token": "c" * 24}  # fmt: skip
BREVO = {"api_key": "xkeysib-stand-in"}
SENDERS = ("Rappel", "RDV")
CLOCK_SECONDS_APART_MAX = 60


@dataclass
class Taken:
    """One message that was taken."""

    number: str
    text: str
    reference: str
    sender: str
    told_at: str = ""
    receipt: int = 0


@dataclass
class Account:
    """What the provider knows."""

    taken: list[Taken] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    """What came to Brevo's ``/v3/smtp/email``."""
    url: str = ""

    def of(self, reference: str) -> list[Taken]:
        """Everything taken under a reference: more than one was sent twice."""
        return [one for one in self.taken if one.reference == reference]


class _Answers(BaseHTTPRequestHandler):
    account: Account

    def do_GET(self) -> None:
        self._answer(self._read())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(self._send(body))

    def _answer(self, said: tuple[int, Any] | None) -> None:
        if said is None:  # taken, and the line is cut
            self.close_connection = True
            return
        told = json.dumps(said[1]).encode()
        self.send_response(said[0])
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Numbers stand in no log."""

    def _send(self, body: bytes) -> tuple[int, Any] | None:
        refused = self._is_unknown(body)
        if refused:
            return refused
        wanted = json.loads(body)
        way = self.account.ways.pop(0) if self.account.ways else ""
        if way == "busy":
            return 503, {"message": "Service unavailable"}
        if way == "poor":
            return 402, {"code": "not_enough_credits", "message": "not enough credits"}
        if self.path.endswith("/smtp/email"):
            self.account.mails.append(wanted)
            said: tuple[int, Any] = (201, {"messageId": f"<{len(self.account.mails)}@brevo>"})
        else:
            said = self._ovh(wanted) if "/sms/" in self.path else self._brevo(wanted)
        return None if way == "silent" else said

    def _ovh(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        known = {"receivers", "message", "tag", "noStopClause", "priority", "charset", "class",
                 "coding", "validityPeriod", "sender", "senderForResponse"}  # fmt: skip
        if wanted.keys() - known or not wanted.get("message") or len(wanted.get("tag", "")) > 20:
            return 400, {"message": "Invalid parameter"}
        if "sender" in wanted and wanted["sender"] not in SENDERS:
            return 403, {"message": "Sender is not validated"}
        good = [one for one in wanted["receivers"] if re.fullmatch(r"\+[1-9][0-9]{7,14}", one)]
        good = [one for one in good if one not in self.account.stopped]
        sender = wanted.get("sender", "36111")
        for number in good:
            self.account.taken.append(Taken(number, wanted["message"], wanted["tag"], sender))
        count = len(self.account.taken)
        ids = list(range(count - len(good), count))
        bad = [one for one in wanted["receivers"] if one not in good]
        return 200, {"ids": ids, "invalidReceivers": bad, "totalCreditsRemoved": len(good),
                     "validReceivers": good}  # fmt: skip

    def _brevo(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        sender, number = wanted.get("sender", ""), wanted.get("recipient", "")
        if not re.fullmatch(r"[A-Za-z0-9]{1,11}", sender):
            return 400, {"code": "invalid_parameter", "message": "sender is not valid"}
        if not re.fullmatch(r"[1-9][0-9]{7,14}", number):
            return 400, {"code": "invalid_parameter", "message": "Invalid telephone number"}
        self.account.taken.append(
            Taken(f"+{number}", wanted["content"], wanted["tag"], sender, wanted["webUrl"])
        )
        return 201, {"reference": "ab1cde2f", "messageId": len(self.account.taken), "smsCount": 1}

    def _read(self) -> tuple[int, Any]:
        at, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        refused = self._is_unknown(b"")
        if refused:
            return refused
        if at.path.endswith("/outgoing"):
            tag = asked["tag"][0]
            return 200, [n for n, one in enumerate(self.account.taken) if one.reference == tag]
        if "/outgoing/" in at.path:
            one = self.account.taken[int(at.path.rpartition("/")[2])]
            return 200, {"tag": one.reference, "deliveryReceipt": one.receipt}
        if at.path.endswith("/blacklists"):
            return 200, self.account.stopped
        if at.path.endswith("/statistics/events"):
            found = self.account.of(asked["tags"][0])
            return 200, {"events": [{"event": "sent", "tag": one.reference} for one in found]}
        return 404, {"message": "Got an invalid (or empty) URL"}

    def _is_unknown(self, body: bytes) -> tuple[int, Any] | None:
        """What the real ones answer to a wrong key, a wrong signature or an old one."""
        if "/sms/" not in self.path:
            good = self.headers.get("api-key") == BREVO["api_key"]
            return None if good else (401, {"code": "unauthorized", "message": "Key not found"})
        said = {name: self.headers.get(f"X-Ovh-{name}", "") for name in
                ("Application", "Consumer", "Timestamp", "Signature")}  # fmt: skip
        url = f"{self.account.url}{self.path}"
        signed = "+".join((OVH["application_secret"], said["Consumer"], self.command, url,
                           body.decode(), said["Timestamp"]))  # fmt: skip
        right = "$1$" + hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
        apart = abs(time.time() - int(said["Timestamp"] or 0))
        if (said["Application"], said["Consumer"]) != ("ak", "ck"):
            return 403, {"errorCode": "INVALID_CREDENTIAL", "message": "Invalid credential"}
        if said["Signature"] != right or apart > CLOCK_SECONDS_APART_MAX:
            return 400, {"errorCode": "INVALID_SIGNATURE", "message": "Invalid signature"}
        if f"/sms/{OVH['service']}/" not in self.path:
            return 404, {"message": "The requested object does not exist"}
        return None


@contextmanager
def running(port: int = 0) -> Iterator[Account]:
    """The stand-in, as long as the block lasts."""
    account = Account()
    handler = type("Answers", (_Answers,), {"account": account})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    account.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with running(int(sys.argv[1])) as _account:
        threading.Event().wait()
