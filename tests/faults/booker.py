"""A patient as a program: signs in, fills booking forms and sends them until they are answered."""

from __future__ import annotations

import http.client
import re
import threading
import urllib.parse
from dataclasses import dataclass, field

from tests import factors
from tests.journeys.demo import Demo
from tests.journeys.visitor import later

_APPOINTMENT = re.compile(r"/mes-rendez-vous/([0-9a-f-]{36})/\?confirme=1")
_BOUNDED = "rendez-vous à venir"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_REASON = re.compile(r'<option value="([^"]+)" selected')
_SIGN = re.compile(r'name="(signe-[a-z_]+)"')
_SLOT = re.compile(r'class="slot[^"]*" href="([^"]+)"')


@dataclass(slots=True)
class Answer:
    """Status (0 where nobody answered), text and where it leads."""

    status: int
    text: str = ""
    leads_to: str = ""


@dataclass(slots=True)
class Booker:
    """One signed-in browser without a window."""

    demo: Demo
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """One request; a broken connection is an answer too."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Language": "fr",
        }
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form | {"csrfmiddlewaretoken": self._token()})
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Referer": self.demo.base,
            }
        connection = http.client.HTTPConnection("localhost", self.demo.port, timeout=10)
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
        for given in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer.status, text, answer.headers.get("Location", ""))

    def _token(self) -> str:
        return self.cookies.get("csrftoken", "")

    def sign_in(self, login: str) -> None:
        """By the demo's one click, both factors at once."""
        self.ask("/demo")
        assert self.ask("/demo/entrer", {"login": login}).status == 302

    def sign_in_typing(self, login: str) -> None:
        """By password and the digits of this half minute, as from any other machine."""
        self.ask("/compte/connexion/")
        typed = {"login": login, "password": self.demo.password_of(login)}
        led = self.ask("/compte/connexion/", typed).leads_to
        secret = self.demo.totp_secret_of(login)
        for steps in (0, 1, -1):
            if factors.SECOND_STEP not in led:
                break
            self.ask(led)
            led = self.ask(led, {"code": factors.code(secret, steps)}).leads_to or led
        assert led
        assert "/compte/" not in led, led

    def slots(self, search: str) -> list[str]:
        """Addresses of the booking forms on one page of results, or of one practitioner."""
        return later([one.replace("&amp;", "&") for one in _SLOT.findall(self.ask(search).text)])

    def book(self, address: str, note: str, over: threading.Event) -> str | None:
        """Fill the form once and send it until it is answered; the appointment's id.

        None where the time is somebody else's or this patient's already, where they may have no
        more visits to come, or where the story was over before an answer.
        """
        form: dict[str, str] | None = None
        while not over.is_set():
            if form is None:
                shown = self.ask(address)
                if shown.status == 409:
                    return None
                if shown.status == 200 and 'id="booking"' not in shown.text:
                    return None
                if shown.status == 200:
                    form = _filled(shown.text, note)
                continue
            sent = self.ask(address.partition("?")[0], form)
            booked = _APPOINTMENT.search(sent.leads_to)
            if booked:
                return booked.group(1)
            if sent.status == 409 or (sent.status == 422 and _BOUNDED in sent.text):
                return None
            assert sent.status in {0, 302, 403, 503}, (sent.status, sent.text)
        return None

    def read(self, appointment: str, over: threading.Event) -> str:
        """The appointment's page, asked for until it is answered; "" where the story was over."""
        while not over.is_set():
            shown = self.ask(f"/mes-rendez-vous/{appointment}/")
            if shown.status == 200:
                return shown.text
            assert shown.status in {0, 302, 403, 503}, (shown.status, shown.text)
        return ""

    def cancel(self, appointment: str, over: threading.Event) -> bool:
        """Cancel until it is answered; False where the story was over before an answer."""
        while not over.is_set():
            sent = self.ask(f"/mes-rendez-vous/{appointment}/annuler", {"raison": ""})
            # Sent again after an answer that was lost, it is over already.
            if sent.leads_to.endswith("?annule=1") or sent.status == 409:
                return True
            assert sent.status in {0, 302, 403, 503}, (sent.status, sent.text)
        return False


def _filled(page: str, note: str) -> dict[str, str]:
    form = {name: value for name, value in _HIDDEN.findall(page) if name != "csrfmiddlewaretoken"}
    signs = dict.fromkeys(_SIGN.findall(page), "non")
    mode = form.get("mode") or "in_person"
    reason = _REASON.findall(page)[0]
    return {**form, **signs, "motif": reason, "premiere": "oui", "mode": mode, "mot": note}
