"""A real CalDAV server, Radicale, with one person and one calendar."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

USER, PASSWORD = "claude", "un mot d'application"
PATH = f"/{USER}/agenda/"
_MADE = b"""<?xml version="1.0"?>
<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:set><d:prop><d:displayname>Personnel</d:displayname></d:prop></d:set></c:mkcalendar>"""


class Radicale:
    """The server, and what its owner's own program does there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        users = folder / "users"
        users.write_text(f"{USER}:{PASSWORD}\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", os.devnull,
             "--server-hosts", f"127.0.0.1:{self.port}", "--auth-type", "htpasswd",
             "--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain",
             "--auth-delay", "0", "--storage-filesystem-folder", str(folder / "kept"),
             "--logging-level", "error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()
        assert self.ask("MKCALENDAR", PATH, _MADE) == 201

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "Radicale ended at once."
            time.sleep(0.05)
        raise AssertionError("Radicale does not answer.")

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        word = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        line.request(method, path, body, {"Authorization": f"Basic {word}"})
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status

    def put(self, name: str, *lines: str) -> None:
        """An event, or another in its place; ``+`` begins one that changes a single repetition."""
        events = "\r\n".join(lines).replace("\r\n+\r\n", "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n")
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//their program//EN\r\nBEGIN:VEVENT\r\n"
            f"{events}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        assert self.ask("PUT", f"{PATH}{name}.ics", text.encode()) in (201, 204)

    def take_away(self, name: str) -> None:
        assert self.ask("DELETE", f"{PATH}{name}.ics") in (200, 204)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
